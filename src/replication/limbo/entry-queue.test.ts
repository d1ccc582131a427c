import { expect, test } from 'vitest';
import { EntryQueue } from './entry-queue.ts';

/** `10` waits for a quorum, `11a` stands behind it. */
function queueOf(...names: readonly string[]): EntryQueue {
  const queue = new EntryQueue();
  for (const name of names) queue.append({ originId: 1, lsn: parseInt(name, 10), isSync: !name.endsWith('a') });
  return queue;
}

function write(queue: EntryQueue, ...lsns: readonly number[]): EntryQueue {
  for (const lsn of lsns) queue.markWritten(lsn, 0);
  return queue;
}

const lsnsOf = (entries: readonly Readonly<{ lsn: number }>[]): number[] => entries.map(({ lsn }) => lsn);

test('what is out of order is a mistake of the caller', () => {
  expect(() => queueOf('10', '10')).toThrow('out of order');
  expect(() => queueOf('10', '9')).toThrow('out of order');
  expect(() => queueOf('10a')).toThrow('waits for nothing');
  expect(() => queueOf('10').append({ originId: 2, lsn: 11, isSync: true })).toThrow('out of order');
  expect(() => write(queueOf('10', '11'), 11)).toThrow('out of order');
  expect(() => queueOf('10', '11').removeUnwritten(10)).toThrow('not the last');
  expect(() => write(queueOf('10'), 10).removeUnwritten(10)).toThrow('not the last');
});

test('confirmed entries leave from the front, with what then waits for nothing', () => {
  const queue = write(queueOf('10', '11a', '12', '13a'), 10, 11, 12);
  expect(lsnsOf(queue.takeConfirmed(9))).toEqual([]);
  expect(lsnsOf(queue.takeConfirmed(11))).toEqual([10, 11]);
  expect(lsnsOf(queue.takeConfirmed(99))).toEqual([12]);
  expect(lsnsOf(queue.entries)).toEqual([13]);
  expect(lsnsOf(write(queue, 13).takeConfirmed(12))).toEqual([13]);
  expect(queue.isEmpty).toBe(true);
});

test('rolled back entries leave from the back, newest first', () => {
  const queue = write(queueOf('10', '11a', '12', '13a'), 10, 11, 12, 13);
  expect(lsnsOf(queue.takeRolledBack(13))).toEqual([]);
  // 11 stands behind 10 only.
  expect(lsnsOf(queue.takeRolledBack(11))).toEqual([13, 12]);
  expect(lsnsOf(queue.entries)).toEqual([10, 11]);
  expect(lsnsOf(queue.takeRolledBack(0))).toEqual([11, 10]);
});

test('what a quorum has counts once it is written here', () => {
  const queue = write(queueOf('10', '11a', '12'), 10);
  expect(queue.lastSyncUpTo(12)?.lsn).toBe(10);
  write(queue, 11);
  expect(queue.lastSyncUpTo(11)?.lsn).toBe(10);
  write(queue, 12);
  expect(queue.lastSyncUpTo(12)?.lsn).toBe(12);
  expect(queue.lastSyncUpTo(9)).toBeNull();
  expect(queue.lastSync?.lsn).toBe(12);
});
