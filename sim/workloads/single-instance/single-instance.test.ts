import { describe, expect, it } from 'vitest';
import type { WorkerEntry } from '../../env/index.ts';
import { LOG_MUTANTS } from '../common/log-mutants.ts';
import { regressionSeeds } from '../common/regressions.ts';
import { runSingleInstance } from './index.ts';

/** A mutant is noticed much earlier; this ends the search when the workload has become blind. */
const SEEDS_MAX = 30;

/** The first seed whose run fails with this log worker. */
async function failingSeed(logWorker: WorkerEntry, walMode: 'write' | 'fsync'): Promise<number | null> {
  for (let seed = 0; seed < SEEDS_MAX; seed++) {
    try {
      await runSingleInstance(seed, { logWorker, walMode });
    } catch {
      return seed;
    }
  }
  return null;
}

describe('the simulated instance', () => {
  it.each(regressionSeeds('single-instance'))('keeps its promises with seed %i, which once failed', async (seed) => {
    await runSingleInstance(seed);
  });

  it('repeats a run exactly', async () => {
    const [first, second] = [await runSingleInstance(77), await runSingleInstance(77)];
    expect(second).toEqual(first);
    expect((await runSingleInstance(78)).digest).not.toBe(first.digest);
  });

  it('sees nothing wrong with a log that keeps its promises', async () => {
    for (const walMode of ['write', 'fsync'] as const) {
      await runSingleInstance(5, { logWorker: LOG_MUTANTS.keepsItsPromises, walMode });
    }
  });

  it.each([
    ['acknowledgesTooEarly', 'write'],
    ['losesSyncs', 'fsync'],
    ['keepsFailedRows', 'write'],
    ['ignoresFailedWrites', 'write'],
  ] as const)('notices a log that %s', async (mutant, walMode) => {
    expect(await failingSeed(LOG_MUTANTS[mutant], walMode)).not.toBeNull();
  });
});
