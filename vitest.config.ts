/**
 * Two projects: `unit` (beside the sources; no processes, shared workers, so a test leaves no state behind) and
 * `processes` (real servers and peers, and what simulates many of them).
 */
import { defineConfig } from 'vitest/config';

/** They take minutes together: too long for the check. */
const LONG_SIMULATIONS = [
  'sim/workloads/consensus/consensus.test.ts',
  'sim/workloads/single-instance/single-instance.test.ts',
  'sim/workloads/replicaset/**/*.test.ts',
  'sim/workloads/synchronous/**/*.test.ts',
];

export default defineConfig({
  cacheDir: 'node_modules/.cache/vitest',
  test: {
    pool: 'threads',
    maxWorkers: 2,
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'sim/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: LONG_SIMULATIONS,
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/**/*.test.ts', ...LONG_SIMULATIONS],
          exclude: ['test/long/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
