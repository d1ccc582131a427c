/** What the members of a simulated replica set are to be, whatever the workload. */
import type { ReplicationOptions } from '../../../../src/replication/index.ts';

export type MemberPlan = Readonly<{
  name: string;
  isWriter: boolean;
  isAnonymous: boolean;
  walMode: 'write' | 'fsync';
  /** Names of its masters while its directory is empty or somebody else's is; none: it makes the replica set. */
  joinsFrom: readonly string[];
  /** Names of its masters once all have joined. */
  follows: readonly string[];
  /** What it goes by beside the settings of all. */
  replication?: Partial<ReplicationOptions>;
}>;

/** What all members of a run have in common. */
export type MemberSettings = Readonly<{
  /** In a word, how they stand to each other. */
  kind: string;
  skipsConflicts: boolean;
  timeoutMs: number;
  connectTimeoutMs: number;
  walMaxSizeBytes: number;
  checkpointCount: number;
  checkpointWalThresholdBytes: number;
  walCleanupDelaySeconds: number;
  feedBytesMax: number;
  queuedBytesMax: number;
}>;

/** In wal_mode write a power cut may take what a master has acknowledged: of that nothing is promised. */
export function mayLosePower({ isWriter, walMode }: Pick<MemberPlan, 'isWriter' | 'walMode'>): boolean {
  return !isWriter || walMode === 'fsync';
}
