/** Rules by which a simulated disk fails, as a test sets them. */
import type { SeededRandom } from '../../src/base/index.ts';

export type FileOperation =
  'open' | 'read' | 'write' | 'sync' | 'truncate' | 'list' | 'makeDirectories' | 'rename' | 'remove' | 'syncDirectory';

export type FileFault = Readonly<{
  operations: readonly FileOperation[];
  /** All paths if absent. */
  isPathMatching?: (path: string) => boolean;
  /** How likely the rule strikes at each operation that it matches. */
  probability: number;
  /** How often it strikes at most; without limit if absent. */
  times?: number;
  effect: FaultEffect;
}>;

export type FaultEffect =
  /** The operation fails. A write may have written any part before. After a failed sync the data count as clean. */
  | Readonly<{ kind: 'error'; code: 'EIO' | 'ENOSPC' | 'EACCES' }>
  /** The thread is held up by a duration from this range. */
  | Readonly<{ kind: 'slow'; leastMs: number; mostMs: number }>
  /** The machine loses power, before the operation, or in the midst of it if it is a write. */
  | Readonly<{ kind: 'crash' }>;

export class FileFaults {
  readonly #random: SeededRandom;
  readonly #rules: { readonly fault: FileFault; left: number }[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Sets a rule. Rules are asked in the order in which they were set. Returns what removes it. */
  add(fault: FileFault): () => void {
    const rule = { fault, left: fault.times ?? Infinity };
    this.#rules.push(rule);
    return () => {
      const index = this.#rules.indexOf(rule);
      if (index >= 0) this.#rules.splice(index, 1);
    };
  }

  clear(): void {
    this.#rules.length = 0;
  }

  /** The effects that strike this operation. */
  strike(operation: FileOperation, path: string): readonly FaultEffect[] {
    const effects: FaultEffect[] = [];
    for (const rule of this.#rules) {
      const { operations, isPathMatching, probability, effect } = rule.fault;
      if (rule.left === 0 || !operations.includes(operation)) continue;
      if (isPathMatching !== undefined && !isPathMatching(path)) continue;
      if (!this.#random.chance(probability)) continue;
      rule.left--;
      effects.push(effect);
    }
    return effects;
  }
}
