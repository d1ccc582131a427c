import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkValue } from '../src/codec/msgpack/index.ts';
import type { Goal } from './lines.ts';
import { encodeRing, FIRST_KEY, type Operation, type RequestRing } from './requests.ts';
import { ResponseCounter } from './response-counter.ts';
import { compare, judge, median } from './statistics.ts';

const OPERATIONS: readonly Operation[] = [
  'load',
  'append',
  'select',
  'replace',
  'update',
  'upsert',
  'delete-insert',
  'range',
  'call',
  'eval',
  'call-lua',
];

function response(status: number, bodyBytes: number): Buffer {
  const head = Buffer.from('ce000000008300ce0000000001cf000000000000000105ce00000050', 'hex');
  head.writeUInt32BE(head.length - 5 + bodyBytes, 1);
  head.writeUInt32BE(status, 8);
  return Buffer.concat([head, Buffer.alloc(bodyBytes, 0xce)]);
}

describe('ResponseCounter', () => {
  it('counts the same at any chunking', () => {
    const bodies = fc.array(fc.record({ bytes: fc.nat(60), failed: fc.boolean() }), { maxLength: 12 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (responses, sizes) => {
        const stream = Buffer.concat(responses.map(({ bytes, failed }) => response(failed ? 0x8003 : 0, bytes)));
        const counter = new ResponseCounter();
        for (let position = 0, turn = 0; position < stream.length; turn++) {
          const size = Math.min(sizes[turn % sizes.length] ?? 1, stream.length - position);
          // The buffer of a read is longer than what was read.
          counter.add(Buffer.concat([stream.subarray(position, position + size), Buffer.alloc(20, 0xff)]), size);
          position += size;
        }
        expect(counter.responses).toBe(responses.length);
        expect(counter.bytes).toBe(stream.length - 5 * responses.length);
        expect(counter.errors).toBe(responses.filter(({ failed }) => failed).length);
        expect(counter.firstError).toBe(responses.some(({ failed }) => failed) ? 0x8003 : 0);
      }),
    );
  });

  it('refuses what is not a response', () => {
    expect(() => new ResponseCounter().add(Buffer.from('ce00000020830100ce000000', 'hex'), 12)).toThrow(
      'not a response',
    );
  });
});

/** The keys of the tuples of two fields in a ring. */
function keysOf({ bytes, units, unitBytes }: RequestRing): number[] {
  return Array.from({ length: units }, (_, unit) => {
    const packet = bytes.subarray(unit * unitBytes, (unit + 1) * unitBytes);
    return packet.readUInt32BE(packet.indexOf(Buffer.from([0x21, 0x92, 0xce])) + 3);
  });
}

describe('encodeRing', () => {
  it.each(OPERATIONS)('writes whole packets of valid MessagePack: %s', (operation) => {
    const ring = encodeRing({ operation, spaceId: 700, fields: 3, rows: 50 }, 1, 4, 10);
    let position = 0;
    let packets = 0;
    while (position < ring.bytes.length) {
      const end = position + 5 + ring.bytes.readUInt32BE(position + 1);
      expect(checkValue(ring.bytes, checkValue(ring.bytes, position + 5, end), end)).toBe(end);
      position = end;
      packets += 1;
    }
    expect(position).toBe(ring.units * ring.unitBytes);
    expect(packets).toBe(ring.units * ring.requestsPerUnit);
  });

  it('appends in the order of the keys', () => {
    const ring = encodeRing({ operation: 'append', spaceId: 700, fields: 2, rows: 103 }, 0, 1, 0);
    expect(keysOf(ring)).toEqual(Array.from({ length: 103 }, (_, number) => FIRST_KEY + number));
  });

  it('loads every key exactly once over all connections', () => {
    const [rows, connections] = [103, 4];
    const keys: number[] = [];
    for (let index = 0; index < connections; index++) {
      const ring = encodeRing({ operation: 'load', spaceId: 700, fields: 2, rows }, index, connections, 0);
      keys.push(...keysOf(ring));
    }
    keys.sort((left, right) => left - right);
    expect(keys).toEqual(Array.from({ length: rows }, (_, number) => FIRST_KEY + number));
  });
});

describe('statistics', () => {
  it('compares pair by pair', () => {
    expect(compare([100, 200, 400], [50, 220, 400])).toEqual({
      peer: 200,
      ours: 220,
      ratio: 1,
      lowest: 0.5,
      highest: 1.1,
    });
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('judges by the goal', () => {
    const judged = (ratio: number, goal: Goal | null): string => judge({ ratio, ours: 20 }, goal);
    expect([judged(0.9, { atLeast: 1 }), judged(1, { atLeast: 1 })]).toEqual(['short', 'PASS']);
    expect([judged(1.1, { atMost: 1 }), judged(1, { atMost: 1 })]).toEqual(['short', 'PASS']);
    expect([judged(9, { oursBelow: 20 }), judged(9, { oursBelow: 20.1 })]).toEqual(['short', 'PASS']);
    expect(judged(0.1, null)).toBe('');
  });
});
