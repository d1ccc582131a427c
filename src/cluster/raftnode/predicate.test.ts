/** Which operations may follow which: a log is a line of operations, the one in question stands behind it. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../codec/msgpack/index.ts';
import { BoxFixture } from './box-fixture.ts';
import { encodeOperation, type GlobalOperation } from './operations.ts';
import { conflictOf, encodeRange, type KeyBound, type LogView } from './predicate.ts';

const SPACE = '_pico_property';
const NOP: GlobalOperation = { kind: 'nop' };
const replace = (key: string): GlobalOperation => ({ kind: 'replace', space: SPACE, tuple: [key, 1] });
const insert = (key: string): GlobalOperation => ({ kind: 'insert', space: SPACE, tuple: [key, 1] });
const remove = (key: string): GlobalOperation => ({ kind: 'delete', space: SPACE, key: [key] });
const update = (key: string): GlobalOperation => ({
  kind: 'update',
  space: SPACE,
  key: [key],
  operations: [['=', 1, 2]],
});
const batch = (...operations: GlobalOperation[]): GlobalOperation => ({ kind: 'batch', operations });
const from = (...key: Value[]): KeyBound => ({ kind: 'included', key });
const behind = (...key: Value[]): KeyBound => ({ kind: 'excluded', key });
/** They may be in the log, and fail when they are applied. */
const NO_TUPLE: GlobalOperation = { kind: 'insert', space: SPACE, tuple: ['a'] };
const NO_KEY: GlobalOperation = { kind: 'delete', space: SPACE, key: 'a' as never };

const { box } = new BoxFixture();

/** The first index is 10, all of term 3 but those behind a leader's change. */
const FIRST_INDEX = 10;
const TERM = 3;

type Question = Readonly<{
  /** From `FIRST_INDEX` on; null is an entry that changes no space. */
  log: readonly (GlobalOperation | null)[];
  /** Of the predicate, counted from before the first entry of `log`. */
  seen?: number;
  term?: number;
  ranges?: readonly (readonly [min: KeyBound | null, max: KeyBound | null])[];
  operation?: GlobalOperation;
}>;

/** Null, or code and words of the refusal. */
function ask({ log, seen = 0, term, ranges = [], operation = NOP }: Question): string | null {
  const encoded = log.map((each) => (each === null ? null : encodeOperation(box, each)));
  const view: LogView = {
    firstIndex: FIRST_INDEX,
    lastIndex: FIRST_INDEX + log.length - 1,
    termAt: (index) => (index >= FIRST_INDEX - 1 && index < FIRST_INDEX + log.length ? TERM : null),
    operationAt: (index) => encoded[index - FIRST_INDEX] ?? null,
  };
  const encodedRanges = ranges.map(([keyMin, keyMax]) =>
    encodeRange(box, { space: SPACE, ...(keyMin && { keyMin }), ...(keyMax && { keyMax }) }),
  );
  const index = FIRST_INDEX - 1 + seen;
  const found = conflictOf(box, view, index, term ?? null, encodedRanges, encodeOperation(box, operation));
  return found === null ? null : `${found.code} ${found.message}`;
}

const conflictWith = (entry: number): string =>
  `10007 the operation conflicts with entry ${FIRST_INDEX + entry}, which came later than entry ${FIRST_INDEX - 1}`;

describe('the keys of the operation itself', () => {
  it.each<[string, Question, string | null]>([
    ['nothing came later', { log: [], operation: replace('a') }, null],
    ['other keys came later', { log: [replace('b'), remove('c')], operation: replace('a') }, null],
    ['an entry of a leader came later', { log: [null], operation: replace('a') }, null],
    ['the key was replaced', { log: [replace('b'), replace('a')], operation: replace('a') }, conflictWith(1)],
    ['it was inserted', { log: [insert('a')], operation: replace('a') }, conflictWith(0)],
    ['it was deleted', { log: [remove('a')], operation: update('a') }, conflictWith(0)],
    ['it was updated', { log: [update('a')], operation: remove('a') }, conflictWith(0)],
    ['it was changed in a batch', { log: [batch(insert('b'), update('a'))], operation: insert('a') }, conflictWith(0)],
    [
      'one of a batch was changed',
      { log: [replace('a')], operation: batch(replace('b'), remove('a')) },
      conflictWith(0),
    ],
    ['it was changed before that', { log: [replace('a'), replace('b')], seen: 1, operation: replace('a') }, null],
    ['what came later fits no format', { log: [NO_TUPLE, NO_KEY], operation: replace('a') }, null],
    ['the operation changes nothing', { log: [replace('a')], operation: NOP }, null],
  ])('%s', (_, question, expected) => {
    expect(ask(question)).toBe(expected);
  });
});

