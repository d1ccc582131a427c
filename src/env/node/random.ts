/** The system's unpredictable bytes. Single numbers come from a small stock, since each request to the system is dear. */
import { randomFillSync } from 'node:crypto';
import type { RandomSource } from '../index.ts';

const STOCK_NUMBERS = 256;

export function createRandomSource(): RandomSource {
  const stock = new Uint32Array(STOCK_NUMBERS);
  let next = STOCK_NUMBERS;
  return {
    fill(bytes) {
      randomFillSync(bytes);
    },
    uint32() {
      if (next === STOCK_NUMBERS) {
        randomFillSync(stock);
        next = 0;
      }
      return stock[next++]!;
    },
  };
}
