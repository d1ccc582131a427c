/**
 * Every option of `picodata run`: one row each, from which the command line, the environment variables
 * (`PICODATA_<FLAG>`), the keys of the configuration file and the help are made. Precedence: file, environment, flag.
 */

/** How the text of an option is read; sizes take K, M, G suffixes and are bytes, durations are seconds. */
export type OptionKind = 'text' | 'path' | 'address' | 'size' | 'seconds' | 'count' | 'choice' | 'name';

export type OptionDefinition = Readonly<{
  flag: string;
  short?: string;
  kind: OptionKind;
  /** What is shown for the value in the help. */
  placeholder: string;
  /** As a user would type it; null when the option is off unless given. */
  defaultText: string | null;
  choices?: readonly string[];
  /** Smallest number accepted, of bytes, seconds or things. */
  minimum?: number;
  /** Never shown in logs. */
  isSecret?: boolean;
  description: string;
}>;

/** As whom instances and commands prove themselves with the cluster's cookie; in memory only, never in `_user`. */
export const SERVICE_USER_NAME = 'pico_service';

const LOG_LEVEL_CHOICES = ['fatal', 'system', 'error', 'crit', 'warn', 'info', 'verbose', 'debug'];

export const RUN_OPTIONS = {
  dataDir: {
    flag: 'data-dir',
    kind: 'path',
    placeholder: 'DIR',
    defaultText: '.',
    description: 'where the instance keeps its data',
  },
  listen: {
    flag: 'listen',
    short: 'l',
    kind: 'address',
    placeholder: '[HOST][:PORT]',
    defaultText: 'localhost:3301',
    description: 'address to accept iproto connections on',
  },
  httpListen: {
    flag: 'http-listen',
    kind: 'address',
    placeholder: '[HOST][:PORT]',
    defaultText: null,
    description: 'address to serve metrics on, over HTTP (GET /metrics); a missing port is 8080; off unless given',
  },
  clusterId: {
    flag: 'cluster-id',
    kind: 'name',
    placeholder: 'NAME',
    defaultText: 'demo',
    description: 'name of the cluster',
  },
  instanceId: {
    flag: 'instance-id',
    kind: 'name',
    placeholder: 'NAME',
    defaultText: 'i1',
    description: 'name of the instance in the cluster',
  },
  replicasetId: {
    flag: 'replicaset-id',
    kind: 'name',
    placeholder: 'NAME',
    defaultText: 'r1',
    description: 'name of the replicaset',
  },
  clusterCookie: {
    flag: 'cluster-cookie',
    kind: 'text',
    placeholder: 'SECRET',
    defaultText: null,
    isSecret: true,
    description: 'secret of the cluster; without one everybody who connects may do everything',
  },
  adminSock: {
    flag: 'admin-sock',
    kind: 'path',
    placeholder: 'PATH',
    defaultText: null,
    description: 'Unix socket of a console for the administrator; off unless given',
  },
  script: {
    flag: 'script',
    kind: 'path',
    placeholder: 'FILE',
    defaultText: null,
    description: 'program (.lua) or module (.js, .mjs) to run in the instance before it listens',
  },
  tarantoolExec: {
    flag: 'tarantool-exec',
    short: 'e',
    kind: 'text',
    placeholder: 'EXPR',
    defaultText: null,
    description: 'Lua to run once the instance is ready, before the console',
  },
  log: {
    flag: 'log',
    kind: 'path',
    placeholder: 'FILE',
    defaultText: null,
    description: 'file to write the log to instead of standard error',
  },
  logLevel: {
    flag: 'log-level',
    kind: 'choice',
    placeholder: 'LEVEL',
    choices: LOG_LEVEL_CHOICES,
    defaultText: 'info',
    description: `least important messages to log: ${LOG_LEVEL_CHOICES.join(', ')}`,
  },
  logFormat: {
    flag: 'log-format',
    kind: 'choice',
    placeholder: 'FORMAT',
    choices: ['plain', 'json'],
    defaultText: 'plain',
    description: 'form of log lines: plain or json',
  },
  memtxMemory: {
    flag: 'memtx-memory',
    kind: 'size',
    placeholder: 'SIZE',
    minimum: 32 * 1024 * 1024,
    defaultText: '256M',
    description: 'memory for tuples and indexes',
  },
  // Tarantool's 768 bounds its fibers; here a waiting request is the bytes of its reply, so that a batch of the log may
  // gather what many clients pipeline.
  netMsgMax: {
    flag: 'net-msg-max',
    kind: 'count',
    placeholder: 'N',
    minimum: 2,
    defaultText: '32768',
    description: 'requests that may wait for the log or a procedure; beyond it no connection is read',
  },
  walMode: {
    flag: 'wal-mode',
    kind: 'choice',
    placeholder: 'MODE',
    choices: ['none', 'write', 'fsync'],
    defaultText: 'write',
    description: 'what a reply promises: none, write (survives the process), fsync (survives the machine)',
  },
  walMaxSize: {
    flag: 'wal-max-size',
    kind: 'size',
    placeholder: 'SIZE',
    minimum: 64 * 1024,
    defaultText: '256M',
    description: 'size at which a log file is followed by a new one',
  },
  checkpointInterval: {
    flag: 'checkpoint-interval',
    kind: 'seconds',
    placeholder: 'SECONDS',
    minimum: 0,
    defaultText: '3600',
    description: 'time between snapshots; 0 makes none',
  },
  checkpointCount: {
    flag: 'checkpoint-count',
    kind: 'count',
    placeholder: 'N',
    minimum: 1,
    defaultText: '2',
    description: 'snapshots to keep',
  },
} as const satisfies Record<string, OptionDefinition>;

