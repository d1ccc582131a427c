import { expect, test } from 'vitest';
import { EMPTY_MEMBERSHIP } from '../membership/types.ts';
import { INITIAL_HARD_STATE, type RaftId } from '../types.ts';
import { entriesOf, placesOf } from './log-fixture.ts';
import { MemoryStorage } from './memory-storage.ts';

const MEMBERSHIP = { ...EMPTY_MEMBERSHIP, voters: [1 as RaftId] };

test('is empty at first', () => {
  const storage = new MemoryStorage(MEMBERSHIP);
  expect(storage.initialState()).toEqual({ hardState: INITIAL_HARD_STATE, membership: MEMBERSHIP });
  expect(INITIAL_HARD_STATE).toEqual({ term: 0, vote: 0, commit: 0 });
  expect([storage.firstIndex(), storage.lastIndex(), storage.term(0)]).toEqual([1, 0, 0]);
  expect(storage.term(1)).toBeNull();
  expect(storage.snapshot()).toBeNull();
  storage.append([]);
  expect(storage.lastIndex()).toBe(0);
});

test('entries replace those from the first one on', () => {
  const storage = new MemoryStorage();
  storage.append(entriesOf(0, [1, 1, 1]));
  storage.append(entriesOf(1, [2, 2]));
  expect(placesOf(storage.entries(1, 4, Infinity))).toEqual(['1/1', '2/2', '3/2']);
  storage.append(entriesOf(1, [3]));
  expect(storage.lastIndex()).toBe(2);
  expect(() => storage.append(entriesOf(3, [3]))).toThrow('a gap in the log');
});

test('entries are read from one index to another, within bytes', () => {
  const storage = new MemoryStorage();
  storage.append(entriesOf(0, [1, 2, 3]));
  expect(placesOf(storage.entries(2, 3, Infinity))).toEqual(['2/2']);
  expect(placesOf(storage.entries(1, 4, 40))).toEqual(['1/1', '2/2']);
});

test('compaction keeps the term of what is before the first entry', () => {
  const storage = new MemoryStorage();
  storage.append(entriesOf(0, [1, 2, 3, 3]));
  storage.compact(2);
  expect([storage.firstIndex(), storage.lastIndex()]).toEqual([3, 4]);
  expect([1, 2, 3].map((index) => storage.term(index))).toEqual([null, 2, 3]);
  expect(storage.entries(2, 4, Infinity)).toBeNull();
  expect(placesOf(storage.entries(3, 5, Infinity))).toEqual(['3/3', '4/3']);
  storage.compact(1);
  storage.compact(2);
  expect(storage.firstIndex()).toBe(3);
  expect(() => storage.compact(5)).toThrow('compaction beyond the end of the log');
  // What is compacted already is not written again.
  storage.append(entriesOf(1, [2, 3, 4]));
  expect(placesOf(storage.entries(3, 5, Infinity))).toEqual(['3/3', '4/4']);
});

test('a snapshot takes the place of the log', () => {
  const storage = new MemoryStorage();
  storage.append(entriesOf(0, [1, 1, 1]));
  const snapshot = { id: { term: 2, index: 9 }, membership: MEMBERSHIP, data: new Uint8Array(0) };
  storage.restore(snapshot);
  expect([storage.firstIndex(), storage.lastIndex(), storage.term(9)]).toEqual([10, 9, 2]);
  expect(storage.snapshot()).toBe(snapshot);
  expect(storage.initialState().membership).toBe(MEMBERSHIP);
  storage.append(entriesOf(9, [3]));
  expect(placesOf(storage.entries(10, 11, 0))).toEqual(['10/3']);
});
