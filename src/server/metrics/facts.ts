/** What is known of an instance at the moment of a scrape. */
import type { ConsensusStatus } from '../../cluster/raftnode/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import type { ReplicationInformation, RequestCounters } from '../../engine/box/index.ts';
import type { LogStatistics } from '../../engine/wal/index.ts';

/** Who it is: what does not change while it runs. */
export type InstanceIdentity = Readonly<{
  /** Of the product. */
  version: string;
  /** Whose protocols and files it speaks. */
  tarantoolVersion: string;
  clusterId: string;
  instanceId: string;
  replicasetId: string;
  instanceUuid: string;
  replicasetUuid: string;
}>;

export type InstanceFacts = InstanceIdentity &
  Readonly<{
    uptimeSeconds: number;
    isReadOnly: boolean;
    /** State in memory. */
    vclock: Vclock;
    memory: Readonly<{ arenaBytes: number; usedBytes: number; quotaBytes: number }>;
    counters: RequestCounters;
    log: LogStatistics & Readonly<{ waitingBytes: number }>;
    snapshot: Readonly<{
      isInProgress: boolean;
      /** Of the newest durable one; null before the first. */
      vclock: Vclock | null;
      /** Null if this process has written none. */
      durationMs: number | null;
    }>;
    process: Readonly<{ residentBytes: number; heapBytes: number; processorSeconds: number }>;
    replication: ReplicationInformation;
    /** Null: it belongs to no group. */
    consensus: ConsensusStatus | null;
  }>;
