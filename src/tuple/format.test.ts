/** What formats ask of tuples is in format.transcript.txt; here is how they are built and compared. Texts are 2.6.0's. */
import { describe, expect, test } from 'vitest';
import { BoxError } from '../base/index.ts';
import { encodeToBytes } from '../codec/msgpack/index.ts';
import type { FieldType } from './field-type.ts';
import type { FieldDefinition } from './format-tree.ts';
import { createTupleFormat, formatAcceptsTuplesOf, validateTuple, type TupleFormat } from './format.ts';
import { parseJsonPath, type JsonPath } from './json-path.ts';
import { keyDef, keyPart, type KeyDef, type KeyPartOptions } from './key-def.ts';

function field(name: string, type: FieldType, isNullable = false): FieldDefinition {
  return { name, type, isNullable, nullableAction: isNullable ? 'none' : 'default' };
}

function index(
  fieldNo: number,
  type: FieldType,
  path: string | null = null,
  rest: Partial<KeyPartOptions> = {},
): KeyDef {
  return keyDef([keyPart({ fieldNo, type, path: path === null ? null : (parseJsonPath(path) as JsonPath), ...rest })]);
}

function format(fields: readonly FieldDefinition[], keyDefs: readonly KeyDef[] = [], exactFieldCount = 0): TupleFormat {
  return createTupleFormat({ fields, keyDefs, exactFieldCount });
}

describe('indexes that contradict the fields or each other', () => {
  const id = field('id', 'unsigned');
  test.each<[string, readonly FieldDefinition[], readonly KeyDef[], number, string]>([
    [
      'a field of another type',
      [id, field('s', 'string')],
      [index(1, 'unsigned')],
      27,
      "Field 2 has type 'string' in space format, but type 'unsigned' in index definition",
    ],
    [
      'two types of one field',
      [],
      [index(1, 'unsigned'), index(1, 'string')],
      24,
      "Field 2 has type 'unsigned' in one index, but type 'string' in another",
    ],
    [
      'a map that is an array',
      [id],
      [index(1, 'unsigned', 'a'), index(1, 'unsigned', '[1]')],
      24,
      "Field 2 has type 'map' in one index, but type 'array' in another",
    ],
    [
      'two types below a field',
      [id],
      [index(1, 'unsigned', 'a.x'), index(1, 'string', 'a.x')],
      24,
      `Field [2]["a"]["x"] has type 'unsigned' in one index, but type 'string' in another`,
    ],
    [
      'one element and all elements',
      [id],
      [index(1, 'unsigned', 'a[1]'), index(1, 'unsigned', 'a[*]')],
      194,
      'Field [2]["a"] is used as multikey in one index and as single key in another',
    ],
    [
      'what to do with nil',
      [id, { ...field('b', 'string'), nullableAction: 'fail' }],
      [index(1, 'string', null, { nullableAction: 'abort' })],
      162,
      'Field 2 contains fail on conflict action, but abort in index parts',
    ],
    ['a name twice', [id, field('id', 'string')], [], 149, "Space field 'id' is duplicate"],
  ])('are refused: %s', (_, fields, keyDefs, code, message) => {
    let error: unknown = null;
    try {
      format(fields, keyDefs);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BoxError);
    expect(error).toMatchObject({ code, message });
  });
});

test('a format knows its names and how many fields it needs', () => {
  const known = format([field('id', 'unsigned'), field('x', 'any', true)], [index(3, 'string')]);
  expect([...known.fieldNumbers]).toEqual([
    ['id', 0],
    ['x', 1],
  ]);
  expect(known.minFieldCount).toBe(4);
});

test('what is no array is no tuple', () => {
  const bytes = encodeToBytes({ a: 1 });
  expect(() => validateTuple(format([]), bytes, 0, bytes.length)).toThrow('Tuple/Key must be MsgPack array');
  expect(() => validateTuple(format([]), bytes, 0, 0)).toThrow(BoxError);
});

describe('a changed format accepts the tuples of the one before', () => {
  const before = format([field('a', 'unsigned'), field('b', 'string', true)]);
  test.each<[string, TupleFormat, boolean]>([
    ['the same', before, true],
    ['wider', format([field('a', 'number'), field('b', 'any', true)]), true],
    ['a name more', format([field('a', 'unsigned'), field('b', 'string', true), field('c', 'any', true)]), true],
    ['shorter', format([field('a', 'unsigned')]), true],
    ['narrower', format([field('a', 'unsigned'), field('b', 'string')]), false],
    ['another type', format([field('a', 'string'), field('b', 'string', true)]), false],
    [
      'a typed field more',
      format([field('a', 'unsigned'), field('b', 'string', true), field('c', 'string', true)]),
      false,
    ],
    ['a required field more', format([field('a', 'unsigned'), field('b', 'string', true), field('c', 'any')]), false],
    ['a field count', format([field('a', 'unsigned'), field('b', 'string', true)], [], 2), false],
    ['a path indexed', format([field('a', 'unsigned'), field('b', 'string', true)], [index(2, 'string', 'x')]), false],
  ])('%s', (_, next, expected) => {
    expect(formatAcceptsTuplesOf(next, before)).toBe(expected);
  });
});
