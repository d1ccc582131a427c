/** The library `pickle`: numbers and texts as packed bytes. */
import { bytesOfByteText, byteTextOf, ByteWriter, writeByteText } from '../../../base/index.ts';
import { Integer64, truncated } from '../ffi/numbers.ts';
import { checkString } from '../runtime/arguments.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { numberToText, toNumber } from '../runtime/types.ts';
import { LuaCdata, type LuaValue, plainFunction } from '../runtime/values.ts';
import { luaIntegerOf } from './json-decoder.ts';

/** Letters of integers: bytes, and whether the most significant one comes first. */
const INTEGERS: Readonly<Record<string, Readonly<{ sizeBytes: 1 | 2 | 4 | 8; isBigEndian: boolean }>>> = {
  b: { sizeBytes: 1, isBigEndian: false },
  s: { sizeBytes: 2, isBigEndian: false },
  i: { sizeBytes: 4, isBigEndian: false },
  l: { sizeBytes: 8, isBigEndian: false },
  n: { sizeBytes: 2, isBigEndian: true },
  N: { sizeBytes: 4, isBigEndian: true },
  q: { sizeBytes: 8, isBigEndian: true },
};
/** Capitals that mean the same when packing. */
const PACK_ALIASES: Readonly<Record<string, string>> = { B: 'b', S: 's', I: 'i', L: 'l', Q: 'q' };

export function createPickleLibrary(): LuaTable {
  const library = new LuaTable();
  library.setString(
    'pack',
    plainFunction((...values) => pack(checkString(values, 1), values.slice(1))),
  );
  library.setString(
    'unpack',
    plainFunction((...values) => unpack(checkString(values, 1), bytesOfByteText(checkString(values, 2)))),
  );
  return library;
}

function pack(format: string, values: readonly LuaValue[]): string {
  const writer = new ByteWriter(64);
  [...format].forEach((given, index) => {
    if (index >= values.length) throw countMismatch();
    packOne(writer, given, values[index]);
  });
  if (values.length > format.length) throw countMismatch();
  return byteTextOf(writer.bytes, 0, writer.position);
}

function countMismatch(): Error {
  return runtimeError('pickle.pack: argument count does not match the format');
}

function packOne(writer: ByteWriter, given: string, value: LuaValue): void {
  const letter = PACK_ALIASES[given] ?? given;
  const integer = INTEGERS[letter];
  if (integer !== undefined) {
    const { sizeBytes, isBigEndian } = integer;
    const bits = BigInt.asUintN(64, integerOf(value, sizeBytes));
    for (let index = 0; index < sizeBytes; index++) {
      const shift = BigInt(8 * (isBigEndian ? sizeBytes - 1 - index : index));
      writer.writeByte(Number((bits >> shift) & 0xffn));
    }
    return;
  }
  switch (letter) {
    case 'f':
    case 'd': {
      const number = toNumber(value);
      if (number === undefined) throw runtimeError(`pickle.pack: expected ${letter === 'f' ? 'float' : 'double'}`);
      const sizeBytes = letter === 'f' ? 4 : 8;
      writer.ensure(sizeBytes);
      if (letter === 'f') writer.view.setFloat32(writer.position, number, true);
      else writer.view.setFloat64(writer.position, number, true);
      writer.position += sizeBytes;
      return;
    }
    case 'a':
    case 'A':
      if (typeof value === 'string') return writeByteText(writer, value);
      if (typeof value === 'number') return writeByteText(writer, numberToText(value));
      throw runtimeError('pickle.pack: expected string');
    default:
      throw runtimeError(`pickle.pack: unsupported pack format specifier '${given}'`);
  }
}

function integerOf(value: LuaValue, sizeBytes: number): bigint {
  if (value instanceof Integer64) return value.value;
  const number = value instanceof LuaCdata ? value.toNumber() : typeof value === 'number' ? value : undefined;
  if (number === undefined || !Number.isInteger(number)) {
    throw runtimeError(`pickle.pack: expected ${8 * sizeBytes}-bit int`);
  }
  return truncated(number);
}

function unpack(format: string, bytes: Uint8Array): LuaValue[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const results: LuaValue[] = [];
  let position = 0;
  const take = (letter: string, count: number): number => {
    const start = position;
    if (start + count > bytes.length) {
      throw runtimeError(`pickle.unpack('${letter}'): got ${bytes.length} bytes (expected: ${start + count}+)`);
    }
    position += count;
    return start;
  };
  for (const letter of format) {
    const integer = INTEGERS[letter];
    if (integer !== undefined) {
      const { sizeBytes, isBigEndian } = integer;
      results.push(readUnsigned(view, take(letter, sizeBytes), sizeBytes, isBigEndian));
    } else if (letter === 'f') results.push(view.getFloat32(take(letter, 4), true));
    else if (letter === 'd') results.push(view.getFloat64(take(letter, 8), true));
    else if (letter === 'a' || letter === 'A') results.push(byteTextOf(bytes, take(letter, bytes.length - position)));
    else throw runtimeError(`pickle.unpack: unsupported format specifier '${letter}'`);
  }
  if (position < bytes.length) {
    throw runtimeError(
      `pickle.unpack('${format.slice(-1)}'): too many bytes: unpacked ${position}, total ${bytes.length}`,
    );
  }
  return results;
}

function readUnsigned(view: DataView, at: number, sizeBytes: 1 | 2 | 4 | 8, isBigEndian: boolean): LuaValue {
  switch (sizeBytes) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, !isBigEndian);
    case 4:
      return view.getUint32(at, !isBigEndian);
    case 8: {
      const value = luaIntegerOf(view.getBigUint64(at, !isBigEndian));
      return value instanceof Integer64 ? new Integer64(value.value, true) : value;
    }
  }
}
