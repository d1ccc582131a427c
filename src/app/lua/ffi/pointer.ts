/** Pointers to bytes, as buffers and codecs take them. */
import type { LuaValue } from '../runtime/values.ts';
import { asConst, C_CHAR, pointerTo } from './c-types.ts';
import { MEMORY_ACCESS } from './c-access.ts';
import { CPointer } from './c-values.ts';
import type { Memory } from './memory.ts';

export const CHAR_POINTER = pointerTo(C_CHAR);
export const CONST_CHAR_POINTER = pointerTo(asConst(C_CHAR));

/** `char *` into memory. */
export type BytePointer = CPointer & Readonly<{ memory: Memory }>;

export function isBytePointer(value: LuaValue): value is BytePointer {
  if (!(value instanceof CPointer) || value.memory === null) return false;
  const { target } = value.type;
  return target.kind === 'number' && target.format === 'integer' && target.sizeBytes === 1 && !target.isUnsigned;
}

/** Null points to nothing. */
export function bytePointer(memory: Memory | null, offset: number): CPointer {
  return new CPointer(MEMORY_ACCESS, CHAR_POINTER, memory, offset);
}
