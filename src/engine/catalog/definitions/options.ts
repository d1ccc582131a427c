/**
 * Options kept as MessagePack maps in rows of system spaces: of spaces, indexes, index parts, fields, functions and
 * collations. Each map has a registry of the options it may hold; values keep the type that the registry names.
 */
import { boxError, type ErrorName, unreachable } from '../../../base/index.ts';
import {
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  readBigInt,
  readNumber,
  readString,
  skipValue,
} from '../../../codec/msgpack/index.ts';

/** `enum` is a string that stands for one of a list; `legacy` is read over. */
export type OptionKind = 'boolean' | 'unsigned' | 'integer' | 'float' | 'string' | 'enum' | 'legacy';
export type OptionRegistry = Readonly<Record<string, OptionKind>>;
export type OptionValue = boolean | number | bigint | string;

const INT64_MAX = 9223372036854775807n;
const UINT32_MAX = 0xffffffff;

/** Decoded options by name. */
export class Options {
  readonly #values: ReadonlyMap<string, OptionValue>;

  constructor(values: ReadonlyMap<string, OptionValue>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.#values.get(name);
    return typeof value === 'boolean' ? value : otherwise;
  }

  number(name: string, otherwise: number): number {
    const value = this.#values.get(name);
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : otherwise;
  }

  /** The string, null if it is absent or empty. */
  string(name: string): string | null {
    const value = this.#values.get(name);
    return typeof value === 'string' && value !== '' ? value : null;
  }

  /** The string as it was given, null if it is absent. */
  text(name: string): string | null {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : null;
  }
}

/** How a map that holds something else is refused: with the number of the field that it stands in. */
export type OptionErrors = Readonly<{ error: ErrorName; fieldNo: number; skipsUnknown: boolean; badKey: () => Error }>;

/** Options in a map whose keys are all known. `error` takes the field's number and a reason. */
export function decodeOptions(
  bytes: Uint8Array,
  position: number,
  registry: OptionRegistry,
  error: ErrorName,
  fieldNo: number,
): Options {
  return decodeOptionMap(bytes, position, registry, {
    error,
    fieldNo,
    skipsUnknown: false,
    badKey: () => boxError(error, fieldNo, 'key must be a string'),
  });
}

/** Options in the map at `position`; of a name that stands there twice the last value holds. */
export function decodeOptionMap(
  bytes: Uint8Array,
  position: number,
  registry: OptionRegistry,
  errors: OptionErrors,
): Options {
  const values = new Map<string, OptionValue>();
  let next = position + containerHeaderSize(bytes, position);
  for (let left = mapLength(bytes, position); left > 0; left--) {
    if (kindAt(bytes, next) !== KIND.string) throw errors.badKey();
    const name = readString(bytes, next);
    next = skipValue(bytes, next);
    const kind = Object.hasOwn(registry, name) ? registry[name] : undefined;
    if (kind !== undefined) {
      const value = readOption(bytes, next, kind);
      if (value === undefined) throw boxError(errors.error, errors.fieldNo, `'${name}' must be ${kind}`);
      if (value !== null) values.set(name, value);
    } else if (!errors.skipsUnknown) {
      throw boxError(errors.error, errors.fieldNo, `unexpected option '${name}'`);
    }
    next = skipValue(bytes, next);
  }
  return new Options(values);
}

/** The value; undefined if it has another type, null if it is not kept. */
function readOption(bytes: Uint8Array, position: number, kind: OptionKind): OptionValue | null | undefined {
  const found = kindAt(bytes, position);
  switch (kind) {
    case 'boolean':
      return found === KIND.boolean ? bytes[position] === 0xc3 : undefined;
    case 'unsigned': {
      const value = found === KIND.unsigned ? readNumber(bytes, position) : NaN;
      return value <= UINT32_MAX ? value : undefined;
    }
    case 'integer': {
      if (found !== KIND.unsigned && found !== KIND.signed) return undefined;
      const value = readBigInt(bytes, position);
      return value <= INT64_MAX ? value : undefined;
    }
    case 'float':
      return Number.isNaN(readNumber(bytes, position)) ? undefined : readNumber(bytes, position);
    case 'string':
    case 'enum':
      return found === KIND.string ? readString(bytes, position) : undefined;
    case 'legacy':
      return null;
    default:
      return unreachable(kind);
  }
}

/** The member of a list that a text stands for, letter case aside; null if there is none. */
export function enumValue<Name extends string>(names: readonly Name[], text: string): Name | null {
  const folded = asciiLowerCase(text);
  return names.find((name) => asciiLowerCase(name) === folded) ?? null;
}

/** Letters A to Z folded, others left as they are. */
export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
