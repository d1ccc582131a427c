/** The library `crypto`: digests, HMACs and ciphers, at once or piece by piece. */
import { bytesOfByteText, byteTextOf } from '../../../base/index.ts';
import {
  type Cipher,
  type CipherAlgorithm,
  type CipherMode,
  type Crypto,
  CryptoError,
  type DigestAlgorithm,
} from '../../../env/index.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable, tableOf as tableOf } from '../runtime/table.ts';
import { type LuaFunction, type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';
import { toHexadecimal } from './base64.ts';
import { builtinError, placelessError } from './builtin-error.ts';

const DIGESTS: readonly DigestAlgorithm[] = ['md4', 'md5', 'ripemd160', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
const MODES: readonly CipherMode[] = ['ecb', 'cbc', 'cfb', 'ofb'];
type CipherName = 'aes128' | 'aes192' | 'aes256' | 'des';
const CIPHERS: Readonly<Record<CipherName, Readonly<{ prefix: 'aes-128' | 'aes-192' | 'aes-256' | 'des' }>>> = {
  aes128: { prefix: 'aes-128' },
  aes192: { prefix: 'aes-192' },
  aes256: { prefix: 'aes-256' },
  des: { prefix: 'des' },
};
const KEY_BYTES = { 'aes-128': 16, 'aes-192': 24, 'aes-256': 32, des: 8 } as const;

function errorOf(prefix: string, error: unknown, line: number): unknown {
  return error instanceof CryptoError ? builtinError('crypto', line, `${prefix}: ${error.message}`) : error;
}

/** The digest of a Lua string. Throws LuaError if OpenSSL forbids it. */
export function digestOf(crypto: Crypto, algorithm: DigestAlgorithm, text: string): string {
  try {
    return byteTextOf(crypto.digest(algorithm, bytesOfByteText(text)));
  } catch (error) {
    throw errorOf("Can't init digest", error, 107);
  }
}

function hmacOf(crypto: Crypto, algorithm: DigestAlgorithm, key: string, text: string): string {
  try {
    return byteTextOf(crypto.hmac(algorithm, bytesOfByteText(key), bytesOfByteText(text)));
  } catch (error) {
    throw errorOf("Can't init HMAC", error, 179);
  }
}

function keySizeOf(algorithm: CipherAlgorithm): number {
  const prefix = algorithm.slice(0, algorithm.lastIndexOf('-')) as keyof typeof KEY_BYTES;
  return KEY_BYTES[prefix];
}

function vectorSizeOf(algorithm: CipherAlgorithm): number {
  if (algorithm.endsWith('-ecb')) return 0;
  return algorithm.startsWith('des') ? 8 : 16;
}

function openCipher(
  crypto: Crypto,
  algorithm: CipherAlgorithm,
  direction: 'encrypt' | 'decrypt',
  key: string,
  vector: string,
): Cipher {
  const keySize = keySizeOf(algorithm);
  if (key.length !== keySize) throw placelessError(`key size expected ${keySize}, got ${key.length}`);
  const vectorSize = vectorSizeOf(algorithm);
  if (vector.length !== vectorSize) throw placelessError(`IV size expected ${vectorSize}, got ${vector.length}`);
  return guarded(() => crypto.cipher(algorithm, direction, bytesOfByteText(key), bytesOfByteText(vector)));
}

function guarded<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw error instanceof CryptoError ? placelessError(`OpenSSL error: ${error.message}`) : error;
  }
}

/** The whole text through a cipher; `values` are text, key and initial vector. */
export function runCipher(
  crypto: Crypto,
  algorithm: CipherAlgorithm,
  direction: 'encrypt' | 'decrypt',
  values: readonly LuaValue[],
): string {
  const [text, key, vector] = values;
  if (typeof text !== 'string' || typeof key !== 'string' || typeof vector !== 'string') {
    throw builtinError('crypto', 414, 'Cipher not initialized');
  }
  const cipher = openCipher(crypto, algorithm, direction, key, vector);
  return byteTextOf(cipher.update(bytesOfByteText(text))) + guarded(() => byteTextOf(cipher.final()));
}

