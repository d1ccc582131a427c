/** Reading and writing single MessagePack scalars in place, exact over the whole 64-bit range. */
import type { ByteWriter } from '../../base/index.ts';

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

function uint32At(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!) >>> 0
  );
}

/** The unsigned integer at `position` as a number: exact up to 2^53, rounded above. -1 if it is not one. */
export function readUnsigned(bytes: Uint8Array, position: number): number {
  const first = bytes[position]!;
  if (first < 0x80) return first;
  switch (first) {
    case 0xcc:
      return bytes[position + 1]!;
    case 0xcd:
      return (bytes[position + 1]! << 8) | bytes[position + 2]!;
    case 0xce:
      return uint32At(bytes, position + 1);
    case 0xcf:
      return uint32At(bytes, position + 1) * 0x100000000 + uint32At(bytes, position + 5);
    default:
      return -1;
  }
}

/** The number (any int, float or double) at `position`, rounded where a double cannot hold it; NaN if it is no number. */
export function readNumber(bytes: Uint8Array, position: number): number {
  const first = bytes[position]!;
  if (first < 0x80) return first;
  if (first >= 0xe0) return first - 0x100;
  switch (first) {
    case 0xca:
      for (let index = 0; index < 4; index++) scratchBytes[index] = bytes[position + 1 + index]!;
      return scratch.getFloat32(0);
    case 0xcb:
      for (let index = 0; index < 8; index++) scratchBytes[index] = bytes[position + 1 + index]!;
      return scratch.getFloat64(0);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return readUnsigned(bytes, position);
    case 0xd0:
      return (bytes[position + 1]! << 24) >> 24;
    case 0xd1:
      return ((bytes[position + 1]! << 24) | (bytes[position + 2]! << 16)) >> 16;
    case 0xd2:
      return uint32At(bytes, position + 1) | 0;
    case 0xd3:
      return (uint32At(bytes, position + 1) | 0) * 0x100000000 + uint32At(bytes, position + 5);
    default:
      return NaN;
  }
}

/** The integer at `position`, exact. */
export function readBigInt(bytes: Uint8Array, position: number): bigint {
  const first = bytes[position]!;
  if (first === 0xcf || first === 0xd3) {
    const high = BigInt(uint32At(bytes, position + 1));
    const value = (high << 32n) | BigInt(uint32At(bytes, position + 5));
    return first === 0xd3 ? BigInt.asIntN(64, value) : value;
  }
  return BigInt(readNumber(bytes, position));
}

/** Writes a non-negative integer below 2^53 in its shortest form. */
export function writeUnsigned(writer: ByteWriter, value: number): void {
  writer.ensure(9);
  const { bytes } = writer;
  let position = writer.position;
  if (value < 0x80) {
    bytes[position++] = value;
  } else if (value <= 0xff) {
    bytes[position++] = 0xcc;
    bytes[position++] = value;
  } else if (value <= 0xffff) {
    bytes[position++] = 0xcd;
    bytes[position++] = value >>> 8;
    bytes[position++] = value & 0xff;
  } else if (value <= 0xffffffff) {
    bytes[position++] = 0xce;
    position = putUint32(bytes, position, value);
  } else {
    bytes[position++] = 0xcf;
    position = putUint32(bytes, position, Math.floor(value / 0x100000000));
    position = putUint32(bytes, position, value >>> 0);
  }
  writer.position = position;
}

/** Writes an integer within the safe range in its shortest form, negative ones with int headers. */
export function writeInteger(writer: ByteWriter, value: number): void {
  if (value >= 0) {
    writeUnsigned(writer, value);
    return;
  }
  writer.ensure(9);
  const { bytes } = writer;
  let position = writer.position;
  if (value >= -0x20) {
    bytes[position++] = value + 0x100;
  } else if (value >= -0x80) {
    bytes[position++] = 0xd0;
    bytes[position++] = value & 0xff;
  } else if (value >= -0x8000) {
    bytes[position++] = 0xd1;
    bytes[position++] = (value >> 8) & 0xff;
    bytes[position++] = value & 0xff;
  } else if (value >= -0x80000000) {
    bytes[position++] = 0xd2;
    position = putUint32(bytes, position, value >>> 0);
  } else {
    bytes[position++] = 0xd3;
    position = putUint32(bytes, position, Math.floor(value / 0x100000000) >>> 0);
    position = putUint32(bytes, position, value >>> 0);
  }
  writer.position = position;
}

