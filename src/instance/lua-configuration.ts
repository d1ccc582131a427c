/** Options of an instance under the names that `box.cfg` has for them, and changes by those names. */
import { type CfgValues, type InstanceFacts, logLevelName, type LuaValue } from '../app/lua/index.ts';
import { formatAddress, parseAddress } from '../client/index.ts';
import { type Address, type Env, LOG_LEVELS, type LogLevel } from '../env/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { DynamicOptions, InstanceOptions } from './options.ts';

/** What Lua uses of its instance. */
export interface LuaInstance {
  readonly env: Env;
  readonly box: Box;
  readonly addresses: readonly Address[];
  listen(address: Address | null): Promise<void>;
  reconfigure(changes: Partial<DynamicOptions>): void;
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
    case 'log_level':
      instance.env.log.level = logLevelOf(value);
      return;
    default:
  }
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
    status: () => 'running',
    listen: () => instance.addresses.map(formatAddress)[0] ?? null,
    replicaId: () => 1,
    sections: {},
  };
}
