/**
 * Where the transactions of a session go on to be applied, or wait: while the synchronous queue is being rolled back, or a
 * row that belongs to it has not got its place in the log, whatever comes next would stand in the wrong place.
 *
 * Invariants: (1) transactions are applied in the order in which they came; (2) while one waits the session is held, so no
 * more than it and what had arrived is kept; (3) nothing of a lost session is applied.
 */
import { assert } from '../../base/index.ts';
import type { TransactionHandler } from './transaction-assembler.ts';

/** What a MasterSession is for this. */
export interface HoldableSession {
  readonly isLost: boolean;
  hold(): void;
  close(reason: Error): void;
}

export interface ClosableQueue {
  readonly isClosing: boolean;
  whenOpen(callback: () => void): void;
}

export class RowIntake {
  readonly #session: HoldableSession;
  readonly #queue: ClosableQueue;
  readonly #apply: TransactionHandler;
  readonly #goOn: () => void;

  /** `goOn` is told that the session may be released, as far as the queue is concerned. */
  constructor(session: HoldableSession, queue: ClosableQueue, apply: TransactionHandler, goOn: () => void) {
    this.#session = session;
    this.#queue = queue;
    this.#apply = apply;
    this.#goOn = goOn;
  }

  /** Applies the transaction, now or when it may be. Throws what `apply` throws; later, that ends the session. */
  take(bytes: Uint8Array, start: number, end: number, flags: number): void {
    if (!this.#queue.isClosing) {
      this.#apply(bytes, start, end, flags);
      if (this.#queue.isClosing) this.#wait(null);
      return;
    }
    const rows = bytes.slice(start, end);
    this.#wait(() => this.#apply(rows, 0, rows.length, flags));
  }

  #wait(apply: (() => void) | null): void {
    this.#session.hold();
    this.#queue.whenOpen(() => {
      if (this.#session.isLost) return;
      try {
        apply?.();
      } catch (error) {
        assert(error instanceof Error, 'errors are thrown');
        this.#session.close(error);
        return;
      }
      if (this.#queue.isClosing) this.#wait(null);
      else this.#goOn();
    });
  }
}
