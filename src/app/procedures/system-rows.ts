/**
 * Rows of system spaces, which are how the schema is changed: written with the rights of the session, all rows of one
 * change in one transaction.
 */
import { boxError } from '../../base/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { Catalog, FunctionDefinition, Sequence, SystemSpaceId } from '../../engine/catalog/index.ts';
import type { Space } from '../../engine/memtx/index.ts';
import { LocalSpace } from './local-space.ts';

export class SystemRows {
  readonly box: Box;
  readonly session: Session;

  constructor(box: Box, session: Session) {
    this.box = box;
    this.session = session;
  }

  get catalog(): Catalog {
    return this.box.catalog;
  }

  /** Id of the user whom new objects belong to. */
  get userId(): number {
    return this.session.effectiveUser.userId;
  }

  /** A system space with the rights of the session. */
  of(id: SystemSpaceId): LocalSpace {
    return this.#space(this.session, id);
  }

  /** The same for what the instance itself looks up or writes: nobody's rights are asked for. */
  own(id: SystemSpaceId): LocalSpace {
    return this.#space(this.box.adminSession, id);
  }

  /** Runs the body as one transaction, or as part of the one that is open. */
  atomic(body: () => void): void {
    const { transactions } = this.box;
    if (transactions.isActive) {
      body();
      return;
    }
    transactions.begin();
    try {
      body();
    } catch (error) {
      if (transactions.isActive) transactions.rollback();
      throw error;
    }
    transactions.commit();
  }

  /** The id behind the largest that the space has. */
  nextId(id: SystemSpaceId): number {
    return Number(this.own(id).max()?.[0] ?? 0) + 1;
  }

  /** Throws NO_SUCH_SPACE (36). */
  space(name: string): Space {
    const space = this.catalog.spaceByName(name);
    if (space === undefined) throw boxError('NO_SUCH_SPACE', name);
    return space;
  }

  sequence(name: string): Sequence | undefined {
    for (const sequence of this.catalog.sequences()) if (sequence.definition.name === name) return sequence;
    return undefined;
  }

  /** Throws NO_SUCH_SEQUENCE (145). */
  existingSequence(name: string): Sequence {
    const sequence = this.sequence(name);
    if (sequence === undefined) throw boxError('NO_SUCH_SEQUENCE', name);
    return sequence;
  }

  /** Throws NO_SUCH_FUNCTION (51). */
  existingFunction(name: string): FunctionDefinition {
    const definition = this.catalog.functionByName(name);
    if (definition === undefined) throw boxError('NO_SUCH_FUNCTION', name);
    return definition;
  }

  #space(session: Session, id: SystemSpaceId): LocalSpace {
    return new LocalSpace(this.box, session, String(id), () => {
      const space = this.catalog.space(id);
      if (space === undefined) throw boxError('NO_SUCH_SPACE', String(id));
      return space;
    });
  }
}
