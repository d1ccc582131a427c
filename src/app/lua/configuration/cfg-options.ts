/**
 * The options of `box.cfg`, one row each: type, default, whether it can change while the instance runs, and what it does
 * here. Names, types and defaults are Tarantool 2.6.0's.
 */
import type { LuaValue } from '../runtime/values.ts';

export type CfgType = 'number' | 'string' | 'boolean' | 'string, number' | 'string, number, table';

export type CfgOption = Readonly<{
  type: CfgType;
  /** Undefined: not set. */
  initial: LuaValue;
  isDynamic: boolean;
  /**
   * - works: does what it does in Tarantool;
   * - none: accepted and shown; what it tunes is tuned by itself here, or belongs to an engine that is not here;
   * - later: given another value than the default it is refused, because a user would rely on it.
   */
  effect: 'works' | 'none' | 'later';
}>;

/** Options by name, as they were given or are in effect. */
export type CfgValues = ReadonlyMap<string, LuaValue>;

const MEBIBYTE = 1024 * 1024;

function option(type: CfgType, initial: LuaValue, effect: CfgOption['effect'], isDynamic = false): CfgOption {
  return { type, initial, isDynamic, effect };
}

export const CFG_OPTIONS: Readonly<Record<string, CfgOption>> = {
  background: option('boolean', false, 'works'),
  checkpoint_count: option('number', 2, 'works', true),
  checkpoint_interval: option('number', 3600, 'works', true),
  checkpoint_wal_threshold: option('number', 1e18, 'works', true),
  coredump: option('boolean', false, 'none'),
  custom_proc_title: option('string', undefined, 'works', true),
  election_mode: option('string', 'off', 'works', true),
  election_timeout: option('number', 5, 'works', true),
  feedback_enabled: option('boolean', true, 'none', true),
  feedback_host: option('string', 'https://feedback.tarantool.io', 'none', true),
  feedback_interval: option('number', 3600, 'none', true),
  force_recovery: option('boolean', false, 'works', true),
  hot_standby: option('boolean', false, 'later'),
  instance_uuid: option('string', undefined, 'works'),
  io_collect_interval: option('number', undefined, 'none', true),
  listen: option('string, number', undefined, 'works', true),
  log: option('string', undefined, 'works'),
  log_format: option('string', 'plain', 'works'),
  log_level: option('string, number', 5, 'works', true),
  log_nonblock: option('boolean', undefined, 'none'),
  memtx_dir: option('string', '.', 'works'),
  memtx_max_tuple_size: option('number', MEBIBYTE, 'works'),
  memtx_memory: option('number', 256 * MEBIBYTE, 'works', true),
  memtx_min_tuple_size: option('number', 16, 'none'),
  memtx_use_mvcc_engine: option('boolean', false, 'later'),
  net_msg_max: option('number', 768, 'works', true),
  pid_file: option('string', undefined, 'works'),
  read_only: option('boolean', false, 'works', true),
  readahead: option('number', 16320, 'none', true),
  replicaset_uuid: option('string', undefined, 'works'),
  replication: option('string, number, table', undefined, 'works', true),
  replication_anon: option('boolean', false, 'works', true),
  replication_connect_quorum: option('number', undefined, 'works', true),
  replication_connect_timeout: option('number', 30, 'works', true),
  replication_skip_conflict: option('boolean', false, 'works', true),
  replication_sync_lag: option('number', 10, 'works', true),
  replication_sync_timeout: option('number', 300, 'works', true),
  replication_synchro_quorum: option('string, number', 'N / 2 + 1', 'works', true),
  replication_synchro_timeout: option('number', 5, 'works', true),
  replication_timeout: option('number', 1, 'works', true),
  rows_per_wal: option('number', undefined, 'none'),
  slab_alloc_factor: option('number', 1.05, 'none'),
  snap_io_rate_limit: option('number', undefined, 'none', true),
  sql_cache_size: option('number', 5 * MEBIBYTE, 'none', true),
  strip_core: option('boolean', true, 'none'),
  too_long_threshold: option('number', 0.5, 'none', true),
  txn_timeout: option('number', 3153600000, 'none', true),
  username: option('string', undefined, 'later'),
  vinyl_bloom_fpr: option('number', 0.05, 'none'),
  vinyl_cache: option('number', 128 * MEBIBYTE, 'none', true),
  vinyl_dir: option('string', '.', 'none'),
  vinyl_max_tuple_size: option('number', MEBIBYTE, 'none', true),
  vinyl_memory: option('number', 128 * MEBIBYTE, 'none', true),
  vinyl_page_size: option('number', 8192, 'none'),
  vinyl_range_size: option('number', undefined, 'none'),
  vinyl_read_threads: option('number', 1, 'none'),
  vinyl_run_count_per_level: option('number', 2, 'none'),
  vinyl_run_size_ratio: option('number', 3.5, 'none'),
  vinyl_timeout: option('number', 60, 'none', true),
  vinyl_write_threads: option('number', 4, 'none'),
  wal_cleanup_delay: option('number', undefined, 'works'),
  wal_dir: option('string', '.', 'works'),
  wal_dir_rescan_delay: option('number', 2, 'none'),
  wal_max_size: option('number', 256 * MEBIBYTE, 'works'),
  wal_mode: option('string', 'write', 'works'),
  work_dir: option('string', undefined, 'works'),
  worker_pool_threads: option('number', 4, 'none', true),
};

const LOG_LEVEL_NUMBERS = ['fatal', 'syserror', 'error', 'crit', 'warn', 'info', 'verbose', 'debug'] as const;

/** The level as this product's log names it; null for what is no level. */
export function logLevelName(value: LuaValue): string | null {
  const name = typeof value === 'number' ? LOG_LEVEL_NUMBERS[value] : value;
  if (typeof name !== 'string' || !(LOG_LEVEL_NUMBERS as readonly string[]).includes(name)) return null;
  return name === 'syserror' ? 'system' : name;
}
