/**
 * Spaces whose engine is none of memory: views of the schema (`sysview`), which show the rows of another space that the
 * user may see, the settings of the session (`service`), and `blackhole`, which logs what it is given and keeps nothing.
 */
import { boxError } from '../../base/index.ts';
import { arrayLength } from '../../codec/msgpack/index.ts';
import type { AccessControl, Credentials } from '../access/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSlab } from '../arena/index.ts';
import { baseOfView, TupleReader } from '../catalog/index.ts';
import type { IndexCursor, IteratorType, SpaceIndex } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';
import type { TransactionManager } from '../txn/index.ts';
import { checkSelection, exactKey, openOwnCursor } from './selection.ts';
import { SessionSettings } from './session-settings.ts';
import type { Session } from './session.ts';

export type WriteKind = 'replace' | 'update' | 'delete' | 'upsert';

/** Decides whether a row is shown; null if all are. */
type RowFilter = ((tuple: Address) => boolean) | null;

export class VirtualSpaces {
  readonly #access: AccessControl;
  readonly #transactions: TransactionManager;
  readonly #settings = new SessionSettings();

  constructor(access: AccessControl, transactions: TransactionManager) {
    this.#access = access;
    this.#transactions = transactions;
  }

  /**
   * Tuples in the iterator's order that the session may see, from the `skip`th on, by a cursor that follows changes or
   * (`isFrozen`) shows the present state, as far as a read view keeps it. What the session may see is asked row by row.
   */
  select(
    session: Session,
    space: Space,
    index: SpaceIndex,
    iterator: IteratorType,
    skip: number,
    key: Uint8Array,
    keyPosition: number,
    isFrozen = false,
  ): IndexCursor {
    const cursor = this.#open(session, space, index, iterator, key, keyPosition, isFrozen);
    for (let left = skip; left > 0; left--) {
      if (cursor.next() === NO_ADDRESS) break;
    }
    return cursor;
  }

  count(
    session: Session,
    space: Space,
    index: SpaceIndex,
    iterator: IteratorType,
    key: Uint8Array,
    keyPosition: number,
  ): number {
    const cursor = this.select(session, space, index, iterator, 0, key, keyPosition);
    let count = 0;
    while (cursor.next() !== NO_ADDRESS) count++;
    return count;
  }

  /** The tuple with the whole key, NO_ADDRESS if there is none that the session may see. */
  get(session: Session, space: Space, index: SpaceIndex, key: Uint8Array, keyPosition: number): Address {
    const parts = exactKey(index, key, keyPosition);
    if (space.definition.engine === 'service') return this.#settings.find(session, space, key, keyPosition);
    const tuple = index.find(key, parts, arrayLength(key, keyPosition));
    const isShown = this.#filter(session.effectiveUser, space);
    return tuple === NO_ADDRESS || isShown === null || isShown(tuple) ? tuple : NO_ADDRESS;
  }

  /** Throws unless the engine takes such a change: VIEW_IS_RO (113) or UNSUPPORTED (5). */
  checkWrite({ name, definition: { engine } }: Space, kind: WriteKind): void {
    if (engine === 'sysview') throw boxError('VIEW_IS_RO', name);
    if (engine === 'service' && kind !== 'update') {
      throw boxError('UNSUPPORTED', 'Session_settings space', `${kind}()`);
    }
    if (engine === 'blackhole' && kind !== 'replace') throw boxError('UNSUPPORTED', 'Blackhole', `${kind}()`);
  }

  updateSetting(
    session: Session,
    space: Space,
    index: SpaceIndex,
    bytes: Uint8Array,
    keyPosition: number,
    operationsPosition: number,
    indexBase: number,
  ): Address {
    exactKey(index, bytes, keyPosition);
    return this.#settings.update(session, space, bytes, keyPosition, operationsPosition, indexBase);
  }

  /** Takes a tuple that goes to the log only: its memory is given back when the transaction ends. */
  swallow(space: Space, tuple: Address): void {
    const free = (): void => space.freeTuple(tuple);
    this.#transactions.schemaChanged({ rollback: free, commit: free });
  }

  #open(
    session: Session,
    space: Space,
    index: SpaceIndex,
    iterator: IteratorType,
    key: Uint8Array,
    keyPosition: number,
    isFrozen: boolean,
  ): IndexCursor {
    if (space.definition.engine === 'service') {
      checkSelection(space, index, iterator, key, keyPosition);
      return this.#settings.select(session, space, iterator, key, keyPosition);
    }
    const cursor = openOwnCursor(space, index, iterator, key, keyPosition, isFrozen);
    const isShown = this.#filter(session.effectiveUser, space);
    return isShown === null ? cursor : new FilteredCursor(cursor, isShown);
  }

  #filter(credentials: Credentials, view: Space): RowFilter {
    const base = baseOfView(view.id);
    const access = this.#access;
    if (base === null || access.seesEveryRow(credentials, base)) return null;
    return (tuple) => {
      const row = new TupleReader(tupleSlab(view.arena, tuple), tuplePosition(tuple));
      return access.seesRow(credentials, base, row);
    };
  }
}

class FilteredCursor implements IndexCursor {
  readonly #cursor: IndexCursor;
  readonly #isShown: (tuple: Address) => boolean;

  constructor(cursor: IndexCursor, isShown: (tuple: Address) => boolean) {
    this.#cursor = cursor;
    this.#isShown = isShown;
  }

  next(): Address {
    for (;;) {
      const tuple = this.#cursor.next();
      if (tuple === NO_ADDRESS || this.#isShown(tuple)) return tuple;
    }
  }
}
