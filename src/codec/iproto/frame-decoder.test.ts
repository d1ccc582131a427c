/** Packets come out whole and in order at any chunking; a bad length is found after the packets before it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededRandom } from '../../base/index.ts';
import { FrameDecoder } from './frame-decoder.ts';

/** Each width that a length may be written in. */
function frame(payload: Uint8Array, width: 0 | 1 | 2 | 4 | 8): Uint8Array {
  if (width === 0) return Uint8Array.from([payload.length, ...payload]);
  const bytes = new Uint8Array(1 + width + payload.length);
  bytes[0] = 0xcc + Math.log2(width);
  for (let index = 0, left = payload.length; index < width; index++, left = Math.floor(left / 256)) {
    bytes[width - index] = left % 256;
  }
  bytes.set(payload, 1 + width);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Cuts the bytes at the given places, and makes each chunk invalid after its push, as a socket's buffer would be. */
function decodeAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const packets: Uint8Array[] = [];
  const decoder = new FrameDecoder((source, start, end) => packets.push(source.slice(start, end)));
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((left, right) => left - right), bytes.length];
  for (let index = 1; index < places.length; index++) {
    const chunk = bytes.slice(places[index - 1], places[index]);
    decoder.push(chunk);
    chunk.fill(0xee);
  }
  expect(decoder.heldBytes).toBe(0);
  return packets;
}

const payloads = fc.array(
  fc.record({
    payload: fc.uint8Array({ minLength: 1, maxLength: 100 }),
    width: fc.constantFrom<(0 | 1 | 2 | 4 | 8)[]>(0, 1, 2, 4, 8),
  }),
  { minLength: 1, maxLength: 20 },
);

test('any chunking gives the same packets', () => {
  fc.assert(
    fc.property(payloads, fc.array(fc.nat()), (packets, cuts) => {
      const bytes = join(packets.map(({ payload, width }) => frame(payload, width)));
      const expected = packets.map(({ payload }) => payload);
      expect(decodeAt(bytes, cuts)).toEqual(expected);
      expect(decodeAt(bytes, [])).toEqual(expected);
      expect(
        decodeAt(
          bytes,
          [...bytes.keys()].map((index) => index + 1),
        ),
      ).toEqual(expected);
    }),
  );
});

test('large packets across many chunks', () => {
  const random = new SeededRandom(7);
  const packets = [200_000, 3, 70_000, 65_536, 1].map((size) => {
    const payload = new Uint8Array(size);
    random.fill(payload);
    return payload;
  });
  const bytes = new Uint8Array(Buffer.concat(packets.map((payload) => frame(payload, 4))));
  for (const step of [1000, 16_384, 65_536]) {
    const cuts = Array.from({ length: Math.floor(bytes.length / step) }, (_, index) => (index + 1) * step);
    const decoded = decodeAt(bytes, cuts);
    expect(decoded.map((packet, index) => Buffer.compare(packet, packets[index]!))).toEqual(packets.map(() => 0));
  }
});

test('a packet that lies whole in the chunk is not copied', () => {
  const chunk = join([frame(Uint8Array.of(1, 2), 4), frame(Uint8Array.of(3), 0)]);
  const seen: [boolean, number, number][] = [];
  new FrameDecoder((bytes, start, end) => seen.push([bytes === chunk, start, end])).push(chunk);
  expect(seen).toEqual([
    [true, 5, 7],
    [true, 8, 9],
  ]);
});

test('a claimed length reserves no memory', () => {
  const decoder = new FrameDecoder(() => undefined);
  decoder.push(Uint8Array.of(0xce, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3));
  expect(decoder.heldBytes).toBe(8);
});

test.each([
  ['a string', [0xa1], 'Invalid MsgPack - packet length'],
  ['a negative integer', [0xff], 'Invalid MsgPack - packet length'],
  ['zero', [0x00], 'Invalid MsgPack - packet length'],
  ['more than 2 GiB', [0xce, 0x80, 0, 0, 1], 'Invalid MsgPack - too big packet size in the header: 2147483649'],
])('a length that is %s', (_what, bad, message) => {
  for (const isSplit of [false, true]) {
    let count = 0;
    const decoder = new FrameDecoder(() => count++);
    const bytes = join([frame(Uint8Array.of(9), 0), Uint8Array.from(bad)]);
    const push = (): void => {
      if (isSplit) for (const byte of bytes) decoder.push(Uint8Array.of(byte));
      else decoder.push(bytes);
    };
    expect(push).toThrow(message);
    expect(count).toBe(1);
    expect(decoder.heldBytes).toBe(0);
  }
});

test('a smaller limit can be set', () => {
  const decoder = new FrameDecoder(() => undefined, 10);
  decoder.push(frame(new Uint8Array(10), 4));
  expect(() => decoder.push(frame(new Uint8Array(11), 4))).toThrow('too big packet size in the header: 11');
});

test('stop from within the handler drops the rest', () => {
  const seen: number[] = [];
  const decoder: FrameDecoder = new FrameDecoder((bytes, start) => {
    seen.push(bytes[start]!);
    if (seen.length === 2) decoder.stop();
  });
  decoder.push(join([1, 2, 3].map((value) => frame(Uint8Array.of(value), 0))));
  decoder.push(frame(Uint8Array.of(4), 0));
  expect(seen).toEqual([1, 2]);
});
