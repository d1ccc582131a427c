/**
 * What compiled Lua needs beyond the common cases: metatables, conversions, errors, and calls.
 * One runtime is one Lua state: its metatable of strings and its budget of time belong to it alone.
 */
import type { Budget } from './budget.ts';
import { ArgumentError, FiberTermination, LuaError, runtimeError } from './errors.ts';
import { callFromHost } from './calls.ts';
import { captureFrames, framesOfException, innermostLua, type LuaFrame, positionOf } from './stack.ts';
import { LuaTable } from './table.ts';
import { numberToText, toNumber, typeForMessage, typeOf } from './types.ts';
import {
  type ArithmeticOperator,
  firstOf,
  isTrue,
  LuaCdata,
  type LuaCoroutine,
  type LuaExecution,
  LuaFunction,
  type LuaTypeName,
  LuaUserdata,
  type LuaValue,
} from './values.ts';

/** `__index` chains longer than that are taken for endless. */
const INDEX_CHAIN_MAX = 100;
/** A longer text is refused: the engine of JavaScript ends soon after. */
export const STRING_BYTES_MAX = 512 * 1024 * 1024 - 32;

export type ComparisonOperator = '<' | '<=' | '>' | '>=';

export class LuaRuntime {
  readonly budget: Budget;
  /** Where the globals are of chunks that the running thread loads; null for those of the state. */
  environment: LuaTable | null = null;
  /** The running coroutine, null in a fiber's own code. */
  coroutine: LuaCoroutine | null = null;
  /** While a handler of `xpcall` runs: where the error was raised. */
  errorFrames: readonly LuaFrame[] | null = null;
  /** The arguments of the function that last called something named `checks`, which looks at them. */
  callerArguments: readonly LuaValue[] | null = null;
  /** What Lua sees of an exception that is none of Lua's; throws again what no program should see. */
  hostErrorValue: (error: unknown) => LuaValue = (error) => {
    throw error;
  };
  /** Those that `debug.setmetatable` has given to types; null if there are none. */
  #typeMetatables: Map<LuaTypeName, LuaTable | null> | null = null;
  /** That of all strings; its `__index` is the table `string`. */
  stringMetatable: LuaTable | null = null;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  metatableOf(value: LuaValue): LuaTable | null {
    if (value instanceof LuaTable || value instanceof LuaUserdata) return value.metatable;
    if (typeof value === 'string') return this.stringMetatable;
    return this.#typeMetatables === null ? null : (this.#typeMetatables.get(typeOf(value)) ?? null);
  }

  /** Gives all values of this value's type a metatable: for those types that have one for all. */
  setTypeMetatable(value: LuaValue, metatable: LuaTable | null): void {
    if (typeof value === 'string') this.stringMetatable = metatable;
    else (this.#typeMetatables ??= new Map()).set(typeOf(value), metatable);
  }

  /** `metatable[event]` of the value; undefined if there is none. */
  metamethod(value: LuaValue, event: string): LuaValue {
    return this.metatableOf(value)?.getString(event);
  }

  /** Calls any value; the arguments are the callee's own from then on. */
  call(callee: LuaValue, values: readonly LuaValue[]): LuaExecution {
    return callFromHost(this.#callee(callee), values);
  }

  /** What is called by the host: the error has no position if nothing can be called. */
  #callee(value: LuaValue): LuaFunction {
    if (value instanceof LuaFunction) return value;
    if (value instanceof LuaCdata || this.metamethod(value, '__call') instanceof LuaFunction) {
      return this.callable(value, '');
    }
    throw new LuaError(`attempt to call ${describe(value, '')}`, captureFrames());
  }

  /** What `pcall` gives for an exception. Throws those that Lua cannot catch. */
  errorValue(error: unknown): LuaValue {
    if (error instanceof FiberTermination) throw error;
    if (error instanceof LuaError) return error.value;
    if (error instanceof ArgumentError) return error.text;
    if (error instanceof RangeError) return this.#exhaustion(error);
    return this.hostErrorValue(error);
  }

  #exhaustion(error: RangeError): string {
    if (/call stack/.test(error.message)) {
      const frames = framesOfException(error);
      return `${positionOf(innermostLua(frames))}stack overflow`;
    }
    return /(string|array|buffer|map|set) (length|size|maximum size)/i.test(error.message)
      ? 'not enough memory'
      : error.message;
  }

