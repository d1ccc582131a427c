import { describe, expect, it } from 'vitest';
import type { WorkerEntry } from '../../env/index.ts';
import { regressionSeeds } from '../common/regressions.ts';
import { runReplicaset, type RunOptions } from './index.ts';
import { MUTANTS } from './mutants.ts';

/** A mutant is noticed much earlier; this ends the search when the workload has become blind. */
const SEEDS_MAX = 30;

/** The first seed whose run fails with these workers. */
async function failingSeed(options: RunOptions): Promise<number | null> {
  for (let seed = 0; seed < SEEDS_MAX; seed++) {
    try {
      await runReplicaset(seed, options);
    } catch {
      return seed;
    }
  }
  return null;
}

describe('the simulated replica set', () => {
  it.each(regressionSeeds('replicaset'))('keeps its promises with seed %i, which once failed', async (seed) => {
    await runReplicaset(seed);
  });

  it('repeats a run exactly', async () => {
    const [first, second] = [await runReplicaset(77), await runReplicaset(77)];
    expect(second).toEqual(first);
    expect((await runReplicaset(78)).digest).not.toBe(first.digest);
  });

  it('sees nothing wrong with a relay that keeps its promises', async () => {
    for (const seed of [1, 2]) await runReplicaset(seed, { relayWorker: MUTANTS.relay.keepsItsPromises });
  });

  it.each<[string, { relayWorker?: WorkerEntry; logWorker?: WorkerEntry }]>([
    ['relay that loses old rows', { relayWorker: MUTANTS.relay.losesRows }],
    ['log that keeps rows which it refused', { logWorker: MUTANTS.log.keepsFailedRows }],
  ])('notices a %s', async (_, workers) => {
    expect(await failingSeed(workers)).not.toBeNull();
  });
});
