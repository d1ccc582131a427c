/**
 * Spaces that one session of our own writes to and nobody else, whatever rights others have. What defines them does not
 * change either, nor are they emptied, by anybody, for that would be a way around.
 */
import { boxError } from '../../base/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSlab } from '../arena/index.ts';
import { SYSTEM_SPACE, TupleReader } from '../catalog/index.ts';
import type { Space } from '../memtx/index.ts';
import type { TransactionManager } from '../txn/index.ts';
import type { CodeWatch } from './code-watch.ts';
import type { Session } from './session.ts';

/** Their rows begin with the id of the space that they are about. */
const ABOUT_SPACES: ReadonlySet<number> = new Set([
  SYSTEM_SPACE.space,
  SYSTEM_SPACE.index,
  SYSTEM_SPACE.truncate,
  SYSTEM_SPACE.spaceSequence,
  SYSTEM_SPACE.check,
  SYSTEM_SPACE.functionIndex,
]);

export class SpaceWriters {
  readonly #writers = new Map<number, Session>();
  /** Told what a trigger threw that may not fail its statement. */
  onTriggerFailure: (error: unknown) => void = () => undefined;

  set(spaceId: number, session: Session): void {
    this.#writers.set(spaceId, session);
  }

  /** Throws ER_ACCESS_DENIED for another session than that of the space. */
  check(session: Session, { id, name }: Space): void {
    if (this.#writers.size === 0) return;
    const writer = this.#writers.get(id);
    if (writer === undefined || writer === session) return;
    throw boxError('ACCESS_DENIED', 'Write', 'space', name, session.user.userName);
  }

  /**
   * Runs the on_replace triggers of a change. Others make the same change of these spaces: what a trigger throws here, and how
   * long it takes, is no reason to refuse it.
   */
  runTriggers(
    space: Space,
    oldTuple: Address,
    newTuple: Address,
    code: CodeWatch,
    transactions: TransactionManager,
  ): void {
    if (!this.#writers.has(space.id)) return code.runTriggers(space, oldTuple, newTuple);
    const { spentMs } = code;
    const savepoint = transactions.savepoint();
    try {
      code.runTriggers(space, oldTuple, newTuple);
    } catch (error) {
      transactions.rollbackTo(savepoint);
      this.onTriggerFailure(error);
    } finally {
      code.spentMs = spentMs;
    }
  }

  /**
   * Throws ER_UNSUPPORTED: what this instance would make of a change, others would not: all that have the space change it
   * alike.
   */
  checkBeforeTrigger({ id, name }: Space): void {
    if (this.#writers.has(id)) throw boxError('UNSUPPORTED', `Space '${name}' of consensus`, 'before_replace triggers');
  }

  /** Throws ER_ACCESS_DENIED for a row of a system space that is about one of these. */
  checkDefinition(session: Session, system: Space, oldTuple: Address, newTuple: Address): void {
    if (this.#writers.size === 0 || !ABOUT_SPACES.has(system.id)) return;
    const tuple = newTuple === NO_ADDRESS ? oldTuple : newTuple;
    if (tuple === NO_ADDRESS) return;
    const row = new TupleReader(tupleSlab(system.arena, tuple), tuplePosition(tuple));
    const spaceId = row.unsigned(0);
    if (!this.#writers.has(spaceId)) return;
    throw boxError('ACCESS_DENIED', 'Alter', 'space', String(spaceId), session.user.userName);
  }
}
