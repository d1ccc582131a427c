import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LuaTable } from './table.ts';
import { IpairsCursor, PairsCursor } from './traversal.ts';
import type { LuaValue } from './values.ts';

const keys = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.constantFrom('a', 'b', 1.5, true, 1e9));
const values = fc.oneof(fc.constant(undefined), fc.integer(), fc.constantFrom('x', false));

function entriesOf(table: LuaTable): Map<LuaValue, LuaValue> {
  const found = new Map<LuaValue, LuaValue>();
  for (let entry = table.next(undefined); entry !== null && entry !== undefined; entry = table.next(entry[0])) {
    expect(found.has(entry[0])).toBe(false);
    found.set(entry[0], entry[1]);
  }
  return found;
}

describe('LuaTable', () => {
  it('holds what a map holds, and its length is a border', () => {
    fc.assert(
      fc.property(fc.array(values), fc.array(fc.tuple(keys, values), { maxLength: 200 }), (items, changes) => {
        const table = LuaTable.ofItems([...items]);
        const model = new Map<LuaValue, LuaValue>();
        items.forEach((item, at) => item !== undefined && model.set(at + 1, item));
        for (const [key, value] of changes) {
          table.set(key, value);
          if (value === undefined) model.delete(key);
          else model.set(key, value);
          const length = table.length();
          expect(length === 0 || model.has(length)).toBe(true);
          expect(model.has(length + 1)).toBe(false);
        }
        for (const [key, value] of model) expect(table.get(key)).toBe(value);
        expect(entriesOf(table)).toEqual(model);
        const cursor = new PairsCursor(table);
        const walked = new Map<LuaValue, LuaValue>();
        while (cursor.advance()) walked.set(cursor.key, cursor.value);
        expect(walked).toEqual(model);
      }),
    );
  });

  it('gives every entry to a traversal that takes them away', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 100 }), fc.array(fc.tuple(keys, values)), (items, changes) => {
        const table = LuaTable.ofItems([...items]);
        for (const [key, value] of changes) table.set(key, value);
        const expected = entriesOf(table).size;
        let count = 0;
        for (let entry = table.next(undefined); entry !== null && entry !== undefined; entry = table.next(entry[0])) {
          table.set(entry[0], undefined);
          count++;
        }
        expect(count).toBe(expected);
        expect(table.next(undefined)).toBeNull();
        expect(table.length()).toBe(0);
      }),
    );
  });

  it('gives every entry once to a traversal that takes some away', () => {
    const kept = fc.infiniteStream(fc.boolean());
    fc.assert(
      fc.property(
        fc.array(values, { maxLength: 100, size: 'max' }),
        fc.array(fc.tuple(keys, values)),
        kept,
        (items, changes, keeps) => {
          const table = LuaTable.ofItems([...items]);
          for (const [key, value] of changes) table.set(key, value);
          const expected = entriesOf(table);
          const seen = new Map<LuaValue, LuaValue>();
          for (let entry = table.next(undefined); entry !== null && entry !== undefined; entry = table.next(entry[0])) {
            expect(seen.has(entry[0])).toBe(false);
            seen.set(entry[0], entry[1]);
            if (keeps.next().value !== true) table.set(entry[0], undefined);
          }
          expect(seen).toEqual(expected);
        },
      ),
    );
  });

  it('is a queue that takes no more room than its entries', () => {
    const table = new LuaTable();
    for (let at = 1; at <= 10_000; at++) {
      table.set(at, at);
      if (at > 10) table.set(at - 10, undefined);
    }
    expect(table.array.length + table.hashSize).toBeLessThan(100);
    expect(entriesOf(table).size).toBe(10);
  });

  it('says that it does not know a key', () => {
    expect(new LuaTable([1]).next('x')).toBeUndefined();
    expect(new LuaTable([1]).next(7)).toBeUndefined();
    expect(new LuaTable([1]).next(1)).toBeNull();
  });

  it('walks items up to the first nil', () => {
    const table = LuaTable.ofItems([1, 2, undefined, 4]);
    const cursor = new IpairsCursor(table);
    const walked: LuaValue[] = [];
    while (cursor.advance()) walked.push(cursor.key);
    expect(walked).toEqual([1, 2]);
    expect(table.length()).toBe(4);
  });
});
