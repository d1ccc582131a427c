import { describe, expect, it } from 'vitest';
import { LOG_MUTANTS } from '../common/log-mutants.ts';
import { regressionSeeds } from '../common/regressions.ts';
import { runSynchronous, type SynchronousRunOptions } from './index.ts';
import { MUTANTS } from './mutants.ts';

/** A mutant is noticed earlier; this ends the search when the workload has become blind. */
const SEEDS_MAX = 60;

/** The first seed whose run fails with these instances. */
async function failingSeed(options: SynchronousRunOptions): Promise<number | null> {
  for (let seed = 0; seed < SEEDS_MAX; seed++) {
    try {
      await runSynchronous(seed, options);
    } catch {
      return seed;
    }
  }
  return null;
}

describe('the simulated replica set with synchronous spaces', () => {
  it.each(regressionSeeds('synchronous'))('keeps its promises with seed %i, which once failed', async (seed) => {
    await runSynchronous(seed);
  });

  it('repeats a run exactly', async () => {
    const [first, second] = [await runSynchronous(77), await runSynchronous(77)];
    expect(second).toEqual(first);
    expect((await runSynchronous(78)).digest).not.toBe(first.digest);
  });

  it('sees nothing wrong with instances that keep their promises', async () => {
    const options = { ...MUTANTS.keepsItsPromises, logWorker: LOG_MUTANTS.keepsItsPromises };
    for (const seed of [1, 2]) await runSynchronous(seed, options);
  });

  it.each<[string, SynchronousRunOptions]>([
    ['quorum of one too few', MUTANTS.quorumOffByOne],
    ['log that acknowledges before it writes', { logWorker: LOG_MUTANTS.acknowledgesTooEarly }],
    ['vote that is given twice in a term', MUTANTS.givesVotesTwice],
  ])('notices a %s', async (_, options) => {
    expect(await failingSeed(options)).not.toBeNull();
  });
});
