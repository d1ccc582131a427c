import { describe, expect, test } from 'vitest';
import { EMPTY_MEMBERSHIP } from '../membership/types.ts';
import type { Snapshot } from '../types.ts';
import { entriesOf, placesOf } from './log-fixture.ts';
import { UnstableLog } from './unstable.ts';

const SNAPSHOT: Snapshot = { id: { term: 3, index: 9 }, membership: EMPTY_MEMBERSHIP, data: new Uint8Array(0) };

/** Entries 5, 6 and 7 of terms 1, 1 and 2. */
function withEntries(): UnstableLog {
  const unstable = new UnstableLog(5);
  unstable.append(entriesOf(4, [1, 1, 2]));
  return unstable;
}

test('without entries it knows nothing', () => {
  const unstable = new UnstableLog(5);
  expect(unstable).toMatchObject({ offset: 5, isEmpty: true, snapshot: null, hasPendingEntries: false });
  expect(unstable.lastIndex()).toBeNull();
  expect(unstable.term(4)).toBeNull();
  expect(unstable.term(5)).toBeNull();
});

test('entries follow the offset', () => {
  const unstable = withEntries();
  expect(unstable.isEmpty).toBe(false);
  expect(unstable.lastIndex()).toBe(7);
  expect([4, 5, 6, 7, 8].map((index) => unstable.term(index))).toEqual([null, 1, 1, 2, null]);
  expect(placesOf(unstable.slice(5, 7))).toEqual(['5/1', '6/1']);
  expect(placesOf(unstable.slice(6, 8))).toEqual(['6/1', '7/2']);
  expect(() => unstable.slice(4, 6)).toThrow('outside of the unstable log');
  expect(() => unstable.slice(5, 9)).toThrow('outside of the unstable log');
});

describe('append', () => {
  test.each([
    { from: 8, terms: [3], offset: 5, result: ['5/1', '6/1', '7/2', '8/3'], pending: ['8/3'] },
    { from: 7, terms: [3], offset: 5, result: ['5/1', '6/1', '7/3'], pending: ['7/3'] },
    { from: 6, terms: [3, 3], offset: 5, result: ['5/1', '6/3', '7/3'], pending: ['6/3', '7/3'] },
    { from: 5, terms: [3], offset: 5, result: ['5/3'], pending: ['5/3'] },
    { from: 3, terms: [3, 3], offset: 3, result: ['3/3', '4/3'], pending: ['3/3', '4/3'] },
  ])('from $from on replaces what was there', ({ from, terms, offset, result, pending }) => {
    const unstable = withEntries();
    unstable.handOut();
    unstable.append(entriesOf(from - 1, terms));
    expect(unstable.offset).toBe(offset);
    expect(placesOf(unstable.slice(offset, from + terms.length))).toEqual(result);
    expect(unstable.lastIndex()).toBe(from + terms.length - 1);
    expect(placesOf(unstable.pendingEntries())).toEqual(pending);
    expect(unstable.hasPendingEntries).toBe(true);
  });

  test('what was handed out before it does not change', () => {
    const unstable = withEntries();
    const pending = unstable.pendingEntries();
    unstable.append(entriesOf(4, [7]));
    expect(placesOf(pending)).toEqual(['5/1', '6/1', '7/2']);
  });
});

describe('stableTo', () => {
  test.each([
    { id: { term: 1, index: 5 }, offset: 6, rest: ['6/1', '7/2'] },
    { id: { term: 2, index: 7 }, offset: 8, rest: [] },
    { id: { term: 2, index: 6 }, offset: 5, rest: ['5/1', '6/1', '7/2'] },
    { id: { term: 1, index: 4 }, offset: 5, rest: ['5/1', '6/1', '7/2'] },
    { id: { term: 2, index: 8 }, offset: 5, rest: ['5/1', '6/1', '7/2'] },
  ])('$id', ({ id, offset, rest }) => {
    const unstable = withEntries();
    unstable.stableTo(id);
    expect(unstable.offset).toBe(offset);
    expect(placesOf(unstable.slice(offset, 8))).toEqual(rest);
    expect(placesOf(unstable.pendingEntries())).toEqual(rest);
    unstable.handOut();
    expect(unstable.hasPendingEntries).toBe(false);
    unstable.append(entriesOf(7, [4]));
    expect(placesOf(unstable.pendingEntries())).toEqual(['8/4']);
  });

  test('the place of a snapshot is none of an entry', () => {
    const unstable = new UnstableLog(5);
    unstable.restore(SNAPSHOT);
    unstable.stableTo(SNAPSHOT.id);
    expect(unstable).toMatchObject({ offset: 10, snapshot: SNAPSHOT });
  });
});

describe('snapshots', () => {
  test('one takes the place of all entries', () => {
    const unstable = withEntries();
    unstable.restore(SNAPSHOT);
    expect(unstable).toMatchObject({ offset: 10, isEmpty: true, snapshot: SNAPSHOT, hasPendingEntries: false });
    expect(unstable.lastIndex()).toBe(9);
    expect([7, 8, 9, 10].map((index) => unstable.term(index))).toEqual([null, null, 3, null]);
    unstable.append(entriesOf(9, [4]));
    expect(unstable.lastIndex()).toBe(10);
    expect(placesOf(unstable.pendingEntries())).toEqual(['10/4']);
  });

  test('one is handed out once, and is there until it is durable', () => {
    const unstable = new UnstableLog(5);
    unstable.handOut();
    unstable.restore(SNAPSHOT);
    expect(unstable.pendingSnapshot()).toBe(SNAPSHOT);
    unstable.handOut();
    expect(unstable.pendingSnapshot()).toBeNull();
    expect(unstable.snapshot).toBe(SNAPSHOT);
    unstable.snapshotStable(8);
    expect(unstable.snapshot).toBe(SNAPSHOT);
    unstable.snapshotStable(9);
    expect(unstable.snapshot).toBeNull();
    const later = { ...SNAPSHOT, id: { term: 3, index: 12 } };
    unstable.restore(later);
    expect(unstable.pendingSnapshot()).toBe(later);
  });

  test('a later one is handed out although one is being written', () => {
    const unstable = new UnstableLog(5);
    unstable.restore(SNAPSHOT);
    unstable.handOut();
    const later = { ...SNAPSHOT, id: { term: 3, index: 12 } };
    unstable.restore(later);
    expect(unstable.pendingSnapshot()).toBe(later);
    unstable.snapshotStable(9);
    expect(unstable.snapshot).toBe(later);
  });

  test('none is durable if there is none', () => {
    const unstable = withEntries();
    unstable.snapshotStable(9);
    expect(unstable.snapshot).toBeNull();
  });
});
