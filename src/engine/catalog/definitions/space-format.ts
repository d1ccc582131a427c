/** The fields that a row of `_space` declares, each a map with a name. Keys that nobody knows are kept and mean nothing. */
import { type BoxError, boxError, type ErrorName } from '../../../base/index.ts';
import { arrayLength, containerHeaderSize, KIND, kindAt, skipValue } from '../../../codec/msgpack/index.ts';
import { type FieldDefinition, type FieldType, type NullableAction, parseFieldType } from '../../../tuple/index.ts';
import { checkIdentifier, NAME_BYTES_MAX } from './identifiers.ts';
import { decodeOptionMap, enumValue, type OptionRegistry, type Options } from './options.ts';

export type SpaceField = FieldDefinition &
  Readonly<{
    /** 0 for none. */
    collationId: number;
    /** SQL text, null without a default. */
    defaultExpression: string | null;
  }>;

/** Names of what a nil does in a part or field that does not take it. */
export const NULLABLE_ACTIONS: readonly NullableAction[] = [
  'none',
  'rollback',
  'abort',
  'fail',
  'ignore',
  'replace',
  'default',
];

const FIELD_OPTIONS: OptionRegistry = {
  type: 'enum',
  name: 'string',
  is_nullable: 'boolean',
  nullable_action: 'enum',
  collation: 'unsigned',
  default: 'string',
};

const COLLATED_TYPES: ReadonlySet<FieldType> = new Set<FieldType>(['string', 'scalar', 'any']);

/**
 * The fields of the array at `position`. `error` is that of the statement, which names the space and a reason; what has
 * the wrong type is WRONG_SPACE_FORMAT (141), and a name used twice SPACE_FIELD_IS_DUPLICATE (149).
 */
export function readSpaceFormat(
  bytes: Uint8Array,
  position: number,
  error: ErrorName,
  spaceName: string,
): readonly SpaceField[] {
  const fields: SpaceField[] = [];
  let next = position + containerHeaderSize(bytes, position);
  for (let number = 1; number <= arrayLength(bytes, position); number++) {
    const fail = (reason: string): BoxError => boxError(error, spaceName, reason);
    fields.push(readField(bytes, next, number, fail));
    next = skipValue(bytes, next);
  }
  return fields;
}

/** Throws if two fields share a name; Tarantool notices that only when the whole row has been read. */
export function checkFieldNames(fields: readonly SpaceField[]): void {
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) throw boxError('SPACE_FIELD_IS_DUPLICATE', name);
    names.add(name);
  }
}

function readField(
  bytes: Uint8Array,
  position: number,
  number: number,
  fail: (reason: string) => BoxError,
): SpaceField {
  if (kindAt(bytes, position) !== KIND.map) throw fail(`field ${number} is not map`);
  const options = decodeOptionMap(bytes, position, FIELD_OPTIONS, {
    error: 'WRONG_SPACE_FORMAT',
    fieldNo: number,
    skipsUnknown: true,
    badKey: () => fail(`field ${number} format is not map with string keys`),
  });
  const name = options.string('name');
  if (name === null) throw fail(`field ${number} name is not specified`);
  if (new TextEncoder().encode(name).length > NAME_BYTES_MAX) throw fail(`field ${number} name is too long`);
  checkIdentifier(name);
  const typeText = options.text('type');
  const type = typeText === null ? 'any' : parseFieldType(typeText);
  if (type === null) throw fail(`field ${number} has unknown field type`);
  const isNullable = options.boolean('is_nullable', false);
  const nullableAction = readNullableAction(options, isNullable);
  if (nullableAction === null) throw fail(`field ${number} has unknown field on conflict nullable action`);
  if (isNullable !== (nullableAction === 'none')) {
    throw fail(`field ${number} has conflicting nullability and nullable action properties`);
  }
  const collationId = options.number('collation', 0);
  if (collationId !== 0 && !COLLATED_TYPES.has(type)) {
    throw fail('collation is reasonable only for string, scalar and any fields');
  }
  return { name, type, isNullable, nullableAction, collationId, defaultExpression: options.string('default') };
}

/** The action that the options give or that follows from nullability; null for an unknown name. */
export function readNullableAction(options: Options, isNullable: boolean): NullableAction | null {
  const text = options.text('nullable_action');
  if (text === null) return isNullable ? 'none' : 'default';
  return enumValue(NULLABLE_ACTIONS, text);
}
