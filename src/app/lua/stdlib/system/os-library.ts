/** Lua's `os` library with Tarantool's additions. Times are local by the host's clock. */
import {
  type Clock,
  FileError,
  type FileSystem,
  type ProcessControl,
  type RandomSource,
} from '../../../../env/index.ts';
import { waitFor } from '../../fibers/fiber.ts';
import { checkNumber, checkString, optionalString, typeError } from '../../runtime/arguments.ts';
import { ArgumentError, runtimeError } from '../../runtime/errors.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import { toNumber } from '../../runtime/types.ts';
import {
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import { byteStringOf, textOf } from '../../box/byte-strings.ts';
import { errnoText } from '../../system/errno.ts';
import { breakDown, formatTime, secondsOfFields } from './date-format.ts';

export type OsHost = Readonly<{
  clock: Clock;
  fileSystem: FileSystem;
  process: ProcessControl;
  random: RandomSource;
  /** Variables of the environment; programs change their own copy. */
  environment: Readonly<Record<string, string | undefined>>;
  exit: (code: number) => void;
  /** Runs a shell's command to its end: the status as C's `system` gives it. */
  runCommand: (command: string) => Promise<number>;
}>;

export function createOsLibrary(host: OsHost): LuaTable {
  return tableOf({
    ...timeFunctions(host),
    ...fileFunctions(host),
    ...environmentFunctions(host),
    execute: suspendableFunction(function* (...values) {
      if (values[0] === undefined) return 1;
      const command = textOf(checkString(values, 1));
      return yield* waitFor<number>((wake) => {
        host.runCommand(command).then(
          (value) => wake({ value }),
          (error: unknown) => wake({ error }),
        );
        return undefined;
      });
    }),
    exit: suspendableFunction((given) => exit(host, given)),
    setlocale: plainFunction((...values) => setLocale(values)),
  });
}

/** The program goes no further; the process ends when what it holds has been put away. */
function* exit(host: OsHost, given: LuaValue): Generator<object, LuaResult, unknown> {
  const code = given === undefined || given === true ? 0 : given === false ? 1 : Math.trunc(checkNumber([given], 1));
  host.exit(code);
  yield* waitFor<undefined>(() => undefined, 'none');
  return NO_VALUES;
}

const LOCALE_CATEGORIES = ['all', 'collate', 'ctype', 'monetary', 'numeric', 'time'];

/** There is one locale. */
function setLocale(values: readonly LuaValue[]): LuaValue {
  const category = optionalString(values, 2, 'all');
  if (!LOCALE_CATEGORIES.includes(category)) throw new ArgumentError(2, `invalid option '${category}'`);
  const name = values[0] === undefined ? 'C' : checkString(values, 1);
  return ['', 'C', 'POSIX'].includes(name) ? 'C' : undefined;
}

function timeFunctions({ clock, process }: OsHost): Record<string, LuaFunction> {
  return {
    clock: plainFunction(() => process.processorSeconds()),
    difftime: plainFunction((...values) => checkNumber(values, 1) - (values.length > 1 ? checkNumber(values, 2) : 0)),
    date: plainFunction((...values) => {
      const given = optionalString(values, 1, '%c');
      const seconds = values[1] === undefined ? clock.realtimeSeconds() : checkNumber(values, 2);
      const isUniversal = given.startsWith('!');
      const time = breakDown(seconds, isUniversal ? null : process.localOffsetSeconds(seconds));
      const format = isUniversal ? given.slice(1) : given;
      if (!format.startsWith('*t')) return formatTime(format, time);
      const { year, month, day, hour, minute, second, weekday, yearDay } = time;
      const fields = { year, month, day, hour, min: minute, sec: second, wday: weekday + 1, yday: yearDay };
      return tableOf({ ...fields, isdst: false });
    }),
    time: plainFunction((...values) => {
      if (values[0] === undefined) return Math.floor(clock.realtimeSeconds());
      if (!(values[0] instanceof LuaTable)) throw typeError(values[0], 1, 'table', false);
      const local = secondsOfTable(values[0]);
      return local - process.localOffsetSeconds(local - process.localOffsetSeconds(local));
    }),
  };
}

function secondsOfTable(table: LuaTable): number {
  const field = (name: string, otherwise?: number): number => {
    const value = toNumber(table.getString(name)) ?? otherwise;
    if (value === undefined) throw runtimeError(`field '${name}' missing in date table`);
    return Math.trunc(value);
  };
  const [second, minute, hour] = [field('sec', 0), field('min', 0), field('hour', 12)];
  const [day, month, year] = [field('day'), field('month'), field('year')];
  return secondsOfFields({ year, month, day, hour, minute, second });
}

function fileFunctions({ fileSystem, random }: OsHost): Record<string, LuaFunction> {
  return {
    remove: plainFunction((...values) => {
      const path = checkString(values, 1);
      return attempt(path, () => remove(fileSystem, textOf(path)));
    }),
    rename: plainFunction((...values) => {
      const from = checkString(values, 1);
      const to = checkString(values, 2);
      return attempt(from, () => fileSystem.rename(textOf(from), textOf(to)));
    }),
    tmpname: plainFunction(() => `/tmp/lua_${random.uint32().toString(36)}`),
  };
}

function remove(fileSystem: FileSystem, path: string): void {
  const isDirectory = (fileSystem.status(path, false).mode & 0o170000) === 0o040000;
  if (isDirectory) fileSystem.removeDirectory(path);
  else fileSystem.unlink(path);
}

/** true, or nil, message and number. */
export function attempt(path: string, action: () => void): LuaResult {
  try {
    action();
    return true;
  } catch (error) {
    return failure(error, path);
  }
}

/** What the libraries of C give for a failure of the system; throws what is none. */
export function failure(error: unknown, path: string | null): LuaValue[] {
  if (!(error instanceof FileError)) throw error;
  const text = errnoText(error.errno);
  return [undefined, path === null ? text : `${path}: ${text}`, error.errno];
}

function environmentFunctions({ environment }: OsHost): Record<string, LuaFunction> {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined) variables.set(byteStringOf(name), byteStringOf(value));
  }
  return {
    environ: plainFunction(() => tableOf(Object.fromEntries(variables))),
    getenv: plainFunction((...values) => variables.get(checkString(values, 1))),
    setenv: plainFunction((...values) => {
      const name = checkString(values, 1);
      if (values[1] === undefined) variables.delete(name);
      else variables.set(name, checkString(values, 2));
      return NO_VALUES;
    }),
  };
}
