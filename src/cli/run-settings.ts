/** What `picodata run` is to do, from the values that were given. */
import {
  parseChoice,
  parseCount,
  parseHttpListenAddress,
  parseListenAddress,
  parseName,
  parseSeconds,
  parseSize,
  RUN_OPTIONS,
  type Parsed,
  type RunOptionName,
} from '../config/index.ts';
import { LOG_LEVELS } from '../env/index.ts';
import type { LogOptions } from '../env/node/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, type InstanceOptions } from '../instance/index.ts';
import { definitionOf, type OptionValue, type OptionValues } from './option-values.ts';
import { UsageError } from './usage-error.ts';

/** The secret of the cluster, and where it was given. */
export type GivenCookie = Readonly<{ text: string; source: string }>;

export type RunSettings = Readonly<{
  /** Without the trust, which may lie in the data directory. */
  instance: Omit<InstanceOptions, 'trust'>;
  /** Null: none was given here. */
  cookie: GivenCookie | null;
  /** Lua to run once the instance is ready; null: none. */
  expression: OptionValue | null;
  log: LogOptions;
}>;

const LOG_FORMATS = ['plain', 'json'] as const;
const WAL_MODES = ['none', 'write', 'fsync'] as const;

/** Throws UsageError for the first value that cannot be read. */
export function runSettings(values: OptionValues): RunSettings {
  const text = (name: RunOptionName): string | null => values.get(name)?.text ?? definitionOf(name).defaultText;
  const read = <Result>(name: RunOptionName, parse: (text: string) => Parsed<Result>): Result => {
    const value = values.get(name);
    const parsed = parse(value?.text ?? definitionOf(name).defaultText ?? '');
    if (parsed.ok) return parsed.value;
    throw new UsageError(`${value?.source ?? `--${definitionOf(name).flag}`}: ${parsed.reason}`);
  };
  const logFile = text('log');
  return {
    instance: {
      ...DEFAULT_INSTANCE_OPTIONS,
      dataDir: text('dataDir') ?? DEFAULT_INSTANCE_OPTIONS.dataDir,
      listen: read('listen', parseListenAddress),
      httpListen: values.has('httpListen') ? read('httpListen', parseHttpListenAddress) : null,
      clusterId: read('clusterId', parseName),
      instanceId: read('instanceId', parseName),
      replicasetId: read('replicasetId', parseName),
      memtxMemoryBytes: read('memtxMemory', (size) => parseSize(size, RUN_OPTIONS.memtxMemory.minimum)),
      netMsgMax: read('netMsgMax', (count) => parseCount(count, RUN_OPTIONS.netMsgMax.minimum)),
      walMode: read('walMode', (mode) => parseChoice(mode, WAL_MODES)),
      walMaxSizeBytes: read('walMaxSize', (size) => parseSize(size, RUN_OPTIONS.walMaxSize.minimum)),
      checkpointIntervalSeconds: read('checkpointInterval', (seconds) => parseSeconds(seconds)),
      checkpointCount: read('checkpointCount', (count) => parseCount(count, RUN_OPTIONS.checkpointCount.minimum)),
      script: text('script'),
      adminSocket: text('adminSock'),
    },
    expression: values.get('tarantoolExec') ?? null,
    cookie: values.get('clusterCookie') ?? null,
    log: {
      level: read('logLevel', (level) => parseChoice(level, LOG_LEVELS)),
      format: read('logFormat', (format) => parseChoice(format, LOG_FORMATS)),
      destination: logFile === null ? 'stderr' : { file: logFile },
    },
  };
}
