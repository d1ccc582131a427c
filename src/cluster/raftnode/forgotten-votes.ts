/**
 * Votes that this member may have given and does not know of. Who knows of no members need not be new: its directory may
 * have been emptied. So it does not vote before it knows them, nor in the term in which it has learned of them. Pure.
 */
import type { Message, RaftStatus } from '../../raft/index.ts';

export class ForgottenVotes {
  #isWithoutMembers = true;
  /** Votes up to this term may have been given. */
  #term = 0;

  /** Of a member that begins with this status. */
  constructor({ membership }: RaftStatus) {
    this.#isWithoutMembers = membership.voters.length === 0;
  }

  /** Whether the message asks for a vote that cannot be given; `status` before it is looked at. */
  forbids(message: Message, status: () => RaftStatus): boolean {
    if (this.#isWithoutMembers) {
      const { term, membership } = status();
      this.#term = term;
      this.#isWithoutMembers = membership.voters.length === 0;
    }
    if (message.kind !== 'vote-request' && message.kind !== 'pre-vote-request') return false;
    return this.#isWithoutMembers || message.term <= this.#term;
  }
}
