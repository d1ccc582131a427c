/**
 * Whether a member's log still has all that it has told others. Asked when its directory is new, or is not where it was: the
 * other voters say what they have had from it, and nothing of that may be beyond what is there.
 *
 * What a voter has heard is in its memory. One that was started since takes the vote for itself as given, and does not know
 * what was acknowledged to it while it led, not even as much as is in its own log: others may have written faster. And what
 * a member wrote while it led itself was acknowledged to nobody, and counted. If the member has an entry of a later term,
 * that leader had all that was committed before. Else it must not be behind any voter, for what it helped to commit is in
 * the log of one of them. And it must know of all changes of the group that they know of: else it may have spoken with somebody
 * whom it does not ask. That refuses some members that have lost nothing, and none that has lost something.
 */
import type { Value } from '../../codec/msgpack/index.ts';
import { type EntryId, type HardState, type Message, NO_ENTRY, NO_ONE, type RaftId } from '../../raft/index.ts';
import type { MemberDirectory } from './directory.ts';
import type { Sender } from './message-codec.ts';

/** What a voter has had from a member at the most. Terms are 0 where there is none. */
export type Testimony = VoterLog &
  Readonly<{
    /** Another life of it was seen: in another directory, started later, or of a copy that was started as often. */
    isOutdated: boolean;
    /** That life was heard just now. */
    isAlive: boolean;
    /** It was heard of in any life. */
    isKnown: boolean;
    acknowledged: EntryId;
    /** The greatest term in which it has answered. */
    answeredTerm: number;
    /** In this term the voter may have got its vote. */
    votedTerm: number;
    /** It may have acknowledged more to the voter, before that was started, as the leader of terms up to this one. */
    forgottenTerm: number;
    /** It may have led itself in terms up to this one. */
    ledTerm: number;
  }>;

/** What a voter says of itself. */
export type VoterLog = Readonly<{
  /** Of its own log. */
  last: EntryId;
  /** The last change of the group that it has, applied or not. */
  changeIndex: number;
  term: number;
  /** Of that term, as far as it knows; NO_ONE: it knows of none. */
  leader: RaftId;
  /** To whom it has given its vote in that term. */
  vote: RaftId;
}>;

/** `lastMs` is when it was heard last. */
type Heard = { acknowledged: EntryId; answeredTerm: number; votedTerm: number; ledTerm: number; lastMs: number };
type Lives = Pick<MemberDirectory, 'judge' | 'hasHeardOf'>;

/** What this member has heard from the others since it was started. */
export class HeardMembers {
  /** In this term it may have got votes before it was started; 0: in none. */
  readonly #ownVoteTerm: number;
  /** It cannot have led in a later one by then. */
  readonly #ledTermMax: number;
  readonly #termAtStart: number;
  readonly #seenAtStart: ReadonlySet<RaftId>;
  readonly #heard = new Map<RaftId, Heard>();

  /** Of a member that was started with this state, and with these members heard of. */
  constructor(self: RaftId, { term, vote }: HardState, seen: Iterable<RaftId>) {
    this.#ownVoteTerm = vote === self ? term : 0;
    this.#ledTermMax = vote === self ? term : term - 1;
    this.#termAtStart = term;
    this.#seenAtStart = new Set(seen);
  }

  /** `termAt` is that of the own log. */
  hear(message: Message, nowMs: number, termAt: (index: number) => number | null): void {
    const heard = this.#of(message.from);
    heard.lastMs = nowMs;
    switch (message.kind) {
      case 'append-request':
      case 'heartbeat-request':
      case 'snapshot-request':
        heard.ledTerm = Math.max(heard.ledTerm, message.term);
        return;
      case 'append-response':
        heard.answeredTerm = Math.max(heard.answeredTerm, message.term);
        if (message.rejection === null && message.index > 0) {
          const id = { index: message.index, term: termAt(message.index) ?? message.term };
          if (isBeyond(id, heard.acknowledged)) heard.acknowledged = id;
        }
        return;
      case 'vote-response':
        if (!message.isGranted) return;
        heard.answeredTerm = Math.max(heard.answeredTerm, message.term);
        heard.votedTerm = Math.max(heard.votedTerm, message.term);
        return;
      default:
    }
  }

