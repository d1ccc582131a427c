/**
 * Bytes by chance: random ones, valid MessagePack of any shape, and valid things with mistakes. Mistakes are made where
 * parsers look: lengths, kinds, ends.
 */
import type { ByteWriter, SeededRandom } from '../src/base/index.ts';
import {
  writeArrayHeader,
  writeBinaryHeader,
  writeDouble,
  writeExtensionHeader,
  writeInteger,
  writeMapHeader,
  writeStringHeader,
} from '../src/codec/msgpack/index.ts';

const INTERESTING_BYTES = [
  0x00, 0x01, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xc4, 0xc7, 0xc9, 0xca, 0xcb, 0xcc,
  0xcd, 0xce, 0xcf, 0xd0, 0xd3, 0xd4, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff,
] as const;
const INTERESTING_INTEGERS = [
  0, 1, 2, 127, 128, 255, 256, 65535, 65536, 2147483647, 2147483648, 4294967295, 4294967296, 9007199254740991, -1, -32,
  -33, -128, -129, -32769, -2147483649, -9007199254740991,
] as const;

export function randomBytes(random: SeededRandom, lengthMax: number): Uint8Array {
  const bytes = new Uint8Array(random.below(lengthMax + 1));
  for (let at = 0; at < bytes.length; at++) bytes[at] = randomByte(random);
  return bytes;
}

function randomByte(random: SeededRandom): number {
  return random.chance(0.4) ? random.pick(INTERESTING_BYTES) : random.below(256);
}

export function randomInteger(random: SeededRandom): number {
  return random.chance(0.5) ? random.below(40) : random.pick(INTERESTING_INTEGERS);
}

export function randomText(random: SeededRandom, lengthMax: number): string {
  const alphabet = 'abcdefXYZ019_.[]*"\'\\ \u00e9\u{1f600}\0';
  const symbols = [...alphabet];
  return Array.from({ length: random.below(lengthMax + 1) }, () => random.pick(symbols)).join('');
}

/** Appends a valid value; containers hold values of fewer levels. */
export function writeRandomValue(writer: ByteWriter, random: SeededRandom, levels: number): void {
  switch (random.below(levels > 0 ? 11 : 8)) {
    case 0:
      return writer.writeByte(random.pick([0xc0, 0xc2, 0xc3]));
    case 1:
    case 2:
      return writeInteger(writer, randomInteger(random));
    case 3:
      return writeWideInteger(writer, random);
    case 4:
      return writeDouble(writer, random.pick([0, -0, 1.5, NaN, Infinity, -1e300, random.fraction()]));
    case 5:
      return writePayload(writer, random, (length) => writeStringHeader(writer, length));
    case 6:
      return writePayload(writer, random, (length) => writeBinaryHeader(writer, length));
    case 7:
      return writePayload(writer, random, (length) => writeExtensionHeader(writer, random.below(9), length));
    case 8:
      return writeItems(writer, random, levels, 2, (count) => writeMapHeader(writer, count));
    default:
      return writeItems(writer, random, levels, 1, (count) => writeArrayHeader(writer, count));
  }
}

/** An integer in more bytes than it needs. */
function writeWideInteger(writer: ByteWriter, random: SeededRandom): void {
  const width = random.below(4);
  writer.writeByte((random.chance(0.5) ? 0xcc : 0xd0) + width);
  for (let left = 1 << width; left > 0; left--) writer.writeByte(randomByte(random));
}

function writePayload(writer: ByteWriter, random: SeededRandom, writeHeader: (length: number) => void): void {
  const length = random.chance(0.9) ? random.below(20) : random.below(300);
  writeHeader(length);
  for (let left = length; left > 0; left--)
    writer.writeByte(random.chance(0.7) ? 97 + random.below(3) : random.below(256));
}

function writeItems(
  writer: ByteWriter,
  random: SeededRandom,
  levels: number,
  valuesPerItem: number,
  writeHeader: (count: number) => void,
): void {
  const count = random.chance(0.95) ? random.below(6) : random.below(40);
  writeHeader(count);
  for (let left = count * valuesPerItem; left > 0; left--) writeRandomValue(writer, random, levels - 1);
}

/** Makes up to `most` mistakes in a copy: changed, lost, doubled and inserted bytes. */
export function mutated(bytes: Uint8Array, random: SeededRandom, most = 4): Uint8Array {
  let result: Uint8Array = bytes.slice();
  for (let left = random.below(most + 1); left > 0 && result.length > 0; left--) result = withMistake(result, random);
  return result;
}

function withMistake(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length);
  const count = 1 + random.below(Math.min(8, bytes.length - at));
  switch (random.below(6)) {
    case 0:
      bytes[at]! ^= 1 << random.below(8);
      return bytes;
    case 1:
    case 2:
      bytes[at] = randomByte(random);
      return bytes;
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(at + count));
    case 4:
      return joined(bytes.subarray(0, at + count), bytes.subarray(at, at + count), bytes.subarray(at + count));
    default:
      return random.chance(0.5)
        ? bytes.slice(0, at)
        : joined(bytes.subarray(0, at), randomBytes(random, 6), bytes.subarray(at));
  }
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Cuts bytes anywhere into chunks of their own. */
export function chunksOf(bytes: Uint8Array, random: SeededRandom): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = random.chance(0.3)
      ? bytes.length - at
      : 1 + random.below(Math.min(bytes.length - at, 1 << random.below(12)));
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}
