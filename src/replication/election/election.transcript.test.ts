/** Plays the transcript beside: each case is an instance, its inputs by time, and below each input what it wants done. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Election, INITIAL_STATE } from './election.ts';
import { formatEffect, formatState, parseInput, parseOptions, wordsToMap } from './election-fixture.ts';

type Case = Readonly<{ name: string; lines: readonly string[] }>;

function readCases(file: string): Case[] {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .split(/^== /m)
    .slice(1)
    .map((block) => {
      const [name = '', ...lines] = block.trimEnd().split('\n');
      return { name, lines };
    });
}

/** `new self=1 term=3 vote=1 fraction=0.5 mode=candidate ...` */
function create(words: readonly string[]): Readonly<{ election: Election; fraction: number }> {
  const values = wordsToMap(words);
  const persisted = {
    term: Number(values.get('term') ?? INITIAL_STATE.term),
    vote: Number(values.get('vote') ?? INITIAL_STATE.vote),
  };
  return {
    election: new Election(Number(values.get('self') ?? 1), parseOptions(words), persisted),
    fraction: Number(values.get('fraction') ?? 0),
  };
}

function play(lines: readonly string[]): string[] {
  const played: string[] = [];
  let instance = create([]);
  for (const line of lines) {
    if (line.startsWith('  ')) continue;
    played.push(line);
    if (line.startsWith('#') || line === '') continue;
    const [time = '', ...words] = line.split(' ');
    const { election, fraction } = instance;
    if (time === 'new') instance = create(words);
    else if (words[0] === 'state') played.push(`  ${formatState(election)}`);
    else if (words[0] === 'peer-timeout') played.push(`  ${election.peerTimeoutMs}`);
    else {
      const effects = election.step(parseInput(words), { nowMs: Number(time), fraction });
      played.push(...effects.map((effect) => `  ${formatEffect(effect)}`));
    }
  }
  return played;
}

test.each(readCases('election.transcript.txt'))('$name', ({ lines }) => {
  expect(play(lines).join('\n')).toBe(lines.join('\n'));
});
