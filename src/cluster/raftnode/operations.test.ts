import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoxError } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { BoxFixture } from './box-fixture.ts';
import { applyOperation, changesOf, encodeOperation, type GlobalOperation } from './operations.ts';
import { RAFT_SPACE } from './spaces.ts';

const SPACE = '_pico_property';
const insert = (key: string, value: Value = 1): GlobalOperation => ({
  kind: 'insert',
  space: SPACE,
  tuple: [key, value],
});
const replace = (key: string, value: Value): GlobalOperation => ({
  kind: 'replace',
  space: SPACE,
  tuple: [key, value],
});
const remove = (key: string): GlobalOperation => ({ kind: 'delete', space: SPACE, key: [key] });
const update = (key: string, ...operations: (readonly Value[])[]): GlobalOperation => {
  return { kind: 'update', space: SPACE, key: [key], operations };
};
const batch = (...operations: GlobalOperation[]): GlobalOperation => ({ kind: 'batch', operations });

/** What it comes to: null, or the words of the error. */
function apply(fixture: BoxFixture, operation: GlobalOperation): string | null {
  const bytes = encodeOperation(fixture.box, operation);
  return fixture.run(() => applyOperation(fixture.box, fixture.session, bytes))?.message ?? null;
}

const properties = (fixture: BoxFixture): readonly Value[] => fixture.rows(RAFT_SPACE.property);

describe('an operation', () => {
  it('changes what it says', () => {
    const fixture = new BoxFixture();
    expect(apply(fixture, batch(insert('a', 1), insert('b', 2), insert('c', 3)))).toBeNull();
    expect(apply(fixture, replace('a', 'new'))).toBeNull();
    expect(apply(fixture, remove('b'))).toBeNull();
    expect(apply(fixture, update('c', ['+', 1, 4]))).toBeNull();
    expect(apply(fixture, { kind: 'nop' })).toBeNull();
    expect(properties(fixture)).toEqual([
      ['a', 'new'],
      ['c', 7],
    ]);
  });

  it('of nothing that is there changes nothing', () => {
    const fixture = new BoxFixture();
    expect(apply(fixture, remove('a'))).toBeNull();
    expect(apply(fixture, update('a', ['=', 1, 4]))).toBeNull();
    expect(properties(fixture)).toEqual([]);
  });

  it.each<[string, GlobalOperation, string]>([
    ['a key that is there', insert('a'), `Duplicate key exists in unique index 'primary' in space '${SPACE}'`],
    [
      'a tuple without a value',
      { kind: 'insert', space: SPACE, tuple: ['b'] },
      'Tuple field 2 required by space format is missing',
    ],
    ['a key of another type', { kind: 'replace', space: SPACE, tuple: [1, 2] }, 'expected string'],
    ['a tuple that is none', { kind: 'replace', space: SPACE, tuple: 'b' as never }, 'Tuple/Key must be MsgPack array'],
    ['a key that is none', { kind: 'delete', space: SPACE, key: 'b' as never }, 'Invalid key part count'],
    ['a key of two parts', { kind: 'delete', space: SPACE, key: ['a', 'b'] }, 'Invalid key part count'],
    [
      'an update that is none',
      { kind: 'update', space: SPACE, key: ['a'], operations: 1 as never },
      'must be an array',
    ],
    ['a change of the key', update('a', ['=', 0, 'b']), 'Attempt to modify a tuple field which is part of'],
  ])('fails with an error that is the same everywhere: %s', (_, operation, message) => {
    for (const inBatch of [false, true]) {
      const fixture = new BoxFixture();
      apply(fixture, insert('a', 1));
      expect(apply(fixture, inBatch ? batch(insert('x'), operation, insert('y')) : operation)).toContain(message);
      expect(properties(fixture)).toEqual([['a', 1]]);
    }
  });

  it.each<[string, unknown, string]>([
    [
      'on a space that is not global',
      { kind: 'insert', space: '_raft_log', tuple: [1] },
      "space '_raft_log' cannot be changed",
    ],
    ['on a space that is not there', { kind: 'delete', space: 'none', key: [1] }, "space 'none' cannot be changed"],
    ['of no kind', { kind: 'upsert', space: SPACE }, 'this is no operation: upsert'],
    ['of a kind from another object', { kind: 'toString' }, 'this is no operation: toString'],
    ['of an empty batch', batch(), 'this is no operation: an empty batch'],
    [
      'of too many levels',
      [1, 2, 3, 4, 5, 6].reduce((inner) => batch(inner), insert('a')),
      'this is no operation: batch',
    ],
  ])('%s is refused before it is an entry', (_, operation, message) => {
    expect(() => encodeOperation(new BoxFixture().box, operation as GlobalOperation)).toThrow(message);
  });

  it('is all or nothing, on every member alike, whatever it is', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const value = fc.oneof(fc.integer(), fc.string({ maxLength: 4 }));
    const single: fc.Arbitrary<GlobalOperation> = fc.oneof(
      fc.tuple(key, value).map(([name, content]) => insert(name, content)),
      fc.tuple(key, value).map(([name, content]) => replace(name, content)),
      key.map(remove),
      fc.tuple(key, fc.integer({ min: -9, max: 9 })).map(([name, count]) => update(name, ['+', 1, count])),
    );
    const any = fc.oneof(
      single,
      fc.array(single, { minLength: 1, maxLength: 4 }).map((parts) => batch(...parts)),
    );
    const outcomes = { done: 0, failed: 0 };
    const [one, other] = [new BoxFixture(), new BoxFixture()];
    fc.assert(
      fc.property(any, (operation) => {
        const before = properties(one);
        const outcome = apply(one, operation);
        expect(apply(other, operation)).toBe(outcome);
        expect(properties(other)).toEqual(properties(one));
        if (outcome !== null) expect(properties(one)).toEqual(before);
        outcomes[outcome === null ? 'done' : 'failed']++;
      }),
      { numRuns: 400 },
    );
    expect(Math.min(outcomes.done, outcomes.failed)).toBeGreaterThan(30);
  });
});