describe('ranges', () => {
  it.each<[string, Question['ranges'], string, boolean]>([
    ['all keys', [[null, null]], 'm', true],
    ['from a key', [[from('m'), null]], 'm', true],
    ['from a key, one before it', [[from('m'), null]], 'l', false],
    ['behind a key, that key', [[behind('m'), null]], 'm', false],
    ['behind a key, one behind it', [[behind('m'), null]], 'ma', true],
    ['up to a key', [[null, from('m')]], 'm', true],
    ['up to a key, one behind it', [[null, from('m')]], 'ma', false],
    ['up to before a key, that key', [[null, behind('m')]], 'm', false],
    ['up to before a key, one before it', [[null, behind('m')]], 'l', true],
    ['between two keys', [[from('d'), behind('p')]], 'm', true],
    ['between two keys, the lower one', [[behind('d'), behind('p')]], 'd', false],
    ['between two keys, the upper one', [[behind('d'), behind('p')]], 'p', false],
    ['one key', [[from('m'), from('m')]], 'm', true],
    ['one key, another one', [[from('m'), from('m')]], 'n', false],
    ['of the wrong order hold nothing', [[from('p'), from('d')]], 'm', false],
    [
      'two of them, the second',
      [
        [from('a'), from('b')],
        [from('m'), null],
      ],
      'z',
      true,
    ],
    [
      'two of them, neither',
      [
        [from('a'), from('b')],
        [from('m'), null],
      ],
      'c',
      false,
    ],
    ['from an empty key, which is before all', [[from(), null]], 'a', true],
  ])('%s', (_, ranges, key, isHeld) => {
    const expected = isHeld ? conflictWith(0) : null;
    for (const change of [insert, replace, update, remove])
      expect(ask({ log: [change(key)], ranges: ranges ?? [] })).toBe(expected);
  });

  it('are of global spaces only', () => {
    expect(() => encodeRange(box, { space: '_raft_log' })).toThrow("space '_raft_log' cannot be changed");
  });
});

describe('the entry that was seen', () => {
  it.each<[string, Question, string | null]>([
    ['is the last one that is there', { log: [null, null], seen: 2, operation: replace('a') }, null],
    ['is the last one that was compacted', { log: [null], seen: 0, operation: replace('a') }, null],
    [
      'was compacted, with others behind it',
      { log: [null], seen: -1, operation: replace('a') },
      `10005 entry ${FIRST_INDEX - 2} is not in the log any more: it was compacted`,
    ],
    [
      'is not there yet',
      { log: [null], seen: 2, operation: replace('a') },
      `10006 there is no entry ${FIRST_INDEX + 1}: the last one is ${FIRST_INDEX}`,
    ],
    ['is of the expected term', { log: [null], seen: 1, term: TERM, operation: replace('a') }, null],
    [
      'is of another term',
      { log: [null], seen: 1, term: 2, operation: replace('a') },
      `10008 entry ${FIRST_INDEX} is of term ${TERM}, and was expected to be of term 2`,
    ],
    [
      'is no number',
      { log: [], seen: NaN },
      '1 Illegal parameters, index of a predicate must be that of an entry, not NaN',
    ],
    [
      'is half a number',
      { log: [null], seen: 0.5 },
      '1 Illegal parameters, index of a predicate must be that of an entry, not 9.5',
    ],
    [
      'is before all',
      { log: [], seen: -10 },
      '1 Illegal parameters, index of a predicate must be that of an entry, not -1',
    ],
  ])('%s', (_, question, expected) => {
    expect(ask(question)).toBe(expected);
  });

  it('says nothing of an operation whose tuple does not fit the format', () => {
    const operation: GlobalOperation = { kind: 'insert', space: SPACE, tuple: ['a'] };
    expect(() => ask({ log: [], operation })).toThrow('Tuple field 2 required by space format is missing');
  });
});
