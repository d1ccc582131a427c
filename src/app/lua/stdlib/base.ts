/** Lua's basic functions. */
import {
  checkAny,
  checkFunction,
  checkInt32,
  checkInteger,
  checkString,
  checkTable,
  optionalInteger,
  optionalString,
  typeError,
} from '../runtime/arguments.ts';
import type { ChunkLoader, Iterators } from '../runtime/chunk-loader.ts';
import { ArgumentError, LuaError, runtimeError } from '../runtime/errors.ts';
import { captureFrames, framesOfException, type LuaFrame, onOwnStack, positionOf } from '../runtime/stack.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { LuaSyntaxError } from '../compiler/lexer.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText, textToNumber, toNumber, typeOf } from '../runtime/types.ts';
import {
  allOf,
  firstOf,
  isTrue,
  LuaCdata,
  LuaFunction,
  LuaUserdata,
  type LuaExecution,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';

/** What the library needs of the host. */
export type BaseHost = Readonly<{
  runtime: LuaRuntime;
  loader: () => ChunkLoader;
  globals: LuaTable;
  print: (line: string) => void;
  /** Memory that JavaScript's heap has in use. */
  usedKilobytes: () => number;
  /** Bytes of a file as text. Throws LuaError `cannot open NAME`. */
  readFile: (name: string) => string;
}>;

/** The iterators that the compiler's `for` knows. */
export function createIterators(): Iterators {
  const next = plainFunction((...values) => {
    const table = checkTable(values, 1);
    const entry = table.next(values[1]);
    // The virtual machine itself fails there: no position.
    if (entry === undefined) throw new LuaError("invalid key to 'next'", captureFrames());
    return entry ?? undefined;
  });
  const ipairs = plainFunction((table, index) => {
    const at = Number(index) + 1;
    const value = table instanceof LuaTable ? table.get(at) : undefined;
    return value === undefined ? undefined : [at, value];
  });
  return { next, ipairs };
}

export function installBase(host: BaseHost, iterators: Iterators): void {
  const { globals } = host;
  const functions: Record<string, LuaFunction> = {
    ...tableFunctions(host.runtime, iterators),
    ...conversionFunctions(host),
    ...errorFunctions(host.runtime),
    ...loadFunctions(host),
    ...environmentFunctions(host),
  };
  for (const [name, code] of Object.entries(functions)) globals.setString(name, code);
  globals.setString('_G', globals);
  globals.setString('_VERSION', 'Lua 5.1');
}

/** What `for` takes for a value of a C type; null for all others. */
function walkOf(value: LuaValue): LuaResult | null {
  return value instanceof LuaCdata ? value.iterate() : null;
}

function tableFunctions(runtime: LuaRuntime, { next, ipairs }: Iterators): Record<string, LuaFunction> {
  return {
    next,
    pairs: plainFunction((...values) => walkOf(values[0]) ?? [next, traversable(values, '__pairs'), undefined]),
    ipairs: plainFunction((...values) => {
      checkAny(values, 1);
      return walkOf(values[0]) ?? [ipairs, traversable(values, '__ipairs'), 0];
    }),
    rawget: plainFunction((...values) => checkTable(values, 1).get(checkAny(values, 2))),
    rawset: plainFunction((...values) => {
      const table = checkTable(values, 1);
      runtime.rawSet(table, checkAny(values, 2), checkAny(values, 3));
      return table;
    }),
    rawequal: plainFunction((...values) => checkAny(values, 1) === checkAny(values, 2)),
    getmetatable: plainFunction((...values) => {
      const metatable = runtime.metatableOf(checkAny(values, 1));
      if (values[0] instanceof LuaCdata) return 'ffi';
      return metatable?.getString('__metatable') ?? metatable ?? undefined;
    }),
    setmetatable: plainFunction((...values) => {
      const table = checkTable(values, 1);
      const metatable = values[1];
      if (values.length < 2 || (metatable !== undefined && !(metatable instanceof LuaTable))) {
        throw new ArgumentError(2, 'nil or table expected');
      }
      if (table.metatable?.getString('__metatable') !== undefined)
        throw runtimeError('cannot change a protected metatable');
      table.metatable = metatable ?? null;
      return table;
    }),
    select: plainFunction((...given) => {
      const [selector, ...values] = given;
      if (selector === '#') return values.length;
      const index = checkInt32(given, 1);
      if (index < 0 && -index <= values.length) return values.slice(index);
      if (index <= 0) throw new ArgumentError(1, 'index out of range');
      return values.slice(index - 1);
    }),
    unpack: plainFunction((...values) => {
      const table = checkTable(values, 1);
      const first = optionalInteger(values, 2, 1);
      const last = values[2] === undefined ? table.length() : checkInteger(values, 3);
      if (last - first >= UNPACK_MAX) throw runtimeError('too many results to unpack');
      const result: LuaValue[] = [];
      for (let at = first; at <= last; at++) result.push(table.get(at));
      return result;
    }),
  };
}

function traversable(values: readonly LuaValue[], event: string): LuaTable {
  const [value] = values;
  if (value instanceof LuaCdata) throw runtimeError(`'${value.typeName}' has no '${event}' metamethod`);
  return checkTable(values, 1);
}

/** About what LuaJIT's stack takes. */
const UNPACK_MAX = 65000;

function conversionFunctions({ runtime, print, usedKilobytes }: BaseHost): Record<string, LuaFunction> {
  return {
    type: plainFunction((...values) => typeOf(checkAny(values, 1))),
    tostring: suspendableFunction(function* (...values) {
      const value = checkAny(values, 1);
      const handler = runtime.metamethod(value, '__tostring');
      return handler === undefined ? rawToText(value) : firstOf(yield* runtime.call(handler, [value]));
    }),
    tonumber: plainFunction((...values) => toNumberWithBase(values)),
    tonumber64: plainFunction((...values) => toNumber64(values)),
    print: suspendableFunction(function* (...values) {
      const texts: string[] = [];
      for (const value of values) texts.push(yield* runtime.toText(value, rawToText));
      print(texts.join('\t'));
      return [];
    }),
    collectgarbage: plainFunction((...values) => {
      switch (optionalString(values, 1, 'collect')) {
        case 'count':
          return [usedKilobytes(), 0];
        case 'collect':
        case 'stop':
        case 'restart':
          return 0;
        case 'step':
          return true;
        case 'setpause':
          return 200;
        case 'setstepmul':
          return 200;
        default:
          throw new ArgumentError(1, `invalid option '${String(values[0])}'`);
      }
    }),
  };
}

function toNumberWithBase(values: readonly LuaValue[]): LuaValue {
  const base = optionalInteger(values, 2, 10);
  const value = checkAny(values, 1);
  if (base === 10) {
    if (typeof value === 'number') return value;
    if (value instanceof LuaCdata) return value.toNumber();
    return typeof value === 'string' ? textToNumber(value) : undefined;
  }
  const text = checkString(values, 1);
  if (base < 2 || base > 36) throw new ArgumentError(2, 'base out of range');
  const match = /^[ \t\n\v\f\r]*(-?)(?:0[xX](?=[0-9a-fA-F]))?([0-9a-zA-Z]+)[ \t\n\v\f\r]*$/.exec(text);
  if (match === null) return undefined;
  let result = 0;
  for (const letter of match[2]!) {
    const digit = parseInt(letter, 36);
    if (digit >= base) return undefined;
    result = result * base + digit;
  }
  // As C's `strtoul` has it.
  return match[1] === '-' ? Number(BigInt.asUintN(64, -BigInt(result))) : result;
}

/** Integers beyond this are 64-bit ones. */
const PLAIN_INTEGER_MAX = 10n ** 14n;

function toNumber64(values: readonly LuaValue[]): LuaValue {
  const value = checkAny(values, 1);
  const base = optionalInteger(values, 2, 10);
  if (base < 2 || base > 36) throw new ArgumentError(2, 'base out of range');
  if (typeof value === 'number' || value instanceof LuaCdata) return value;
  if (typeof value !== 'string') return undefined;
  const match = /^[ \t\n\v\f\r]*([+-]?)(0[xX](?=[0-9a-fA-F]))?([0-9a-zA-Z]+?)(?:U?LL)?[ \t\n\v\f\r]*$/i.exec(value);
  if (match === null) return undefined;
  const radix = match[2] === undefined ? base : 16;
  let magnitude = 0n;
  for (const letter of match[3]!) {
    const digit = parseInt(letter, 36);
    if (digit >= radix) return undefined;
    magnitude = magnitude * BigInt(radix) + BigInt(digit);
  }
  const result = match[1] === '-' ? -magnitude : magnitude;
  if (result > -PLAIN_INTEGER_MAX && result < PLAIN_INTEGER_MAX) return Number(result);
  if (result >= 1n << 64n || result < -(1n << 63n)) return undefined;
  return new Integer64(result, result >= 0n);
}

function errorFunctions(runtime: LuaRuntime): Record<string, LuaFunction> {
  return {
    error: plainFunction((...values) => {
      const [value] = values;
      const level = optionalInteger(values, 2, 1);
      const frames = captureFrames();
      const isText = typeof value === 'string' || typeof value === 'number';
      if (!isText || level <= 0) throw new LuaError(value, frames);
      throw new LuaError(positionOf(frames[level]) + rawToText(value), frames);
    }),
    assert: plainFunction((...values) => {
      const condition = checkAny(values, 1);
      if (isTrue(condition)) return values;
      throw runtimeError(values[1] === undefined ? 'assertion failed!' : checkString(values, 2));
    }),
    pcall: suspendableFunction(function* (...values) {
      checkAny(values, 1);
      try {
        return [true, ...allOf(yield* runtime.call(values[0], values.slice(1)))];
      } catch (error) {
        return [false, runtime.errorValue(error)];
      }
    }),
    xpcall: suspendableFunction((...values) => protectedCall(runtime, values)),
  };
}

/** The handler sees the stack of the error, not its own. */
function* protectedCall(runtime: LuaRuntime, values: readonly LuaValue[]): LuaExecution {
  checkAny(values, 1);
  const handler = checkFunction(values, 2);
  try {
    return [true, ...allOf(yield* runtime.call(values[0], values.slice(2)))];
  } catch (error) {
    const value = runtime.errorValue(error);
    const outer = runtime.errorFrames;
    runtime.errorFrames = framesOfError(error);
    try {
      return [false, ...allOf(yield* onStackOfItsOwn(runtime.call(handler, [value])))];
    } catch (handlerError) {
      runtime.errorValue(handlerError);
      return [false, 'error in error handling'];
    } finally {
      runtime.errorFrames = outer;
    }
  }
}

function framesOfError(error: unknown): readonly LuaFrame[] | null {
  if (error instanceof LuaError || error instanceof ArgumentError) return error.frames;
  return error instanceof Error ? framesOfException(error) : null;
}

/** Runs so that the levels of the stack end with the execution itself. */
function* onStackOfItsOwn(execution: LuaExecution): LuaExecution {
  let step = onOwnStack(() => execution.next());
  while (step.done !== true) {
    try {
      const answer = yield step.value;
      step = onOwnStack(() => execution.next(answer));
    } catch (error) {
      step = onOwnStack(() => execution.throw(error));
    }
  }
  return step.value;
}

function loadFunctions(host: BaseHost): Record<string, LuaFunction> {
  const { globals, loader, runtime } = host;
  const compile = (source: string, name: string, mode?: LuaValue, table?: LuaValue): LuaResult => {
    if (typeof mode === 'string' && !mode.includes('t')) return [undefined, 'attempt to load chunk with wrong mode'];
    if (source.startsWith('\x1b')) return [undefined, '(binary): cannot load incompatible bytecode'];
    try {
      return loader().load(source, name, table instanceof LuaTable ? table : (runtime.environment ?? globals));
    } catch (error) {
      if (error instanceof LuaSyntaxError) return [undefined, error.message];
      throw error;
    }
  };
  const readChunk = (name: LuaValue): LuaFunction => {
    const file = checkString([name], 1);
    const result = compile(host.readFile(file), `@${file}`);
    if (result instanceof LuaFunction) return result;
    throw new LuaError(allOf(result)[1], captureFrames());
  };
  const load = suspendableFunction(function* (...values) {
    if (typeof values[0] === 'string' || typeof values[0] === 'number') {
      const text = checkString(values, 1);
      return compile(text, optionalString(values, 2, text), values[2], values[3]);
    }
    const reader = checkFunction(values, 1);
    let text = '';
    for (;;) {
      let piece: LuaValue;
      try {
        piece = firstOf(yield* runtime.call(reader, []));
      } catch (error) {
        return [undefined, runtime.errorValue(error)];
      }
      if (piece === undefined || piece === '') break;
      if (typeof piece !== 'string') return [undefined, 'reader function must return a string'];
      text += piece;
    }
    return compile(text, optionalString(values, 2, '=(load)'), values[2], values[3]);
  });
  return {
    loadstring: load,
    load,
    loadfile: plainFunction((...values) => {
      const file = checkString(values, 1);
      try {
        return compile(host.readFile(file), `@${file}`, values[1], values[2]);
      } catch (error) {
        if (error instanceof LuaError) return [undefined, error.value];
        throw error;
      }
    }),
    dofile: suspendableFunction((...values) => runtime.call(readChunk(values[0]), [])),
    gcinfo: plainFunction(() => Math.floor(host.usedKilobytes())),
    dostring: suspendableFunction(function* (...values) {
      const text = checkString(values, 1);
      const result = compile(text, text);
      if (!(result instanceof LuaFunction)) throw new LuaError(allOf(result)[1], captureFrames());
      return yield* runtime.call(result, values.slice(1));
    }),
  };
}

/** Environments of functions, and objects without a meaning of their own. */
function environmentFunctions({ globals, runtime }: BaseHost): Record<string, LuaFunction> {
  return {
    getfenv: plainFunction((...values) => {
      if (values[0] instanceof LuaFunction) return values[0].environment ?? runtime.environment ?? globals;
      const level = levelOf(values[0]);
      const ofThread = runtime.environment ?? globals;
      return level === 0 ? ofThread : (functionAt(level)?.environment ?? ofThread);
    }),
    setfenv: plainFunction((...values) => {
      const [target] = values;
      const table = checkTable(values, 2);
      const level = target instanceof LuaFunction ? null : levelOf(target);
      if (level === 0) {
        runtime.environment = table;
        return NO_VALUES;
      }
      const code = target instanceof LuaFunction ? target : functionAt(level ?? 1);
      if ((code?.environment ?? null) === null || code === undefined || code === null)
        throw runtimeError("'setfenv' cannot change environment of given object");
      code.environment = table;
      return code;
    }),
    newproxy: plainFunction((given) => {
      if (given instanceof LuaUserdata) return new LuaUserdata({}, given.metatable);
      if (given !== undefined && typeof given !== 'boolean') throw new ArgumentError(1, 'boolean or proxy expected');
      return new LuaUserdata({}, given === true ? new LuaTable() : null);
    }),
  };
}

function levelOf(target: LuaValue): number {
  const level = toNumber(target ?? 1);
  if (level === undefined) throw typeError(target, 1, 'number');
  if (level < 0) throw new ArgumentError(1, 'invalid level');
  return Math.trunc(level);
}

/** The function at a level of the stack; undefined for a host function, or one that left no word. */
function functionAt(level: number): LuaFunction | undefined {
  const frame = captureFrames()[level];
  if (frame === undefined) throw new ArgumentError(1, 'invalid level');
  return frame.code ?? undefined;
}
