/** A row of `_index`, checked in Tarantool's order, and what each engine and kind of index allows. */
import { boxError, functionId, INDEX_ID_MAX, indexId } from '../../../base/index.ts';
import { arrayLength, containerHeaderSize, KIND, type Kind, kindAt, skipValue } from '../../../codec/msgpack/index.ts';
import {
  type Collator,
  comparisonKeyDef,
  isIndexableFieldType,
  isMultikeyKeyDef,
  isNullableKeyDef,
  type KeyDef,
  keyDef,
  sameJsonPath,
} from '../../../tuple/index.ts';
import { functionalOrderKeyDef, type IndexDefinition, type IndexType } from '../../indexes/index.ts';
import type { Space } from '../../memtx/index.ts';
import type { TupleReader } from '../tuple-reader.ts';
import { checkIdentifier, NAME_BYTES_MAX, shownName } from './identifiers.ts';
import { readParts, resolveParts } from './key-parts.ts';
import { decodeOptions, enumValue, type OptionRegistry, type Options } from './options.ts';

export const INDEX_FIELD = { spaceId: 0, id: 1, name: 2, type: 3, options: 4, parts: 5 } as const;
const PARTS_MAX = 255;
const FIELD_NUMBER_MAX = 32767;
const DIMENSION_MAX = 20;
const INDEX_TYPES: readonly IndexType[] = ['hash', 'tree', 'bitset', 'rtree'];

const INDEX_OPTIONS: OptionRegistry = {
  unique: 'boolean',
  dimension: 'integer',
  distance: 'enum',
  range_size: 'integer',
  page_size: 'integer',
  run_count_per_level: 'integer',
  run_size_ratio: 'float',
  bloom_fpr: 'float',
  lsn: 'integer',
  func: 'unsigned',
  sql: 'legacy',
};

const ROW_KINDS: readonly Kind[] = [KIND.unsigned, KIND.unsigned, KIND.string, KIND.string, KIND.map, KIND.array];
const KIND_NAMES: Readonly<Record<Kind, string>> = {
  [KIND.nil]: 'nil',
  [KIND.boolean]: 'boolean',
  [KIND.unsigned]: 'unsigned',
  [KIND.signed]: 'integer',
  [KIND.float]: 'float',
  [KIND.double]: 'double',
  [KIND.string]: 'string',
  [KIND.binary]: 'blob',
  [KIND.array]: 'array',
  [KIND.map]: 'map',
  [KIND.extension]: 'extension',
  [KIND.invalid]: 'nil',
};

/** The definition that a row gives an index of the space, whose primary index may not be there yet. */
export function readIndexRow(
  row: TupleReader,
  space: Space,
  collatorOf: (id: number) => Collator | null | undefined,
): IndexDefinition {
  checkRowShape(row);
  const id = row.unsigned(INDEX_FIELD.id);
  const type = enumValue(INDEX_TYPES, row.string(INDEX_FIELD.type));
  const options = readIndexOptions(row);
  const name = readIndexName(row, space);
  const rows = readParts(row.bytes, row.arrayPosition(INDEX_FIELD.parts));
  const functionNumber = options.number('func', 0);
  const ownKey = keyDef(resolveParts(rows, collatorOf));
  if (functionNumber > 0) checkFunctionalParts(ownKey);
  const isUnique = options.boolean('unique', true);
  checkIndexLimits({ id, name, isUnique, keyDef: ownKey, isFunctional: functionNumber > 0 }, space);
  if (space.definition.engine === 'memtx' && type === null) throw boxError('INDEX_TYPE', name, space.name);
  const definition: IndexDefinition = {
    id: indexId(id),
    name,
    type: type ?? 'tree',
    isUnique,
    keyDef: ownKey,
    orderKeyDef: ownKey,
    dimension: options.number('dimension', 2),
    distance: enumValue(['euclid', 'manhattan'], options.text('distance') ?? 'euclid') ?? 'euclid',
    functionId: functionNumber > 0 ? functionId(functionNumber) : null,
  };
  if (space.definition.engine === 'memtx') checkMemtxIndex(definition, space);
  return definition;
}

/** The definition ordered for a space with the given primary key. */
export function orderedByPrimary(definition: IndexDefinition, primary: KeyDef): IndexDefinition {
  if (definition.id === 0) return definition;
  const order = definition.functionId === null ? comparisonKeyDef : functionalOrderKeyDef;
  return { ...definition, orderKeyDef: order(definition.keyDef, primary, definition.isUnique) };
}

function checkRowShape(row: TupleReader): void {
  const kinds: Kind[] = [];
  let next = row.position + containerHeaderSize(row.bytes, row.position);
  for (let fieldNo = 0; fieldNo < arrayLength(row.bytes, row.position); fieldNo++) {
    kinds.push(kindAt(row.bytes, next));
    next = skipValue(row.bytes, next);
  }
  if (kinds.length === ROW_KINDS.length && kinds.every((kind, fieldNo) => kind === ROW_KINDS[fieldNo])) return;
  throw boxError(
    'WRONG_INDEX_RECORD',
    kinds.map((kind) => KIND_NAMES[kind]).join(', '),
    'space id (unsigned), index id (unsigned), name (string), type (string), options (map), parts (array)',
  );
}

/** A name that is too long is reported with the space's, unlike those of other objects. */
function readIndexName(row: TupleReader, space: Space): string {
  const name = row.string(INDEX_FIELD.name);
  if (row.stringLength(INDEX_FIELD.name) > NAME_BYTES_MAX) {
    throw boxError('MODIFY_INDEX', shownName(name), space.name, 'index name is too long');
  }
  checkIdentifier(name);
  return name;
}