/** Writes an integer of -2^63 .. 2^64 - 1 in its shortest form. */
export function writeBigInt(writer: ByteWriter, value: bigint): void {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
    writeInteger(writer, Number(value));
    return;
  }
  if (value < -(1n << 63n) || value >= 1n << 64n) throw new RangeError(`integer out of 64 bits: ${value}`);
  writer.ensure(9);
  writer.bytes[writer.position] = value < 0n ? 0xd3 : 0xcf;
  writer.view.setBigUint64(writer.position + 1, BigInt.asUintN(64, value));
  writer.position += 9;
}

export function writeDouble(writer: ByteWriter, value: number): void {
  writer.ensure(9);
  writer.bytes[writer.position] = 0xcb;
  writer.view.setFloat64(writer.position + 1, value);
  writer.position += 9;
}

export function writeArrayHeader(writer: ByteWriter, length: number): void {
  writeContainerHeader(writer, length, 0x90, 0xdc);
}

export function writeMapHeader(writer: ByteWriter, length: number): void {
  writeContainerHeader(writer, length, 0x80, 0xde);
}

function writeContainerHeader(writer: ByteWriter, length: number, fixed: number, wide: number): void {
  writer.ensure(5);
  const { bytes } = writer;
  if (length < 16) {
    bytes[writer.position++] = fixed | length;
  } else if (length <= 0xffff) {
    bytes[writer.position] = wide;
    bytes[writer.position + 1] = length >>> 8;
    bytes[writer.position + 2] = length & 0xff;
    writer.position += 3;
  } else {
    bytes[writer.position] = wide + 1;
    putUint32(bytes, writer.position + 1, length);
    writer.position += 5;
  }
}

export function writeNil(writer: ByteWriter): void {
  writer.writeByte(0xc0);
}

export function writeBoolean(writer: ByteWriter, value: boolean): void {
  writer.writeByte(value ? 0xc3 : 0xc2);
}

/** Header of a string of `length` bytes; the bytes follow. */
export function writeStringHeader(writer: ByteWriter, length: number): void {
  writer.ensure(5);
  const { bytes } = writer;
  if (length < 32) {
    bytes[writer.position++] = 0xa0 | length;
  } else {
    writePayloadHeader(writer, length, 0xd9);
  }
}

/** Header of a binary of `length` bytes; the bytes follow. */
export function writeBinaryHeader(writer: ByteWriter, length: number): void {
  writer.ensure(5);
  writePayloadHeader(writer, length, 0xc4);
}

/** Header of an extension of `length` payload bytes, in its shortest form; the payload follows. */
export function writeExtensionHeader(writer: ByteWriter, type: number, length: number): void {
  writer.ensure(6);
  const fixed = [1, 2, 4, 8, 16].indexOf(length);
  if (fixed >= 0) writer.bytes[writer.position++] = 0xd4 + fixed;
  else writePayloadHeader(writer, length, 0xc7);
  writer.bytes[writer.position++] = type & 0xff;
}

function writePayloadHeader(writer: ByteWriter, length: number, first: number): void {
  const { bytes } = writer;
  if (length <= 0xff) {
    bytes[writer.position] = first;
    bytes[writer.position + 1] = length;
    writer.position += 2;
  } else if (length <= 0xffff) {
    bytes[writer.position] = first + 1;
    bytes[writer.position + 1] = length >>> 8;
    bytes[writer.position + 2] = length & 0xff;
    writer.position += 3;
  } else {
    bytes[writer.position] = first + 2;
    putUint32(bytes, writer.position + 1, length);
    writer.position += 5;
  }
}

function putUint32(bytes: Uint8Array, position: number, value: number): number {
  bytes[position] = value >>> 24;
  bytes[position + 1] = (value >>> 16) & 0xff;
  bytes[position + 2] = (value >>> 8) & 0xff;
  bytes[position + 3] = value & 0xff;
  return position + 4;
}
