/**
 * Plays the transcript beside: each case is a group, its commands, and below each command what the members want done.
 * `REWRITE_TRANSCRIPTS=1` writes what is played into the file, to be read before it is kept.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Transcript } from './transcript-fixture.ts';

type Case = Readonly<{ name: string; lines: readonly string[] }>;

const FILE = new URL('raft.transcript.txt', import.meta.url);
const SEPARATOR = /^== /m;

function readCases(): readonly Case[] {
  const [, ...blocks] = readFileSync(FILE, 'utf8').split(SEPARATOR);
  return blocks.map((block) => {
    const [name = '', ...lines] = block.trimEnd().split('\n');
    return { name, lines };
  });
}

function play(lines: readonly string[]): readonly string[] {
  const transcript = new Transcript();
  return lines
    .filter((line) => !line.startsWith('  '))
    .flatMap((line) => {
      if (line === '' || line.startsWith('#')) return [line];
      return [line, ...transcript.play(line).map((each) => `  ${each}`.trimEnd())];
    });
}

if (process.env['REWRITE_TRANSCRIPTS'] === '1') {
  const [preface = ''] = readFileSync(FILE, 'utf8').split(SEPARATOR);
  const cases = readCases().map(({ name, lines }) => `== ${name}\n${play(lines).join('\n')}\n`);
  writeFileSync(FILE, preface + cases.join('\n'));
}

test.each(readCases())('$name', ({ lines }) => {
  expect(play(lines).join('\n')).toBe(lines.join('\n'));
});
