/** A transaction of code inside the instance: savepoints, and hearing of its end. */
import { boxError } from '../../base/index.ts';
import { decodeArray } from '../../codec/msgpack/index.ts';
import type { Tuple } from '../../client/index.ts';
import { NO_ADDRESS } from '../../engine/arena/index.ts';
import type { Box } from '../../engine/box/index.ts';
import type { Savepoint, TransactionChange, TransactionManager, TransactionTrigger } from '../../engine/txn/index.ts';

/** A change as it was made: null where there was no tuple before, or is none after. */
export type LocalChange = Readonly<{ spaceId: number; oldTuple: Tuple | null; newTuple: Tuple | null }>;

/** What it throws is logged: the transaction is over. It runs outside of any transaction. */
export type LocalTransactionTrigger = (changes: readonly LocalChange[]) => void;

/** Names a moment of a transaction; worth nothing outside of it. */
export type LocalSavepoint = Readonly<{ moment: Savepoint }>;

export interface LocalTransaction {
  savepoint(): LocalSavepoint;
  /** Undoes what came after the savepoint. Throws ER_NO_SUCH_SAVEPOINT for one that was undone, or of another one. */
  rollbackTo(savepoint: LocalSavepoint): void;
  /** Calls back when the transaction is durable. */
  onCommit(trigger: LocalTransactionTrigger): void;
  /** Calls back when the transaction was undone, by a throw of its body or by the log. */
  onRollback(trigger: LocalTransactionTrigger): void;
}

const NO_MOMENT: Savepoint = { undoMark: 0, redoMark: 0 };

/** The transaction that is open, whichever that is when a method is called. */
export class OpenTransaction implements LocalTransaction {
  readonly #box: Box;

  constructor(box: Box) {
    this.#box = box;
  }

  savepoint(): LocalSavepoint {
    // A transaction that is repeated comes to this moment anew.
    const savepoint = { moment: NO_MOMENT };
    this.#asStep((transactions) => (savepoint.moment = transactions.savepoint()));
    return savepoint;
  }

  rollbackTo(savepoint: LocalSavepoint): void {
    this.#asStep((transactions) => transactions.rollbackTo(savepoint.moment));
  }

  onCommit(trigger: LocalTransactionTrigger): void {
    const wrapped = this.#wrapped(trigger);
    this.#asStep((transactions) => transactions.onCommit(wrapped));
  }

  onRollback(trigger: LocalTransactionTrigger): void {
    const wrapped = this.#wrapped(trigger);
    this.#asStep((transactions) => transactions.onRollback(wrapped));
  }

  #asStep(action: (transactions: TransactionManager) => void): void {
    const { transactions } = this.#box;
    if (!transactions.isActive) throw boxError('NO_TRANSACTION');
    this.#box.asStep(() => {
      action(transactions);
      return NO_ADDRESS;
    });
  }

  #wrapped(trigger: LocalTransactionTrigger): TransactionTrigger {
    return (changes) => {
      try {
        trigger(changes.map(decodeChange));
      } catch (error) {
        this.#box.onTriggerFailure(error);
      }
    };
  }
}

function decodeChange({ spaceId, old, next }: TransactionChange): LocalChange {
  return {
    spaceId,
    oldTuple: old === null ? null : decodeArray(old, 0),
    newTuple: next === null ? null : decodeArray(next, 0),
  };
}