function readIndexOptions(row: TupleReader): Options {
  const position = row.mapPosition(INDEX_FIELD.options);
  const options = decodeOptions(row.bytes, position, INDEX_OPTIONS, 'WRONG_INDEX_OPTIONS', INDEX_FIELD.options);
  const fail = (reason: string): Error => boxError('WRONG_INDEX_OPTIONS', INDEX_FIELD.options, reason);
  const distance = options.text('distance');
  if (distance !== null && enumValue(['euclid', 'manhattan'], distance) === null) {
    throw fail("distance must be either 'euclid' or 'manhattan'");
  }
  const pageSize = options.number('page_size', 8192);
  const rangeSize = options.number('range_size', 0);
  if (pageSize <= 0 || (rangeSize > 0 && pageSize > rangeSize)) {
    throw fail('page_size must be greater than 0 and less than or equal to range_size');
  }
  if (options.number('run_count_per_level', 2) <= 0) throw fail('run_count_per_level must be greater than 0');
  if (options.number('run_size_ratio', 3.5) <= 1) throw fail('run_size_ratio must be greater than 1');
  const bloomRate = options.number('bloom_fpr', 0.05);
  if (bloomRate <= 0 || bloomRate > 1) throw fail('bloom_fpr must be greater than 0 and less than or equal to 1');
  return options;
}

function checkFunctionalParts({ parts }: KeyDef): void {
  if (parts.some((part) => part.path !== null)) throw boxError('UNSUPPORTED', 'Functional index', 'json paths');
  if (parts.some((part, index) => part.fieldNo !== index)) {
    const reason = 'key part numbers must be sequential and first part number must be 1';
    throw boxError('FUNC_INDEX_PARTS', reason);
  }
}

type Limited = Readonly<{ id: number; name: string; isUnique: boolean; keyDef: KeyDef; isFunctional: boolean }>;

function checkIndexLimits({ id, name, isUnique, keyDef: { parts }, isFunctional }: Limited, space: Space): void {
  const fail = (reason: string): Error => boxError('MODIFY_INDEX', name, space.name, reason);
  if (id > INDEX_ID_MAX) throw fail('index id too big');
  if (id === 0 && !isUnique) throw fail('primary key must be unique');
  if (parts.length === 0) throw fail('part count must be positive');
  if (parts.length > PARTS_MAX) throw fail('too many key parts');
  if (id === 0 && isMultikeyKeyDef({ parts, uniquePartCount: parts.length })) {
    throw fail('primary key cannot be multikey');
  }
  if (id === 0 && isFunctional) throw fail('primary key can not use a function');
  parts.forEach((part, index) => {
    if (part.fieldNo > FIELD_NUMBER_MAX) throw fail('field no is too big');
    for (const other of parts.slice(0, index)) {
      if (other.fieldNo === part.fieldNo && sameJsonPath(other.path, part.path)) {
        throw fail('same key part is indexed twice');
      }
    }
  });
}

function checkMemtxIndex(definition: IndexDefinition, space: Space): void {
  const { keyDef: key, type, id, name } = definition;
  if (isNullableKeyDef(key)) {
    if (id === 0) throw boxError('NULLABLE_PRIMARY', space.name);
    if (type !== 'tree') throw boxError('UNSUPPORTED', type.toUpperCase(), 'nullable parts');
  }
  const isMultikey = isMultikeyKeyDef(key);
  const root = key.parts.find((part) => part.path !== null && part.path.anyTokenAt >= 0);
  if (root !== undefined && space.format.fields[root.fieldNo]?.isNullable === true) {
    throw boxError('UNSUPPORTED', 'multikey index', 'nullable root field');
  }
  const fail = (reason: string): Error => boxError('MODIFY_INDEX', name, space.name, reason);
  if (type === 'hash' && !definition.isUnique) throw fail('HASH index must be unique');
  if (type === 'rtree' || type === 'bitset') checkSinglePart(definition, fail);
  if (type !== 'tree') {
    const kind = type.toUpperCase();
    if (isMultikey) throw fail(`${kind} index cannot be multikey`);
    if (definition.functionId !== null) throw fail(`${kind} index can not use a function`);
  }
  if (type !== 'tree' && type !== 'hash') return;
  for (const part of key.parts) {
    if (!isIndexableFieldType(part.type)) throw fail(`field type '${part.type}' is not supported`);
  }
}

function checkSinglePart(definition: IndexDefinition, fail: (reason: string) => Error): void {
  const kind = definition.type.toUpperCase();
  const { parts } = definition.keyDef;
  if (parts.length !== 1) throw fail(`${kind} index key can not be multipart`);
  const partType = parts[0]!.type;
  if (definition.type === 'rtree') {
    if (definition.isUnique) throw fail('RTREE index can not be unique');
    if (partType !== 'array') throw fail('RTREE index field type must be ARRAY');
  } else {
    if (definition.isUnique) throw fail('BITSET can not be unique');
    if (partType !== 'unsigned' && partType !== 'string') throw fail('BITSET index field type must be NUM or STR');
  }
}

/** What only building the index finds out. */
export function checkBuildable(definition: IndexDefinition, space: Space): void {
  if (definition.type !== 'rtree') return;
  if (definition.dimension >= 1 && definition.dimension <= DIMENSION_MAX) return;
  throw boxError(
    'UNSUPPORTED_INDEX_FEATURE',
    definition.name,
    'RTREE',
    space.name,
    space.definition.engine,
    `dimension (${definition.dimension}): must belong to range [1, ${DIMENSION_MAX}]`,
  );
}
