/** Our engine in this process: box over a freshly bootstrapped catalog, with no log and no socket. */
import { createHash } from 'node:crypto';
import { BoxError, boxError } from '../../src/base/index.ts';
import { encodeToBytes, type Value } from '../../src/codec/msgpack/index.ts';
import {
  AccessControl,
  PRIVILEGE,
  SchemaAccess,
  type Trust,
  USER_ID,
  UserRegistry,
} from '../../src/engine/access/index.ts';
import { Arena, NO_ADDRESS, ReadViews } from '../../src/engine/arena/index.ts';
import { Box, resultBytes, type Session } from '../../src/engine/box/index.ts';
import { baseOfView, bootstrapRows, Catalog, TupleReader } from '../../src/engine/catalog/index.ts';
import type { Space, SpaceMemory } from '../../src/engine/memtx/index.ts';
import { RecoveryJournal, TransactionManager } from '../../src/engine/txn/index.ts';
import { describeValue } from '../conformance/describe.ts';
import { chapScramble, storedPassword } from '../support/raw-iproto.ts';
import { ADMIN_PASSWORD } from '../support/test-server.ts';
import { stringOfBytes } from './tarantool-peer.ts';
import type { Outcome, Request, RightsPeer, Step } from './steps.ts';

const SALT = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 1);
const SALT_BYTES = 20;
const USER_SPACE = 304;
const ITERATOR_ALL = 2;
const ITERATOR_EQ = 0;
const NO_UUID = '00000000-0000-0000-0000-000000000001';
const MEMORY_BYTES = 32 * 1024 * 1024;
const TUPLE_BYTES_MAX = 1024 * 1024;

export class EnginePeer implements RightsPeer {
  readonly box: Box;
  readonly access: AccessControl;
  readonly #sessions = new Map<string, Session>();

  constructor(trust: Trust = { kind: 'stored' }) {
    const transactions = new TransactionManager(new RecoveryJournal(), () =>
      queueMicrotask(() => transactions.flush()),
    );
    const users = new UserRegistry(trust);
    const catalog = new Catalog({
      userMemory: createMemory(),
      systemMemory: createMemory(),
      tupleBytesMax: TUPLE_BYTES_MAX,
      ports: { access: new SchemaAccess(users) },
    });
    this.access = new AccessControl(catalog, { sha1 }, users);
    catalog.createSystemSpaces();
    this.box = new Box(catalog, transactions, this.access);
    const { statements, adminSession } = this.box;
    for (const { spaceId, tuple } of bootstrapRows(NO_UUID, NO_UUID)) {
      statements.insert(adminSession, spaceId, tuple, 0, tuple.length);
    }
    const password = new Map([['chap-sha1', storedPassword(ADMIN_PASSWORD)]]);
    const admin = encodeToBytes([USER_ID.admin, USER_ID.admin, 'admin', 'user', password]);
    statements.replace(adminSession, USER_SPACE, admin, 0, admin.length);
  }

  session(who: string): Session {
    let session = this.#sessions.get(who);
    if (session === undefined) {
      session = this.box.sessions.open('binary', '');
      this.#sessions.set(who, session);
    }
    return session;
  }

  perform({ who, request }: Step): Promise<Outcome> {
    return Promise.resolve(this.performNow(who, request));
  }

  performNow(who: string, request: Request): Outcome {
    try {
      return { rows: `[${this.#rowsOf(this.session(who), request).join(', ')}]` };
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      const { code, message, type, fields } = error;
      return { code, message, type, fields: Object.entries(fields ?? {}) };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #rowsOf(session: Session, request: Request): string[] {
    const { statements } = this.box;
    switch (request.kind) {
      case 'insert':
      case 'replace': {
        const bytes = encodeToBytes(request.tuple);
        return this.#shown(statements[request.kind](session, request.spaceId, bytes, 0, bytes.length));
      }
      case 'delete':
        return this.#shown(statements.delete(session, request.spaceId, 0, encodeToBytes(request.key), 0));
      case 'select':
        return this.#select(session, request.spaceId, request.indexId, request.key);
      case 'call':
        this.access.checkCall(session.effectiveUser, request.name);
        throw boxError('NO_SUCH_PROC', request.name);
      case 'eval':
        this.access.checkUniverse(session.effectiveUser, PRIVILEGE.execute);
        return ['1'];
      case 'login': {
        const array =
          'password' in request.body
            ? ['chap-sha1', stringOfBytes(chapScramble(request.body.password, SALT.subarray(0, SALT_BYTES)))]
            : request.body.raw;
        session.login(this.access.authenticate(SALT, request.name, encodeToBytes(array), 0));
        return [];
      }
    }
  }

  #select(session: Session, spaceId: number, indexId: number, key: readonly Value[]): string[] {
    const { statements } = this.box;
    const iterator = key.length === 0 ? ITERATOR_ALL : ITERATOR_EQ;
    const cursor = statements.select(session, spaceId, indexId, iterator, 0, encodeToBytes(key), 0);
    const base = baseOfView(spaceId);
    const space = base === null ? statements.selected : this.#space(base);
    const rows: string[] = [];
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
      const bytes = resultBytes(space, tuple);
      if (base !== null && !this.access.seesEveryRow(session.effectiveUser, base)) {
        if (!this.access.seesRow(session.effectiveUser, base, new TupleReader(bytes, 0))) continue;
      }
      rows.push(describeValue(bytes, 0));
    }
    return rows;
  }

  #space(id: number): Space {
    const space = this.box.catalog.space(id);
    if (space === undefined) throw new Error(`no space ${id}`);
    return space;
  }

  #shown(tuple: number): string[] {
    return tuple === NO_ADDRESS ? [] : [describeValue(resultBytes(this.box.statements.selected, tuple), 0)];
  }
}

function createMemory(): SpaceMemory {
  const arena = new Arena(MEMORY_BYTES);
  return { arena, views: new ReadViews(arena) };
}

function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
