/**
 * The engine of an instance while it has no data, or not all: recovery or a join fills it. What was filled in vain is given
 * up as a whole, for an engine that is made as the first one was.
 */
import { boxError } from '../base/index.ts';
import { isRaftSpace } from '../cluster/raftnode/index.ts';
import type { RowReader } from '../codec/xlog/index.ts';
import { LIMITS } from '../config/index.ts';
import { AccessControl, SchemaAccess, UserRegistry } from '../engine/access/index.ts';
import { Arena, ReadViews } from '../engine/arena/index.ts';
import { Box, BoxRowApplier, CodeWatch, type ControlRowHandler, type Session } from '../engine/box/index.ts';
import { Catalog } from '../engine/catalog/index.ts';
import type { RowApplier } from '../engine/checkpoint/index.ts';
import type { SpaceMemory } from '../engine/memtx/index.ts';
import { RecoveryJournal, TransactionManager } from '../engine/txn/index.ts';
import type { Env } from '../env/index.ts';
import type { EmptyEngine, Members } from '../replication/index.ts';
import type { KeyFunctions } from './key-functions.ts';
import type { InstanceOptions } from './options.ts';

export type EngineMemories = Readonly<{ system: SpaceMemory; user: SpaceMemory }>;

export type Engine = Readonly<{
  box: Box;
  memories: EngineMemories;
  /** Until then each transaction is over, and what it replaced is freed, before the next one begins. */
  endRecovery: () => void;
}>;

export type EngineHandlers = Readonly<{
  /** What gives functional indexes their keys. */
  keyFunctions: KeyFunctions;
  /** The spaces of the schema are there, nothing has been recovered. Once for each engine. */
  onSchemaInit: (box: Box) => void;
  /** It takes the place of the one before, from which nothing is wanted any more. */
  onEngineRenewed: (box: Box) => void;
  /** Rows of elections and of the synchronous queue. */
  onControlRow: ControlRowHandler;
}>;

export class FillingEngine implements EmptyEngine {
  readonly #env: Env;
  readonly #options: InstanceOptions;
  readonly #members: Members;
  readonly #handlers: EngineHandlers;
  #engine: Engine;
  /** Whom triggers see at work while it joins. */
  #session: Session | null = null;

  constructor(env: Env, options: InstanceOptions, members: Members, handlers: EngineHandlers) {
    this.#env = env;
    this.#options = options;
    this.#members = members;
    this.#handlers = handlers;
    this.#engine = this.#create();
  }

  get engine(): Engine {
    return this.#engine;
  }

  get box(): Box {
    return this.#engine.box;
  }

  renew(): void {
    this.#members.forgetAll();
    this.#engine = this.#create();
    this.#session = null;
    this.#handlers.onEngineRenewed(this.box);
  }

  /** Takes another server's rows: until `joined`, those that bear the own id come from there, too. */
  applier(): RowApplier {
    const { box } = this;
    this.#members.isJoining = true;
    this.#session ??= box.sessions.open('applier', '', box.adminSession.user);
    return new BoxRowApplier(box, false, this.#handlers.onControlRow, this.#session);
  }

  /** The same engine, which refuses the data of another replica set as soon as they say whose they are. */
  onlyOf(replicasetUuid: string): EmptyEngine {
    return {
      applier: () => new MembersRows(this.applier(), () => this.box.catalog.replicasetUuid, replicasetUuid),
      renew: () => this.renew(),
    };
  }

  /** All have come, or nobody is to be asked for any. */
  joined(): void {
    this.#members.isJoining = false;
    if (this.#session !== null) this.box.sessions.close(this.#session);
    this.#session = null;
  }

  #create(): Engine {
    const engine = createEngine(this.#env, this.#options, this.#members, this.#handlers.keyFunctions);
    this.#handlers.onSchemaInit(engine.box);
    return engine;
  }
}

/** Rows of one replica set and no other. */
class MembersRows implements RowApplier {
  readonly #rows: RowApplier;
  readonly #received: () => string;
  readonly #expected: string;

  /** `received`: the uuid that has come, '' until then. */
  constructor(rows: RowApplier, received: () => string, expected: string) {
    this.#rows = rows;
    this.#received = received;
    this.#expected = expected;
  }

  applySnapshotTuple(spaceId: number, bytes: Uint8Array, position: number, end: number): void {
    this.#rows.applySnapshotTuple(spaceId, bytes, position, end);
    this.#check();
  }

  applySnapshotRow(row: RowReader): void {
    this.#rows.applySnapshotRow(row);
    this.#check();
  }

  finishSnapshot(): Iterable<void> {
    return this.#rows.finishSnapshot();
  }

  applyLogRow(row: RowReader): void {
    this.#rows.applyLogRow(row);
  }

  #check(): void {
    const received = this.#received();
    if (received !== '' && received !== this.#expected) {
      throw boxError('REPLICASET_UUID_MISMATCH', this.#expected, received);
    }
  }
}

function createEngine(env: Env, options: InstanceOptions, members: Members, keyFunctions: KeyFunctions): Engine {
  const userMemory = createMemory(options.memtxMemoryBytes);
  const systemMemory = createMemory(LIMITS.systemQuotaBytes);
  let isRecovering = true;
  const transactions = new TransactionManager(new RecoveryJournal(), () => {
    if (isRecovering) transactions.flush();
    else env.timers.endOfTurn(() => transactions.flush());
  });
  const users = new UserRegistry(options.trust);
  const code = new CodeWatch(env.clock, options.statementCodeMsMax);
  const catalog = new Catalog({
    userMemory,
    systemMemory,
    tupleBytesMax: options.memtxMaxTupleSizeBytes,
    ports: {
      access: new SchemaAccess(users),
      functions: keyFunctions.measuredBy(code),
      cluster: members,
      belongsToSystem: isRaftSpace,
    },
  });
  const access = new AccessControl(catalog, env.crypto, users);
  catalog.createSystemSpaces();
  const box = new Box(catalog, transactions, access, code);
  box.statements.isRecovering = true;
  const endRecovery = (): void => {
    isRecovering = false;
    box.statements.isRecovering = false;
    keyFunctions.isRecovering = false;
  };
  return { box, memories: { system: systemMemory, user: userMemory }, endRecovery };
}

function createMemory(quotaBytes: number): SpaceMemory {
  const arena = new Arena(quotaBytes);
  return { arena, views: new ReadViews(arena) };
}