  /** A function that calls the value. Throws if it cannot be called; `named` is its name, as in `local 'x'`. */
  callable(value: LuaValue, named: string): LuaFunction {
    if (value instanceof LuaFunction) return value;
    if (value instanceof LuaCdata) {
      const callee = value.callee;
      if (callee === null) throw runtimeError(`${typeForMessage(value)} is not callable`);
      return bindFirst(callee, value);
    }
    const metamethod = this.metamethod(value, '__call');
    if (metamethod instanceof LuaFunction) return bindFirst(metamethod, value);
    throw runtimeError(`attempt to call ${describe(value, named)}`);
  }

  *index(object: LuaValue, key: LuaValue, named: string): LuaExecution {
    let current = object;
    for (let links = 0; links < INDEX_CHAIN_MAX; links++) {
      let handler: LuaValue;
      if (current instanceof LuaTable) {
        const value = current.get(key);
        if (value !== undefined || current.metatable === null) return value;
        handler = current.metatable.getString('__index');
        if (handler === undefined) return undefined;
      } else if (current instanceof LuaCdata) {
        return current.index(key);
      } else {
        handler = this.metamethod(current, '__index');
        if (handler === undefined) throw runtimeError(`attempt to index ${describe(current, named)}`);
      }
      if (handler instanceof LuaFunction) return firstOf(yield* this.call(handler, [current, key]));
      current = handler;
    }
    throw runtimeError('loop in gettable');
  }

  *setIndex(object: LuaValue, key: LuaValue, value: LuaValue, named: string): LuaExecution {
    let current = object;
    for (let links = 0; links < INDEX_CHAIN_MAX; links++) {
      let handler: LuaValue;
      if (current instanceof LuaTable) {
        const isPresent = current.metatable === null || current.get(key) !== undefined;
        handler = isPresent ? undefined : current.metatable?.getString('__newindex');
        if (handler === undefined) {
          this.rawSet(current, key, value);
          return undefined;
        }
      } else if (current instanceof LuaCdata) {
        current.setIndex(key, value);
        return undefined;
      } else {
        handler = this.metamethod(current, '__newindex');
        if (handler === undefined) throw runtimeError(`attempt to index ${describe(current, named)}`);
      }
      if (handler instanceof LuaFunction) {
        yield* this.call(handler, [current, key, value]);
        return undefined;
      }
      current = handler;
    }
    throw runtimeError('loop in settable');
  }

  /** Throws for the keys that no table has. */
  rawSet(table: LuaTable, key: LuaValue, value: LuaValue): void {
    checkKey(key);
    table.set(key, value);
  }

  *arithmetic(
    operator: ArithmeticOperator,
    left: LuaValue,
    right: LuaValue,
    leftName = '',
    rightName = '',
  ): LuaExecution {
    if (left instanceof LuaCdata || right instanceof LuaCdata) {
      const result = cdataOperation(left, right, (value) => value.arithmetic(operator, left, right));
      if (result !== undefined) return result;
    }
    const a = toNumber(left);
    const b = toNumber(right);
    if (a !== undefined && b !== undefined) return calculate(operator, a, b);
    if (left instanceof LuaCdata || right instanceof LuaCdata) {
      // C types have a say of their own, and metatables of the other side none.
      throw runtimeError(`attempt to perform arithmetic on ${typePair(left, right, 'and')}`);
    }
    const event = `__${operator}`;
    const handler = this.metamethod(left, event) ?? this.metamethod(right, event);
    if (handler !== undefined) return firstOf(yield* this.call(handler, [left, right]));
    // A text is named only if it is what cannot be calculated with.
    const [culprit, named] = a === undefined ? [left, leftName] : [right, rightName];
    throw runtimeError(`attempt to perform arithmetic on ${describe(culprit, named)}`);
  }

