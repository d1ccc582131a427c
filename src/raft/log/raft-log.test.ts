import { describe, expect, test } from 'vitest';
import { EMPTY_MEMBERSHIP } from '../membership/types.ts';
import type { Snapshot } from '../types.ts';
import { entriesOf, placesOf } from './log-fixture.ts';
import { MemoryStorage } from './memory-storage.ts';
import { RaftLog } from './raft-log.ts';

/** Of a payload of one byte. */
const ENTRY_BYTES = 17;

function snapshotAt(index: number, term = 1): Snapshot {
  return { id: { term, index }, membership: EMPTY_MEMBERSHIP, data: new Uint8Array(0) };
}

/** A snapshot of 3, durable entries 4 and 5 of terms 1 and 2, unstable ones 6 and 7 of term 3. */
function create(
  applyingBytesMax = Infinity,
  appliesUnstable = false,
): Readonly<{ log: RaftLog; storage: MemoryStorage }> {
  const storage = new MemoryStorage();
  storage.restore(snapshotAt(3));
  storage.append(entriesOf(3, [1, 2]));
  const log = new RaftLog(storage, applyingBytesMax, appliesUnstable);
  log.append(entriesOf(5, [3, 3]));
  return { log, storage };
}

test('is the disk and its unstable end, as one', () => {
  const { log } = create();
  expect(log).toMatchObject({ committed: 3, applied: 3 });
  expect(log.firstIndex()).toBe(4);
  expect(log.lastIndex()).toBe(7);
  expect(log.last()).toEqual({ term: 3, index: 7 });
  expect([2, 3, 4, 5, 6, 7, 8].map((index) => log.term(index))).toEqual([null, 1, 1, 2, 3, 3, null]);
  expect(log.matches({ term: 2, index: 5 })).toBe(true);
  expect(log.matches({ term: 1, index: 5 })).toBe(false);
});

test('an empty one', () => {
  const log = new RaftLog(new MemoryStorage(), 1, false);
  expect(log.last()).toEqual({ term: 0, index: 0 });
  expect(log.matches({ term: 0, index: 0 })).toBe(true);
  expect(log.entriesFrom(1, 100)).toEqual([]);
  expect(log.hasNextCommitted).toBe(false);
  expect(log.nextCommitted()).toEqual([]);
});

test('old durable entries behind unstable ones are of the past', () => {
  const { log } = create();
  log.append(entriesOf(3, [5]));
  expect(log.lastIndex()).toBe(4);
  expect(log.term(5)).toBeNull();
  expect(placesOf(log.entriesFrom(4, Infinity))).toEqual(['4/5']);
});

test.each([
  { id: { term: 3, index: 7 }, isUpToDate: true },
  { id: { term: 3, index: 8 }, isUpToDate: true },
  { id: { term: 4, index: 1 }, isUpToDate: true },
  { id: { term: 3, index: 6 }, isUpToDate: false },
  { id: { term: 2, index: 9 }, isUpToDate: false },
])('a log that ends with $id is up to date: $isUpToDate', ({ id, isUpToDate }) => {
  expect(create().log.isUpToDate(id)).toBe(isUpToDate);
});

