import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoxError, ByteWriter, ERROR_TABLE } from '../../base/index.ts';
import type { Message } from '../../raft/index.ts';
import { type Batch, readBatch, writeBatch } from './message-codec.ts';
import { anyId, anyMessages } from '../../../test/support/raft-messages.ts';

const KINDS = Object.keys(anyMessages(1 as never)) as readonly Message['kind'][];

const anyUuid = fc.uint8Array({ minLength: 16, maxLength: 16 });
const anyLife = { directoryUuid: anyUuid, startCount: fc.nat(), startNonce: fc.nat() };

function bytesOf(batch: Batch): Uint8Array {
  const writer = new ByteWriter(64);
  writeBatch(writer, batch);
  return writer.toBytes();
}

function batchWith(kinds: readonly Message['kind'][], maxLength: number): fc.Arbitrary<Batch> {
  return anyId.chain((id) => {
    const messages = anyMessages(id);
    return fc.record({
      sender: fc.record({
        id: fc.constant(id),
        formerUuids: fc.array(anyUuid, { maxLength: 2 }),
        ...anyLife,
      }),
      address: fc.string({ maxLength: 20 }),
      recipient: fc.option(fc.record(anyLife)),
      messages: fc.array(fc.oneof(...kinds.map((kind) => messages[kind])), { maxLength }),
    });
  });
}

/** What it is read as, or the number of the error. */
function outcomeOf(bytes: Uint8Array): Batch | number {
  try {
    return readBatch(bytes);
  } catch (error) {
    if (error instanceof BoxError) return error.code;
    throw error;
  }
}

/** Bytes by their content: views of a batch are not equal to arrays of their own. */
function plain(batch: Batch): unknown {
  return JSON.parse(JSON.stringify(batch, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)));
}

describe('a batch', () => {
  it.each(KINDS)('is read as it was written, with messages of kind %s', (kind) => {
    fc.assert(
      fc.property(batchWith([kind], 3), (batch) => {
        expect(plain(readBatch(bytesOf(batch)))).toEqual(plain(batch));
      }),
    );
  });

  it('is refused as a whole when its end is missing', () => {
    fc.assert(
      fc.property(batchWith(KINDS, 4), fc.nat(), (batch, length) => {
        const bytes = bytesOf(batch);
        expect(outcomeOf(bytes.slice(0, length % bytes.length))).toBe(ERROR_TABLE.INVALID_MSGPACK.code);
      }),
    );
  });

  it('is refused with more behind it', () => {
    fc.assert(
      fc.property(batchWith(KINDS, 2), fc.uint8Array({ minLength: 1, maxLength: 5 }), (batch, rest) => {
        expect(outcomeOf(Uint8Array.from([...bytesOf(batch), ...rest]))).toBe(ERROR_TABLE.INVALID_MSGPACK.code);
      }),
    );
  });

  it('with bytes that were changed is read or refused, and nothing else happens', () => {
    const seen = { read: 0, refused: 0 };
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(batchWith(KINDS, 4), changes, (batch, changed) => {
        const bytes = bytesOf(batch);
        for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
        const outcome = outcomeOf(bytes);
        if (typeof outcome !== 'number') seen.read++;
        else {
          seen.refused++;
          expect(outcome).toBe(ERROR_TABLE.INVALID_MSGPACK.code);
        }
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(100);
  });

  it('is not what comes by chance', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(outcomeOf(bytes)).toBe(ERROR_TABLE.INVALID_MSGPACK.code);
      }),
      { numRuns: 1000 },
    );
  });

  it('has a sender with an id, and lives with a directory', () => {
    const life = { directoryUuid: new Uint8Array(16), startCount: 1, startNonce: 7 };
    const short = { ...life, directoryUuid: new Uint8Array(15) };
    const sender = { ...life, id: 1 as never, formerUuids: [] };
    const whole: Batch = { sender, address: '', recipient: life, messages: [] };
    expect(plain(readBatch(bytesOf(whole)))).toEqual(plain(whole));
    const wrong: Batch[] = [
      { ...whole, sender: { ...sender, id: 0 as never } },
      { ...whole, sender: { ...sender, ...short } },
      { ...whole, recipient: short },
    ];
    for (const batch of wrong) expect(outcomeOf(bytesOf(batch))).toBe(ERROR_TABLE.INVALID_MSGPACK.code);
  });
});
