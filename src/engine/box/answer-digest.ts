/**
 * A digest of what a step of a transaction gave: 53 bits over its bytes (cyrb53's mixing). Different answers of equal
 * digest are not to be expected.
 */
import type { BoxError } from '../../base/index.ts';

export class AnswerDigest {
  #high = 0xdeadbeef;
  #low = 0x41c6ce57;
  #sizeBytes = 0;

  /** Appends `bytes[start, end)`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    let high = this.#high;
    let low = this.#low;
    for (let index = start; index < end; index++) {
      const byte = bytes[index]!;
      high = Math.imul(high ^ byte, 2654435761);
      low = Math.imul(low ^ byte, 1597334677);
    }
    this.#high = high;
    this.#low = low;
    this.#sizeBytes += end - start;
  }

  addText(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.add(bytes, 0, bytes.length);
  }

  /** An error is an answer like another one. */
  addError(error: BoxError): void {
    this.addText(`error ${error.code} ${error.message}`);
  }

  /** Of what has been added so far. */
  get value(): number {
    let high = this.#high ^ this.#sizeBytes;
    let low = this.#low ^ this.#sizeBytes;
    high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
    low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
    return 4294967296 * (2097151 & low) + (high >>> 0);
  }
}
