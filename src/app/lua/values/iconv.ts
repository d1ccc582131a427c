/** The library `iconv`: texts from one character encoding to another. */
import { bytesOfByteText, byteTextOf } from '../../../base/index.ts';
import { LuaCdata, type LuaFunction, type LuaValue, plainFunction } from '../runtime/values.ts';
import { LuaTable } from '../runtime/table.ts';
import { addressOf, typeOf } from '../runtime/types.ts';
import { builtinError } from './builtin-error.ts';

type Decoder = InstanceType<typeof TextDecoder>;

const BYTE_VALUES = 256;
const BYTE_ORDER_MARK = 0xfeff;
const MAX_ASCII = 0x7f;

/** Code points of bytes. Throws LuaError if they are no text of the encoding. */
type Decode = (bytes: Uint8Array) => number[];
/** Bytes of a code point, null if the encoding does not have it. */
type Encode = (codePoint: number) => readonly number[] | null;
type Encoding = Readonly<{ decode: Decode; encode: Encode | null; start: readonly number[] }>;

function incomplete(): Error {
  return builtinError('iconv', 52, 'Incomplete multibyte sequence');
}

function invalid(): Error {
  return builtinError('iconv', 49, 'Invalid multibyte sequence');
}

/** What is called otherwise by the Encoding Standard. */
const ALIASES: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  latin1: 'iso-8859-1',
  ucs2: 'utf-16be',
  ucs4: 'utf-32be',
};

function encodingOf(given: string): Encoding | null {
  const name = given.toLowerCase().replace(/\/\/.*$/, '');
  const short = name.replace(/[-_]/g, '');
  const label = (ALIASES[short] ?? name).replace(/^cp(125\d)$/, 'windows-$1').replace(/^cp866$/, 'ibm866');
  switch (label) {
    case 'utf-8':
      return {
        decode: decodeUtf8,
        encode: (code) => [...new TextEncoder().encode(String.fromCodePoint(code))],
        start: [],
      };
    case 'ascii':
    case 'us-ascii':
      return singleByte((byte) => (byte <= MAX_ASCII ? byte : null));
    case 'iso-8859-1':
      return singleByte((byte) => byte);
    case 'utf-16':
    case 'utf-16le':
    case 'utf-16be':
      return wide(2, label !== 'utf-16be', label === 'utf-16');
    case 'utf-32':
    case 'utf-32le':
    case 'utf-32be':
      return wide(4, label !== 'utf-32be', label === 'utf-32');
    case 'windows-1252':
      return singleByte((byte) => WINDOWS_1252[byte - 0x80] ?? byte);
    default:
      return namedEncoding(label);
  }
}

/** The bytes 0x80 to 0x9f; the rest is Latin-1. Some platforms read the whole as Latin-1. */
const WINDOWS_1252 = [
  0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d,
  0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,
  0x017e, 0x0178,
];

/** Encodings that the platform can read; those of one byte a character can be written too. */
function namedEncoding(label: string): Encoding | null {
  let decoder: Decoder;
  try {
    decoder = new TextDecoder(label, { fatal: true });
  } catch {
    return null;
  }
  const tryByte = (byte: number): number | null => {
    try {
      return decoder.decode(Uint8Array.of(byte)).codePointAt(0) ?? null;
    } catch {
      return null;
    }
  };
  const isSingleByte = Array.from({ length: BYTE_VALUES }, (_, byte) => tryByte(byte)).filter(
    (code) => code === null,
  ).length;
  if (isSingleByte <= MAX_ASCII / 2) return singleByte(tryByte);
  return { decode: (bytes) => codePointsOf(decodeStrictly(decoder, bytes)), encode: null, start: [] };
}

function decodeStrictly(decoder: Decoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw incomplete();
  }
}

function codePointsOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

function singleByte(codeOf: (byte: number) => number | null): Encoding {
  const codes = Array.from({ length: BYTE_VALUES }, (_, byte) => codeOf(byte));
  const bytes = new Map<number, number>();
  codes.forEach((code, byte) => {
    if (code !== null) bytes.set(code, byte);
  });
  return {
    decode: (source) =>
      Array.from(source, (byte) => {
        const code = codes[byte];
        if (code === undefined || code === null) throw incomplete();
        return code;
      }),
    encode: (code) => {
      const byte = bytes.get(code);
      return byte === undefined ? null : [byte];
    },
    start: [],
  };
}

