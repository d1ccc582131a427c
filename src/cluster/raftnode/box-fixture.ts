/** What tests of consensus on an instance share: a box over a log that settles when the test says so, and a store in it. */
import type { BoxError } from '../../base/index.ts';
import { decodeValue, encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { AccessControl, SchemaAccess, UserRegistry } from '../../engine/access/index.ts';
import { Arena, NO_ADDRESS, ReadViews } from '../../engine/arena/index.ts';
import { Box, resultBytes, type Session } from '../../engine/box/index.ts';
import { bootstrapRows, Catalog } from '../../engine/catalog/index.ts';
import { ITERATOR } from '../../engine/indexes/index.ts';
import type { SpaceMemory } from '../../engine/memtx/index.ts';
import { type Journal, TransactionManager } from '../../engine/txn/index.ts';
import { createRaftSpaces, isRaftSpace, takeRaftSpaces } from './spaces.ts';
import { RaftStore } from './store.ts';

const MEMORY_BYTES = 32 * 1024 * 1024;
/** Of spaces of users. */
const TUPLE_BYTES_MAX = 1 << 10;
const NO_KEY = new Uint8Array(0);
const UUID = '11111111-2222-4333-8444-555555555555';

class ManualJournal implements Journal {
  readonly lastReplicaId = 0;
  readonly lastLsn = 0;
  onSettled: (error: BoxError | null) => void = () => {};
  submitted = 0;

  append(): void {}

  submit(): void {
    this.submitted++;
  }
}

function newMemory(): SpaceMemory {
  const arena = new Arena(MEMORY_BYTES);
  return { arena, views: new ReadViews(arena) };
}

/** With the spaces of consensus, and nothing in them. */
export class BoxFixture {
  readonly box: Box;
  /** The one that may write to them. */
  readonly session: Session;
  readonly #journal = new ManualJournal();

  constructor() {
    const users = new UserRegistry({ kind: 'stored' });
    const catalog = new Catalog({
      userMemory: newMemory(),
      systemMemory: newMemory(),
      tupleBytesMax: TUPLE_BYTES_MAX,
      ports: { access: new SchemaAccess(users), belongsToSystem: isRaftSpace },
    });
    catalog.createSystemSpaces();
    const transactions = new TransactionManager(this.#journal, () => {});
    const access = new AccessControl(catalog, { sha1: () => new Uint8Array(20) }, users);
    this.box = new Box(catalog, transactions, access);
    for (const { spaceId, tuple } of bootstrapRows(UUID, UUID)) {
      this.box.statements.insert(this.box.adminSession, spaceId, tuple, 0, tuple.length);
    }
    createRaftSpaces(this.box);
    this.settle();
    this.session = takeRaftSpaces(this.box);
  }

  newStore(): RaftStore {
    return new RaftStore(this.box, this.session);
  }

  /** What waits for the log is written, or refused with this error and undone. */
  settle(error: BoxError | null = null): void {
    const { transactions } = this.box;
    transactions.flush();
    while (this.#journal.submitted > 0) {
      this.#journal.submitted--;
      this.#journal.onSettled(error);
    }
  }

  /** One transaction: what fails in it undoes it. */
  run<Result>(body: () => Result): Result {
    const { transactions } = this.box;
    transactions.begin();
    try {
      const result = body();
      transactions.commit();
      return result;
    } catch (error) {
      transactions.rollback();
      throw error;
    }
  }

  replace(spaceId: number, tuple: readonly Value[]): void {
    const bytes = encodeToBytes(tuple);
    this.box.statements.replace(this.session, spaceId, bytes, 0, bytes.length);
  }

  /** All tuples of a space in the order of its primary key. */
  rows(spaceId: number): readonly Value[] {
    return this.tuples(spaceId).map((bytes) => decodeValue(bytes, 0));
  }

  /** The same as bytes. */
  tuples(spaceId: number): readonly Uint8Array[] {
    const space = this.box.catalog.space(spaceId);
    if (space === undefined) throw new TypeError(`no space ${spaceId}`);
    const tuples: Uint8Array[] = [];
    const cursor = space.index(0).select(ITERATOR.ALL, NO_KEY, 0, 0);
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
      tuples.push(resultBytes(space, tuple).slice());
    }
    return tuples;
  }
}
