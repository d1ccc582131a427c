/**
 * Parts of an index: either all as `[fieldNo, type]`, or as maps with field, type, collation, is_nullable,
 * nullable_action, sort_order and path. Field numbers count from 0, in messages too parts count from 1.
 */
import { type BoxError, boxError } from '../../../base/index.ts';
import { arrayLength, containerHeaderSize, KIND, kindAt, readString, skipValue } from '../../../codec/msgpack/index.ts';
import {
  type Collator,
  type FieldType,
  type JsonPath,
  type KeyPart,
  keyPart,
  parseFieldType,
  parseJsonPath,
  sameJsonPath,
  type SortOrder,
} from '../../../tuple/index.ts';
import { lowestBits } from '../tuple-reader.ts';
import { decodeOptionMap, enumValue, type OptionRegistry } from './options.ts';
import { readNullableAction } from './space-format.ts';

/** A part before its collation has been looked up. */
export type PartRow = Readonly<{ part: KeyPart; collationId: number }>;

const PART_OPTIONS: OptionRegistry = {
  type: 'enum',
  field: 'unsigned',
  collation: 'unsigned',
  is_nullable: 'boolean',
  nullable_action: 'enum',
  sort_order: 'enum',
  path: 'string',
};
const SORT_ORDERS: readonly (SortOrder | 'undef')[] = ['asc', 'desc', 'undef'];
const COLLATED_TYPES: ReadonlySet<FieldType> = new Set<FieldType>(['string', 'scalar']);

/** Reads the array at `position`. Throws WRONG_INDEX_PARTS (107) or WRONG_INDEX_OPTIONS (108). */
export function readParts(bytes: Uint8Array, position: number): readonly PartRow[] {
  const count = arrayLength(bytes, position);
  let next = position + containerHeaderSize(bytes, position);
  if (count === 0) return [];
  const asPairs = kindAt(bytes, next) === KIND.array;
  const parts: PartRow[] = [];
  for (let number = 1; number <= count; number++) {
    parts.push(asPairs ? readPair(bytes, next) : readPartMap(bytes, next, number));
    next = skipValue(bytes, next);
  }
  return parts;
}

function readPair(bytes: Uint8Array, position: number): PartRow {
  if (kindAt(bytes, position) !== KIND.array) throw boxError('WRONG_INDEX_PARTS', 'expected an array');
  const count = arrayLength(bytes, position);
  if (count < 1) throw boxError('WRONG_INDEX_PARTS', 'expected a non-empty array');
  if (count < 2) throw boxError('WRONG_INDEX_PARTS', 'a field type is missing');
  const field = position + containerHeaderSize(bytes, position);
  if (kindAt(bytes, field) !== KIND.unsigned) throw boxError('WRONG_INDEX_PARTS', 'field id must be an integer');
  const typePosition = skipValue(bytes, field);
  if (kindAt(bytes, typePosition) !== KIND.string) throw boxError('WRONG_INDEX_PARTS', 'field type must be a string');
  const type = parseFieldType(readString(bytes, typePosition));
  if (type === null) throw boxError('WRONG_INDEX_PARTS', 'unknown field type');
  return { part: keyPart({ fieldNo: lowestBits(bytes, field), type }), collationId: 0 };
}

function readPartMap(bytes: Uint8Array, position: number, number: number): PartRow {
  const fail = (reason: string): BoxError => boxError('WRONG_INDEX_OPTIONS', number, reason);
  if (kindAt(bytes, position) !== KIND.map) throw fail('index part is expected to be a map');
  const options = decodeOptionMap(bytes, position, PART_OPTIONS, {
    error: 'WRONG_INDEX_OPTIONS',
    fieldNo: number,
    skipsUnknown: false,
    badKey: () => fail('key must be a string'),
  });
  const type = parseFieldTypeOption(options.text('type'));
  if (type === null) throw fail('index part: unknown field type');
  const collationId = options.number('collation', 0);
  if (collationId !== 0 && !COLLATED_TYPES.has(type)) {
    throw fail('collation is reasonable only for string and scalar parts');
  }
  const isNullable = options.boolean('is_nullable', false);
  const nullableAction = readNullableAction(options, isNullable);
  if (isNullable !== (nullableAction === 'none')) {
    throw fail('index part: conflicting nullability and nullable action properties');
  }
  const sortOrder = enumValue(SORT_ORDERS, options.text('sort_order') ?? 'asc');
  if (sortOrder === null) throw fail('index part: unknown sort order');
  const path = readPath(options.string('path'), fail);
  const part = keyPart({
    fieldNo: options.number('field', 0),
    type,
    isNullable,
    nullableAction: nullableAction ?? 'default',
    path,
    sortOrder: sortOrder === 'desc' ? 'desc' : 'asc',
  });
  return { part, collationId };
}

function parseFieldTypeOption(text: string | null): FieldType | null {
  return text === null ? null : parseFieldType(text);
}

function readPath(text: string | null, fail: (reason: string) => BoxError): JsonPath | null {
  if (text === null) return null;
  const path = parseJsonPath(text);
  if (typeof path === 'number') throw fail('invalid path');
  return path;
}

/** Looks the collations up and checks that the paths of a multikey index lead through the same array. */
export function resolveParts(
  rows: readonly PartRow[],
  collatorOf: (id: number) => Collator | null | undefined,
): readonly KeyPart[] {
  let multikey: KeyPart | null = null;
  return rows.map(({ part, collationId }, index) => {
    const fail = (reason: string): BoxError => boxError('WRONG_INDEX_OPTIONS', index + 1, reason);
    const collation = collationId === 0 ? null : collatorOf(collationId);
    if (collation === undefined) throw fail('collation was not found by ID');
    const { path } = part;
    if (path !== null && path.anyTokenAt >= 0) {
      if (multikey === null) multikey = part;
      else if (!sameArray(multikey, part)) throw fail('incompatable multikey index path');
      if (path.tokens.filter((token) => token.kind === 'any').length > 1) {
        throw fail('no more than one array index placeholder [*] is allowed in JSON path');
      }
    }
    return { ...part, collation };
  });
}

function sameArray(one: KeyPart, other: KeyPart): boolean {
  return one.fieldNo === other.fieldNo && sameJsonPath(pathToArray(one), pathToArray(other));
}

function pathToArray({ path }: KeyPart): JsonPath | null {
  return path === null ? null : { ...path, tokens: path.tokens.slice(0, path.anyTokenAt) };
}