/** Throws for names that are not there. */
function strictTable(fields: Readonly<Record<string, LuaValue>>, refuse: (name: string) => Error): LuaTable {
  const table = tableOf(fields);
  table.metatable = tableOf({
    __index: plainFunction((_table, name) => {
      throw refuse(String(name));
    }),
  });
  return table;
}

/** State of an object that takes its text in pieces. */
type Pieces = { text: string; key: string | null; result: string | null; isReady: boolean };

type PieceKind = Readonly<{
  /** What messages call it. */
  name: string;
  needsKey: boolean;
  compute: (pieces: Pieces) => string;
}>;

function pieceMethods({ name, needsKey, compute }: PieceKind): LuaTable {
  const notReady = (): Error => placelessError(`${name} not initialized`);
  const open = (value: LuaValue): Pieces => {
    const pieces = payload(value);
    if (!pieces.isReady) throw notReady();
    return pieces;
  };
  return tableOf({
    init: plainFunction((self, key) => {
      const pieces = payload(self);
      if (needsKey && typeof key === 'string') pieces.key = key;
      if (needsKey && pieces.key === null) throw placelessError('Key should be specified for HMAC operations');
      pieces.text = '';
      pieces.result = null;
      pieces.isReady = true;
      return NO_VALUES;
    }),
    update: plainFunction((self, text) => {
      const pieces = open(self);
      if (typeof text !== 'string') throw runtimeError('Usage: update(string)');
      pieces.text += text;
      return NO_VALUES;
    }),
    result: plainFunction((self) => {
      const pieces = open(self);
      pieces.isReady = false;
      return compute(pieces);
    }),
    free: plainFunction((self) => {
      payload(self).isReady = false;
      return NO_VALUES;
    }),
  });
}

const PAYLOADS = new WeakMap<LuaTable, Pieces>();

function payload(value: LuaValue): Pieces {
  const pieces = value instanceof LuaTable ? PAYLOADS.get(value) : undefined;
  if (pieces === undefined) throw runtimeError('the object itself is expected as first argument');
  return pieces;
}

function pieceObject(methods: LuaTable, pieces: Pieces): LuaTable {
  const object = new LuaTable();
  object.metatable = tableOf({ __index: methods });
  PAYLOADS.set(object, pieces);
  return object;
}

function digestEntry(crypto: Crypto, algorithm: DigestAlgorithm): LuaTable {
  const methods = pieceMethods({
    name: 'Digest',
    needsKey: false,
    compute: ({ text }) => digestOf(crypto, algorithm, text),
  });
  const entry = tableOf({
    new: plainFunction(() => pieceObject(methods, { text: '', key: null, result: null, isReady: true })),
  });
  entry.metatable = tableOf({
    __call: plainFunction((_entry, text) => {
      if (typeof text !== 'string') throw builtinError('crypto', 323, `Usage: digest.${algorithm}(string)`);
      return digestOf(crypto, algorithm, text);
    }),
  });
  return entry;
}

function hmacEntry(crypto: Crypto, algorithm: DigestAlgorithm): LuaTable {
  const methods = pieceMethods({
    name: 'HMAC',
    needsKey: true,
    compute: ({ key, text }) => hmacOf(crypto, algorithm, key ?? '', text),
  });
  const entry = tableOf({
    new: plainFunction((key) => {
      if (key === undefined) throw placelessError('Key should be specified for HMAC operations');
      return pieceObject(methods, { text: '', key: String(key), result: null, isReady: true });
    }),
  });
  entry.metatable = tableOf({
    __call: plainFunction((_entry, key, text) => {
      if (typeof key !== 'string' || typeof text !== 'string') {
        throw builtinError('crypto', 346, `Usage: hmac.${algorithm}(key, string)`);
      }
      return hmacOf(crypto, algorithm, key, text);
    }),
  });
  return entry;
}

/** A cipher object holds the open cipher between `init` and `result`. */
class CipherState {
  cipher: Cipher | null = null;
  key: string | null = null;
  vector: string | null = null;
}

const CIPHER_STATES = new WeakMap<LuaTable, CipherState>();

