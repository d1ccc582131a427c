import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoxError, ByteWriter } from '../../base/index.ts';
import { encodeToBytes } from '../../codec/msgpack/index.ts';
import {
  entryData,
  entryTypeOf,
  FieldReader,
  payloadOf,
  readMembership,
  readPayload,
  writeMembership,
  writePayload,
} from './encoding.ts';
import { anyMembership, anyPayload } from '../../../test/support/raft-messages.ts';

describe('payloads', () => {
  it('are read as they were written, on the wire and in the log', () => {
    fc.assert(
      fc.property(anyPayload, (payload) => {
        const writer = new ByteWriter(16);
        writePayload(writer, payload);
        const reader = new FieldReader(writer.toBytes());
        expect(readPayload(reader)).toEqual(payload);
        expect(reader.position).toBe(writer.position);
        expect(payloadOf(entryTypeOf(payload), entryData(payload))).toEqual(payload);
      }),
    );
  });

  it('of a kind that is not known are refused', () => {
    for (const type of [1, 3, 255]) expect(() => payloadOf(type, new Uint8Array(0))).toThrow(BoxError);
  });

  it.each([
    ['no array', 5],
    ['no changes', [0]],
    ['a transition that is not known', [7, [], new Uint8Array(0)]],
    ['a change that is not known', [0, [[9, 1]], new Uint8Array(0)]],
    ['a change of nobody', [0, [[0, 0]], new Uint8Array(0)]],
    ['a context of text', [0, [], 'text']],
  ])('of a membership with %s are refused', (_, value) => {
    expect(() => payloadOf(2, encodeToBytes(value))).toThrow(/Invalid MsgPack/);
  });
});

describe('memberships', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(anyMembership, (membership) => {
        const writer = new ByteWriter(16);
        writeMembership(writer, membership);
        expect(readMembership(new FieldReader(writer.toBytes()))).toEqual(membership);
      }),
    );
  });
});

describe('fields', () => {
  const read = (value: unknown, field: (reader: FieldReader) => unknown): unknown =>
    field(new FieldReader(encodeToBytes(value as never)));

  it('of another type are refused', () => {
    const refused = /Invalid MsgPack - a field of another type/;
    expect(() => read('text', (reader) => reader.unsigned())).toThrow(refused);
    expect(() => read(-1, (reader) => reader.unsigned())).toThrow(refused);
    expect(() => read(1, (reader) => reader.array())).toThrow(refused);
    expect(() => read(1, (reader) => reader.boolean())).toThrow(refused);
    expect(() => read('text', (reader) => reader.binary())).toThrow(refused);
    expect(() => read(null, (reader) => reader.string())).toThrow(refused);
  });

  it('that no number is for exactly are refused', () => {
    expect(read(BigInt(Number.MAX_SAFE_INTEGER), (reader) => reader.unsigned())).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => read(2n ** 53n, (reader) => reader.unsigned())).toThrow(/a number beyond 2\^53/);
  });
});
