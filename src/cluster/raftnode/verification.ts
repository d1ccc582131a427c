/**
 * Whether a member's log still has all that it has told others. Asked when its directory is new, or is not where it was: the
 * other voters say what they have had from it, and nothing of that may be beyond what is there.
 *
 * What a voter has heard is in its memory. One that was started since says in its place what it could have had at the most:
 * its own last entry as acknowledged, and the vote for itself as given. That refuses some members that have lost nothing,
 * and none that has lost something.
 */
import { sameBytes } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import type { EntryId, HardState, Message, RaftId } from '../../raft/index.ts';
import type { MemberDirectory } from './directory.ts';
import type { Sender } from './message-codec.ts';

/** What a voter has had from a member at the most. */
export type Testimony = Readonly<{
  /** It was seen living in another directory, or with more starts. */
  isOutdated: boolean;
  /** It was heard of in any life. */
  isKnown: boolean;
  acknowledged: EntryId;
  /** In this term the voter may have got its vote; 0: in none. */
  votedTerm: number;
}>;

/** What this member has heard from the others since it was started. */
export class HeardMembers {
  readonly #self: RaftId;
  /** Last entry and own vote when it was started. */
  readonly #atStart: Readonly<{ last: EntryId; hardState: HardState }>;
  readonly #heard = new Map<RaftId, { acknowledged: EntryId; votedTerm: number }>();

  constructor(self: RaftId, last: EntryId, hardState: HardState) {
    this.#self = self;
    this.#atStart = { last, hardState };
  }

  /** `termAt` is that of the own log. */
  hear(message: Message, termAt: (index: number) => number | null): void {
    if (message.kind === 'vote-response' && message.isGranted) {
      const heard = this.#of(message.from);
      heard.votedTerm = Math.max(heard.votedTerm, message.term);
    } else if (message.kind === 'append-response' && message.rejection === null && message.index > 0) {
      const heard = this.#of(message.from);
      const id = { index: message.index, term: termAt(message.index) ?? message.term };
      if (isBeyond(id, heard.acknowledged)) heard.acknowledged = id;
    }
  }

  testify(about: RaftId, sender: Sender, directory: MemberDirectory): Testimony {
    const seen = directory.seen(about);
    const isOutdated =
      seen !== null && (!sameBytes(seen.directoryUuid, sender.directoryUuid) || seen.startCount > sender.startCount);
    if (seen === null) return { isOutdated, isKnown: false, acknowledged: { term: 0, index: 0 }, votedTerm: 0 };
    return { isOutdated, isKnown: true, ...this.#of(about) };
  }

  #of(id: RaftId): { acknowledged: EntryId; votedTerm: number } {
    let heard = this.#heard.get(id);
    if (heard === undefined) {
      const { last, hardState } = this.#atStart;
      heard = { acknowledged: last, votedTerm: hardState.vote === this.#self ? hardState.term : 0 };
      this.#heard.set(id, heard);
    }
    return heard;
  }
}

export function encodeTestimony({ isOutdated, isKnown, acknowledged, votedTerm }: Testimony): Value[] {
  return [isOutdated, isKnown, acknowledged.term, acknowledged.index, votedTerm];
}

export function decodeTestimony([isOutdated, isKnown, term, index, votedTerm]: readonly Value[]): Testimony {
  return {
    isOutdated: isOutdated === true,
    isKnown: isKnown === true,
    acknowledged: { term: Number(term), index: Number(index) },
    votedTerm: Number(votedTerm),
  };
}

/** What of a testimony about a member its log and votes do not bear out; null: nothing. */
export function contradiction(voter: RaftId, testimony: Testimony, last: EntryId, hardState: HardState): string | null {
  const { isOutdated, isKnown, acknowledged, votedTerm } = testimony;
  if (isOutdated) return `member ${voter} knows it from another directory, or from a later start`;
  if (!isKnown) return null;
  if (isBeyond(acknowledged, last)) {
    return `it may have acknowledged entry ${acknowledged.index} of term ${acknowledged.term} to member ${voter}, and ends with ${last.index} of term ${last.term}`;
  }
  const hasVote = hardState.term > votedTerm || (hardState.term === votedTerm && hardState.vote === voter);
  return votedTerm === 0 || hasVote
    ? null
    : `it may have voted for member ${voter} in term ${votedTerm}, and does not know of it`;
}

function isBeyond(one: EntryId, other: EntryId): boolean {
  return one.term > other.term || (one.term === other.term && one.index > other.index);
}
