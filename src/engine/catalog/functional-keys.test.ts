/** Texts and codes are those of a real 2.6.0. */
import { describe, expect, test } from 'vitest';
import { BoxError, indexId } from '../../base/index.ts';
import { decodeValue, encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { keyDef } from '../../tuple/index.ts';
import type { IndexDefinition } from '../indexes/index.ts';
import { checkedKeyFunction } from './functional-keys.ts';

const parts = keyDef([
  {
    fieldNo: 0,
    type: 'unsigned',
    isNullable: false,
    nullableAction: 'default',
    sortOrder: 'asc',
    collation: null,
    path: null,
  },
]);
const definition: IndexDefinition = {
  id: indexId(1),
  name: 'f',
  type: 'tree',
  isUnique: true,
  keyDef: parts,
  orderKeyDef: parts,
  dimension: 2,
  distance: 'euclid',
  functionId: 1,
};

function keysOf(returned: Value | undefined, isMultikey = false): Value[] {
  const bytes = returned === undefined ? null : encodeToBytes(returned);
  const keys = checkedKeyFunction(
    () => bytes,
    isMultikey,
    definition,
    () => 's',
  )(encodeToBytes([1]));
  return keys.map((key) => decodeValue(key, 0));
}

function errorOf(action: () => unknown): [number, string, string | undefined] {
  try {
    action();
  } catch (error) {
    if (error instanceof BoxError) return [error.code, error.message, error.previous?.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('keys that fit', () => {
  test.each<[string, Value, boolean, Value[]]>([
    ['one', [5], false, [[5]]],
    ['several', [[1], [2], [2]], true, [[1], [2], [2]]],
    ['none', [], true, []],
  ])('%s', (_name, returned, isMultikey, expected) => {
    expect(keysOf(returned, isMultikey)).toEqual(expected);
  });
});

describe('what is no key', () => {
  const misfit = "Key format doesn't match one defined in functional index 'f' of space 's': ";
  test.each<[string, Value | undefined, boolean, string]>([
    ['a scalar', 'x', false, 'supplied key type is invalid: expected array'],
    ['nothing', undefined, false, 'to many values were returned'],
    ['nil', null, false, 'supplied key type is invalid: expected array'],
    ['two parts', [1, 2], false, 'Invalid key part count in an exact match (expected 1, got 2)'],
    ['another type', ['x'], false, 'key does not follow functional index definition'],
    ['a map', { a: 1 }, false, 'supplied key type is invalid: expected array'],
    ['a scalar for keys', 5, true, "a multikey function mustn't return a scalar"],
    ['a map for keys', { a: 1 }, true, "a multikey function mustn't return a scalar"],
    ['scalars for keys', [1, 2], true, 'supplied key type is invalid: expected array'],
  ])('%s', (_name, returned, isMultikey, reason) => {
    expect(errorOf(() => keysOf(returned, isMultikey))).toEqual([199, misfit + reason, undefined]);
  });

  test('a function that throws', () => {
    const failing = checkedKeyFunction(
      () => {
        throw new Error('boom');
      },
      false,
      definition,
      () => 's',
    );
    expect(errorOf(() => failing(encodeToBytes([1])))).toEqual([
      198,
      "Failed to build a key for functional index 'f' of space 's': can't evaluate function",
      'boom',
    ]);
  });
});