function decodeUtf8(bytes: Uint8Array): number[] {
  try {
    return codePointsOf(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw isCutShort(bytes) ? invalid() : incomplete();
  }
}

/** Whether only the end of the last character is missing. */
function isCutShort(bytes: Uint8Array): boolean {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    decoder.decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Units of two or four bytes; one with a mark begins with it, and reads the order from it. */
function wide(sizeBytes: 2 | 4, isLittleEndian: boolean, isMarked: boolean): Encoding {
  const unitBytes = (unit: number): number[] => {
    const bytes = Array.from({ length: sizeBytes }, (_, index) => (unit >>> (8 * index)) & 0xff);
    return isLittleEndian ? bytes : bytes.reverse();
  };
  return {
    decode: (bytes) => decodeWide(bytes, sizeBytes, isLittleEndian, isMarked),
    encode: (code) => {
      if (sizeBytes === 4 || code <= 0xffff) return unitBytes(code);
      return [...unitBytes(0xd800 + ((code - 0x10000) >> 10)), ...unitBytes(0xdc00 + ((code - 0x10000) & 0x3ff))];
    },
    start: isMarked ? unitBytes(BYTE_ORDER_MARK) : [],
  };
}

function decodeWide(bytes: Uint8Array, sizeBytes: 2 | 4, isLittleEndian: boolean, isMarked: boolean): number[] {
  if (bytes.length % sizeBytes !== 0) throw invalid();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const read = (at: number, isLittle: boolean): number =>
    sizeBytes === 2 ? view.getUint16(at, isLittle) : view.getUint32(at, isLittle);
  let at = 0;
  let isLittle = isLittleEndian;
  if (isMarked && bytes.length >= sizeBytes) {
    isLittle = read(0, false) !== BYTE_ORDER_MARK;
    if (read(0, isLittle) === BYTE_ORDER_MARK) at = sizeBytes;
  }
  let text = '';
  for (; at < bytes.length; at += sizeBytes) {
    const unit = read(at, isLittle);
    if (unit > 0x10ffff) throw incomplete();
    text += sizeBytes === 2 ? String.fromCharCode(unit) : String.fromCodePoint(unit);
  }
  return codePointsOf(text);
}

class Converter extends LuaCdata {
  override readonly typeName = 'struct iconv';
  readonly #convert: LuaFunction;

  constructor(convert: (text: string) => string) {
    super();
    this.#convert = plainFunction((_self, text) => {
      if (typeof text !== 'string') {
        throw builtinError('iconv', 30, `attempt to index local 'data' (a ${typeOf(text)} value)`);
      }
      return convert(text);
    });
  }

  override toText(): string {
    return `iconv: ${addressOf(this)}`;
  }

  override get callee(): LuaFunction {
    return this.#convert;
  }
}

/** `//TRANSLIT` behind the name allows a character that looks alike, `//IGNORE` drops what there is not. */
function converter(to: string, from: string): Converter | null {
  const source = encodingOf(from);
  const target = encodingOf(to);
  if (source === null || target?.encode === undefined || target.encode === null) return null;
  const { encode, start } = target;
  const mode = /\/\/(TRANSLIT|IGNORE)/i.exec(to)?.[1]?.toUpperCase();
  return new Converter((text) => {
    const bytes: number[] = [...start];
    for (const code of source.decode(bytesOfByteText(text))) {
      const encoded = encode(code) ?? (mode === undefined ? null : substitute(encode, code, mode));
      if (encoded === null) throw incomplete();
      bytes.push(...encoded);
    }
    return byteTextOf(Uint8Array.from(bytes));
  });
}

function substitute(encode: Encode, code: number, mode: string): readonly number[] {
  if (mode === 'IGNORE') return [];
  const base = String.fromCodePoint(code).normalize('NFD').codePointAt(0)!;
  return encode(base) ?? encode('?'.codePointAt(0)!) ?? [];
}

export function createIconvLibrary(): LuaTable {
  const library = new LuaTable();
  library.setString(
    'new',
    plainFunction((to: LuaValue, from: LuaValue) => {
      if (typeof to !== 'string' || typeof from !== 'string') {
        throw builtinError('iconv', 76, 'Usage: iconv.new("CP1251", "KOI8-R")');
      }
      const created = converter(to, from);
      if (created === null) throw builtinError('iconv', 80, 'iconv: Invalid argument');
      return created;
    }),
  );
  return library;
}
