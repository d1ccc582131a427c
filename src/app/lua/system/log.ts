/**
 * The library `log`. What programs log goes to the instance's own log, whose form and place its configuration decides;
 * the level can be changed from here.
 */
import { LOG_LEVELS, type LogLevel, type LogSink } from '../../../env/index.ts';

import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { rawToText, typeOf } from '../runtime/types.ts';
import { firstOf, type LuaExecution, type LuaFunction, type LuaValue, NO_VALUES } from '../runtime/values.ts';
import { plainFunction, suspendableFunction } from '../runtime/values.ts';
import { textOf } from '../box/byte-strings.ts';
import { usageError } from './module.ts';

export type LogHost = Readonly<{
  runtime: LuaRuntime;
  sink: LogSink;
  /** Name of the running fiber. */
  fiberName: () => string;
  /** `string.format` and `json.encode`. */
  format: () => LuaValue;
  encode: () => LuaValue;
}>;

/** Names as `log.cfg` takes them, in the order in which its complaints list them. */
const LEVEL_NAMES = 'crit,warn,info,debug,syserror,verbose,fatal,error';
const LEVELS_BY_NAME: ReadonlyMap<string, LogLevel> = new Map([
  ...LOG_LEVELS.map((level) => [level, level] as const),
  ['syserror', 'system'] as const,
]);
const FORMATS = 'json,plain';

export function createLogLibrary(host: LogHost): LuaTable {
  const { sink } = host;
  const settings = tableOf({ level: levelNumber(sink.level), format: 'plain' });
  const setLevel = (level: number): void => {
    sink.level = LOG_LEVELS[Math.min(Math.max(0, level), LOG_LEVELS.length - 1)]!;
    settings.setString('level', level);
  };
  settings.metatable = tableOf({
    __call: plainFunction((_self, options) => {
      if (options !== undefined) configure(options, setLevel, settings);
      return NO_VALUES;
    }),
  });
  const library = tableOf({
    error: writer(host, 'error'),
    warn: writer(host, 'warn'),
    info: writer(host, 'info'),
    verbose: writer(host, 'verbose'),
    debug: writer(host, 'debug'),
    rotate: plainFunction(() => NO_VALUES),
    pid: plainFunction(() => 0),
    level: plainFunction((level) => {
      setLevel(levelArgument(level));
      return NO_VALUES;
    }),
    log_format: plainFunction((format) => {
      if (format !== 'plain' && format !== 'json') throw usageError(`builtin/log.lua:372: expected ${FORMATS}`);
      settings.setString('format', format);
      return NO_VALUES;
    }),
    cfg: settings,
  });
  library.metatable = tableOf({ __index: tableOf({ logger_pid: plainFunction(() => 0) }) });
  return library;
}

function levelNumber(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}

function levelArgument(value: LuaValue): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') throw usageError('builtin/log.lua:338: must be a number or a string');
  const level = LEVELS_BY_NAME.get(value);
  if (level === undefined) throw usageError(`builtin/log.lua:338: expected ${LEVEL_NAMES}`);
  return levelNumber(level);
}

function configure(options: LuaValue, setLevel: (level: number) => void, settings: LuaTable): void {
  if (!(options instanceof LuaTable)) {
    throw usageError(`builtin/log.lua:467: attempt to index local 'cfg' (a ${typeOf(options)} value)`);
  }
  for (const name of ['log', 'nonblock']) {
    if (options.getString(name) === undefined) continue;
    throw usageError(`builtin/log.lua:447: log.cfg: '${name}' can't be set dynamically`);
  }
  const format = options.getString('format');
  if (format !== undefined && format !== 'plain' && format !== 'json') {
    throw usageError(`builtin/log.lua:477: log.cfg: 'format' expected ${FORMATS}`);
  }
  const level = options.getString('level');
  if (level !== undefined) {
    const isKnown = typeof level === 'number' || (typeof level === 'string' && LEVELS_BY_NAME.has(level));
    if (!isKnown) throw usageError(`builtin/log.lua:485: log.cfg: 'level' expected ${LEVEL_NAMES}`);
    setLevel(levelArgument(level));
  }
  if (format !== undefined) settings.setString('format', format);
}

/** `log.info(text)`, `log.info(format, ...)` or `log.info(table)`. */
function writer(host: LogHost, level: LogLevel): LuaFunction {
  const limit = levelNumber(level);
  return suspendableFunction(function* (...values) {
    if (limit > levelNumber(host.sink.level)) return NO_VALUES;
    host.sink.write(level, host.fiberName(), textOf(yield* messageOf(host, values)));
    return NO_VALUES;
  });
}

function* messageOf({ runtime, format, encode }: LogHost, values: LuaValue[]): Generator<object, string, unknown> {
  const [message] = values;
  if (values.length > 1) return String(firstOf(yield* runtime.call(format(), values)));
  if (!(message instanceof LuaTable)) return yield* runtime.toText(message, rawToText);
  return yield* encoded(runtime, encode(), message);
}

/** A table as JSON, or as `tostring` has it if it has a say of its own or cannot be JSON. */
function* encoded(runtime: LuaRuntime, encode: LuaValue, table: LuaTable): Generator<object, string, unknown> {
  const text: LuaExecution = runtime.call(encode, [table]);
  return String(firstOf(yield* text));
}
