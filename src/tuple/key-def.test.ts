import { describe, expect, test } from 'vitest';
import { BoxError, ByteWriter, collationId } from '../base/index.ts';
import { decodeValue, encodeToBytes, type Value } from '../codec/msgpack/index.ts';
import { createCollator } from './collation.ts';
import { compileComparator } from './comparator.ts';
import { parseJsonPath, type JsonPath } from './json-path.ts';
import {
  hasNilPart,
  keyDef,
  keyPart,
  mergeKeyDefs,
  validateExactKey,
  validatePartialKey,
  writeKey,
  type KeyDef,
} from './key-def.ts';
import { multikeyEntries, multikeyEntryCount, validateMultikeyParts } from './multikey.ts';

const path = (text: string): JsonPath => parseJsonPath(text) as JsonPath;
const definition = keyDef([
  keyPart({ fieldNo: 1, type: 'string' }),
  keyPart({ fieldNo: 0, type: 'unsigned', isNullable: true }),
]);

function failure(action: () => void): [number, string] | null {
  try {
    action();
    return null;
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    return [error.code, error.message];
  }
}

describe('a key', () => {
  const partial = (key: readonly Value[]): [number, string] | null =>
    failure(() => validatePartialKey(definition, encodeToBytes(key), 1, key.length));
  const exact = (key: readonly Value[]): [number, string] | null =>
    failure(() => validateExactKey(definition, encodeToBytes(key), 1, key.length));

  test('to select by may be short, and nil where the part may', () => {
    expect(partial([])).toBeNull();
    expect(partial(['a'])).toBeNull();
    expect(partial(['a', null])).toBeNull();
    expect(partial(['a', 1, 2])).toEqual([31, 'Invalid key part count (expected [0..2], got 3)']);
    const wrong = 'Supplied key type of part 1 does not match index part type: expected unsigned';
    expect(partial(['a', -1])).toEqual([18, wrong]);
  });

  test('to find one tuple by must be whole, with no nil', () => {
    expect(exact(['a', 1])).toBeNull();
    expect(exact(['a'])).toEqual([19, 'Invalid key part count in an exact match (expected 2, got 1)']);
    const wrong = 'Supplied key type of part 1 does not match index part type: expected unsigned';
    expect(exact(['a', null])).toEqual([18, wrong]);
  });

  test('of a tuple has its parts in order, nil for what is absent', () => {
    const writer = new ByteWriter(16);
    const wide = keyDef([...definition.parts, keyPart({ fieldNo: 2, type: 'scalar', path: path('x.y') })]);
    writeKey(writer, wide, encodeToBytes([7, 'k', { x: { y: true } }]), 0);
    expect(decodeValue(writer.bytes, 0)).toEqual(['k', 7, true]);
    writer.reset();
    writeKey(writer, wide, encodeToBytes([7]), 0);
    expect(decodeValue(writer.bytes, 0)).toEqual([null, 7, null]);
    expect(hasNilPart(definition, encodeToBytes([null, 'k']), 0)).toBe(true);
    expect(hasNilPart(definition, encodeToBytes([1, 'k']), 0)).toBe(false);
  });
});

describe('merged definitions', () => {
  const unicode = createCollator({
    id: collationId(2),
    name: 'unicode_ci',
    type: 'ICU',
    locale: '',
    options: { strength: 'primary' },
  });
  const fieldsOf = (merged: KeyDef): string[] =>
    merged.parts.map((part) => `${part.fieldNo}${part.path?.text ?? ''}${part.collation === null ? '' : ' ci'}`);

  test('have each field and path once', () => {
    const first = keyDef([
      keyPart({ fieldNo: 1, type: 'string' }),
      keyPart({ fieldNo: 2, type: 'unsigned', path: path('a.b') }),
    ]);
    const second = keyDef([
      keyPart({ fieldNo: 2, type: 'unsigned', path: path('["a"]["b"]') }),
      keyPart({ fieldNo: 1, type: 'string' }),
      keyPart({ fieldNo: 0, type: 'unsigned' }),
    ]);
    expect(fieldsOf(mergeKeyDefs(first, second))).toEqual(['1', '2a.b', '0']);
  });

  test('keep a field twice where its first order calls different strings equal', () => {
    const collated = keyDef([keyPart({ fieldNo: 1, type: 'string', collation: unicode })]);
    const binary = keyDef([keyPart({ fieldNo: 1, type: 'string' })]);
    expect(fieldsOf(mergeKeyDefs(collated, binary))).toEqual(['1 ci', '1']);
    expect(fieldsOf(mergeKeyDefs(collated, collated))).toEqual(['1 ci']);
    expect(fieldsOf(mergeKeyDefs(binary, collated))).toEqual(['1']);
  });
});

describe('a multikey definition', () => {
  const part = (fieldNo: number, text: string): ReturnType<typeof keyPart> =>
    keyPart({ fieldNo, type: 'unsigned', path: path(text), isNullable: true });

  test('goes through one array', () => {
    expect(failure(() => validateMultikeyParts([part(1, 'a[*].x'), part(1, 'a[*].y'), part(2, 'b')]))).toBeNull();
    const mismatch = [108, 'Wrong index options (field 2): incompatable multikey index path'];
    expect(failure(() => validateMultikeyParts([part(1, 'a[*].x'), part(1, 'b[*].y')]))).toEqual(mismatch);
    expect(failure(() => validateMultikeyParts([part(1, '[*].x'), part(2, '[*].x')]))).toEqual(mismatch);
    expect(failure(() => validateMultikeyParts([part(1, 'a[*].x[*]')]))).toEqual([
      108,
      'Wrong index options (field 1): no more than one array index placeholder [*] is allowed in JSON path',
    ]);
  });

  test('has a key for each different element', () => {
    const multikey = keyDef([part(1, 'a[*].x')]);
    const comparator = compileComparator(multikey);
    const tuple = encodeToBytes([1, { a: [{ x: 3 }, { x: 1 }, { x: 3 }, {}, { x: null }] }]);
    expect(multikeyEntryCount(multikey, tuple, 0)).toBe(5);
    expect(multikeyEntries(multikey, comparator, tuple, 0)).toEqual([0, 1, 3]);
    expect(multikeyEntries(multikey, comparator, encodeToBytes([1, { b: 1 }]), 0)).toEqual([]);
    expect(multikeyEntries(multikey, comparator, encodeToBytes([1]), 0)).toEqual([]);
  });
});
