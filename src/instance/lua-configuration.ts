/** Options of an instance under the names that `box.cfg` has for them, and changes by those names. */
import { type CfgValues, type InstanceFacts, logLevelName, LuaTable, type LuaValue } from '../app/lua/index.ts';
import { boxError } from '../base/index.ts';
import { formatAddress, parseAddress } from '../client/index.ts';
import { type Address, type Env, LOG_LEVELS, type LogLevel } from '../env/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { Replication, ReplicationOptions } from '../replication/index.ts';
import type { DynamicOptions, InstanceOptions } from './options.ts';

/** What Lua uses of its instance. */
export interface LuaInstance {
  readonly env: Env;
  readonly box: Box;
  readonly addresses: readonly Address[];
  listen(address: Address | null): Promise<void>;
  readonly replication: Replication;
  reconfigure(changes: Partial<DynamicOptions>): void;
  reconfigureReplication(changes: Partial<ReplicationOptions>): Promise<void>;
}

/** A threshold that large is none. */
const NO_THRESHOLD = 1e18;

export function cfgValuesOf(options: InstanceOptions, addresses: readonly Address[]): CfgValues {
  const [address] = addresses;
  return new Map<string, LuaValue>([
    ['listen', address === undefined ? undefined : formatAddress(address)],
    ['memtx_dir', options.dataDir],
    ['wal_dir', options.dataDir],
    ['vinyl_dir', options.dataDir],
    ['memtx_memory', options.memtxMemoryBytes],
    ['memtx_max_tuple_size', options.memtxMaxTupleSizeBytes],
    ['net_msg_max', options.netMsgMax],
    ['wal_mode', options.walMode],
    ['wal_max_size', options.walMaxSizeBytes],
    ['checkpoint_interval', options.checkpointIntervalSeconds],
    ['checkpoint_wal_threshold', options.checkpointWalThresholdBytes || NO_THRESHOLD],
    ['checkpoint_count', options.checkpointCount],
    ['force_recovery', options.forceRecovery],
    ['read_only', options.readOnly],
  ]);
}

/** Applies a change of `box.cfg{}`; options without effect are taken as they are. Rejects with an Error. */
export async function changeInstance(instance: LuaInstance, name: string, value: LuaValue): Promise<void> {
  switch (name) {
    case 'listen':
      return instance.listen(listenAddressOf(value));
    case 'read_only':
      return instance.reconfigure({ readOnly: value === true });
    case 'memtx_memory':
      return instance.reconfigure({ memtxMemoryBytes: Number(value) });
    case 'net_msg_max':
      return instance.reconfigure({ netMsgMax: Number(value) });
    case 'checkpoint_count':
      return instance.reconfigure({ checkpointCount: Number(value) });
    case 'checkpoint_interval':
      return instance.reconfigure({ checkpointIntervalSeconds: Number(value) });
    case 'checkpoint_wal_threshold':
      return instance.reconfigure({ checkpointWalThresholdBytes: thresholdOf(value) });
    case 'replication':
    case 'replication_anon':
    case 'replication_connect_quorum':
    case 'replication_connect_timeout':
    case 'replication_skip_conflict':
    case 'replication_sync_lag':
    case 'replication_sync_timeout':
    case 'replication_timeout':
    case 'replication_synchro_quorum':
    case 'replication_synchro_timeout':
    case 'election_mode':
    case 'election_timeout':
      return instance.reconfigureReplication(replicationOptionsOf(new Map([[name, value]])));
    case 'log_level':
      instance.env.log.level = logLevelOf(value);
      return;
    default:
  }
}

/** Those of the options that concern replication and are given. */
export function replicationOptionsOf(values: CfgValues): Partial<ReplicationOptions> {
  const given = <Result>(name: string, convert: (value: LuaValue) => Result): Result | undefined =>
    values.has(name) && (values.get(name) !== undefined || name === 'replication')
      ? convert(values.get(name))
      : undefined;
  const toMs = (value: LuaValue): number => Number(value) * 1000;
  const options = {
    sources: given('replication', sourcesOf),
    isAnonymous: given('replication_anon', (value) => value === true),
    connectQuorum: given('replication_connect_quorum', Number),
    connectTimeoutMs: given('replication_connect_timeout', toMs),
    timeoutMs: given('replication_timeout', toMs),
    syncLagSeconds: given('replication_sync_lag', Number),
    syncTimeoutMs: given('replication_sync_timeout', toMs),
    skipsConflicts: given('replication_skip_conflict', (value) => value === true),
    synchroQuorum: given('replication_synchro_quorum', (value) => (typeof value === 'number' ? value : String(value))),
    synchroTimeoutMs: given('replication_synchro_timeout', toMs),
    electionMode: given('election_mode', electionModeOf),
    electionTimeoutMs: given('election_timeout', toMs),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function electionModeOf(value: LuaValue): ReplicationOptions['electionMode'] {
  const mode = (['off', 'voter', 'manual', 'candidate'] as const).find((name) => name === value);
  if (mode === undefined)
    throw boxError(
      'CFG',
      'election_mode',
      "the value must be one of the following strings: 'off', 'voter', 'candidate', 'manual'",
    );
  return mode;
}

/** A list of URIs; none for nil. */
function sourcesOf(value: LuaValue): readonly string[] {
  return value instanceof LuaTable ? value.array.map(String) : [];
}

/** Bytes after which a snapshot is made, 0 for no such rule. */
export function thresholdOf(value: LuaValue): number {
  return typeof value === 'number' && value < NO_THRESHOLD ? value : 0;
}

/** A port, `host:port` or the path of a socket; null for none. Throws BoxError. */
export function listenAddressOf(value: LuaValue): Address | null {
  if (value === undefined || value === '') return null;
  const text = String(value);
  return parseAddress(/^\d+$/.test(text) ? `0.0.0.0:${text}` : text);
}

export function logLevelOf(value: LuaValue): LogLevel {
  const name = logLevelName(value);
  return LOG_LEVELS.find((level) => level === name) ?? 'info';
}

export function instanceFacts(instance: LuaInstance): InstanceFacts {
  return {
    status: () => (instance.replication.isOrphan ? 'orphan' : 'running'),
    listen: () => instance.addresses.map(formatAddress)[0] ?? null,
    replicaId: () => instance.replication.members.ownId,
    sections: {},
  };
}
