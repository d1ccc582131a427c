/**
 * The types that a space format or an index part may declare, and which MessagePack values each accepts.
 * Checking a value is one table look-up by its first byte (and one more for extensions): nothing is allocated.
 * The rules are Tarantool 2.6.0's; `datetime` and `interval`, which it does not know, follow 2.10.
 */
import { EXTENSION_TYPE, extensionType, isValidExtension, KIND, KIND_OF_BYTE } from '../codec/msgpack/index.ts';

export const FIELD_TYPES = [
  'any',
  'unsigned',
  'string',
  'number',
  'double',
  'integer',
  'boolean',
  'varbinary',
  'scalar',
  'decimal',
  'uuid',
  'array',
  'map',
  'datetime',
  'interval',
] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

type Acceptance = Readonly<{ kinds: readonly number[]; extensions: readonly number[] }>;

const NUMBER_KINDS = [KIND.unsigned, KIND.signed, KIND.float, KIND.double];
const ALL_KINDS = Object.values(KIND).filter((kind) => kind !== KIND.extension && kind !== KIND.invalid);

const ACCEPTANCE: Readonly<Record<FieldType, Acceptance>> = {
  any: { kinds: ALL_KINDS, extensions: [] },
  unsigned: { kinds: [KIND.unsigned], extensions: [] },
  string: { kinds: [KIND.string], extensions: [] },
  number: { kinds: NUMBER_KINDS, extensions: [EXTENSION_TYPE.decimal] },
  double: { kinds: [KIND.double], extensions: [] },
  integer: { kinds: [KIND.unsigned, KIND.signed], extensions: [] },
  boolean: { kinds: [KIND.boolean], extensions: [] },
  varbinary: { kinds: [KIND.binary], extensions: [] },
  scalar: {
    kinds: [...NUMBER_KINDS, KIND.string, KIND.binary, KIND.boolean],
    extensions: [EXTENSION_TYPE.decimal],
  },
  decimal: { kinds: [], extensions: [EXTENSION_TYPE.decimal] },
  uuid: { kinds: [], extensions: [EXTENSION_TYPE.uuid] },
  array: { kinds: [KIND.array], extensions: [] },
  map: { kinds: [KIND.map], extensions: [] },
  datetime: { kinds: [], extensions: [EXTENSION_TYPE.datetime] },
  interval: { kinds: [], extensions: [EXTENSION_TYPE.interval] },
};

const EXTENSION_SHIFT = 16;
const ANY_EXTENSION = 0xfe;

function bits(numbers: readonly number[]): number {
  return numbers.reduce((mask, number) => mask | (1 << number), 0);
}

const MASKS = Object.fromEntries(
  FIELD_TYPES.map((type) => {
    const extensions = type === 'any' ? ANY_EXTENSION : bits(ACCEPTANCE[type].extensions);
    return [type, bits(ACCEPTANCE[type].kinds) | (extensions << EXTENSION_SHIFT)];
  }),
) as Readonly<Record<FieldType, number>>;

/** A type and its nullability as one number for `maskAccepts`; what loops over tuples computes once. */
export function fieldTypeMask(type: FieldType, isNullable: boolean): number {
  return isNullable ? MASKS[type] | (1 << KIND.nil) : MASKS[type];
}

/** Whether the value at `position` belongs to the type that `mask` stands for. */
export function maskAccepts(mask: number, bytes: Uint8Array, position: number): boolean {
  const kind = KIND_OF_BYTE[bytes[position]!]!;
  if (kind !== KIND.extension) return (mask & (1 << kind)) !== 0;
  const type = extensionType(bytes, position);
  // `any` takes extensions that have no meaning here, but not type 0, which stands for "unknown".
  if (mask >>> EXTENSION_SHIFT === ANY_EXTENSION) return type > 0;
  // Comparing and arithmetic trust a typed field's payload.
  return type > 0 && type < 8 && (mask & (1 << (type + EXTENSION_SHIFT))) !== 0 && isValidExtension(bytes, position);
}

/** Whether the value at `position` may stand in a field of this type. */
export function fieldTypeAccepts(type: FieldType, bytes: Uint8Array, position: number, isNullable: boolean): boolean {
  return maskAccepts(fieldTypeMask(type, isNullable), bytes, position);
}

const TYPE_OF_NAME: ReadonlyMap<string, FieldType> = new Map(FIELD_TYPES.map((type) => [type, type]));

/**
 * The type of a name as it stands in a format or an index part; null if there is none of that name.
 * Letter case does not matter. Old spellings: `*` is any, and a prefix of `num` (the empty one too) is unsigned,
 * one of `str` is string, because 2.6.0 compares only as many letters as the name has.
 */
export function parseFieldType(text: string): FieldType | null {
  const name = text.toLowerCase();
  const type = TYPE_OF_NAME.get(name);
  if (type !== undefined) return type;
  if ('num'.startsWith(name)) return 'unsigned';
  if ('str'.startsWith(name)) return 'string';
  return name === '*' ? 'any' : null;
}

const WIDER: Readonly<Record<FieldType, readonly FieldType[]>> = {
  any: [],
  unsigned: ['integer', 'number', 'scalar'],
  string: ['scalar'],
  number: ['scalar'],
  double: ['number', 'scalar'],
  integer: ['number', 'scalar'],
  boolean: ['scalar'],
  varbinary: ['scalar'],
  scalar: [],
  decimal: ['number', 'scalar'],
  uuid: [],
  array: [],
  map: [],
  datetime: [],
  interval: [],
};

/** Whether every value of `inner` is one of `outer`. */
export function fieldTypeContains(outer: FieldType, inner: FieldType): boolean {
  return outer === inner || outer === 'any' || WIDER[inner].includes(outer);
}

/** Whether a format's field and an index part of these types can describe one field: the stricter of them holds then. */
export function fieldTypesCompatible(one: FieldType, other: FieldType): boolean {
  return fieldTypeContains(one, other) || fieldTypeContains(other, one);
}

const INDEXABLE: ReadonlySet<FieldType> = new Set(
  FIELD_TYPES.filter((type) => !['any', 'array', 'map', 'interval'].includes(type)),
);

/** Whether values of the type have an order, so that a TREE or HASH part may have it. */
export function isIndexableFieldType(type: FieldType): boolean {
  return INDEXABLE.has(type);
}