describe('bytes that are no operation', () => {
  const isRefused = (bytes: Uint8Array): boolean => {
    try {
      changesOf(bytes);
      return false;
    } catch (error) {
      if (error instanceof BoxError) return true;
      throw error;
    }
  };

  it.each<[string, Value]>([
    ['a number', 1],
    ['an empty array', []],
    ['a code of text', ['insert', 516, ['a', 1]]],
    ['a code that is not known', [9, 516, ['a', 1]]],
    ['no space', [1]],
    ['a space of text', [1, 'space', ['a', 1]]],
    ['no tuple', [1, 516]],
    ['an update without operations', [3, 516, ['a']]],
    ['more than belongs to it', [1, 516, ['a', 1], 1]],
    ['a batch of no array', [5, 1]],
    ['a batch of numbers', [5, [1, 2]]],
    ['batches in batches', [1, 2, 3, 4, 5, 6].reduce((inner: Value) => [5, [inner]], [0])],
  ])('are refused: %s', (_, value) => {
    expect(isRefused(encodeToBytes(value))).toBe(true);
  });

  it('are refused or read, and nothing else happens', () => {
    const fixture = new BoxFixture();
    const whole = encodeOperation(fixture.box, batch(insert('a', 1), update('b', ['=', 1, 2]), remove('c')));
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), (at, byte, length) => {
        const changed = whole.slice();
        changed[at % whole.length] = byte;
        isRefused(changed);
        isRefused(whole.slice(0, length % whole.length));
        // What can be read can be applied, or fails as all operations may.
        fixture.run(() => applyOperation(fixture.box, fixture.session, changed));
      }),
      { numRuns: 2000 },
    );
  });

  it('none at all are the entry of a new leader, and change nothing', () => {
    expect(changesOf(new Uint8Array(0))).toEqual([]);
  });
});
