/**
 * Lua values as JavaScript values:
 *
 * | Lua | here |
 * |---|---|
 * | nil | undefined |
 * | boolean, number | boolean, number |
 * | string | string: each byte a character of the code 0 to 255 |
 * | table | LuaTable |
 * | function | LuaFunction |
 * | thread | LuaCoroutine |
 * | userdata | LuaUserdata |
 * | cdata | LuaCdata: 64-bit integers, box.NULL, tuples, uuids, decimals, errors ... |
 *
 * Several values, or none, travel as a JavaScript array, which is never a Lua value itself; one value travels as it is.
 */
import type { ByteWriter } from '../../../base/index.ts';
import type { ChunkInformation, FunctionDefinition, LuaFrame } from './stack.ts';
import type { LuaTable } from './table.ts';

export type LuaValue =
  undefined | boolean | number | string | LuaTable | LuaFunction | LuaCoroutine | LuaUserdata | LuaCdata;

/** What a call gives: one value, or an array of any number of them. */
export type LuaResult = LuaValue | readonly LuaValue[];

/** A function that runs to its end at once. */
export type PlainCode = (...values: LuaValue[]) => LuaResult;

/** What a running function hands up when it must wait: to its coroutine, or to its fiber. */
export type Suspension = object;

/** A call under way; whoever drives it answers a suspension with the value that `next` gets. */
export type LuaExecution = Generator<Suspension, LuaResult, unknown>;

/** A function that may wait. */
export type SuspendableCode = (...values: LuaValue[]) => LuaExecution;

export const NO_VALUES: readonly LuaValue[] = Object.freeze([]);

export class LuaFunction {
  /** One of the two is null. */
  readonly plain: PlainCode | null;
  readonly suspendable: SuspendableCode | null;
  /** Where its globals are, and those of the functions that it makes; null for a function that is not written in Lua. */
  environment: LuaTable | null;
  /** Null for a function that is not written in Lua. */
  readonly chunk: ChunkInformation | null;

  constructor(
    plain: PlainCode | null,
    suspendable: SuspendableCode | null,
    environment: LuaTable | null = null,
    chunk: ChunkInformation | null = null,
  ) {
    this.plain = plain;
    this.suspendable = suspendable;
    this.environment = environment;
    this.chunk = chunk;
  }

  /** What the compiler knows of it; null for a function that is not written in Lua. */
  get definition(): FunctionDefinition | null {
    return this.chunk?.definitions.get(this.suspendable?.name ?? '') ?? null;
  }
}

/** A function of the host that runs to its end at once. */
export function plainFunction(code: PlainCode): LuaFunction {
  return new LuaFunction(code, null);
}

/** A function of the host that may wait, or calls Lua functions. */
export function suspendableFunction(code: SuspendableCode): LuaFunction {
  return new LuaFunction(null, code);
}

export type CoroutineStatus = 'suspended' | 'running' | 'normal' | 'dead';

export class LuaCoroutine {
  status: CoroutineStatus = 'suspended';
  readonly body: LuaFunction;
  /** Where the globals are of chunks that it loads; null for those of the state. */
  environment: LuaTable | null;
  /** Null before the first resume. */
  execution: LuaExecution | null = null;
  /** Where the error was raised that ended it; empty if there was none. */
  failureFrames: readonly LuaFrame[] = [];

  constructor(body: LuaFunction, environment: LuaTable | null) {
    this.body = body;
    this.environment = environment;
  }
}

/** An object of the host with a metatable that Lua cannot see into. */
export class LuaUserdata {
  readonly payload: object;
  metatable: LuaTable | null;

  constructor(payload: object, metatable: LuaTable | null) {
    this.payload = payload;
    this.metatable = metatable;
  }
}

/**
 * A value of a C type. What it can do is answered by its class: there are no metatables to set from Lua, except those
 * that `ffi.metatype` gives to a type.
 */
export abstract class LuaCdata {
  /** As `ffi.typeof` shows it: `uint64_t`, `struct tt_uuid`. */
  abstract readonly typeName: string;

  /** What `tostring` gives. */
  abstract toText(): string;

  /** `object[key]`; undefined is nil. Throws LuaError for a key that such a value does not have. */
  index(_key: LuaValue): LuaValue {
    return undefined;
  }

  /** `object[key] = value`. Throws LuaError if it cannot be set. */
  setIndex(_key: LuaValue, _value: LuaValue): void {
    throw new TypeError(`values of type ${this.typeName} cannot be changed`);
  }

  /** Whether this is the null pointer, which is equal to nil. */
  get isNull(): boolean {
    return false;
  }

  /** Equality with any value; undefined if this class has no opinion and identity decides. */
  equals(_other: LuaValue): boolean | undefined {
    return undefined;
  }

  /** Sign of (this - other), NaN if unordered; undefined if such values cannot be compared. */
  compare(_other: LuaValue): number | undefined {
    return undefined;
  }

  /** The result of an operator with this on either side; undefined if there is none. */
  arithmetic(_operator: ArithmeticOperator, _left: LuaValue, _right: LuaValue): LuaValue {
    return undefined;
  }

  /** What `tonumber` gives; undefined is nil. */
  toNumber(): number | undefined {
    return undefined;
  }

  /** `#object`; undefined if it has no length. */
  length(): number | undefined {
    return undefined;
  }

  /** `left .. right` with this on either side; undefined if there is none. */
  concatenate(_left: LuaValue, _right: LuaValue): LuaValue {
    return undefined;
  }

  /** Appends this as MessagePack; false, and nothing is written, if it has no such form. */
  writeMsgpack(_writer: ByteWriter): boolean {
    return false;
  }

  /** What json and yaml write in its place; null if they refuse it. */
  serialized(): SerializedCdata | null {
    return null;
  }

  /** A function that its type has under `__serialize`; null if there is none. */
  get serializer(): LuaFunction | null {
    return null;
  }

  /** What `pairs` and `ipairs` give; null if this cannot be walked over. */
  iterate(): LuaResult | null {
    return null;
  }

  /** `object(...)`; null if it cannot be called. */
  get callee(): LuaFunction | null {
    return null;
  }
}

/** Another value, or a text: in quotes in json, without them in yaml. */
export type SerializedCdata = Readonly<{ value: LuaValue } | { text: string }>;

export type ArithmeticOperator = 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'pow' | 'unm';

export type LuaTypeName =
  'nil' | 'boolean' | 'number' | 'string' | 'table' | 'function' | 'thread' | 'userdata' | 'cdata';

export function firstOf(result: LuaResult): LuaValue {
  return result instanceof Array ? result[0] : result;
}

export function allOf(result: LuaResult): readonly LuaValue[] {
  return result instanceof Array ? result : [result];
}

export function isTrue(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}
