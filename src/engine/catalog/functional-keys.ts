/**
 * Keys of a functional index from what its function returns for a tuple: one key, or with `is_multikey` an array of
 * keys. What does not fit is refused as Tarantool 2.6.0 refuses it, before anything has changed.
 */
import { BoxError, boxError, boxErrorWith } from '../../base/index.ts';
import { arrayLength, containerHeaderSize, skipValue } from '../../codec/msgpack/index.ts';
import { functionalKeyFault, type IndexDefinition, type KeyFunction } from '../indexes/index.ts';
import type { RawKeyFunction } from './ports.ts';

/**
 * The function as an index uses it. It throws FUNC_INDEX_FUNC (198), with the cause behind it, if the function throws,
 * and FUNC_INDEX_FORMAT (199) if what it returns is no key of this index.
 */
export function checkedKeyFunction(
  run: RawKeyFunction,
  isMultikey: boolean,
  definition: IndexDefinition,
  spaceName: () => string,
): KeyFunction {
  const misfit = (reason: string): BoxError => boxError('FUNC_INDEX_FORMAT', definition.name, spaceName(), reason);
  const checked = (key: Uint8Array): Uint8Array => {
    const fault = functionalKeyFault(definition.keyDef, key);
    if (fault !== null) throw misfit(fault);
    return key;
  };
  return (tuple) => {
    const returned = evaluate(run, tuple, definition.name, spaceName);
    // The words are the original's.
    if (returned === null) throw misfit('to many values were returned');
    if (!isMultikey) return [checked(returned)];
    const count = arrayLength(returned, 0);
    if (count < 0) throw misfit("a multikey function mustn't return a scalar");
    const keys: Uint8Array[] = [];
    let position = containerHeaderSize(returned, 0);
    while (keys.length < count) {
      const end = skipValue(returned, position);
      keys.push(checked(returned.subarray(position, end)));
      position = end;
    }
    return keys;
  };
}

function evaluate(
  run: RawKeyFunction,
  tuple: Uint8Array,
  indexName: string,
  spaceName: () => string,
): Uint8Array | null {
  try {
    return run(tuple);
  } catch (error) {
    const cause =
      error instanceof BoxError ? error : boxError('PROC_LUA', error instanceof Error ? error.message : String(error));
    throw boxErrorWith({ cause }, 'FUNC_INDEX_FUNC', indexName, spaceName(), "can't evaluate function");
  }
}
