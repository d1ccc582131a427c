/**
 * Data-driven cases of the raft library of etcd, which are not ours to keep: `ETCD_RAFT_TESTDATA` names a checkout of it.
 * Our core plays each, and what it sends, writes, applies and remembers is compared line by line in the notation of the
 * cases; lines of that library's own log are left out. Where we differ on purpose is in exceptions.ts.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { play } from './commands.ts';
import { readCases, type Step } from './data-driven.ts';
import { type Exception, EXCEPTIONS, withSyncedSnapshots } from './exceptions.ts';
import { Group } from './group.ts';
import { MembershipPlayer } from './membership.ts';
import { playQuorum } from './quorum.ts';

const LOG_LINE = /^\s*(DEBUG|INFO|WARN|ERROR|FATAL) /;

const folder = process.env['ETCD_RAFT_TESTDATA'];
if (folder === undefined) console.log('test/raft/etcd-cases: skipped, ETCD_RAFT_TESTDATA names no checkout with cases');

function expectedLines({ expected }: Step): readonly string[] {
  const lines = expected.filter((line) => !LOG_LINE.test(line));
  return lines.length === 0 ? ['ok'] : withSyncedSnapshots(lines);
}

function shown({ line, command }: Step, lines: readonly string[]): string {
  return [`line ${line}: ${command}`, ...lines].join('\n');
}

/** An exception that names no command is a mistake. */
function playCases(
  cases: string,
  exceptions: readonly Exception[],
  player: () => (step: Step, place: number) => readonly string[],
): void {
  for (const { name, steps } of folder === undefined ? [] : readCases(join(folder, cases))) {
    const skipped = new Set(exceptions.filter(({ file }) => file === name).map(({ line }) => line));
    it(name, () => {
      const play = player();
      for (const [place, step] of steps.entries()) {
        if (skipped.delete(step.line)) continue;
        expect(shown(step, play(step, place))).toBe(shown(step, expectedLines(step)));
      }
      expect([...skipped]).toEqual([]);
    });
  }
}

describe.runIf(folder !== undefined)('cases of etcd', () => {
  describe('interaction', () => {
    playCases('testdata', [], () => {
      const group = new Group();
      return (step) => play(group, step);
    });
  });
  describe('membership', () => {
    playCases('confchange/testdata', EXCEPTIONS, () => {
      const membership = new MembershipPlayer();
      return (step, place) => membership.play(step, place);
    });
  });
  describe('quorum', () => playCases('quorum/testdata', [], () => playQuorum));
});