describe('slice', () => {
  test.each([
    { low: 4, high: 8, bytes: Infinity, result: ['4/1', '5/2', '6/3', '7/3'] },
    { low: 4, high: 6, bytes: Infinity, result: ['4/1', '5/2'] },
    { low: 5, high: 7, bytes: Infinity, result: ['5/2', '6/3'] },
    { low: 6, high: 8, bytes: Infinity, result: ['6/3', '7/3'] },
    { low: 6, high: 6, bytes: Infinity, result: [] },
    { low: 4, high: 8, bytes: 0, result: ['4/1'] },
    { low: 6, high: 8, bytes: 0, result: ['6/3'] },
    { low: 4, high: 8, bytes: 2 * ENTRY_BYTES - 1, result: ['4/1'] },
    { low: 4, high: 8, bytes: 2 * ENTRY_BYTES, result: ['4/1', '5/2'] },
    { low: 4, high: 8, bytes: 3 * ENTRY_BYTES - 1, result: ['4/1', '5/2'] },
    { low: 4, high: 8, bytes: 3 * ENTRY_BYTES, result: ['4/1', '5/2', '6/3'] },
    { low: 4, high: 8, bytes: 4 * ENTRY_BYTES - 1, result: ['4/1', '5/2', '6/3'] },
    { low: 4, high: 8, bytes: 4 * ENTRY_BYTES, result: ['4/1', '5/2', '6/3', '7/3'] },
    { low: 6, high: 8, bytes: 2 * ENTRY_BYTES, result: ['6/3', '7/3'] },
  ])('from $low to $high in $bytes bytes', ({ low, high, bytes, result }) => {
    expect(placesOf(create().log.slice(low, high, bytes))).toEqual(result);
  });

  test('compacted, or beyond the end', () => {
    const { log } = create();
    expect(log.slice(3, 6, 100)).toBeNull();
    expect(() => log.slice(4, 9, 100)).toThrow('beyond the end');
    expect(log.entriesFrom(8, 100)).toEqual([]);
    expect(placesOf(log.entriesFrom(7, 100))).toEqual(['7/3']);
    expect(log.entriesFrom(3, 100)).toBeNull();
  });

  test('nothing of behind an entry that does not fit', () => {
    const storage = new MemoryStorage();
    storage.append([...entriesOf(0, [1]), ...entriesOf(1, [1], 500)]);
    const log = new RaftLog(storage, Infinity, false);
    log.append(entriesOf(2, [1]));
    expect(placesOf(log.slice(1, 4, 100))).toEqual(['1/1']);
  });

  test('old durable entries are not there while a snapshot is on its way to the disk', () => {
    const { log, storage } = create();
    storage.append(entriesOf(5, [3, 3, 3, 3]));
    log.restore(snapshotAt(9, 4));
    expect(log.slice(4, 6, 100)).toBeNull();
    expect([7, 8, 9, 10].map((index) => log.term(index))).toEqual([null, null, 4, null]);
  });

  test('compacted meanwhile', () => {
    const { log, storage } = create();
    storage.entries = () => null;
    expect(log.slice(4, 8, 100)).toBeNull();
  });
});

describe('append', () => {
  test('nothing is nothing', () => {
    const { log } = create();
    log.append([]);
    expect(log.lastIndex()).toBe(7);
  });

  test('a committed entry is never replaced', () => {
    const { log } = create();
    log.commitTo(5);
    expect(() => log.append(entriesOf(4, [9]))).toThrow('a committed entry would be replaced');
    log.append(entriesOf(5, [9]));
    expect(log.last()).toEqual({ term: 9, index: 6 });
  });

  test.each([
    { previous: { term: 2, index: 5 }, terms: [3], commit: 0, index: 6, last: { term: 3, index: 7 }, committed: 3 },
    { previous: { term: 2, index: 5 }, terms: [3, 4], commit: 9, index: 7, last: { term: 4, index: 7 }, committed: 7 },
    {
      previous: { term: 2, index: 5 },
      terms: [4, 4, 4],
      commit: 6,
      index: 8,
      last: { term: 4, index: 8 },
      committed: 6,
    },
    { previous: { term: 3, index: 7 }, terms: [], commit: 5, index: 7, last: { term: 3, index: 7 }, committed: 5 },
    { previous: { term: 2, index: 7 }, terms: [4], commit: 5, index: null, last: { term: 3, index: 7 }, committed: 3 },
    { previous: { term: 3, index: 8 }, terms: [4], commit: 5, index: null, last: { term: 3, index: 7 }, committed: 3 },
  ])('behind $previous', ({ previous, terms, commit, index, last, committed }) => {
    const { log } = create();
    expect(log.appendBehind(previous, entriesOf(previous.index, terms), commit)).toBe(index);
    expect(log.last()).toEqual(last);
    expect(log.committed).toBe(committed);
  });

  test('of entries that are partly there, only the others are written', () => {
    const { log } = create();
    log.unstable.handOut();
    log.appendBehind({ term: 2, index: 5 }, entriesOf(5, [3, 4, 4]), 0);
    expect(placesOf(log.unstable.pendingEntries())).toEqual(['7/4', '8/4']);
  });
});

test.each([
  { index: 7, term: 3, result: { term: 3, index: 7 } },
  { index: 7, term: 9, result: { term: 3, index: 7 } },
  { index: 7, term: 2, result: { term: 2, index: 5 } },
  { index: 6, term: 2, result: { term: 2, index: 5 } },
  { index: 7, term: 1, result: { term: 1, index: 4 } },
  { index: 7, term: 0, result: { term: 0, index: 2 } },
  { index: 9, term: 3, result: { term: 0, index: 9 } },
  { index: 0, term: 3, result: { term: 0, index: 0 } },
])('the last at or before $index of at most term $term', ({ index, term, result }) => {
  expect(create().log.lastWithin(index, term)).toEqual(result);
});

