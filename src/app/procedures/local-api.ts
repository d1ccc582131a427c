/** What procedures, scripts and embedding programs get of the instance they run in. */
import { boxError, defined } from '../../base/index.ts';
import type { SpaceDefinition } from '../../client/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { PRIVILEGE } from '../../engine/access/index.ts';
import type {
  Box,
  GarbageInformation,
  InstanceControl,
  Session,
  SessionKind,
  ShutdownHook,
} from '../../engine/box/index.ts';
import type { Space } from '../../engine/memtx/index.ts';
import { LocalSchema } from './local-schema.ts';
import { LocalSequence } from './local-sequence.ts';
import { LocalSpace } from './local-space.ts';
import { type LocalTransaction, OpenTransaction } from './local-transaction.ts';
import { LocalTypedSpace } from './local-typed-space.ts';

export interface LocalApi {
  /** Name of the user whose rights count. */
  readonly user: string;
  /**
   * Through which door it was asked for what runs now. Inside a trigger that is the door of the statement: `applier` for a
   * change that comes from a master.
   */
  readonly sessionType: SessionKind;
  readonly schema: LocalSchema;
  /** A space by name or id, with tuples as arrays. Throws ER_NO_SUCH_SPACE. */
  space(nameOrId: string | number): LocalSpace;
  /** A declared space, with rows as objects. */
  space<Definition extends SpaceDefinition>(definition: Definition): LocalTypedSpace<Definition>;
  /**
   * Runs the body as one transaction: all of its statements happen, or, if it throws, none. The body must not wait.
   */
  atomic<Result>(body: (transaction: LocalTransaction) => Result): Result;
  /** The open transaction, also for triggers of a statement. Its methods throw ER_NO_TRANSACTION without one. */
  readonly transaction: LocalTransaction;
  /** A sequence by name. Throws ER_NO_SUCH_SEQUENCE. */
  sequence(name: string): LocalSequence;
  /** Files for a copy of the data directory. Both throw ER_ACCESS_DENIED without the right to execute everything. */
  readonly backup: LocalBackup;
  /** Which snapshots are kept, and why. */
  garbage(): GarbageInformation;
  /** Calls back when the instance is asked to stop, and waits for it a little. Returns what takes it off again. */
  onShutdown(hook: ShutdownHook): () => void;
  /**
   * Announces a value under the key to whoever watches it, over whatever connection; undefined takes it back. Throws
   * ER_ILLEGAL_PARAMS for keys that begin with `box.`, which are the instance's own.
   */
  broadcast(key: string, value?: Value): void;
  /** Makes a snapshot; resolves when it is durable. Throws ER_ACCESS_DENIED without the right to execute everything. */
  snapshot(): Promise<void>;
  /** Bytes that user spaces take, and what they may take. */
  memory(): Readonly<{ arenaBytes: number; usedBytes: number; quotaBytes: number }>;
}

export interface LocalBackup {
  /**
   * Paths of the files that hold the state as it is now: a snapshot, `checkpointsBack` older than the newest, and the
   * logs behind it. None of them is removed until `stop`. Throws ER_BACKUP_IN_PROGRESS and ER_MISSING_SNAPSHOT.
   */
  start(checkpointsBack?: number): readonly string[];
  stop(): void;
}

export function createLocalApi(box: Box, session: Session): LocalApi {
  return new BoxLocalApi(box, session);
}

class BoxLocalApi implements LocalApi {
  readonly schema: LocalSchema;
  readonly transaction: LocalTransaction;
  readonly backup: LocalBackup;
  readonly #box: Box;
  readonly #session: Session;
  readonly #spaces = new Map<string | number, LocalSpace>();

  constructor(box: Box, session: Session) {
    this.#box = box;
    this.#session = session;
    this.schema = new LocalSchema(box, session);
    this.transaction = new OpenTransaction(box);
    this.backup = {
      start: (checkpointsBack = 0) => this.#controlWithRights().startBackup(checkpointsBack),
      stop: () => this.#controlWithRights().stopBackup(),
    };
  }

  get user(): string {
    return this.#session.effectiveUser.userName;
  }

  get sessionType(): SessionKind {
    return (this.#box.statements.actor ?? this.#session).kind;
  }

  space(nameOrId: string | number): LocalSpace;
  space<Definition extends SpaceDefinition>(definition: Definition): LocalTypedSpace<Definition>;
  space(wanted: string | number | SpaceDefinition): LocalSpace | LocalTypedSpace<SpaceDefinition> {
    if (typeof wanted !== 'object') return this.#local(wanted);
    return new LocalTypedSpace(wanted, this.#local(wanted.name));
  }

  async snapshot(): Promise<void> {
    await this.#controlWithRights().snapshot();
  }

  sequence(name: string): LocalSequence {
    return new LocalSequence(this.#box, this.#session, name);
  }

  broadcast(key: string, value?: Value): void {
    if (key.startsWith('box.')) throw boxError('ILLEGAL_PARAMS', "System event can't be overriden");
    this.#box.broadcasts.announce(key, value === undefined ? null : encodeToBytes(value));
  }

  garbage(): GarbageInformation {
    return this.#control().garbage();
  }

  onShutdown(hook: ShutdownHook): () => void {
    const { onShutdown } = this.#box;
    onShutdown.unshift(hook);
    return () => {
      const at = onShutdown.indexOf(hook);
      if (at >= 0) onShutdown.splice(at, 1);
    };
  }

  memory(): Readonly<{ arenaBytes: number; usedBytes: number; quotaBytes: number }> {
    return this.#control().memory();
  }

  atomic<Result>(body: (transaction: LocalTransaction) => Result): Result {
    const { transactions } = this.#box;
    transactions.begin();
    let result: Result;
    try {
      result = body(this.transaction);
      if (result instanceof Promise) throw boxError('TRANSACTION_YIELD');
    } catch (error) {
      if (transactions.isActive) transactions.rollback();
      throw error;
    }
    transactions.commit();
    return result;
  }

  #controlWithRights(): InstanceControl {
    this.#box.access.checkUniverse(this.#session.effectiveUser, PRIVILEGE.execute);
    return this.#control();
  }

  #control(): InstanceControl {
    return defined(this.#box.control, 'the instance around the engine');
  }

  #local(nameOrId: string | number): LocalSpace {
    const known = this.#spaces.get(nameOrId);
    if (known !== undefined) return known;
    const { catalog } = this.#box;
    const find = (): Space => {
      const space = typeof nameOrId === 'number' ? catalog.space(nameOrId) : catalog.spaceByName(nameOrId);
      if (space === undefined) throw boxError('NO_SUCH_SPACE', nameOrId);
      return space;
    };
    const space = new LocalSpace(this.#box, this.#session, find().name, find);
    this.#spaces.set(nameOrId, space);
    return space;
  }
}
