import { expect, test } from 'vitest';
import { entriesBytes, entriesWithin, payloadBytes, payloadsBytes } from './entry.ts';
import { type Entry, type Payload, raftId } from './index.ts';

const DATA: Payload = { kind: 'data', data: new Uint8Array(5) };
const CHANGE: Payload = {
  kind: 'membership',
  change: {
    transition: 'auto',
    changes: [
      { kind: 'add-voter', id: raftId(1) },
      { kind: 'remove', id: raftId(2) },
    ],
    context: new Uint8Array(3),
  },
};

function entry(index: number, payload: Payload): Entry {
  return { term: 1, index, payload };
}

test('of a payload, data counts by its length and a change by its parts; empty ones are nothing', () => {
  expect([DATA, CHANGE].map(payloadBytes)).toEqual([5, 2 * 8 + 3]);
  expect(payloadsBytes([entry(1, DATA), entry(2, CHANGE)])).toBe(24);
  expect(payloadBytes({ kind: 'data', data: new Uint8Array(0) })).toBe(0);
  const leaving = { transition: 'auto', changes: [], context: new Uint8Array(0) } as const;
  expect(payloadBytes({ kind: 'membership', change: leaving })).toBe(0);
});

test('an entry has a frame of 16 bytes', () => {
  expect(entriesBytes([])).toBe(0);
  expect(entriesBytes([entry(1, DATA), entry(2, CHANGE)])).toBe(24 + 2 * 16);
});

test.each([
  { maxBytes: 0, count: 1 },
  { maxBytes: 41, count: 1 },
  { maxBytes: 42, count: 2 },
  { maxBytes: 62, count: 2 },
  { maxBytes: 63, count: 3 },
])('in $maxBytes bytes fit $count', ({ maxBytes, count }) => {
  const entries = [1, 2, 3].map((index) => entry(index, DATA));
  expect(entriesWithin(entries, maxBytes).length).toBe(count);
  expect(entriesWithin([], maxBytes)).toEqual([]);
});
