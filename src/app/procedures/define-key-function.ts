/**
 * Keys of functional indexes in TypeScript: `defineKeyFunction('initials', ([, name]) => [String(name)[0]])`.
 * It serves the functional indexes whose row of `_func` has its name, whatever body that row has for other servers, and
 * must give what that body gives: always the same for a tuple, from the tuple alone.
 */
import { encodeToBytes, decodeArray, type Value } from '../../codec/msgpack/index.ts';

/** One key: values for the parts of the index, in their order. */
export type FunctionalKey = readonly Value[];

/** From a tuple to its key; to an array of keys where the row of `_func` says `is_multikey`. */
export type KeyFunctionBody = (tuple: readonly Value[]) => FunctionalKey | readonly FunctionalKey[];

const KEY_FUNCTION = 'picodata.keyFunction';

export type KeyFunctionDefinition = Readonly<{ kind: typeof KEY_FUNCTION; name: string; body: KeyFunctionBody }>;

/** Declares a key function. It has to be known before the data is read: see `StartOptions.keyFunctions` and `--script`. */
export function defineKeyFunction(name: string, body: KeyFunctionBody): KeyFunctionDefinition {
  return { kind: KEY_FUNCTION, name, body };
}

/** By its shape, because the script that made it may have loaded another copy of this module. */
export function isKeyFunctionDefinition(value: unknown): value is KeyFunctionDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === KEY_FUNCTION;
}

/** The function over MessagePack: null where it returned undefined. Throws what it throws, and for a promise. */
export function compileKeyFunction({ name, body }: KeyFunctionDefinition): (tuple: Uint8Array) => Uint8Array | null {
  return (tuple) => {
    const returned: unknown = body(decodeArray(tuple, 0));
    if (returned === undefined) return null;
    if (returned instanceof Promise) {
      returned.catch(() => undefined);
      throw new Error(`key function '${name}' returned a promise`);
    }
    return encodeToBytes(returned as Value);
  };
}