  /** Who was heard since `aliveSinceMs` is alive. */
  testify(about: RaftId, sender: Sender, directory: Lives, log: VoterLog, aliveSinceMs: number): Testimony {
    const isOutdated = directory.judge(sender) === 'outdated';
    const isKnown = directory.hasHeardOf(about);
    const heard = isKnown ? this.#of(about) : NOTHING_HEARD;
    const wasSeen = this.#seenAtStart.has(about);
    return {
      ...log,
      isOutdated,
      isAlive: heard.lastMs >= aliveSinceMs,
      isKnown,
      acknowledged: heard.acknowledged,
      answeredTerm: heard.answeredTerm,
      votedTerm: heard.votedTerm,
      forgottenTerm: wasSeen ? this.#ledTermMax : 0,
      ledTerm: Math.max(heard.ledTerm, log.vote === about ? log.term : 0, wasSeen ? this.#termAtStart : 0),
    };
  }

  #of(id: RaftId): Heard {
    let heard = this.#heard.get(id);
    if (heard === undefined) {
      heard = { ...NOTHING_HEARD, votedTerm: this.#ownVoteTerm };
      this.#heard.set(id, heard);
    }
    return heard;
  }
}

const NOTHING_HEARD: Heard = { acknowledged: NO_ENTRY, answeredTerm: 0, votedTerm: 0, ledTerm: 0, lastMs: -Infinity };

export function encodeTestimony(testimony: Testimony): Value[] {
  const { isOutdated, isAlive, isKnown, acknowledged, answeredTerm, votedTerm, forgottenTerm, ledTerm } = testimony;
  const { last, changeIndex, term, leader, vote } = testimony;
  const heard = [acknowledged.term, acknowledged.index, answeredTerm, votedTerm, forgottenTerm, ledTerm];
  return [isOutdated, isAlive, isKnown, ...heard, last.term, last.index, changeIndex, term, leader, vote];
}

export function decodeTestimony(values: readonly Value[]): Testimony {
  const number = (place: number): number => Number(values[place]);
  return {
    isOutdated: values[0] === true,
    isAlive: values[1] === true,
    isKnown: values[2] === true,
    acknowledged: { term: number(3), index: number(4) },
    answeredTerm: number(5),
    votedTerm: number(6),
    forgottenTerm: number(7),
    ledTerm: number(8),
    last: { term: number(9), index: number(10) },
    changeIndex: number(11),
    term: number(12),
    leader: number(13) as RaftId,
    vote: number(14) as RaftId,
  };
}

/** What a member has itself; with a directory that was empty, it need not know of changes, for it has spoken with nobody. */
export type OwnLog = Readonly<{ id: RaftId; last: EntryId; changesKnownTo: number; hardState: HardState }>;

/** What of all voters' testimonies about a member it does not bear out; null: nothing. */
export function contradictionOfAll(testimonies: ReadonlyMap<RaftId, Testimony>, own: OwnLog): string | null {
  const leaders = new Map<number, RaftId>();
  for (const { term, leader } of testimonies.values()) if (leader !== NO_ONE) leaders.set(term, leader);
  let coveredTerm = 0;
  for (const [voter, testimony] of testimonies) {
    const reason = contradiction(voter, testimony, own);
    if (reason !== null) return reason;
    const { ledTerm, forgottenTerm } = testimony;
    // A term has one leader.
    const leader = leaders.get(ledTerm) ?? own.id;
    coveredTerm = Math.max(coveredTerm, forgottenTerm, leader === own.id ? ledTerm : ledTerm - 1);
  }
  if (own.last.term > coveredTerm) return null;
  for (const [voter, { last }] of testimonies) {
    if (isBeyond(last, own.last))
      return `it may have told others more than they remember, and is behind member ${voter}`;
  }
  return null;
}

/** What of a testimony about a member its log and votes do not bear out; null: nothing. */
export function contradiction(
  voter: RaftId,
  testimony: Testimony,
  { last, changesKnownTo, hardState }: OwnLog,
): string | null {
  const { isOutdated, isKnown, acknowledged, answeredTerm, votedTerm, changeIndex } = testimony;
  if (changeIndex > changesKnownTo) return `the group has changed with entry ${changeIndex}, which it does not know of`;
  if (isOutdated) return `member ${voter} knows it from another directory, or from another start`;
  if (!isKnown) return null;
  if (isBeyond(acknowledged, last)) {
    return `it may have acknowledged entry ${acknowledged.index} of term ${acknowledged.term} to member ${voter}, and ends with ${last.index} of term ${last.term}`;
  }
  if (answeredTerm > hardState.term) {
    return `it has answered member ${voter} in term ${answeredTerm}, and knows of term ${hardState.term} only`;
  }
  const hasVote = hardState.term > votedTerm || (hardState.term === votedTerm && hardState.vote === voter);
  return votedTerm === 0 || hasVote
    ? null
    : `it may have voted for member ${voter} in term ${votedTerm}, and does not know of it`;
}

function isBeyond(one: EntryId, other: EntryId): boolean {
  return one.term > other.term || (one.term === other.term && one.index > other.index);
}