  *concatenate(left: LuaValue, right: LuaValue, leftName = '', rightName = ''): LuaExecution {
    if (isTextual(left) && isTextual(right)) return this.join(toText(left), toText(right));
    if (left instanceof LuaCdata || right instanceof LuaCdata) {
      const result = cdataOperation(left, right, (value) => value.concatenate(left, right));
      if (result !== undefined) return result;
    }
    if (left instanceof LuaCdata || right instanceof LuaCdata) {
      throw runtimeError(`attempt to concatenate ${typePair(left, right, 'and')}`);
    }
    const handler = this.metamethod(left, '__concat') ?? this.metamethod(right, '__concat');
    if (handler !== undefined) return firstOf(yield* this.call(handler, [left, right]));
    const [culprit, named] = isTextual(left) ? [right, rightName] : [left, leftName];
    throw runtimeError(`attempt to concatenate ${describe(culprit, named)}`);
  }

  /** Two texts in one. Throws if it would be too long. */
  join(left: string, right: string): string {
    if (left.length + right.length > STRING_BYTES_MAX) throw runtimeError('string length overflow');
    return left + right;
  }

  /** `#value` of what is neither a string nor a table. */
  *length(value: LuaValue, named: string): LuaExecution {
    const length = value instanceof LuaCdata ? value.length() : undefined;
    if (length !== undefined) return length;
    if (value instanceof LuaCdata) throw runtimeError(`attempt to get length of ${typeForMessage(value)}`);
    const handler = this.metamethod(value, '__len');
    if (handler !== undefined) return firstOf(yield* this.call(handler, [value]));
    throw runtimeError(`attempt to get length of ${describe(value, named)}`);
  }

  *equals(left: LuaValue, right: LuaValue): Generator<object, boolean, unknown> {
    if (left === right) return true;
    if (left instanceof LuaCdata || right instanceof LuaCdata) return equalsCdata(left, right);
    const isPair =
      (left instanceof LuaTable && right instanceof LuaTable) ||
      (left instanceof LuaUserdata && right instanceof LuaUserdata);
    if (!isPair) return false;
    const handler = left.metatable?.getString('__eq');
    if (handler === undefined || handler !== right.metatable?.getString('__eq')) return false;
    return isTrue(firstOf(yield* this.call(handler, [left, right])));
  }

  *compare(operator: ComparisonOperator, left: LuaValue, right: LuaValue): Generator<object, boolean, unknown> {
    if (typeof left === 'number' && typeof right === 'number')
      return holds(operator, left < right ? -1 : left > right ? 1 : left === right ? 0 : NaN);
    if (typeof left === 'string' && typeof right === 'string')
      return holds(operator, left < right ? -1 : left > right ? 1 : 0);
    const isTurned = operator === '>' || operator === '>=';
    if (left instanceof LuaCdata || right instanceof LuaCdata) {
      const order = left instanceof LuaCdata ? left.compare(right) : negated((right as LuaCdata).compare(left));
      if (order !== undefined) return holds(operator, order);
      throw runtimeError(
        `attempt to compare ${isTurned ? typePair(right, left, 'with') : typePair(left, right, 'with')}`,
      );
    }
    const [a, b] = isTurned ? [right, left] : [left, right];
    const isStrict = operator === '<' || operator === '>';
    const handler = this.#comparisonHandler(isStrict ? '__lt' : '__le', a, b);
    if (handler !== undefined) return isTrue(firstOf(yield* this.call(handler, [a, b])));
    // Without `__le` Lua 5.1 asks whether the right side is not less than the left one.
    const opposite = isStrict ? undefined : this.#comparisonHandler('__lt', b, a);
    if (opposite !== undefined) return !isTrue(firstOf(yield* this.call(opposite, [b, a])));
    const [first, second] = [typeOf(a), typeOf(b)];
    throw runtimeError(
      first === second ? `attempt to compare two ${first} values` : `attempt to compare ${first} with ${second}`,
    );
  }

  /** Both sides must have the same handler. */
  #comparisonHandler(event: string, left: LuaValue, right: LuaValue): LuaValue {
    const handler = this.metamethod(left, event);
    return handler !== undefined && handler === this.metamethod(right, event) ? handler : undefined;
  }

  /** `tostring(value)`. */
  *toText(value: LuaValue, raw: (value: LuaValue) => string): Generator<object, string, unknown> {
    const handler = this.metamethod(value, '__tostring');
    if (handler === undefined) return raw(value);
    const text = firstOf(yield* this.call(handler, [value]));
    if (typeof text === 'number') return numberToText(text);
    if (typeof text !== 'string') throw runtimeError("'tostring' must return a string to 'print'");
    return text;
  }
}

