/**
 * How long the code of programs runs inside a statement: triggers and key functions. Nothing can interrupt it, so what
 * took too long is found out behind it, and the statement fails then.
 *
 * Invariants: (1) the time of a nested statement belongs to the code that began it, too; (2) nothing is thrown while code
 * runs or changes are undone, only where a statement is about to succeed; (3) a statement without code costs no look at
 * the clock.
 */
import { type BoxError, boxError, boxErrorWith } from '../../base/index.ts';
import type { Clock } from '../../env/index.ts';
import type { Address } from '../arena/index.ts';
import type { Space } from '../memtx/index.ts';

export type CodeKind = 'before_replace trigger' | 'on_replace trigger' | 'key function';

/** The function that took longest. */
type Longest = Readonly<{ kind: CodeKind; name: string; ms: number }>;

export class CodeWatch {
  /** Of the statement that runs now; statements set it to 0 when they begin. */
  spentMs = 0;
  readonly limitMs: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #longest: Longest = NOTHING;

  constructor(clock: Pick<Clock, 'monotonicMs'>, limitMs: number) {
    this.#clock = clock;
    this.limitMs = limitMs;
  }

  /** Runs the code and adds its time to what its statement spent; `name` is that of the function, '' if it has none. */
  measure<Result>(kind: CodeKind, name: string, code: () => Result): Result {
    const { spentMs } = this;
    const longest = this.#longest;
    const startMs = this.#clock.monotonicMs();
    try {
      return code();
    } finally {
      const ms = this.#clock.monotonicMs() - startMs;
      this.spentMs = ms;
      this.#longest = { kind, name, ms };
      this.#addEarlier(spentMs, longest);
    }
  }

  /** Runs the on_replace triggers of a change. */
  runTriggers(space: Space, oldTuple: Address, newTuple: Address): void {
    const { onReplace } = space;
    for (let at = 0; at < onReplace.length; at++) {
      const trigger = onReplace[at]!;
      this.measure('on_replace trigger', trigger.name, () => trigger(space, oldTuple, newTuple));
    }
  }

  /** Executes what a statement has become: its time and what was spent on deciding belong together. */
  goOn<Result>(statement: () => Result): Result {
    const { spentMs } = this;
    const longest = this.#longest;
    const result = statement();
    this.#addEarlier(spentMs, longest);
    return result;
  }

  /**
   * The error of a statement that spent too much: PROC_LUA (32), as all that fails by a program's code, with TIMEOUT (78)
   * as its cause, whose text has no room for a name.
   */
  error(spaceName: string): BoxError {
    const { kind, name, ms } = this.#longest;
    const slowest = `${name === '' ? `a ${kind} without a name` : `${kind} '${name}'`} took ${ms.toFixed(0)} ms of it`;
    const spent = `code inside a statement on space '${spaceName}' ran for ${this.spentMs.toFixed(0)} ms`;
    const text = `${spent}, longer than the limit of ${this.limitMs} ms: ${slowest}`;
    return boxErrorWith({ cause: boxError('TIMEOUT') }, 'PROC_LUA', text);
  }

  #addEarlier(spentMs: number, longest: Longest): void {
    if (spentMs === 0) return;
    if (this.spentMs === 0 || longest.ms > this.#longest.ms) this.#longest = longest;
    this.spentMs += spentMs;
  }
}

const NOTHING: Longest = { kind: 'on_replace trigger', name: '', ms: 0 };

/** Where nobody measures: recovery, and tests. */
export const UNWATCHED_CLOCK: Pick<Clock, 'monotonicMs'> = { monotonicMs: () => 0 };
