/**
 * What changing a tuple needs to know of a key: which fields it is made of, and whether a tuple has it in one piece.
 * Sets of fields are 32 bits, one a field; the highest stands for all fields from number 31 on. Two sets without a common
 * bit have no common field.
 */
import type { KeyDef } from './key-def.ts';

const HIGHEST_BIT = 31;

export type KeyFields = Readonly<{
  /** Bits of the fields that the parts are, or lie in. */
  fields: number;
  /** The field of the first part if the parts are whole fields that follow each other in order; else -1. */
  firstFieldNo: number;
}>;

export function keyFields({ parts }: KeyDef): KeyFields {
  const first = parts[0]?.fieldNo ?? -1;
  const isRun = parts.every((part, index) => part.fieldNo === first + index && part.path === null);
  return {
    fields: parts.reduce((bits, part) => bits | fieldBit(part.fieldNo), 0),
    firstFieldNo: isRun ? first : -1,
  };
}

export function fieldBit(fieldNo: number): number {
  return 1 << (fieldNo < HIGHEST_BIT ? fieldNo : HIGHEST_BIT);
}

/** Bits of the field and all after it. */
export function fieldBitsFrom(fieldNo: number): number {
  return -1 << (fieldNo < HIGHEST_BIT ? fieldNo : HIGHEST_BIT);
}
