/** Spaces that one session of our own writes to and nobody else, whatever rights others have. */
import { boxError } from '../../base/index.ts';
import type { Space } from '../memtx/index.ts';
import type { Session } from './session.ts';

export class SpaceWriters {
  readonly #writers = new Map<number, Session>();

  set(spaceId: number, session: Session): void {
    this.#writers.set(spaceId, session);
  }

  /** Throws ER_ACCESS_DENIED for another session than that of the space. */
  check(session: Session, { id, name }: Space): void {
    if (this.#writers.size === 0) return;
    const writer = this.#writers.get(id);
    if (writer === undefined || writer === session) return;
    throw boxError('ACCESS_DENIED', 'Write', 'space', name, session.user.userName);
  }
}
