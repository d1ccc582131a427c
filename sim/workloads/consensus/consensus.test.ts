import { describe, expect, it } from 'vitest';
import { regressionSeeds } from '../common/regressions.ts';
import { runConsensus, type RunOptions } from './index.ts';
import { MUTANTS } from './mutants.ts';

/** Of six seeds one or more notices a mutant; this ends the search when the workload has become blind. */
const SEEDS_MAX = 60;

/** The first seed whose run fails with these members. */
async function failingSeed(options: RunOptions): Promise<number | null> {
  for (let seed = 0; seed < SEEDS_MAX; seed++) {
    try {
      await runConsensus(seed, options);
    } catch {
      return seed;
    }
  }
  return null;
}

describe('the simulated consensus group', () => {
  it.each(regressionSeeds('consensus'))('keeps its promises with seed %i, which once failed', async (seed) => {
    await runConsensus(seed);
  });

  it('repeats a run exactly', async () => {
    const [first, second] = [await runConsensus(77), await runConsensus(77)];
    expect(second).toEqual(first);
    expect((await runConsensus(78)).digest).not.toBe(first.digest);
  });

  it('sees nothing wrong with members that keep their promises', async () => {
    for (const seed of [1, 2]) await runConsensus(seed, MUTANTS.keepsItsPromises);
  });

  it.each<[string, RunOptions]>([
    ['vote that is forgotten', MUTANTS.forgetsVotes],
    ['commit without a quorum', MUTANTS.commitsEarly],
    ['read that nobody has confirmed', MUTANTS.readsAlone],
    ['sync that is lost', MUTANTS.losesSyncs],
    ['directory that nobody has confirmed', MUTANTS.trustsCopies],
  ])('notices a %s', async (_, options) => {
    expect(await failingSeed(options)).not.toBeNull();
  });
});
