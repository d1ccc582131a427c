/** Plays the transcripts beside: each case is a queue, its inputs by time, and below each input what it answered. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Limbo } from './limbo.ts';
import { formatAdmission, formatEffect, formatState, parseInput, parseOptions } from './limbo-fixture.ts';

type Case = Readonly<{ name: string; lines: readonly string[] }>;

function readCases(file: string): Case[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text
    .split(/^== /m)
    .slice(1)
    .map((block) => {
      const [name = '', ...lines] = block.trimEnd().split('\n');
      return { name, lines };
    });
}

/** The answer to one line: effects, or what a question finds. */
function answer(limbo: Limbo, timeMs: number, words: readonly string[]): string[] {
  switch (words[0]) {
    case 'admit':
      return [formatAdmission(limbo.admit(words[1] === 'sync'))];
    case 'admit-from':
      return [formatAdmission(limbo.admitReplicated(Number(words[1]), words[2] === 'sync', words[3] === 'flagged'))];
    case 'state':
      return [formatState(limbo)];
    case 'deadline':
      return [String(limbo.deadlineMs)];
    default:
      return limbo.step(parseInput(words), timeMs).map(formatEffect);
  }
}

function play(lines: readonly string[]): string[] {
  const played: string[] = [];
  let limbo: Limbo | null = null;
  for (const line of lines) {
    if (line.startsWith('  ')) continue;
    played.push(line);
    if (line.startsWith('#') || line === '') continue;
    const [time = '', ...words] = line.split(' ');
    if (time === 'new') {
      limbo = new Limbo(parseOptions(words));
      if (!words.includes('recovering')) limbo.step({ kind: 'recoveryFinished', ownVclock: [] }, 0);
    } else if (limbo !== null) {
      played.push(...answer(limbo, Number(time), words).map((text) => `  ${text}`));
    }
  }
  return played;
}

const FILES = ['limbo-implicit.transcript.txt', 'limbo-promoted.transcript.txt'];

for (const file of FILES) {
  test.each(readCases(file))(`${file}: $name`, ({ lines }) => {
    expect(play(lines).join('\n')).toBe(lines.join('\n'));
  });
}
