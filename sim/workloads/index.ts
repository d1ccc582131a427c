/** The workloads, behind one face: a run of a seed, what it counts, and what must have happened over many. */
import type { WorldOptions } from '../env/index.ts';
import * as consensus from './consensus/index.ts';
import * as replicaset from './replicaset/index.ts';
import * as singleInstance from './single-instance/index.ts';
import * as synchronous from './synchronous/index.ts';

/** By name. */
export type Counts = Readonly<Record<string, number>>;

export type Workload = Readonly<{
  name: string;
  run: (
    seed: number,
    options?: WorldOptions,
  ) => Promise<Readonly<{ counts: Counts; digest: string; virtualMs: number }>>;
  /** All of its counts, at zero. */
  emptyCounts: () => Counts;
  /** Counts that may stay zero. */
  optionalCounts: readonly string[];
}>;

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'single-instance',
    run: singleInstance.runSingleInstance,
    emptyCounts: singleInstance.emptyCounts,
    optionalCounts: singleInstance.OPTIONAL_COUNTS,
  },
  {
    name: 'replicaset',
    run: replicaset.runReplicaset,
    emptyCounts: replicaset.emptyCounts,
    optionalCounts: replicaset.OPTIONAL_COUNTS,
  },
  {
    name: 'synchronous',
    run: synchronous.runSynchronous,
    emptyCounts: synchronous.emptyCounts,
    optionalCounts: synchronous.OPTIONAL_COUNTS,
  },
  {
    name: 'consensus',
    run: consensus.runConsensus,
    emptyCounts: consensus.emptyCounts,
    optionalCounts: consensus.OPTIONAL_COUNTS,
  },
];