export type RunOptionName = keyof typeof RUN_OPTIONS;

/** Name of the environment variable of an option. */
export function environmentName(definition: OptionDefinition): string {
  return `PICODATA_${definition.flag.toUpperCase().replaceAll('-', '_')}`;
}

/** A problem with one value, without its source: the caller says whether flag, variable or file is meant. */
export type Parsed<Result> = Readonly<{ ok: true; value: Result }> | Readonly<{ ok: false; reason: string }>;

const SIZE = /^(\d+)([KMGT]?)$/i;
const SIZE_FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes, from digits and an optional suffix K, M, G or T. */
export function parseSize(text: string, minimum = 0): Parsed<number> {
  const match = SIZE.exec(text);
  const value = match === null ? NaN : Number(match[1]) * SIZE_FACTORS[(match[2] ?? '').toLowerCase()]!;
  if (!Number.isSafeInteger(value)) return { ok: false, reason: `'${text}' is not a size such as 256M` };
  if (value < minimum) return { ok: false, reason: `'${text}' is less than the smallest size, ${minimum} bytes` };
  return { ok: true, value };
}

/** A whole number. */
export function parseCount(text: string, minimum = 0): Parsed<number> {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) return { ok: false, reason: `'${text}' is not a whole number` };
  if (value < minimum) return { ok: false, reason: `'${text}' is less than ${minimum}` };
  return { ok: true, value };
}

/** Seconds, with or without a fraction. */
export function parseSeconds(text: string, minimum = 0): Parsed<number> {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) return { ok: false, reason: `'${text}' is not a number of seconds` };
  if (value < minimum) return { ok: false, reason: `'${text}' is less than ${minimum}` };
  return { ok: true, value };
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** A name of a cluster, replicaset or instance. */
export function parseName(text: string): Parsed<string> {
  if (text.length === 0 || text.length > 63 || !NAME.test(text)) {
    return { ok: false, reason: `'${text}' is not a name: letters, digits, '_', '-' and '.', at most 63` };
  }
  return { ok: true, value: text };
}

export type ListenAddress = Readonly<{ host: string; port: number }>;

const DEFAULT_HOST = 'localhost';
const DEFAULT_PORT = 3301;
const DEFAULT_HTTP_PORT = 8080;

/** As `parseListenAddress`, but a missing port is 8080. */
export function parseHttpListenAddress(text: string): Parsed<ListenAddress> {
  return parseListenAddress(text, DEFAULT_HTTP_PORT);
}

/** `host:port`, `:port`, `host` or `[ipv6]:port`; a missing host is localhost, a missing port 3301. */
export function parseListenAddress(text: string, defaultPort = DEFAULT_PORT): Parsed<ListenAddress> {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (match === null || text === '' || port > 65535) {
    return { ok: false, reason: `'${text}' is not an address such as ${DEFAULT_HOST}:${defaultPort}` };
  }
  return { ok: true, value: { host: host === '' ? DEFAULT_HOST : host, port } };
}

/** One of the choices of an option. */
export function parseChoice<Choice extends string>(text: string, choices: readonly Choice[]): Parsed<Choice> {
  const value = choices.find((choice) => choice === text);
  if (value === undefined) return { ok: false, reason: `'${text}' is none of ${choices.join(', ')}` };
  return { ok: true, value };
}
