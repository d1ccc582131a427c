/**
 * What is put, alike on both sides: values of one size under keys of one size, in a cycle of so many keys that neighbours
 * in time differ and few enough that neither side's data grows.
 */
export const PUT_KEYS = 4096;
const KEY_DIGITS = 12;
export const VALUE_BYTES = 128;

/** 16 bytes of ASCII. */
export function putKey(number: number): string {
  return `key-${String(number).padStart(KEY_DIGITS, '0')}`;
}

/** ASCII, so that text and bytes are one. */
export const PUT_VALUE = 'x'.repeat(VALUE_BYTES);

/** Hands out one encoded request after another. */
export class PutCycle {
  readonly #encoded: readonly Buffer[];
  #turn = 0;

  constructor(encode: (key: string, value: string) => Uint8Array) {
    this.#encoded = Array.from({ length: PUT_KEYS }, (_, number) => Buffer.from(encode(putKey(number), PUT_VALUE)));
  }

  next(): Buffer {
    const encoded = this.#encoded[this.#turn % PUT_KEYS];
    this.#turn += 1;
    if (encoded === undefined) throw new Error('a cycle without requests');
    return encoded;
  }
}
