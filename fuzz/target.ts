/** What a fuzz target is: a property of one part of the product that must hold for whatever bytes come. */
import type { SeededRandom } from '../src/base/index.ts';

/** A property that did not hold. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

export function require(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Finding(what);
}

export type FuzzTarget = Readonly<{
  name: string;
  /** Cases that a smoke run does; a case takes some microseconds, or is a frame. */
  smokeCases: number;
  /** Cases of one part of a long run. */
  longCases: number;
  /**
   * Runs so many cases, all drawn from `random`, and throws what is wrong. `onCase` is told each case's number before it
   * runs.
   */
  run: (random: SeededRandom, cases: number, onCase: (number: number) => void) => Promise<void>;
}>;

/** A target whose cases have nothing to do with each other. */
export function simpleTarget(
  name: string,
  counts: Readonly<{ smokeCases: number; longCases: number }>,
  check: (random: SeededRandom) => void,
): FuzzTarget {
  return {
    name,
    ...counts,
    run: async (random, cases, onCase) => {
      for (let number = 0; number < cases; number++) {
        onCase(number);
        check(random);
        // Long runs stay interruptible.
        if (number % 10_000 === 9999) await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