test('a log that is empty matches nowhere', () => {
  const storage = new MemoryStorage();
  storage.append(entriesOf(0, [2]));
  expect(new RaftLog(storage, 1, false).lastWithin(1, 1)).toEqual({ term: 0, index: 0 });
});

test('what is committed never falls, and is in the log', () => {
  const { log } = create();
  log.commitTo(6);
  log.commitTo(5);
  expect(log.committed).toBe(6);
  log.commitTo(7);
  expect(() => log.commitTo(8)).toThrow('entry 8 is committed and not in the log');
});

describe('what is to be applied', () => {
  function take(log: RaftLog): readonly string[] {
    const entries = log.nextCommitted();
    log.handOutCommitted(entries);
    return placesOf(entries);
  }

  test('is durable, and handed out once', () => {
    const { log, storage } = create();
    log.commitTo(7);
    expect(take(log)).toEqual(['4/1', '5/2']);
    expect(take(log)).toEqual([]);
    storage.append(entriesOf(5, [3, 3]));
    log.unstable.stableTo({ term: 3, index: 7 });
    expect(take(log)).toEqual(['6/3', '7/3']);
    expect(log.hasNextCommitted).toBe(false);
  });

  test('may be unstable, if it may', () => {
    const { log } = create(Infinity, true);
    log.commitTo(6);
    expect(take(log)).toEqual(['4/1', '5/2', '6/3']);
    log.commitTo(7);
    expect(take(log)).toEqual(['7/3']);
  });

  test('waits for a snapshot on its way to the disk', () => {
    const { log } = create(Infinity, true);
    log.commitTo(5);
    log.restore(snapshotAt(9));
    expect(log.hasNextCommitted).toBe(false);
    expect(log).toMatchObject({ committed: 9, applied: 3 });
    expect(log.firstIndex()).toBe(10);
    expect(log.snapshot()).toEqual(snapshotAt(9));
    log.unstable.snapshotStable(9);
    log.appliedTo(9);
    expect(log).toMatchObject({ applied: 9, hasNextCommitted: false });
  });

  test('is bounded, until something of it is applied', () => {
    const { log } = create(2 * ENTRY_BYTES, true);
    log.commitTo(7);
    expect(take(log)).toEqual(['4/1', '5/2']);
    expect(log.hasNextCommitted).toBe(false);
    expect(log.appliedTo(4)).toBe(0);
    expect(log.hasNextCommitted).toBe(false);
    expect(log.appliedTo(5)).toBe(2);
    expect(take(log)).toEqual(['6/3', '7/3']);
    expect(log.appliedTo(7)).toBe(2);
  });

  test('fills its bound exactly', () => {
    const { log } = create(2 * ENTRY_BYTES, true);
    log.commitTo(5);
    expect(take(log)).toEqual(['4/1', '5/2']);
    log.commitTo(7);
    expect(log.hasNextCommitted).toBe(false);
  });

  test('several batches count together, and are off one by one', () => {
    const { log } = create(3 * ENTRY_BYTES, true);
    log.commitTo(4);
    expect(take(log)).toEqual(['4/1']);
    log.commitTo(5);
    expect(take(log)).toEqual(['5/2']);
    log.commitTo(7);
    expect(take(log)).toEqual(['6/3']);
    expect(log.hasNextCommitted).toBe(false);
    expect(log.appliedTo(4)).toBe(1);
    expect(take(log)).toEqual(['7/3']);
    expect(log.appliedTo(6)).toBe(2);
    expect(log.appliedTo(7)).toBe(1);
  });

  test('one batch that does not reach the end is applied before the next', () => {
    const { log } = create(2 * ENTRY_BYTES + 5, true);
    log.commitTo(7);
    expect(take(log)).toEqual(['4/1', '5/2']);
    expect(log.hasNextCommitted).toBe(false);
    log.appliedTo(5);
    expect(log.hasNextCommitted).toBe(true);
  });

  test('what is applied is committed, and never falls', () => {
    const { log } = create();
    log.commitTo(5);
    log.appliedTo(5);
    expect(() => log.appliedTo(4)).toThrow('entry 4 cannot be applied now');
    expect(() => log.appliedTo(6)).toThrow('entry 6 cannot be applied now');
    expect(log.hasNextCommitted).toBe(false);
  });
});

test('a snapshot for others is of the disk, if none is on its way there', () => {
  const { log, storage } = create();
  expect(log.snapshot()).toEqual(snapshotAt(3));
  storage.currentSnapshot = null;
  expect(log.snapshot()).toBeNull();
});
