import { describe, expect, it } from 'vitest';
import type { WorkerEntry } from '../../env/index.ts';
import { LOG_MUTANTS } from '../common/log-mutants.ts';
import { regressionSeeds } from '../common/regressions.ts';
import { runReplicaset, type RunOptions } from './index.ts';
import { RELAY_MUTANTS } from './mutants.ts';

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

  it('sees nothing wrong with workers that keep their promises', async () => {
    const workers = { relayWorker: RELAY_MUTANTS.keepsItsPromises, logWorker: LOG_MUTANTS.keepsItsPromises };
    for (const seed of [1, 2]) await runReplicaset(seed, workers);
  });

  it.each<[string, { relayWorker?: WorkerEntry; logWorker?: WorkerEntry }]>([
    ['relay that loses old rows', { relayWorker: RELAY_MUTANTS.losesRows }],
    ['log that acknowledges too early', { logWorker: LOG_MUTANTS.acknowledgesTooEarly }],
    ['log that loses what it synced', { logWorker: LOG_MUTANTS.losesSyncs }],
  ])('notices a %s', async (_, workers) => {
    expect(await failingSeed(workers)).not.toBeNull();
  });
});
