import { describe, expect, test } from 'vitest';
import { Decimal, encodeToBytes, ExtensionValue, RawValue, type Value } from '../codec/msgpack/index.ts';
import {
  FIELD_TYPES,
  fieldTypeAccepts,
  fieldTypeContains,
  fieldTypesCompatible,
  parseFieldType,
  type FieldType,
} from './field-type.ts';

describe('names', () => {
  test('are those of the types in any letter case', () => {
    for (const type of FIELD_TYPES) expect(parseFieldType(type.toUpperCase())).toBe(type);
  });

  test('have the old spellings that 2.6.0 accepts', () => {
    const old = {
      '': 'unsigned',
      n: 'unsigned',
      Num: 'unsigned',
      s: 'string',
      ST: 'string',
      STR: 'string',
      '*': 'any',
    };
    for (const [name, type] of Object.entries(old)) expect([name, parseFieldType(name)]).toEqual([name, type]);
    for (const name of ['numb', 'stri', 'int', 'bool', 'blob', '**', 'unsigned '])
      expect(parseFieldType(name)).toBeNull();
  });
});

test('a type contains those narrower than it', () => {
  const contained = (outer: FieldType): FieldType[] => FIELD_TYPES.filter((inner) => fieldTypeContains(outer, inner));
  expect(contained('any')).toEqual([...FIELD_TYPES]);
  expect(contained('integer')).toEqual(['unsigned', 'integer']);
  expect(contained('number')).toEqual(['unsigned', 'number', 'double', 'integer', 'decimal']);
  expect(contained('scalar')).toEqual(
    FIELD_TYPES.filter((type) => !['any', 'uuid', 'array', 'map', 'datetime', 'interval'].includes(type)),
  );
  expect(contained('unsigned')).toEqual(['unsigned']);
  expect(fieldTypesCompatible('unsigned', 'scalar')).toBe(true);
  expect(fieldTypesCompatible('double', 'integer')).toBe(false);
});

describe('values', () => {
  const accepts = (type: FieldType, value: Value, isNullable = false): boolean =>
    fieldTypeAccepts(type, encodeToBytes(value), 0, isNullable);

  test('of a typed field must be well-formed, so that comparing may trust them', () => {
    const malformed = new ExtensionValue(1, new Uint8Array([0x02, 0x1f, 0xff, 0x3c]));
    expect(['decimal', 'number', 'scalar'].map((type) => accepts(type as FieldType, malformed))).toEqual([
      false,
      false,
      false,
    ]);
    expect(accepts('any', malformed)).toBe(true);
    expect(accepts('number', Decimal.parse('1.5')!)).toBe(true);
    expect(accepts('uuid', new ExtensionValue(2, new Uint8Array(15)))).toBe(false);
  });

  test('of unknown extension types stand only in fields of any type', () => {
    const unknown = new ExtensionValue(99, new Uint8Array(1));
    expect(FIELD_TYPES.filter((type) => accepts(type, unknown))).toEqual(['any']);
    expect(accepts('any', new ExtensionValue(-1, new Uint8Array(1)))).toBe(false);
  });

  test('may be nil only where that is allowed, or in a field of any type', () => {
    expect(FIELD_TYPES.filter((type) => accepts(type, null))).toEqual(['any']);
    expect(FIELD_TYPES.filter((type) => accepts(type, null, true))).toEqual([...FIELD_TYPES]);
  });

  test('with the header of a signed integer are not unsigned, whatever they are', () => {
    const five = new RawValue(new Uint8Array([0xd0, 5]));
    expect(FIELD_TYPES.filter((type) => accepts(type, five))).toEqual(['any', 'number', 'integer', 'scalar']);
  });
});
