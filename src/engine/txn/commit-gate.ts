/**
 * The port through which transactions wait for others' consent after they are in the log: those that change synchronous
 * spaces, and everything behind them. `replication` fills it; without one nobody waits.
 */
import type { BoxError } from '../../base/index.ts';
import type { HeldTransaction } from './commit-batch.ts';

export interface CommitGate {
  /** Transactions wait: every other has to be asked about too, not only those that change synchronous spaces. */
  readonly isActive: boolean;

  /**
   * Whether the transaction waits, of another instance or, with `replicaId` 0, of this one. Throws BoxError if it cannot
   * be committed now; it is undone then.
   */
  holds(isSynchronous: boolean, replicaId: number): boolean;

  /** It got its number, and is on its way to the log. */
  appended(transaction: HeldTransaction): void;

  /** It is in the log. */
  written(transaction: HeldTransaction): void;

  /** The log could not take it: it has been undone. Called newest first. */
  failed(transaction: HeldTransaction, error: BoxError): void;
}
