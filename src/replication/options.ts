/** How an instance replicates; the names in comments are those of `box.cfg`. */
import type { ElectionMode, FencingMode } from './election/index.ts';
import { MAJORITY_FORMULA, type QuorumSetting } from './limbo/index.ts';
import { parseSource, type ReplicationSource } from './applier/source.ts';

export type ReplicationOptions = Readonly<{
  /** `replication`: masters, as `parseSource` reads them. */
  sources: readonly string[];
  /** `replication_anon`: it follows without being a member, and takes no writes. */
  isAnonymous: boolean;
  /** `replication_connect_quorum`: so many masters must be there before it takes writes; null: all of them. */
  connectQuorum: number | null;
  /** `replication_connect_timeout`: how long a start waits for them. */
  connectTimeoutMs: number;
  /** `replication_timeout`: between heartbeats, and between attempts to connect. */
  timeoutMs: number;
  /** `replication_sync_lag`: with a greater one it is not up to date. */
  syncLagSeconds: number;
  /** `replication_sync_timeout`: how long a start waits until it is. */
  syncTimeoutMs: number;
  /** `replication_skip_conflict`: rows that find their place taken are passed over. */
  skipsConflicts: boolean;
  /** Of the newest rows so many bytes are kept in memory for all replicas; one that is further behind reads the files. */
  feedBytesMax: number;
  /** Bytes that one replica has not taken yet; beyond it nothing more is queued for it. */
  queuedBytesMax: number;
  /** `replication_synchro_quorum`: how many instances must have a synchronous transaction; a number or a formula of N. */
  synchroQuorum: QuorumSetting;
  /** `replication_synchro_timeout`: without a quorum for so long it is rolled back. */
  synchroTimeoutMs: number;
  /** `election_mode`. */
  electionMode: ElectionMode;
  /** `election_timeout`: how long a candidate waits for votes. */
  electionTimeoutMs: number;
  /** `election_fencing_mode`. */
  fencingMode: FencingMode;
}>;

export const DEFAULT_REPLICATION_OPTIONS: ReplicationOptions = {
  sources: [],
  isAnonymous: false,
  connectQuorum: null,
  connectTimeoutMs: 30_000,
  timeoutMs: 1000,
  syncLagSeconds: 10,
  syncTimeoutMs: 300_000,
  skipsConflicts: false,
  feedBytesMax: 16 * 1024 * 1024,
  queuedBytesMax: 1024 * 1024,
  synchroQuorum: MAJORITY_FORMULA,
  synchroTimeoutMs: 5000,
  electionMode: 'off',
  electionTimeoutMs: 5000,
  fencingMode: 'soft',
};

/** Throws ER_CFG for a source that cannot be read. */
export function sourcesOf(options: ReplicationOptions): readonly ReplicationSource[] {
  return options.sources.map(parseSource);
}
