/** Which values an option of `box.cfg` may have, in Tarantool 2.6.0's words. */
import { NIL_UUID } from '../../../base/index.ts';
import { LuaTable } from '../runtime/table.ts';
import { numberToText } from '../runtime/types.ts';
import type { LuaValue } from '../runtime/values.ts';
import type { CfgValues } from './cfg-options.ts';

const MEMORY_BYTES_MAX = 4_398_046_510_080;
const TUPLE_BYTES_MIN = 8;
const TUPLE_BYTES_MAX = 1_048_280;
const READAHEAD_BYTES_MIN = 128;
const REPLICAS_MAX = 31;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LOG_PREFIXES = "expecting a file name or a prefix, such as '|', 'pipe:', 'syslog:'";
const SYSLOG_FACILITIES: ReadonlySet<string> = new Set([
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'intern', 'lpr', 'news', 'uucp', 'clock', 'authpriv', 'ftp', 'ntp'],
  ...['audit', 'alert', 'cron', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
]);

type NumberRule = Readonly<{ isAllowed: (value: number) => boolean; problem: string }>;

function rule(problem: string, isAllowed: NumberRule['isAllowed']): NumberRule {
  return { problem, isAllowed };
}

const isPositive = (value: number): boolean => value > 0;
const atLeast =
  (least: number) =>
  (value: number): boolean =>
    value >= least;
const GREATHER = rule('the value must be greather than 0', isPositive);
const GREATER = rule('the value must be greater than 0', isPositive);
const OUT_OF_BOUNDS = 'specified value is out of bounds';

const NUMBER_RULES: Readonly<Record<string, NumberRule>> = {
  checkpoint_count: rule('the value must not be less than one', atLeast(1)),
  memtx_max_tuple_size: rule('must be greater than 0', isPositive),
  memtx_min_tuple_size: rule(OUT_OF_BOUNDS, (value) => value >= TUPLE_BYTES_MIN && value <= TUPLE_BYTES_MAX),
  net_msg_max: rule('must be greater than 0', isPositive),
  readahead: rule(OUT_OF_BOUNDS, atLeast(READAHEAD_BYTES_MIN)),
  replication_connect_quorum: rule('the value must be greater or equal to 0', atLeast(0)),
  replication_connect_timeout: GREATHER,
  replication_sync_lag: GREATER,
  replication_sync_timeout: GREATER,
  replication_synchro_quorum: rule(
    'the value must be greater than zero and less than maximal number of replicas',
    (value) => value > 0 && value <= REPLICAS_MAX,
  ),
  replication_synchro_timeout: rule('the value must be greater than zero', isPositive),
  replication_timeout: GREATHER,
  sql_cache_size: rule('must be non-negative', atLeast(0)),
  vinyl_bloom_fpr: rule('must be greater than 0 and less than or equal to 1', (value) => value > 0 && value <= 1),
  vinyl_page_size: rule('must be greater than 0 and less than or equal to vinyl_range_size', isPositive),
  vinyl_read_threads: rule('must be greater than or equal to 1', atLeast(1)),
  vinyl_run_count_per_level: rule('must be greater than 0', isPositive),
  vinyl_run_size_ratio: rule('must be greater than 1', (value) => value > 1),
  vinyl_write_threads: rule('must be greater than or equal to 2', atLeast(2)),
  wal_max_size: rule('the value must be greater than one', (value) => value > 1),
};
const MEMORY_OPTIONS: ReadonlySet<string> = new Set(['memtx_memory', 'vinyl_memory']);
const ADDRESS_OPTIONS: ReadonlySet<string> = new Set(['listen', 'replication']);

/** What is wrong with the value; null if nothing is. */
export function valueProblem(name: string, value: LuaValue): string | null {
  if (typeof value === 'number') {
    const bounds = Object.hasOwn(NUMBER_RULES, name) ? NUMBER_RULES[name] : undefined;
    if (bounds !== undefined && !bounds.isAllowed(value)) return bounds.problem;
    if (MEMORY_OPTIONS.has(name) && !(value >= 0 && value <= MEMORY_BYTES_MAX)) {
      return `must be >= 0 and <= ${MEMORY_BYTES_MAX}, but it is ${numberToText(value)}`;
    }
    return null;
  }
  if (ADDRESS_OPTIONS.has(name)) return addressProblem(value);
  if (typeof value !== 'string') return null;
  if (name === 'log') return logProblem(value);
  if (name !== 'instance_uuid' && name !== 'replicaset_uuid') return null;
  if (value === NIL_UUID) return 'nil UUID is reserved';
  return UUID.test(value) ? null : value;
}

function addressProblem(value: LuaValue): string | null {
  if (value instanceof LuaTable) return value.array.map(addressProblem).find((problem) => problem !== null) ?? null;
  if (typeof value !== 'string') return null;
  const isAddress = value.split(',').every((each) => /^\d+$|^unix\/:.|^\/[^/]|^[^/]+:\w/.test(each.trim()));
  return isAddress ? null : 'expected host:service or /unix.socket';
}

function logProblem(value: string): string | null {
  if (value.startsWith('|')) return null;
  const [, prefix, rest] = /^([^:/]*):(.*)$/s.exec(value) ?? [];
  if (prefix === undefined || prefix === 'file' || prefix === 'pipe') return null;
  if (prefix !== 'syslog') return LOG_PREFIXES;
  for (const part of rest === '' ? [] : rest!.split(',')) {
    const [key, text] = part.split('=', 2);
    if (key === 'facility' && !SYSLOG_FACILITIES.has(text ?? '')) return `bad syslog facility option '${text}'`;
    if (key !== 'facility' && key !== 'identity' && key !== 'server') return `bad option '${part}'`;
  }
  return null;
}

/** What is wrong between options that are each allowed: the option and the words; null if nothing is. */
export function combinationProblem(values: CfgValues): Readonly<{ name: string; problem: string }> | null {
  const log = values.get('log');
  const isSyslog = typeof log === 'string' && log.startsWith('syslog:');
  const isStream = isSyslog || (typeof log === 'string' && /^\||^pipe:/.test(log));
  if (values.get('log_nonblock') === true && !isStream) {
    return { name: 'log_nonblock', problem: 'the option is incompatible with file/stderr logger' };
  }
  if (values.get('log_format') === 'json' && isSyslog) {
    return { name: 'log_format', problem: "json can't be used with syslog logger" };
  }
  return null;
}
