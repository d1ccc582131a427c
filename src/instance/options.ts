/** What an instance is started with; the command line and embedding programs both end up here. */
import { LIMITS, RUN_OPTIONS, type ListenAddress, parseSize } from '../config/index.ts';
import type { ConsensusOptions } from '../cluster/raftnode/index.ts';
import type { WalMode } from '../engine/wal/index.ts';
import type { Address } from '../env/index.ts';
import { DEFAULT_REPLICATION_OPTIONS, type ReplicationOptions } from '../replication/index.ts';

/**
 * Whom the instance trusts.
 * - stored: the rights in `_user` and `_priv` alone, as a Tarantool does;
 * - open: guest may do everything;
 * - closed: instances and commands prove themselves with the cookie, users with their passwords.
 */
export type Trust =
  Readonly<{ kind: 'stored' }> | Readonly<{ kind: 'open' }> | Readonly<{ kind: 'closed'; cookie: string }>;

export type InstanceOptions = Readonly<{
  dataDir: string;
  /** null: no iproto door, as embedding programs may want. */
  listen: ListenAddress | Address | null;
  /** Where metrics are served over HTTP; null: nowhere. */
  httpListen: ListenAddress | null;
  clusterId: string;
  instanceId: string;
  replicasetId: string;
  /** Of a new directory; null: those that follow from the names. */
  uuids: Readonly<{ instance: string; replicaset: string }> | null;
  trust: Trust;
  memtxMemoryBytes: number;
  memtxMaxTupleSizeBytes: number;
  /** Requests that may wait for the log or a procedure's promise; beyond it no connection is read from. */
  netMsgMax: number;
  walMode: WalMode;
  walMaxSizeBytes: number;
  checkpointIntervalSeconds: number;
  /** Bytes of log after which a snapshot is made; 0: no such rule. */
  checkpointWalThresholdBytes: number;
  checkpointCount: number;
  /** A statement whose triggers and key functions ran longer, all together, fails. */
  statementCodeMsMax: number;
  forceRecovery: boolean;
  /** A reader whose view of the data is older, or keeps more from being reused, loses it: a snapshot, a large SELECT. */
  readViewAgeMsMax: number;
  readViewBytesMax: number;
  readOnly: boolean;
  replication: ReplicationOptions;
  /** The group that the instance belongs to, which keeps one log; null: none. */
  raft: ConsensusOptions | null;
  /** After a start the log stays whole for so long, or until all replicas have said what they need. */
  walCleanupDelaySeconds: number;
  /** Module, or program in Lua, to run once the instance is ready. */
  script: string | null;
  /** Unix socket of a text console for the administrator. */
  adminSocket: string | null;
}>;

/** What can change while the instance runs. */
export type DynamicOptions = Pick<
  InstanceOptions,
  | 'readOnly'
  | 'memtxMemoryBytes'
  | 'netMsgMax'
  | 'checkpointIntervalSeconds'
  | 'checkpointWalThresholdBytes'
  | 'checkpointCount'
>;

function defaultSize(text: string): number {
  const parsed = parseSize(text);
  return parsed.ok ? parsed.value : 0;
}

export const DEFAULT_INSTANCE_OPTIONS: InstanceOptions = {
  dataDir: RUN_OPTIONS.dataDir.defaultText,
  listen: { host: 'localhost', port: 3301 },
  httpListen: null,
  clusterId: RUN_OPTIONS.clusterId.defaultText,
  instanceId: RUN_OPTIONS.instanceId.defaultText,
  replicasetId: RUN_OPTIONS.replicasetId.defaultText,
  uuids: null,
  trust: { kind: 'stored' },
  memtxMemoryBytes: defaultSize(RUN_OPTIONS.memtxMemory.defaultText),
  memtxMaxTupleSizeBytes: 1024 * 1024,
  netMsgMax: Number(RUN_OPTIONS.netMsgMax.defaultText),
  walMode: 'write',
  walMaxSizeBytes: defaultSize(RUN_OPTIONS.walMaxSize.defaultText),
  checkpointIntervalSeconds: Number(RUN_OPTIONS.checkpointInterval.defaultText),
  checkpointWalThresholdBytes: 0,
  checkpointCount: Number(RUN_OPTIONS.checkpointCount.defaultText),
  statementCodeMsMax: LIMITS.statementCodeMsMax,
  forceRecovery: false,
  readViewAgeMsMax: LIMITS.readViewAgeMsMax,
  readViewBytesMax: LIMITS.readViewBytesMax,
  readOnly: false,
  replication: DEFAULT_REPLICATION_OPTIONS,
  raft: null,
  walCleanupDelaySeconds: 4 * 3600,
  script: null,
  adminSocket: null,
};
