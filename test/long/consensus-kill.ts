/** `kill -9` of random members of a group of three under load, whose clients' history is judged; a fresh group after some kills. */
import type { LongTest } from '../../scripts/test-long.ts';
import { consensusKills, type ConsensusKillResult } from '../support/consensus-kills.ts';

const KILLS = 100;
const KILLS_PER_GROUP = 20;

export const run: LongTest = async ({ from, count }) => {
  const failures: string[] = [];
  const first = Math.floor(from / KILLS_PER_GROUP) * KILLS_PER_GROUP;
  const end = count === null ? (first < KILLS ? KILLS : first + KILLS) : first + count;
  let next = first;
  for (; next < end && failures.length < 3; next += KILLS_PER_GROUP) {
    try {
      console.log(`${next}: ${describe(await consensusKills({ kills: KILLS_PER_GROUP, seed: next }))}`);
    } catch (error) {
      console.log(error);
      failures.push(String(error).slice(0, 2000));
    }
  }
  return { count: next - first, next, failures };
};

function describe({ kills, killedInStart, ...counts }: ConsensusKillResult): string {
  const { writes, swaps, reads, conflicts, refused, unknown } = counts;
  return (
    `${kills} kills and ${killedInStart} in the start; ${writes} writes, ${swaps} swaps and ${reads} reads acknowledged, ` +
    `${conflicts} conflicts, ${refused} refused, ${unknown} unknown`
  );
}
