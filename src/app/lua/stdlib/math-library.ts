/** Lua's `math` library. Its random numbers are those of a generator of its own, which `randomseed` sets. */
import { checkNumber, checkInt32 } from '../runtime/arguments.ts';
import { power } from '../runtime/runtime.ts';
import { type LuaTable, tableOf } from '../runtime/table.ts';
import { type LuaFunction, type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';

const UINT32_LIMIT = 2 ** 32;
const DEGREES = 180 / Math.PI;

/** `seed` is that of the first generator. */
export function createMathLibrary(seed: number): LuaTable {
  return tableOf({
    ...elementaryFunctions(),
    ...randomFunctions(seed),
    atan2: plainFunction((...values) => Math.atan2(checkNumber(values, 1), checkNumber(values, 2))),
    fmod: plainFunction((...values) => checkNumber(values, 1) % checkNumber(values, 2)),
    frexp: plainFunction((...values) => mantissaAndExponent(checkNumber(values, 1))),
    ldexp: plainFunction((...values) => scale(checkNumber(values, 1), checkInt32(values, 2))),
    log: plainFunction((...values) => {
      const value = checkNumber(values, 1);
      return values.length < 2 ? Math.log(value) : Math.log2(value) / Math.log2(checkNumber(values, 2));
    }),
    max: plainFunction((...values) => fold(values, (left, right) => (left > right ? left : right))),
    min: plainFunction((...values) => fold(values, (left, right) => (left < right ? left : right))),
    modf: plainFunction((...values) => wholeAndFraction(checkNumber(values, 1))),
    pow: plainFunction((...values) => power(checkNumber(values, 1), checkNumber(values, 2))),
    huge: Infinity,
    pi: Math.PI,
  });
}

function elementaryFunctions(): Record<string, LuaFunction> {
  const functions: Record<string, (value: number) => number> = {
    abs: Math.abs,
    acos: Math.acos,
    asin: Math.asin,
    atan: Math.atan,
    ceil: Math.ceil,
    cos: Math.cos,
    cosh: Math.cosh,
    deg: (value) => value * DEGREES,
    exp: Math.exp,
    floor: Math.floor,
    log10: Math.log10,
    rad: (value) => value / DEGREES,
    sin: Math.sin,
    sinh: Math.sinh,
    sqrt: Math.sqrt,
    tan: Math.tan,
    tanh: Math.tanh,
  };
  const isPlain = (values: readonly LuaValue[]): values is readonly [number] => typeof values[0] === 'number';
  return Object.fromEntries(
    Object.entries(functions).map(([name, code]) => [
      name,
      plainFunction((...values) => code(isPlain(values) ? values[0] : checkNumber(values, 1))),
    ]),
  );
}

function fold(values: readonly LuaValue[], choose: (left: number, right: number) => number): number {
  let result = checkNumber(values, 1);
  for (let number = 2; number <= values.length; number++) result = choose(result, checkNumber(values, number));
  return result;
}

function wholeAndFraction(value: number): number[] {
  const whole = Math.trunc(value);
  if (Number.isFinite(value)) return [whole, value - whole];
  return [value, Number.isNaN(value) ? value : value > 0 ? 0 : -0];
}

/** `m` and `e` with value = m * 2^e and m from 0.5 up to 1. */
function mantissaAndExponent(value: number): number[] {
  if (value === 0 || !Number.isFinite(value)) return [value, 0];
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = (view.getUint32(0) >>> 20) & 0x7ff;
  if (bits === 0) {
    const [mantissa, exponent] = mantissaAndExponent(value * 2 ** 64) as [number, number];
    return [mantissa, exponent - 64];
  }
  view.setUint32(0, (view.getUint32(0) & 0x800fffff) | (1022 << 20));
  return [view.getFloat64(0), bits - 1022];
}

/** value * 2^exponent, in steps that neither overflow nor lose bits before the end. */
function scale(value: number, exponent: number): number {
  let result = value;
  let rest = Math.max(-2200, Math.min(2200, exponent));
  for (; rest > 1000; rest -= 1000) result *= 2 ** 1000;
  for (; rest < -1000; rest += 1000) result *= 2 ** -1000;
  return result * 2 ** rest;
}

function randomFunctions(seed: number): Record<string, LuaFunction> {
  let generator = new RandomGenerator(seed);
  return {
    random: plainFunction((...values) => {
      const fraction = generator.next();
      if (values.length === 0) return fraction;
      const first = checkNumber(values, 1);
      if (values.length === 1) return Math.floor(fraction * first) + 1;
      return Math.floor(fraction * (checkNumber(values, 2) - first + 1)) + first;
    }),
    randomseed: plainFunction((...values) => {
      generator = new RandomGenerator(checkNumber(values, 1));
      return NO_VALUES;
    }),
  };
}

/** Bits of a fraction that is exact and evenly spread. */
const FRACTION_BITS = 52;

/** Numbers from 0 up to 1 by xoshiro128** (Blackman and Vigna), whose state splitmix32 makes of the seed's bits. */
class RandomGenerator {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, seed);
    let mixed = (view.getUint32(0) ^ Math.imul(view.getUint32(4), 0x9e3779b1)) >>> 0;
    for (let word = 0; word < this.#state.length; word++) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let bits = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
      this.#state[word] = bits ^ (bits >>> 15);
    }
  }

  next(): number {
    const high = this.#nextWord() >>> (64 - FRACTION_BITS);
    return (high * UINT32_LIMIT + this.#nextWord()) / 2 ** FRACTION_BITS;
  }

  #nextWord(): number {
    const state = this.#state;
    const result = Math.imul(rotate(Math.imul(state[1]!, 5), 7), 9) >>> 0;
    const shifted = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= shifted;
    state[3] = rotate(state[3]!, 11);
    return result;
  }
}

function rotate(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count));
}
