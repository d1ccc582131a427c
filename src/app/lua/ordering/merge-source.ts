/**
 * Sources of tuples: programs make them of tables, buffers and iterators, and a merger is one itself.
 * A source gives each of its tuples once, whoever asks.
 */
import { arrayLength, containerHeaderSize, skipValue } from '../../../codec/msgpack/index.ts';
import type { BoxFoundation } from '../box/foundation.ts';
import type { LuaTuple } from '../box/tuple/lua-tuple.ts';
import { memberError } from '../ffi/member-error.ts';
import { type LuaTable } from '../runtime/table.ts';
import { addressOf } from '../runtime/types.ts';
import { allOf, LuaCdata, type LuaFunction, type LuaValue } from '../runtime/values.ts';
import { type IbufObject } from '../values/buffer.ts';
import { illegalParams, tupleOf } from './tuples.ts';

/** What waits inside hands itself up to the fiber. */
export type Steps<Result> = Generator<object, Result, unknown>;

export abstract class MergeSource extends LuaCdata {
  override readonly typeName = 'struct merge_source';
  readonly #methods: ReadonlyMap<string, LuaFunction>;

  constructor(methods: ReadonlyMap<string, LuaFunction>) {
    super();
    this.#methods = methods;
  }

  /** The next tuple, undefined at the end. Throws IllegalParams for what is no tuple, and what programs throw. */
  abstract next(): Steps<LuaTuple | undefined>;

  override toText(): string {
    return `cdata<struct merge_source &>: ${addressOf(this)}`;
  }

  override index(key: LuaValue): LuaValue {
    return typeof key === 'string' ? this.#methods.get(key) : undefined;
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }
}

/** An iterator as `for` takes it; it gives a state and one value each time, and no state at its end. */
export class ValueIterator {
  readonly #foundation: BoxFoundation;
  /** A function, or what can be called. */
  readonly #step: LuaValue;
  readonly #parameter: LuaValue;
  /** What it has to give beside the state, for messages. */
  readonly #expected: string;
  #state: LuaValue;

  constructor(foundation: BoxFoundation, [step, parameter, state]: readonly LuaValue[], expected: string) {
    this.#foundation = foundation;
    this.#step = step;
    this.#parameter = parameter;
    this.#state = state;
    this.#expected = expected;
  }

  /** Null at the end. Throws IllegalParams for another number of results. */
  *next(): Steps<Readonly<{ value: LuaValue }> | null> {
    const { runtime } = this.#foundation;
    const results = allOf(yield* runtime.call(this.#step, [this.#parameter, this.#state]));
    const [state, value] = results;
    if (state === undefined) return null;
    if (results.length !== 2) {
      throw illegalParams(`Expected <state>, <${this.#expected}>, got ${results.length} return values`);
    }
    this.#state = state;
    return { value };
  }
}

/** Each step of an iterator is a tuple. */
export class TupleSource extends MergeSource {
  readonly #foundation: BoxFoundation;
  readonly #iterator: ValueIterator;

  constructor(methods: ReadonlyMap<string, LuaFunction>, foundation: BoxFoundation, iterator: ValueIterator) {
    super(methods);
    this.#foundation = foundation;
    this.#iterator = iterator;
  }

  override *next(): Steps<LuaTuple | undefined> {
    const step = yield* this.#iterator.next();
    return step === null ? undefined : tupleOf(this.#foundation, step.value);
  }
}

/** Gives the next portion of tuples; undefined at the end. */
export type Portions<Portion> = () => Steps<Portion | undefined>;

/** Tuples in tables. */
export class TableSource extends MergeSource {
  readonly #foundation: BoxFoundation;
  readonly #portions: Portions<LuaTable>;
  #table: LuaTable | undefined;
  #position = 0;

  constructor(methods: ReadonlyMap<string, LuaFunction>, foundation: BoxFoundation, portions: Portions<LuaTable>) {
    super(methods);
    this.#foundation = foundation;
    this.#portions = portions;
  }

  override *next(): Steps<LuaTuple | undefined> {
    for (;;) {
      if (this.#table === undefined) {
        this.#table = yield* this.#portions();
        this.#position = 0;
        if (this.#table === undefined) return undefined;
      }
      const value = this.#table.get(++this.#position);
      if (value !== undefined) return tupleOf(this.#foundation, value);
      this.#table = undefined;
    }
  }
}

/** Tuples in buffers, each an array of tuples in MessagePack, which is taken out of the buffer as it is read. */
export class BufferSource extends MergeSource {
  readonly #foundation: BoxFoundation;
  readonly #portions: Portions<IbufObject>;
  #buffer: IbufObject | undefined;
  #left = 0;

  constructor(methods: ReadonlyMap<string, LuaFunction>, foundation: BoxFoundation, portions: Portions<IbufObject>) {
    super(methods);
    this.#foundation = foundation;
    this.#portions = portions;
  }

  override *next(): Steps<LuaTuple | undefined> {
    while (this.#buffer === undefined || this.#left === 0) {
      this.#buffer = yield* this.#portions();
      if (this.#buffer === undefined) return undefined;
      this.#readHeader(this.#buffer);
    }
    this.#left--;
    return this.#read(this.#buffer);
  }

  #readHeader(buffer: IbufObject): void {
    const { bytes } = buffer.memory;
    if (buffer.size === 0) return;
    this.#left = arrayLength(bytes, buffer.readPosition);
    if (this.#left < 0) {
      this.#left = 0;
      throw illegalParams(`Invalid merge source ${addressOf(this)}`);
    }
    buffer.readPosition += containerHeaderSize(bytes, buffer.readPosition);
  }

  #read(buffer: IbufObject): LuaTuple {
    const { bytes } = buffer.memory;
    const start = buffer.readPosition;
    if (buffer.size === 0 || arrayLength(bytes, start) < 0) {
      throw illegalParams(`Invalid merge source ${addressOf(this)}`);
    }
    const end = Math.min(skipValue(bytes, start), buffer.writePosition);
    buffer.readPosition = end;
    return this.#foundation.factory.copy(bytes, start, end, null);
  }
}

/** Portions from an iterator. */
export function portionsOf<Portion extends LuaTable | IbufObject>(
  iterator: ValueIterator,
  kind: new (...parameters: never[]) => Portion,
  expected: string,
): Portions<Portion> {
  return function* () {
    const step = yield* iterator.next();
    if (step === null) return undefined;
    if (step.value instanceof kind) return step.value;
    throw illegalParams(`Expected <state>, <${expected}>`);
  };
}

/** One portion alone. */
export function onlyPortion<Portion>(portion: Portion): Portions<Portion> {
  let left: Portion | undefined = portion;
  return function* () {
    const given = left;
    left = undefined;
    return given;
  };
}