/** Equality of a value with a literal or another value without metatables: 64-bit integers and null pointers say more. */
export function equalsPrimitive(left: LuaValue, right: LuaValue): boolean {
  return (left instanceof LuaCdata || right instanceof LuaCdata) && equalsCdata(left, right);
}

function equalsCdata(left: LuaValue, right: LuaValue): boolean {
  if (left === undefined || right === undefined) {
    const value = left ?? right;
    return value instanceof LuaCdata && value.isNull;
  }
  const answer = left instanceof LuaCdata ? left.equals(right) : undefined;
  return answer ?? (right instanceof LuaCdata ? right.equals(left) : undefined) ?? false;
}

function cdataOperation(left: LuaValue, right: LuaValue, ask: (value: LuaCdata) => LuaValue): LuaValue {
  const result = left instanceof LuaCdata ? ask(left) : undefined;
  return result ?? (right instanceof LuaCdata ? ask(right) : undefined);
}

/** `a % b` of numbers: the result has the divisor's sign. */
export function modulo(left: number, right: number): number {
  return left - Math.floor(left / right) * right;
}

/** C's `pow`, which gives 1 for the base 1 and for the exponent 0 whatever the other side is. */
export function power(base: number, exponent: number): number {
  return base === 1 ? 1 : Math.pow(base, exponent);
}

function calculate(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case 'add':
      return left + right;
    case 'sub':
      return left - right;
    case 'mul':
      return left * right;
    case 'div':
      return left / right;
    case 'mod':
      return modulo(left, right);
    case 'pow':
      return power(left, right);
    case 'unm':
      return -left;
  }
}

function isTextual(value: LuaValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function toText(value: string | number): string {
  return typeof value === 'string' ? value : numberToText(value);
}

function holds(operator: ComparisonOperator, order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function negated(order: number | undefined): number | undefined {
  return order === undefined ? undefined : -order;
}

function typePair(left: LuaValue, right: LuaValue, word: string): string {
  return `'${nameInPair(left)}' ${word} '${nameInPair(right)}'`;
}

function nameInPair(value: LuaValue): string {
  return value instanceof LuaCdata ? value.typeName : typeOf(value);
}

/** `local 'x' (a nil value)`, or `a nil value`. */
function describe(value: LuaValue, named: string): string {
  const type = value instanceof LuaCdata ? typeForMessage(value) : `a ${typeOf(value)} value`;
  return named === '' ? type : `${named} (${type})`;
}

function bindFirst(code: LuaFunction, first: LuaValue): LuaFunction {
  return code.plain !== null
    ? new LuaFunction((...values) => code.plain!(first, ...values), null)
    : new LuaFunction(null, (...values) => code.suspendable!(first, ...values));
}

/** Throws for what is no key of a table. */
export function checkKey(key: LuaValue): void {
  if (key === undefined) throw runtimeError('table index is nil');
  if (typeof key === 'number' && Number.isNaN(key)) throw runtimeError('table index is NaN');
}

/** A constructor with keys: `pattern` has `i` for an item and `p` for a pair; what is left over belongs to the last item. */
export function tableOfFields(pattern: string, values: readonly LuaValue[]): LuaTable {
  const items: LuaValue[] = [];
  const pairs: LuaValue[] = [];
  let at = 0;
  for (const field of pattern) {
    if (field === 'i') {
      if (at < values.length) items.push(values[at++]);
      continue;
    }
    pairs.push(values[at], values[at + 1]);
    at += 2;
  }
  for (; at < values.length; at++) items.push(values[at]);
  const table = LuaTable.ofItems(items);
  // An item outdoes a pair with its number, whichever is written first.
  for (let pair = 0; pair < pairs.length; pair += 2) {
    const key = pairs[pair];
    if (items.length === 0 || !isItem(key, items.length)) table.set(key, pairs[pair + 1]);
  }
  return table;
}

function isItem(key: LuaValue, count: number): boolean {
  return typeof key === 'number' && key >= 1 && key <= count && Number.isInteger(key);
}

/** A bound of a numeric `for`. */
export function forNumber(value: LuaValue, what: string): number {
  const number = toNumber(value);
  if (number === undefined) throw runtimeError(`'for' ${what} must be a number`);
  return number;
}
