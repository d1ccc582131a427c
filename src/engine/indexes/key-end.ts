/** Where a key given by its first part and its part count ends. */
import { skipValue } from '../../codec/msgpack/index.ts';

export function keyEnd(key: Uint8Array, keyPosition: number, partCount: number): number {
  let end = keyPosition;
  for (let part = 0; part < partCount; part++) end = skipValue(key, end);
  return end;
}
