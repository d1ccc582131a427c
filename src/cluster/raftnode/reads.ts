/**
 * Reads that a quorum has to confirm. Those of one turn share a question; it is asked again each tick, for a question or its
 * answer may be lost, and the leader may be unknown.
 */
import type { BoxError } from '../../base/index.ts';
import type { RaftNode } from '../../raft/index.ts';
import { Waiters } from './waiters.ts';

export class Reads {
  readonly #waiters = new Waiters<number>();
  #nextRequestId = 0;
  #requestOfTurn: number | null = null;

  /** Questions are distinct over all starts, so that a late answer meets nobody else's question. */
  begin(startCount: number): void {
    this.#nextRequestId = startCount * 2 ** 32;
  }

  /** Resolves with the index that has to be applied before the read. Rejects with what `expire` gives. */
  ask(node: RaftNode, deadlineMs: number): Promise<number> {
    if (this.#requestOfTurn === null) {
      this.#requestOfTurn = this.#nextRequestId++;
      node.readIndex(this.#requestOfTurn);
    }
    return this.#waiters.add(this.#requestOfTurn, deadlineMs);
  }

  endTurn(): void {
    this.#requestOfTurn = null;
  }

  askAgain(node: RaftNode): void {
    for (const requestId of this.#waiters.keys()) node.readIndex(requestId);
  }

  confirmed(requestId: number, index: number): void {
    this.#waiters.resolve(requestId, index);
  }

  expire(nowMs: number, error: () => BoxError): void {
    this.#waiters.expire(nowMs, error);
  }

  rejectAll(error: BoxError): void {
    this.#waiters.rejectAll(error);
  }
}
