/**
 * Whether a member's log still has all that it has told others. Asked when its directory is new, or is not where it was: the
 * other voters say what they have had from it, and nothing of that may be beyond what is there.
 *
 * What a voter has heard is in its memory. One that was started since takes the vote for itself as given, and does not know
 * what was acknowledged to it while it led, not even as much as is in its own log: others may have written faster. If the
 * member has an entry of a later term, that leader had all that was committed before. Else it must not be behind any voter,
 * for what it helped to commit is in the log of one of them. And it must know of all changes of the group that they know of:
 * else it may have spoken with somebody whom it does not ask. That refuses some members that have lost nothing, and none that
 * has lost something.
 */
import type { Value } from '../../codec/msgpack/index.ts';
import { type EntryId, type HardState, type Message, NO_ENTRY, type RaftId } from '../../raft/index.ts';
import type { MemberDirectory } from './directory.ts';
import type { Sender } from './message-codec.ts';

/** What a voter has had from a member at the most. */
export type Testimony = Readonly<{
  /** Another life of it was seen: in another directory, started later, or of a copy that was started as often. */
  isOutdated: boolean;
  /** It was heard of in any life. */
  isKnown: boolean;
  acknowledged: EntryId;
  /** In this term the voter may have got its vote; 0: in none. */
  votedTerm: number;
  /** It may have acknowledged more to the voter, before that was started, as the leader of terms up to this one; 0: no. */
  forgottenTerm: number;
  /** Of the voter's own log. */
  last: EntryId;
  /** The last change of the group that the voter has, applied or not. */
  changeIndex: number;
}>;

/** What a voter says of its own log. */
export type VoterLog = Pick<Testimony, 'last' | 'changeIndex'>;

type Lives = Pick<MemberDirectory, 'judge' | 'hasHeardOf'>;

/** What this member has heard from the others since it was started. */
export class HeardMembers {
  /** In this term it may have got votes before it was started; 0: in none. */
  readonly #ownVoteTerm: number;
  /** It cannot have led in a later one by then. */
  readonly #ledTermMax: number;
  readonly #seenAtStart: ReadonlySet<RaftId>;
  readonly #heard = new Map<RaftId, { acknowledged: EntryId; votedTerm: number }>();

  /** Of a member that was started with this state, and with these members heard of. */
  constructor(self: RaftId, { term, vote }: HardState, seen: Iterable<RaftId>) {
    this.#ownVoteTerm = vote === self ? term : 0;
    this.#ledTermMax = vote === self ? term : term - 1;
    this.#seenAtStart = new Set(seen);
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

  testify(about: RaftId, sender: Sender, directory: Lives, log: VoterLog): Testimony {
    const isOutdated = directory.judge(sender) === 'outdated';
    if (!directory.hasHeardOf(about)) {
      return { ...log, isOutdated, isKnown: false, acknowledged: NO_ENTRY, votedTerm: 0, forgottenTerm: 0 };
    }
    const forgottenTerm = this.#seenAtStart.has(about) ? this.#ledTermMax : 0;
    return { ...log, isOutdated, isKnown: true, forgottenTerm, ...this.#of(about) };
  }

  #of(id: RaftId): { acknowledged: EntryId; votedTerm: number } {
    let heard = this.#heard.get(id);
    if (heard === undefined) {
      heard = { acknowledged: NO_ENTRY, votedTerm: this.#ownVoteTerm };
      this.#heard.set(id, heard);
    }
    return heard;
  }
}

export function encodeTestimony(testimony: Testimony): Value[] {
  const { isOutdated, isKnown, acknowledged, votedTerm, forgottenTerm, last, changeIndex } = testimony;
  const heard = [isOutdated, isKnown, acknowledged.term, acknowledged.index, votedTerm];
  return [...heard, forgottenTerm, last.term, last.index, changeIndex];
}

export function decodeTestimony(values: readonly Value[]): Testimony {
  const number = (place: number): number => Number(values[place]);
  return {
    isOutdated: values[0] === true,
    isKnown: values[1] === true,
    acknowledged: { term: number(2), index: number(3) },
    votedTerm: number(4),
    forgottenTerm: number(5),
    last: { term: number(6), index: number(7) },
    changeIndex: number(8),
  };
}

/** What a member has itself; with a directory that was empty, it need not know of changes, for it has spoken with nobody. */
export type OwnLog = Readonly<{ last: EntryId; changesKnownTo: number; hardState: HardState }>;

/** What of all voters' testimonies about a member it does not bear out; null: nothing. */
export function contradictionOfAll(testimonies: ReadonlyMap<RaftId, Testimony>, own: OwnLog): string | null {
  let forgottenTerm = 0;
  for (const [voter, testimony] of testimonies) {
    const reason = contradiction(voter, testimony, own);
    if (reason !== null) return reason;
    forgottenTerm = Math.max(forgottenTerm, testimony.forgottenTerm);
  }
  if (own.last.term > forgottenTerm) return null;
  for (const [voter, { last }] of testimonies) {
    if (isBeyond(last, own.last)) return `others were started since they heard of it, and it is behind member ${voter}`;
  }
  return null;
}

/** What of a testimony about a member its log and votes do not bear out; null: nothing. */
export function contradiction(
  voter: RaftId,
  testimony: Testimony,
  { last, changesKnownTo, hardState }: OwnLog,
): string | null {
  const { isOutdated, isKnown, acknowledged, votedTerm, changeIndex } = testimony;
  if (changeIndex > changesKnownTo) return `the group has changed with entry ${changeIndex}, which it does not know of`;
  if (isOutdated) return `member ${voter} knows it from another directory, or from another start`;
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