function cipherEntry(crypto: Crypto, algorithm: CipherAlgorithm): LuaTable {
  const entry = new LuaTable();
  for (const direction of ['encrypt', 'decrypt'] as const) {
    const methods = cipherMethods(crypto, algorithm, direction);
    const side = tableOf({
      new: plainFunction((key, vector) => {
        const state = new CipherState();
        if (typeof key === 'string') state.key = key;
        if (typeof vector === 'string') state.vector = vector;
        openIfComplete(state, crypto, algorithm, direction);
        const object = new LuaTable();
        object.metatable = tableOf({ __index: methods });
        CIPHER_STATES.set(object, state);
        return object;
      }),
    });
    side.metatable = tableOf({
      __call: plainFunction((_side, ...values) => runCipher(crypto, algorithm, direction, values)),
    });
    entry.setString(direction, side);
  }
  return entry;
}

function openIfComplete(
  state: CipherState,
  crypto: Crypto,
  algorithm: CipherAlgorithm,
  direction: 'encrypt' | 'decrypt',
): void {
  if (state.key === null || state.vector === null) return;
  state.cipher = openCipher(crypto, algorithm, direction, state.key, state.vector);
}

function cipherMethods(crypto: Crypto, algorithm: CipherAlgorithm, direction: 'encrypt' | 'decrypt'): LuaTable {
  const stateOf = (value: LuaValue): CipherState => {
    const state = value instanceof LuaTable ? CIPHER_STATES.get(value) : undefined;
    if (state === undefined) throw runtimeError('the object itself is expected as first argument');
    return state;
  };
  const open = (value: LuaValue): Cipher => {
    const { cipher } = stateOf(value);
    if (cipher === null) throw placelessError('Cipher not initialized');
    return cipher;
  };
  const functions: Readonly<Record<string, LuaFunction>> = {
    init: plainFunction((self, key, vector) => {
      const state = stateOf(self);
      if (typeof key === 'string') state.key = key;
      if (typeof vector === 'string') state.vector = vector;
      openIfComplete(state, crypto, algorithm, direction);
      return NO_VALUES;
    }),
    update: plainFunction((self, text) => {
      const cipher = open(self);
      if (typeof text !== 'string') throw runtimeError('Usage: cipher:update(string)');
      return byteTextOf(cipher.update(bytesOfByteText(text)));
    }),
    result: plainFunction((self) => {
      const cipher = open(self);
      stateOf(self).cipher = null;
      return guarded(() => byteTextOf(cipher.final()));
    }),
    free: plainFunction((self) => {
      stateOf(self).cipher = null;
      return NO_VALUES;
    }),
  };
  return tableOf(functions);
}

export function createCryptoLibrary(crypto: Crypto): LuaTable {
  const digests: Record<string, LuaValue> = {};
  const hmacs: Record<string, LuaValue> = {};
  for (const algorithm of DIGESTS) {
    digests[algorithm] = digestEntry(crypto, algorithm);
    hmacs[algorithm] = hmacEntry(crypto, algorithm);
    hmacs[`${algorithm}_hex`] = plainFunction((key, text) => {
      if (typeof key !== 'string' || typeof text !== 'string') {
        throw builtinError('crypto', 355, `Usage: hmac.${algorithm}_hex(key, string)`);
      }
      return toHexadecimal(hmacOf(crypto, algorithm, key, text));
    });
  }
  const ciphers: Record<string, LuaValue> = { none: new LuaTable() };
  for (const [name, { prefix }] of Object.entries(CIPHERS)) {
    const modes: Record<string, LuaValue> = {};
    for (const mode of MODES) modes[mode] = cipherEntry(crypto, `${prefix}-${mode}`);
    ciphers[name] = strictTable(modes, (mode) => builtinError('crypto', 388, `Cipher mode ${mode} is not supported`));
  }
  const library = tableOf({
    cipher_algo: tableOf({ none: 0, aes128: 1, aes192: 2, aes256: 3, des: 4 }),
    cipher_mode: tableOf({ ecb: 0, cbc: 1, cfb: 2, ofb: 3 }),
  });
  const parts = tableOf({
    digest: strictTable(digests, (name) => runtimeError(`Digest method "${name}" is not supported`)),
    hmac: strictTable(hmacs, (name) => runtimeError(`HMAC method "${name}" is not supported`)),
    cipher: strictTable(ciphers, (name) => runtimeError(`Cipher method "${name}" is not supported`)),
  });
  library.metatable = tableOf({ __index: parts, __serialize: plainFunction(() => parts) });
  return library;
}
