/** What is known of an instance at the moment of a scrape. */
import type { Vclock } from '../../codec/xlog/index.ts';
import type { ReplicationInformation, RequestCounters } from '../../engine/box/index.ts';
import type { LogStatistics } from '../../engine/wal/index.ts';

export type InstanceFacts = Readonly<{
  version: string;
  tarantoolVersion: string;
  clusterId: string;
  instanceId: string;
  replicasetId: string;
  instanceUuid: string;
  replicasetUuid: string;
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
}>;
