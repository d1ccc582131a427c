/** What tests of rights share: a bootstrapped catalog without a log, and changes of system spaces as box makes them. */
import { type BoxError, userId } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { type Address, Arena, NO_ADDRESS, ReadViews } from '../arena/index.ts';
import { bootstrapRows, Catalog, SYSTEM_SPACE } from '../catalog/index.ts';
import type { Space, SpaceMemory } from '../memtx/index.ts';
import { type Journal, TransactionManager } from '../txn/index.ts';
import { AccessControl, type Sha1Provider } from './access-control.ts';
import { type Credentials, type Trust, USER_ID } from './contract.ts';
import { SchemaAccess } from './schema-access.ts';
import { UserRegistry } from './user-registry.ts';

const MEMORY_BYTES = 64 * 1024 * 1024;
const UUID = '11111111-2222-4333-8444-555555555555';

/** A log whose batches settle when the test says so. */
class ManualJournal implements Journal {
  readonly lastReplicaId = 0;
  readonly lastLsn = 0;
  onSettled: (error: BoxError | null) => void = () => {};
  append(): void {}
  submit(): void {}
}

/** No digest, but different for different parts, of 20 bytes, and without a dependency. */
export const TEST_CRYPTO: Sha1Provider = {
  sha1: (...parts) => {
    const digest = new Uint8Array(20);
    let state = 17;
    for (const part of parts) {
      for (const byte of part) {
        state = (Math.imul(state, 31) + byte + 7) >>> 0;
        digest[state % 20]! ^= state >>> 11;
      }
    }
    for (let at = 0; at < 20; at++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      digest[at]! ^= state >>> 24;
    }
    return digest;
  },
};

export class AccessFixture {
  readonly catalog: Catalog;
  readonly transactions: TransactionManager;
  readonly users: UserRegistry;
  readonly access: AccessControl;
  readonly #journal = new ManualJournal();

  constructor(trust: Trust = { kind: 'stored' }) {
    this.transactions = new TransactionManager(this.#journal, () => {});
    this.users = new UserRegistry(trust);
    const ports = { access: new SchemaAccess(this.users) };
    const memories = { userMemory: newMemory(), systemMemory: newMemory() };
    this.catalog = new Catalog({ ...memories, tupleBytesMax: 1 << 20, ports });
    this.access = new AccessControl(this.catalog, TEST_CRYPTO, this.users);
    this.catalog.createSystemSpaces();
    for (const { spaceId, tuple } of bootstrapRows(UUID, UUID)) this.#put(this.admin, spaceId, tuple, false);
    this.settle();
  }

  get admin(): Credentials {
    return this.access.credentialsOf(userId(USER_ID.admin));
  }

  credentials(id: number): Credentials {
    return this.access.credentialsOf(userId(id));
  }

  insert(spaceId: number, row: readonly Value[], actor: Credentials = this.admin): void {
    this.#put(actor, spaceId, encodeToBytes(row), false);
  }

  replace(spaceId: number, row: readonly Value[], actor: Credentials = this.admin): void {
    this.#put(actor, spaceId, encodeToBytes(row), true);
  }

  delete(spaceId: number, key: readonly Value[], actor: Credentials = this.admin): void {
    this.#statement(actor, spaceId, (space) => {
      const old = space.index(0).find(encodeToBytes(key), 1, key.length);
      if (old === NO_ADDRESS) throw new TypeError(`nothing to delete in ${space.name}`);
      return [space.replace(old, NO_ADDRESS, 'insert'), NO_ADDRESS];
    });
  }

  createUser(id: number, name: string, type: 'user' | 'role' = 'user', password: string | null = null): void {
    const methods = new Map<Value, Value>(password === null ? [] : [['chap-sha1', password]]);
    this.insert(SYSTEM_SPACE.user, [id, USER_ID.admin, name, type, methods]);
  }

  createSpace(id: number, name: string, ownerId: number = USER_ID.admin): void {
    this.insert(SYSTEM_SPACE.space, [id, ownerId, name, 'memtx', 0, new Map(), []]);
  }

  grant(granteeId: number, type: string, id: Value, bits: number): void {
    this.replace(SYSTEM_SPACE.privilege, [USER_ID.admin, granteeId, type, id, bits]);
  }

  revoke(granteeId: number, type: string, id: Value): void {
    this.delete(SYSTEM_SPACE.privilege, [granteeId, type, id]);
  }

  space(id: number): Space {
    const space = this.catalog.space(id);
    if (space === undefined) throw new TypeError(`no space ${id}`);
    return space;
  }

  /** What has been committed becomes durable, or fails and is undone. */
  settle(error: BoxError | null = null): void {
    if (this.transactions.isIdle) return;
    this.transactions.flush();
    this.#journal.onSettled(error);
  }

  #put(actor: Credentials, spaceId: number, bytes: Uint8Array, mayReplace: boolean): void {
    this.#statement(actor, spaceId, (space) => {
      const tuple = space.newTuple(bytes, 0, bytes.length);
      return [space.replace(NO_ADDRESS, tuple, mayReplace ? 'replaceOrInsert' : 'insert'), tuple];
    });
  }

  /** A statement of the open transaction, or one of its own. */
  #statement(actor: Credentials, spaceId: number, change: (space: Space) => [Address, Address]): void {
    const { transactions } = this;
    const isOwn = !transactions.isActive;
    if (isOwn) transactions.begin();
    const mark = transactions.undoMark;
    try {
      const space = this.space(spaceId);
      const [oldTuple, newTuple] = change(space);
      transactions.changed(space, oldTuple, newTuple);
      this.catalog.systemChanged(space, oldTuple, newTuple, { user: actor, transactions });
    } catch (error) {
      if (isOwn) transactions.rollback();
      else transactions.rollbackStatement(mark, 0);
      throw error;
    }
    if (isOwn) transactions.commit();
  }
}

function newMemory(): SpaceMemory {
  const arena = new Arena(MEMORY_BYTES);
  return { arena, views: new ReadViews(arena) };
}
