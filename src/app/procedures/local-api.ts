/** What procedures, scripts and embedding programs get of the instance they run in. */
import { boxError, defined } from '../../base/index.ts';
import type { SpaceDefinition } from '../../client/index.ts';
import { PRIVILEGE } from '../../engine/access/index.ts';
import type { Box, InstanceControl, Session } from '../../engine/box/index.ts';
import type { Space } from '../../engine/memtx/index.ts';
import { LocalSchema } from './local-schema.ts';
import { LocalSpace } from './local-space.ts';
import { LocalTypedSpace } from './local-typed-space.ts';

export interface LocalApi {
  /** Name of the user whose rights count. */
  readonly user: string;
  readonly schema: LocalSchema;
  /** A space by name or id, with tuples as arrays. Throws ER_NO_SUCH_SPACE. */
  space(nameOrId: string | number): LocalSpace;
  /** A declared space, with rows as objects. */
  space<Definition extends SpaceDefinition>(definition: Definition): LocalTypedSpace<Definition>;
  /**
   * Runs the body as one transaction: all of its statements happen, or, if it throws, none. The body must not wait.
   */
  atomic<Result>(body: () => Result): Result;
  /** Makes a snapshot; resolves when it is durable. Throws ER_ACCESS_DENIED without the right to execute everything. */
  snapshot(): Promise<void>;
  /** Bytes that user spaces take, and what they may take. */
  memory(): Readonly<{ arenaBytes: number; usedBytes: number; quotaBytes: number }>;
}

export function createLocalApi(box: Box, session: Session): LocalApi {
  return new BoxLocalApi(box, session);
}

class BoxLocalApi implements LocalApi {
  readonly schema: LocalSchema;
  readonly #box: Box;
  readonly #session: Session;
  readonly #spaces = new Map<string | number, LocalSpace>();

  constructor(box: Box, session: Session) {
    this.#box = box;
    this.#session = session;
    this.schema = new LocalSchema(box, session);
  }

  get user(): string {
    return this.#session.effectiveUser.userName;
  }

  space(nameOrId: string | number): LocalSpace;
  space<Definition extends SpaceDefinition>(definition: Definition): LocalTypedSpace<Definition>;
  space(wanted: string | number | SpaceDefinition): LocalSpace | LocalTypedSpace<SpaceDefinition> {
    if (typeof wanted !== 'object') return this.#local(wanted);
    return new LocalTypedSpace(wanted, this.#local(wanted.name));
  }

  async snapshot(): Promise<void> {
    this.#box.access.checkUniverse(this.#session.effectiveUser, PRIVILEGE.execute);
    await this.#control().snapshot();
  }

  memory(): Readonly<{ arenaBytes: number; usedBytes: number; quotaBytes: number }> {
    return this.#control().memory();
  }

  atomic<Result>(body: () => Result): Result {
    const { transactions } = this.#box;
    transactions.begin();
    let result: Result;
    try {
      result = body();
      if (result instanceof Promise) throw boxError('TRANSACTION_YIELD');
    } catch (error) {
      if (transactions.isActive) transactions.rollback();
      throw error;
    }
    transactions.commit();
    return result;
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
