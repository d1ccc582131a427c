/** `kill -9` of a real server at random moments under load, in both wal modes; a fresh directory after some rounds. */
import type { LongTest } from '../../scripts/test-long.ts';
import { killRounds, type KillResult } from '../support/kill-rounds.ts';

const ROUNDS = 1000;
const ROUNDS_PER_DIRECTORY = 25;

export const run: LongTest = async ({ from, count }) => {
  const failures: string[] = [];
  const first = Math.floor(from / ROUNDS_PER_DIRECTORY) * ROUNDS_PER_DIRECTORY;
  const end = count === null ? (first < ROUNDS ? ROUNDS : first + ROUNDS) : first + count;
  let next = first;
  for (; next < end && failures.length < 3; next += ROUNDS_PER_DIRECTORY) {
    const walMode = (next / ROUNDS_PER_DIRECTORY) % 2 === 0 ? 'write' : 'fsync';
    try {
      const result = await killRounds({ walMode, rounds: ROUNDS_PER_DIRECTORY, seed: next });
      console.log(`${next}: ${describe(result)}, wal_mode ${walMode}`);
    } catch (error) {
      console.log(error);
      failures.push(String(error));
    }
  }
  return { count: next - first, next, failures };
};

function describe({ rounds, acknowledged, unknown, killedInStart }: KillResult): string {
  return `${rounds} kills and ${killedInStart} in the start, ${acknowledged} writes acknowledged, ${unknown} unknown`;
}
