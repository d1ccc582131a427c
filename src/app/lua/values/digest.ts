/** The library `digest`. */
import { bytesOfByteText, byteTextOf } from '../../../base/index.ts';
import { crc32c } from '../../../codec/xlog/index.ts';
import type { Crypto, DigestAlgorithm, RandomSource } from '../../../env/index.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { ArgumentError } from '../runtime/errors.ts';
import { LuaTable, tableOf as tableOf } from '../runtime/table.ts';
import { isTrue, type LuaFunction, type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';
import { decodeBase64, encodeBase64, toHexadecimal } from './base64.ts';
import { builtinError } from './builtin-error.ts';
import { digestOf, runCipher } from './crypto.ts';
import { guavaHash, murmur3 } from './hashes.ts';

const ALGORITHMS: readonly DigestAlgorithm[] = ['md4', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
const CRC_BEGIN = 0xffffffff;
const MURMUR_SEED = 13;
const PBKDF2_ITERATIONS = 100_000;
const PBKDF2_BYTES_MAX = 128;

function usage(line: number, text: string): Error {
  return builtinError('digest', line, text);
}

export function createDigestLibrary({ crypto, random }: Readonly<{ crypto: Crypto; random: RandomSource }>): LuaTable {
  const library = new LuaTable();
  const define = (name: string, code: LuaFunction): void => library.setString(name, code);
  for (const algorithm of ALGORITHMS) {
    const compute = (name: string, value: LuaValue): string => {
      if (typeof value !== 'string') throw digestUsage(algorithm, name);
      return digestOf(crypto, algorithm, value);
    };
    define(
      algorithm,
      plainFunction((text) => compute(algorithm, text)),
    );
    define(
      `${algorithm}_hex`,
      plainFunction((text) => toHexadecimal(compute(`${algorithm}_hex`, text))),
    );
  }
  define(
    'urandom',
    plainFunction((length) => {
      if (length === undefined) throw usage(230, 'Usage: digest.urandom(len)');
      const bytes = new Uint8Array(Number(length));
      random.fill(bytes);
      return byteTextOf(bytes);
    }),
  );
  define(
    'pbkdf2',
    plainFunction((...values) => pbkdf2(crypto, values)),
  );
  define(
    'pbkdf2_hex',
    plainFunction((...values) => toHexadecimal(pbkdf2(crypto, values))),
  );
  define(
    'guava',
    plainFunction((state, buckets) => guavaHash(stateOf(state), bucketsOf(buckets))),
  );
  addBase64(library);
  addChecksums(library);
  library.setString('aes256cbc', aes256cbc(crypto));
  return library;
}

/** SHA-1 is this library's own; the others are those of `crypto`. */
function digestUsage(algorithm: string, name: string): Error {
  if (algorithm === 'sha1') return usage(name === 'sha1' ? 210 : 217, `Usage: digest.${name}(string)`);
  return builtinError('crypto', 323, `Usage: digest.${algorithm}(string)`);
}

function stateOf(value: LuaValue): bigint {
  if (value instanceof Integer64) return value.value;
  if (typeof value === 'number') return BigInt(Math.trunc(value));
  throw new ArgumentError(1, `cannot convert '${value === undefined ? 'nil' : typeof value}' to 'uint64_t'`);
}

function bucketsOf(value: LuaValue): number {
  if (typeof value === 'number') return Math.trunc(value);
  throw new ArgumentError(2, `cannot convert '${value === undefined ? 'nil' : typeof value}' to 'int'`);
}

function pbkdf2(crypto: Crypto, values: readonly LuaValue[]): string {
  const [password, salt, iterations = PBKDF2_ITERATIONS, length = PBKDF2_BYTES_MAX] = values;
  if (typeof password !== 'string' || typeof salt !== 'string') {
    throw usage(147, 'Usage: digest.pbkdf2(pass, salt[,iters][,digest_len])');
  }
  if (typeof iterations !== 'number') throw usage(150, 'iters must be a number');
  if (typeof length !== 'number') throw usage(153, 'digest_len must be a number');
  if (length > PBKDF2_BYTES_MAX) throw usage(158, 'too big digest size');
  return byteTextOf(crypto.pbkdf2(bytesOfByteText(password), bytesOfByteText(salt), iterations, length));
}

function addBase64(library: LuaTable): void {
  library.setString(
    'base64_encode',
    plainFunction((text, options) => {
      if (typeof text !== 'string' || (options !== undefined && !(options instanceof LuaTable))) {
        throw usage(167, 'Usage: digest.base64_encode(string[, table])');
      }
      const isSet = (name: string): boolean => isTrue(options?.getString(name));
      const isUrlSafe = isSet('urlsafe');
      return encodeBase64(text, {
        isWrapped: !isUrlSafe && !isSet('nowrap'),
        isPadded: !isUrlSafe && !isSet('nopad'),
        isUrlSafe,
      });
    }),
  );
  library.setString(
    'base64_decode',
    plainFunction((text) => {
      if (typeof text !== 'string') throw usage(190, 'Usage: digest.base64_decode(string)');
      return decodeBase64(text);
    }),
  );
}

function crcOf(text: string, seed: number): number {
  const bytes = bytesOfByteText(text);
  return crc32c(bytes, 0, bytes.length, seed);
}

/** A checksum that grows: a table with its state and the methods of its kind. */
type Accumulator = Readonly<{
  name: string;
  line: number;
  initial: (options: LuaValue) => LuaTable;
  update: (state: LuaTable, text: string) => void;
  result: (state: LuaTable) => number;
  /** Back to the beginning. */
  clear: (state: LuaTable) => void;
}>;

function addChecksums(library: LuaTable): void {
  const crc32 = accumulatorLibrary({
    name: 'crc32',
    line: 139,
    initial: () => tableOf({ value: CRC_BEGIN }),
    update: (state, text) => state.setString('value', crcOf(text, Number(state.getString('value')))),
    result: (state) => Number(state.getString('value')),
    clear: (state) => state.setString('value', CRC_BEGIN),
  });
  crc32.setString('crc_begin', CRC_BEGIN);
  library.setString('crc32', crc32);
  library.setString(
    'crc32_update',
    plainFunction((crc, text) => {
      if (typeof crc !== 'number') throw new ArgumentError(1, "cannot convert 'nil' to 'unsigned int'");
      return crcOf(String(text), crc);
    }),
  );
  const murmur = accumulatorLibrary({
    name: 'murmur',
    line: 96,
    initial: (options) => {
      const seed = options instanceof LuaTable ? options.getString('seed') : undefined;
      return tableOf({ seed: seed ?? MURMUR_SEED, text: '' });
    },
    update: (state, text) => state.setString('text', String(state.getString('text')) + text),
    result: (state) => murmur3(String(state.getString('text')), Number(state.getString('seed'))),
    clear: (state) => state.setString('text', ''),
  });
  murmur.setString('default_seed', MURMUR_SEED);
  library.setString('murmur', murmur);
}

/** A table that computes a checksum when called, and makes accumulators with `new`. */
function accumulatorLibrary(kind: Accumulator): LuaTable {
  const methods = new LuaTable();
  const stateMetatable = tableOf({ __index: methods });
  const self = (value: LuaValue): LuaTable => {
    if (!(value instanceof LuaTable)) throw usage(kind.line, `Usage: ${kind.name}:update(string)`);
    return value;
  };
  const create = (options: LuaValue): LuaTable => {
    const state = kind.initial(options);
    state.metatable = stateMetatable;
    return state;
  };
  const functions: Readonly<Record<string, LuaFunction>> = {
    update: plainFunction((state, text) => {
      if (typeof text !== 'string') throw usage(kind.line, `Usage ${kind.name}:update(string)`);
      kind.update(self(state), text);
      return NO_VALUES;
    }),
    result: plainFunction((state) => kind.result(self(state))),
    clear: plainFunction((state) => {
      kind.clear(self(state));
      return NO_VALUES;
    }),
    copy: plainFunction((state) => {
      const copy = create(undefined);
      for (const name of ['value', 'seed', 'text']) {
        const value = self(state).getString(name);
        if (value !== undefined) copy.setString(name, value);
      }
      return copy;
    }),
  };
  for (const [name, code] of Object.entries(functions)) methods.setString(name, code);
  const library = tableOf({ new: plainFunction((options) => create(options)) });
  const textName = kind.name === 'crc32' ? 'Usage digest.crc32(string)' : 'Usage: digest.murhash(string)';
  library.metatable = tableOf({
    __call: plainFunction((_library, text) => {
      if (typeof text !== 'string') throw usage(kind.line, textName);
      const state = create(undefined);
      kind.update(state, text);
      return kind.result(state);
    }),
  });
  return library;
}

function aes256cbc(crypto: Crypto): LuaTable {
  const table = new LuaTable();
  for (const direction of ['encrypt', 'decrypt'] as const) {
    table.setString(
      direction,
      plainFunction((text, key, vector) => runCipher(crypto, 'aes-256-cbc', direction, [text, key, vector])),
    );
  }
  return table;
}
