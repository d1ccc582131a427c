/** What procedures, scripts and embedding programs get of the instance they run in. */
import { boxError } from '../../base/index.ts';
import type { SpaceDefinition } from '../../client/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import { LocalSchema } from './local-schema.ts';
import { LocalSpace } from './local-space.ts';
import { LocalTypedSpace } from './local-typed-space.ts';

export interface LocalApi {
  /** Name of the user whose rights count. */
  readonly user: string;
  readonly schema: LocalSchema;
  /** A space by name, with tuples as arrays. Throws ER_NO_SUCH_SPACE. */
  space(name: string): LocalSpace;
  /** A declared space, with rows as objects. */
  space<Definition extends SpaceDefinition>(definition: Definition): LocalTypedSpace<Definition>;
  /**
   * Runs the body as one transaction: all of its statements happen, or, if it throws, none. The body must not wait.
   */
  atomic<Result>(body: () => Result): Result;
}

export function createLocalApi(box: Box, session: Session): LocalApi {
  return new BoxLocalApi(box, session);
}

class BoxLocalApi implements LocalApi {
  readonly schema: LocalSchema;
  readonly #box: Box;
  readonly #session: Session;
  readonly #spaces = new Map<string, LocalSpace>();

  constructor(box: Box, session: Session) {
    this.#box = box;
    this.#session = session;
    this.schema = new LocalSchema(box, session);
  }

  get user(): string {
    return this.#session.effectiveUser.userName;
  }

  space(name: string): LocalSpace;
  space<Definition extends SpaceDefinition>(definition: Definition): LocalTypedSpace<Definition>;
  space(nameOrDefinition: string | SpaceDefinition): LocalSpace | LocalTypedSpace<SpaceDefinition> {
    if (typeof nameOrDefinition === 'string') return this.#local(nameOrDefinition);
    return new LocalTypedSpace(nameOrDefinition, this.#local(nameOrDefinition.name));
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

  #local(name: string): LocalSpace {
    const known = this.#spaces.get(name);
    if (known !== undefined) return known;
    const { catalog } = this.#box;
    const find = (): ReturnType<typeof catalog.spaceByName> & object => {
      const space = catalog.spaceByName(name);
      if (space === undefined) throw boxError('NO_SUCH_SPACE', name);
      return space;
    };
    find();
    const space = new LocalSpace(this.#box, this.#session, name, find);
    this.#spaces.set(name, space);
    return space;
  }
}
