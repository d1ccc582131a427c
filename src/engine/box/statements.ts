/**
 * The statements of `box` on bytes: what every door ends up in. A statement outside of a transaction is one of its own.
 *
 * Invariants: (1) a failed statement leaves no trace: its changes, those of its triggers, and its rows are undone;
 * (2) a change of a system space is a change of the schema in the same step; (3) results are addresses, valid until the
 * turn ends; (4) after each call `waitingFor` says which batch, if any, has to settle before the caller may answer.
 */
import { boxError, defined, unreachable } from '../../base/index.ts';
import { REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { arrayLength, containerHeaderSize } from '../../codec/msgpack/index.ts';
import { type AccessControl, PRIVILEGE } from '../access/index.ts';
import { type Address, NO_ADDRESS } from '../arena/index.ts';
import type { Catalog, SpaceBuild } from '../catalog/index.ts';
import type { DuplicateMode, IndexCursor, SpaceIndex } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';
import type { CommitBatch, TransactionManager } from '../txn/index.ts';
import {
  decide,
  type Proposal,
  proposeDelete,
  proposePut,
  proposeTuple,
  proposeUpdate,
  proposeUpsert,
} from './before-replace.ts';
import { LIMITS } from '../../config/index.ts';
import type { CodeWatch } from './code-watch.ts';
import { hasLastingCursors, LargeSelection } from './large-selection.ts';
import {
  appendDeleteRow,
  appendUpsertRow,
  beginUpdateRow,
  endUpdateRow,
  groupOf,
  writeNothingRow,
  writeTupleRow,
} from './row-writer.ts';
import { checkSelection, findExact, iteratorType, openOwnCursor, openSelection } from './selection.ts';
import type { Session } from './session.ts';
import { SpaceWriters } from './space-writers.ts';
import { TupleUpdater } from './tuple-updater.ts';
import { VirtualSpaces } from './virtual-spaces.ts';

export class Statements {
  readonly #catalog: Catalog;
  readonly #transactions: TransactionManager;
  readonly #access: AccessControl;
  readonly #updater = new TupleUpdater();
  readonly #virtual: VirtualSpaces;
  readonly #code: CodeWatch;
  /** Whose statements have triggers that run, the innermost last. */
  readonly #actors: Session[] = [];
  readonly #undoMarks: number[] = [];
  /** The next statement is what before_replace triggers have made of another one: they are not asked again. */
  #isDecided = false;
  /** Set by the instance: `read_only`, or while it is not ready for writes. */
  isReadOnly = false;
  /** Set by the instance while it reads its data: rows that are there are not asked for rules that cannot be enforced. */
  isRecovering = false;
  /** The batch that makes the last statement durable; null if there is nothing to wait for. */
  waitingFor: CommitBatch | null = null;
  /** What has been built for the next change of the schema; whoever sets it takes it back. */
  prepared: SpaceBuild | null = null;
  /** The last batch that any statement joined; procedures reset it before and look at it after they ran. */
  lastWrite: CommitBatch | null = null;
  readonly writers = new SpaceWriters();
  #selected: Space | null = null;

  constructor(catalog: Catalog, transactions: TransactionManager, access: AccessControl, code: CodeWatch) {
    this.#code = code;
    this.#catalog = catalog;
    this.#transactions = transactions;
    this.#access = access;
    this.#virtual = new VirtualSpaces(access, transactions);
  }

  /** On whose behalf the statement is made whose triggers run now; null while none run. */
  get actor(): Session | null {
    return this.#actors.at(-1) ?? null;
  }

  /** The space that the last statement ran on: results are addresses in its arena. */
  get selected(): Space {
    return defined(this.#selected, 'the space of a statement that succeeded');
  }

  /** Tuples of an index in the iterator's order, from `offset` on. */
  select(
    session: Session,
    spaceId: number,
    indexId: number,
    iterator: number,
    offset: number,
    key: Uint8Array,
    keyPosition: number,
  ): IndexCursor {
    const type = iteratorType(iterator);
    const space = this.#spaceFor(session, spaceId, PRIVILEGE.read);
    this.waitingFor = null;
    if (space.definition.engine !== 'memtx') {
      return this.#virtual.select(session, space, space.index(indexId), type, offset, key, keyPosition);
    }
    return openSelection(space, space.index(indexId), type, offset, key, keyPosition);
  }

  /** The same in slices, as `LargeSelection.open` says; null for RTREE and BITSET, whose cursors outlive no change. */
  selectLarge(
    session: Session,
    spaceId: number,
    indexId: number,
    iterator: number,
    offset: number,
    limit: number,
    key: Uint8Array,
    keyPosition: number,
    nowMs: number | null,
  ): LargeSelection | null {
    const type = iteratorType(iterator);
    const space = this.#spaceFor(session, spaceId, PRIVILEGE.read);
    const index = space.index(indexId);
    if (!hasLastingCursors(index)) return null;
    const cursor =
      space.definition.engine === 'memtx'
        ? openOwnCursor(space, index, type, key, keyPosition, nowMs !== null)
        : this.#virtual.select(session, space, index, type, 0, key, keyPosition, nowMs !== null);
    return LargeSelection.open(this.#catalog, space, index, cursor, nowMs, offset, limit);
  }

  /** The tuple with the whole key, or NO_ADDRESS. */
  get(session: Session, spaceId: number, indexId: number, key: Uint8Array, keyPosition: number): Address {
    const space = this.#spaceFor(session, spaceId, PRIVILEGE.read);
    this.waitingFor = null;
    if (space.definition.engine !== 'memtx') {
      return this.#virtual.get(session, space, space.index(indexId), key, keyPosition);
    }
    return findExact(space.index(indexId), key, keyPosition);
  }

  /** How many tuples `select` would give. */
  count(
    session: Session,
    spaceId: number,
    indexId: number,
    iterator: number,
    key: Uint8Array,
    keyPosition: number,
  ): number {
    const type = iteratorType(iterator);
    const space = this.#spaceFor(session, spaceId, PRIVILEGE.read);
    const index = space.index(indexId);
    if (space.definition.engine !== 'memtx') return this.#virtual.count(session, space, index, type, key, keyPosition);
    checkSelection(space, index, type, key, keyPosition);
    const partCount = arrayLength(key, keyPosition);
    return index.count(type, key, keyPosition + containerHeaderSize(key, keyPosition), partCount);
  }

  /** An index, for what it says of itself. Throws ER_ACCESS_DENIED without the right to read the space. */
  readable(session: Session, spaceId: number, indexId: number): SpaceIndex {
    return this.#spaceFor(session, spaceId, PRIVILEGE.read).index(indexId);
  }

  /** Returns the stored tuple, or NO_ADDRESS if before_replace triggers made nothing of it. */
  insert(session: Session, spaceId: number, bytes: Uint8Array, position: number, end: number): Address {
    return this.#put(session, spaceId, 'insert', bytes, position, end);
  }

  /** Returns what `insert` returns. */
  replace(session: Session, spaceId: number, bytes: Uint8Array, position: number, end: number): Address {
    return this.#put(session, spaceId, 'replaceOrInsert', bytes, position, end);
  }

  /** Returns the tuple that was deleted, or NO_ADDRESS. */
  delete(session: Session, spaceId: number, indexId: number, key: Uint8Array, keyPosition: number): Address {
    const space = this.#spaceFor(session, spaceId, PRIVILEGE.write);
    if (space.definition.engine !== 'memtx') this.#virtual.checkWrite(space, 'delete');
    if (this.#mustAsk(space)) {
      return this.#ask(
        session,
        space,
        () => proposeDelete(space, indexId, key, keyPosition),
        () => this.delete(session, spaceId, indexId, key, keyPosition),
      );
    }
    const index = space.index(indexId);
    const marks = this.#begin(space);
    try {
      const old = findExact(index, key, keyPosition);
      if (old !== NO_ADDRESS) {
        space.replace(old, NO_ADDRESS, 'insert');
        this.#transactions.changed(space, old, NO_ADDRESS);
      }
      if (!space.definition.isTemporary && (old !== NO_ADDRESS || indexId === 0)) {
        appendDeleteRow(this.#transactions.redo, space, indexId, key, keyPosition, old);
      }
      if (old !== NO_ADDRESS && space.reacts) this.#react(session, space, old, NO_ADDRESS);
      this.#end(marks, space);
      return old;
    } catch (error) {
      this.#fail(marks);
      throw error;
    }
  }

  /** Returns the tuple as it is after the operations, or NO_ADDRESS if there is none with the key. */
  update(
    session: Session,
    spaceId: number,
    indexId: number,
    bytes: Uint8Array,
    keyPosition: number,
    operationsPosition: number,
    operationsEnd: number,
    indexBase: number,
  ): Address {
    const space = this.#spaceFor(session, spaceId, PRIVILEGE.write);
    if (space.definition.engine !== 'memtx') this.#virtual.checkWrite(space, 'update');
    const index = space.index(indexId);
    if (this.#mustAsk(space)) {
      return this.#ask(
        session,
        space,
        () => proposeUpdate(space, indexId, bytes, keyPosition, operationsPosition, indexBase),
        () => this.update(session, spaceId, indexId, bytes, keyPosition, operationsPosition, operationsEnd, indexBase),
      );
    }
    if (space.definition.engine === 'service') {
      this.waitingFor = null;
      return this.#virtual.updateSetting(session, space, index, bytes, keyPosition, operationsPosition, indexBase);
    }
    const marks = this.#begin(space);
    try {
      const old = findExact(index, bytes, keyPosition);
      let updated = NO_ADDRESS;
      if (old !== NO_ADDRESS) {
        updated = this.#updater.update(space, old, bytes, operationsPosition, indexBase);
        this.#exchange(space, old, updated, 'replace');
      }
      if (!space.definition.isTemporary && (old !== NO_ADDRESS || indexId === 0)) {
        const { redo } = this.#transactions;
        beginUpdateRow(redo, space, indexId, bytes, keyPosition, indexBase, old);
        endUpdateRow(redo, bytes, operationsPosition, operationsEnd);
      }
      if (old !== NO_ADDRESS && space.reacts) this.#react(session, space, old, updated);
      this.#end(marks, space);
      return updated;
    } catch (error) {
      this.#fail(marks);
      throw error;
    }
  }

  /** Inserts the tuple, or applies the operations to the one with its primary key. */
  upsert(
    session: Session,
    spaceId: number,
    bytes: Uint8Array,
    tuplePositionInBytes: number,
    tupleEnd: number,
    operationsPosition: number,
    operationsEnd: number,
    indexBase: number,
  ): void {
    const space = this.#spaceFor(session, spaceId, PRIVILEGE.write);
    if (space.definition.engine !== 'memtx') this.#virtual.checkWrite(space, 'upsert');
    if (this.#mustAsk(space)) {
      const [start, end] = [tuplePositionInBytes, tupleEnd];
      const again = (): Address => {
        this.upsert(session, spaceId, bytes, start, end, operationsPosition, operationsEnd, indexBase);
        return NO_ADDRESS;
      };
      this.#ask(session, space, () => proposeUpsert(space, bytes, start, end, operationsPosition, indexBase), again);
      return;
    }
    const primary = space.index(0);
    const marks = this.#begin(space);
    try {
      space.validate(bytes, tuplePositionInBytes, tupleEnd);
      const old = this.#updater.findSame(space, primary, bytes, tuplePositionInBytes);
      let updated: Address;
      if (old !== NO_ADDRESS) {
        updated = this.#updater.upsert(space, old, bytes, operationsPosition, indexBase);
      } else {
        this.#updater.checkUpsert(space, bytes, operationsPosition, indexBase);
        updated = space.storeTuple(bytes, tuplePositionInBytes, tupleEnd);
      }
      if (updated !== NO_ADDRESS) this.#exchange(space, old, updated, old === NO_ADDRESS ? 'insert' : 'replace');
      if (!space.definition.isTemporary) {
        const [start, end] = [tuplePositionInBytes, tupleEnd];
        appendUpsertRow(
          this.#transactions.redo,
          space,
          indexBase,
          bytes,
          operationsPosition,
          operationsEnd,
          start,
          end,
        );
      }
      if (updated !== NO_ADDRESS && space.reacts) this.#react(session, space, old, updated);
      this.#end(marks, space);
    } catch (error) {
      this.#fail(marks);
      throw error;
    }
  }

  #put(
    session: Session,
    spaceId: number,
    mode: DuplicateMode,
    bytes: Uint8Array,
    position: number,
    end: number,
  ): Address {
    const space = this.#spaceFor(session, spaceId, PRIVILEGE.write);
    if (space.definition.engine !== 'memtx') this.#virtual.checkWrite(space, 'replace');
    if (this.#mustAsk(space)) return this.#askPut(session, space, mode, bytes, position, end);
    const marks = this.#begin(space);
    try {
      const tuple =
        space.sequence === null
          ? space.newTuple(bytes, position, end)
          : this.#updater.withGeneratedField(this.#catalog, session.effectiveUser, space, bytes, position, end);
      let old = NO_ADDRESS;
      if (space.definition.engine === 'blackhole') this.#virtual.swallow(space, tuple);
      else old = this.#exchange(space, NO_ADDRESS, tuple, mode);
      if (!space.definition.isTemporary) {
        const { redo } = this.#transactions;
        redo.beginRow(mode === 'insert' ? REQUEST_TYPE.insert : REQUEST_TYPE.replace, groupOf(space));
        writeTupleRow(redo.bodies, space.id, space.arena, tuple);
        redo.endRow();
      }
      if (space.reacts) this.#react(session, space, old, tuple);
      this.#end(marks, space);
      return tuple;
    } catch (error) {
      this.#fail(marks);
      throw error;
    }
  }

  #mustAsk(space: Space): boolean {
    if (!this.#isDecided) return space.beforeReplace.length > 0;
    this.#isDecided = false;
    return false;
  }

  #askPut(
    session: Session,
    space: Space,
    mode: DuplicateMode,
    bytes: Uint8Array,
    position: number,
    end: number,
  ): Address {
    let filled = bytes;
    const propose = (): Proposal => {
      filled = proposePut(this.#catalog, session.effectiveUser, space, bytes, position, end);
      return proposeTuple(space, filled);
    };
    return this.#ask(session, space, propose, () => this.#put(session, space.id, mode, filled, 0, filled.length));
  }

  /**
   * Asks the before_replace triggers about the statement and does what they say, as one statement. `again` is the
   * statement itself; it is what happens, too, where there is nothing to decide.
   */
  #ask(session: Session, space: Space, propose: () => Proposal | null, again: () => Address): Address {
    const marks = this.#begin(space);
    const { undoMark } = this.#transactions;
    try {
      const proposal = propose();
      const result = proposal === null ? this.#decided(again) : this.#follow(session, space, proposal, again);
      this.#end(marks, space);
      return result;
    } catch (error) {
      this.#isDecided = false;
      if (marks === OWN_TRANSACTION || !this.#transactions.isActive) this.#fail(marks);
      else this.#transactions.rollbackStatement(undoMark, marks);
      throw error;
    }
  }

  #follow(session: Session, space: Space, proposal: Proposal, again: () => Address): Address {
    const decision = this.#runTriggers(session, space, () => decide(space, proposal, this.#code));
    switch (decision.kind) {
      case 'asked':
        return this.#decided(again);
      case 'nothing':
        if (!space.definition.isTemporary) writeNothingRow(this.#transactions.redo, space);
        return NO_ADDRESS;
      case 'delete':
        return this.#decided(() => this.delete(session, space.id, 0, decision.key, 0));
      case 'replace':
        return this.#decided(() =>
          this.#put(session, space.id, 'replaceOrInsert', decision.tuple, 0, decision.tuple.length),
        );
      default:
        return unreachable(decision);
    }
  }

  #runTriggers<Result>(session: Session, space: Space, run: () => Result): Result {
    const { redo } = this.#transactions;
    this.#actors.push(session);
    redo.isInTrigger = true;
    try {
      return run();
    } finally {
      this.#actors.pop();
      redo.isInTrigger = this.#actors.length > 0;
      this.#selected = space;
    }
  }

  #decided(statement: () => Address): Address {
    this.#isDecided = true;
    return this.#code.goOn(statement);
  }

  /** Changes the indexes and notes the undo entry; a tuple that found no place is freed. */
  #exchange(space: Space, oldTuple: Address, newTuple: Address, mode: DuplicateMode): Address {
    let replaced: Address;
    try {
      replaced = space.replace(oldTuple, newTuple, mode);
    } catch (error) {
      space.freeTuple(newTuple);
      throw error;
    }
    this.#transactions.changed(space, replaced, newTuple);
    return replaced;
  }

  #spaceFor(session: Session, spaceId: number, privilege: number): Space {
    const space = this.#catalog.space(spaceId);
    if (space === undefined) throw boxError('NO_SUCH_SPACE', String(spaceId));
    const { effectiveUser } = session;
    const needed = privilege | PRIVILEGE.usage;
    if ((effectiveUser.universe & needed) !== needed) this.#access.checkSpace(effectiveUser, space, privilege);
    if (privilege === PRIVILEGE.write) this.writers.check(session, space);
    this.#selected = space;
    return space;
  }

  /** Begins a transaction for the statement unless one is open; returns the redo mark, negative for an own one. */
  #begin(space: Space): number {
    if (this.isReadOnly && this.#isRefused(space)) throw boxError('READONLY');
    if (space.refusal !== null && !this.isRecovering) throw boxError('UNSUPPORTED', space.refusal, 'data changes');
    const transactions = this.#transactions;
    this.#code.spentMs = 0;
    const isOwn = !transactions.isActive;
    if (isOwn) transactions.begin();
    else if (this.#actors.length >= LIMITS.triggerNestingMax) throw boxError('SUB_STMT_MAX');
    this.#undoMarks[this.#actors.length] = transactions.undoMark;
    return isOwn ? OWN_TRANSACTION : transactions.redo.count;
  }

  /** Whether a server that takes no writes refuses this one: its own spaces it may fill, and it follows its master. */
  #isRefused({ definition }: Space): boolean {
    return !definition.isTemporary && !definition.isLocal && this.#transactions.redo.isOwnStatement;
  }

  #end(marks: number, space: Space): void {
    if (this.#code.spentMs > this.#code.limitMs && !this.isRecovering) throw this.#code.error(space.name);
    if (marks !== OWN_TRANSACTION) {
      this.waitingFor = null;
      return;
    }
    this.waitingFor = this.#transactions.commit();
    if (this.waitingFor !== null) this.lastWrite = this.waitingFor;
  }

  #fail(marks: number): void {
    const transactions = this.#transactions;
    this.waitingFor = null;
    // A COMMIT that the log refused has been undone by the transaction manager.
    if (!transactions.isActive) return;
    if (marks === OWN_TRANSACTION) transactions.rollback();
    else transactions.rollbackStatement(this.#undoMarks[this.#actors.length]!, marks);
  }

  /** Schema changes and triggers that follow from the change. */
  #react(session: Session, space: Space, oldTuple: Address, newTuple: Address): void {
    this.#runTriggers(session, space, () => {
      if (space.isSystem) {
        this.writers.checkDefinition(session, space, oldTuple, newTuple);
        this.#catalog.systemChanged(space, oldTuple, newTuple, {
          user: session.effectiveUser,
          transactions: this.#transactions,
          prepared: this.prepared,
        });
      }
      if (space.onReplace.length > 0)
        this.writers.runTriggers(space, oldTuple, newTuple, this.#code, this.#transactions);
    });
  }
}

const OWN_TRANSACTION = -1;
