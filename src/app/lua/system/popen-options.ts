/** Arguments of `popen.new` and `popen.shell`, checked with the library's own words. */
import { usageError } from './module.ts';
import type { ChildStream } from '../../../env/index.ts';
import { textOf } from '../box/byte-strings.ts';

import type { LuaError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText, typeOf } from '../runtime/types.ts';
import type { LuaValue } from '../runtime/values.ts';

export const STREAM_NAMES = ['stdin', 'stdout', 'stderr'] as const;
export type StreamName = (typeof STREAM_NAMES)[number];

export const STREAM_OPTIONS: ReadonlyMap<LuaValue, ChildStream> = new Map([
  ['pipe', 'pipe'],
  ['inherit', 'inherit'],
  ['devnull', 'null'],
  ['close', 'close'],
]);

const FLAG_DEFAULTS = {
  shell: false,
  setsid: false,
  close_fds: true,
  restore_signals: true,
  group_signal: false,
  keep_child: false,
};
export type Flags = Readonly<Record<keyof typeof FLAG_DEFAULTS, boolean>>;

export type PopenOptions = Readonly<{
  words: readonly string[];
  streams: Readonly<Record<StreamName, ChildStream>>;
  environment: Readonly<Record<string, string>> | null;
  flags: Flags;
}>;

function wrong(name: string, expected: string, value: LuaValue, isAbsent = false): LuaError {
  const got = isAbsent ? 'no value' : typeOf(value);
  return usageError(`popen.new: wrong parameter "${name}": expected ${expected}, got ${got}`);
}

export function newOptions(values: readonly LuaValue[]): PopenOptions {
  const [argv, given] = values;
  if (!(argv instanceof LuaTable)) throw wrong('argv', 'table', argv, values.length === 0);
  const words = argv.array.map((word, at) => {
    if (typeof word !== 'string') throw wrong(`argv[${at + 1}]`, 'string', word);
    return textOf(word);
  });
  if (given !== undefined && !(given instanceof LuaTable)) throw wrong('opts', 'table or nil', given);
  const options = given ?? new LuaTable();
  const streams = {
    stdin: stream(options, 'stdin'),
    stdout: stream(options, 'stdout'),
    stderr: stream(options, 'stderr'),
  };
  const flags = flagsOf(options);
  if (flags.group_signal && !flags.setsid) throw usageError('popen: group signal without setting sid');
  return { words, streams, environment: environmentOf(options.getString('env')), flags };
}

function stream(options: LuaTable, name: StreamName): ChildStream {
  const value = options.getString(name);
  if (value === undefined) return 'inherit';
  if (typeof value !== 'string') throw wrong(`opts.${name}`, 'string or nil', value);
  const option = STREAM_OPTIONS.get(value);
  if (option !== undefined) return option;
  throw usageError(
    `popen.new: wrong parameter "opts.${name}": expected popen.opts.<...> constant, got ${rawToText(value)}`,
  );
}

function flagsOf(options: LuaTable): Flags {
  const flags: Record<string, boolean> = {};
  for (const [name, otherwise] of Object.entries(FLAG_DEFAULTS)) {
    const value = options.getString(name);
    if (value !== undefined && typeof value !== 'boolean') throw wrong(`opts.${name}`, 'boolean or nil', value);
    flags[name] = value ?? otherwise;
  }
  return { ...FLAG_DEFAULTS, ...flags };
}

function environmentOf(value: LuaValue): Readonly<Record<string, string>> | null {
  if (value === undefined) return null;
  if (!(value instanceof LuaTable)) throw wrong('opts.env', 'table or nil', value);
  const result: Record<string, string> = {};
  for (let place = value.hashEntryFrom(0); place >= 0; place = value.hashEntryFrom(place + 1)) {
    result[textOf(rawToText(value.hashKeyAt(place)))] = textOf(rawToText(value.hashValueAt(place)));
  }
  return result;
}

/** A command for the shell; the mode says which streams are pipes: r, w and R for the standard error. */
export function shellOptions(values: readonly LuaValue[]): PopenOptions {
  const [command, mode] = values;
  if (typeof command !== 'string') {
    const got = values.length === 0 ? 'no value' : typeOf(command);
    throw usageError(`popen.shell: wrong parameter "command": expected string, got ${got}`);
  }
  if (mode !== undefined && (typeof mode !== 'string' || !/^[rwR]+$/.test(mode))) {
    const got = typeof mode === 'string' ? mode : typeOf(mode);
    throw usageError(`popen.shell: wrong parameter "mode": expected 'r', 'w', 'R' or its combination, got ${got}`);
  }
  const letters = mode ?? 'wrR';
  const pipe = (letter: string): ChildStream => (letters.includes(letter) ? 'pipe' : 'inherit');
  return {
    words: ['sh', '-c', textOf(command)],
    streams: { stdin: pipe('w'), stdout: pipe('r'), stderr: pipe('R') },
    environment: null,
    flags: { ...FLAG_DEFAULTS, shell: true, setsid: true, group_signal: true },
  };
}
