import { expect, test } from 'vitest';
import { membershipOf } from './group-fixture.ts';
import { raftId } from './index.ts';
import { Tracker } from './progress/tracker.ts';
import { ReadQueue } from './read-queue.ts';

function create(voters: readonly number[]): Readonly<{ queue: ReadQueue; tracker: Tracker }> {
  const tracker = new Tracker({ countMax: 1, bytesMax: 1 });
  tracker.reconfigure(membershipOf(voters), 0);
  return { queue: new ReadQueue(), tracker };
}

function add(queue: ReadQueue, requestId: number): void {
  queue.add({ from: raftId(1), requestId, index: requestId });
}

function confirmed(queue: ReadQueue, tracker: Tracker): readonly number[] {
  return queue.takeConfirmed(tracker).map(({ requestId }) => requestId);
}

test('reads are confirmed in order, by what most have acknowledged', () => {
  const { queue, tracker } = create([1, 2, 3]);
  expect(queue.position).toBe(0);
  for (const requestId of [7, 8, 9]) add(queue, requestId);
  expect(queue.position).toBe(3);
  queue.acknowledge(raftId(1), 3);
  expect(confirmed(queue, tracker)).toEqual([]);
  queue.acknowledge(raftId(2), 2);
  queue.acknowledge(raftId(2), 1);
  expect(confirmed(queue, tracker)).toEqual([7, 8]);
  expect(queue.position).toBe(3);
  expect(confirmed(queue, tracker)).toEqual([]);
  queue.acknowledge(raftId(3), 3);
  expect(confirmed(queue, tracker)).toEqual([9]);
  expect(queue.position).toBe(0);
  add(queue, 10);
  expect(queue.position).toBe(4);
});

test('who is new has acknowledged nothing, and what was confirmed stays so', () => {
  const { queue, tracker } = create([1]);
  for (const requestId of [7, 8]) add(queue, requestId);
  queue.acknowledge(raftId(1), 2);
  expect(confirmed(queue, tracker)).toEqual([7, 8]);
  tracker.reconfigure(membershipOf([1, 2, 3]), 0);
  for (const requestId of [9, 10]) add(queue, requestId);
  expect(confirmed(queue, tracker)).toEqual([]);
  queue.acknowledge(raftId(1), 4);
  queue.acknowledge(raftId(2), 3);
  expect(confirmed(queue, tracker)).toEqual([9]);
});
