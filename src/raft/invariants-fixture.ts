/**
 * Raft's five safety properties (Ongaro and Ousterhout, 2014, figure 3) as a watcher of all members: it is shown a member
 * after each step and each message that leaves, remembers what was ever true, and throws where that is contradicted.
 */
import { assert, defined } from '../base/index.ts';
import { entryText, type TestMember } from './group-fixture.ts';
import { type Entry, type Message, NO_ONE, type RaftId } from './index.ts';

/** An entry of any log: what it says, and of which term the one before it is. */
type KnownEntry = Readonly<{ text: string; previousTerm: number | null }>;
type CommittedEntry = Readonly<{ term: number; inTerm: number }>;
type LeaderLog = Readonly<{ term: number; firstIndex: number; terms: readonly number[] }>;

export class Invariants {
  elections = 0;
  committedIndex = 1;
  /** What was ever applied anywhere ends here. */
  appliedIndex = 1;
  readonly #leaders = new Map<number, RaftId>();
  readonly #leaderLogs = new Map<RaftId, LeaderLog>();
  readonly #entries = new Map<string, KnownEntry>();
  readonly #committed = new Map<number, CommittedEntry>();
  readonly #applied = new Map<number, string>();
  readonly #digests = new Map<number, number>();
  readonly #votes = new Map<string, RaftId>();
  readonly #terms = new Map<RaftId, number>();

  /** After a step of this member. */
  look(member: TestMember): void {
    this.#lookAtLog(member);
    this.#lookAtCommits(member);
    if (member.node.core.role === 'leader') this.#lookAtLeader(member);
    else this.#leaderLogs.delete(member.id);
    this.#lookAtDisk(member);
    this.#lookAtState(member);
  }

  /** State machine safety: nobody applies another entry at the same index. */
  applied(entry: Entry): void {
    const text = entryText(entry);
    const known = this.#applied.get(entry.index) ?? text;
    assert(known === text, `entry ${entry.index} is applied as ${text}, and was as ${known}`);
    this.#applied.set(entry.index, text);
    this.appliedIndex = Math.max(this.appliedIndex, entry.index);
  }

  /** Votes and acknowledgements leave when what they follow from is durable. */
  leaves(message: Message, { storage, id }: TestMember): void {
    if (message.kind === 'vote-response' && message.isGranted) {
      const { term, vote } = storage.hardState;
      const isDurable = term > message.term || (term === message.term && vote === message.to);
      assert(isDurable, `the vote of ${id} for ${message.to} in term ${message.term} is not durable`);
    }
    if (message.kind === 'append-response' && message.rejection === null) {
      assert(storage.hardState.term >= message.term, `the term of an acknowledgement of ${id} is not durable`);
      const isReplaced = storage.hardState.term > message.term;
      assert(isReplaced || storage.lastIndex() >= message.index, `entry ${message.index} of ${id} is not durable`);
    }
  }

  /** Election safety, leader append-only, leader completeness. */
  #lookAtLeader({ id, node }: TestMember): void {
    const { term, log } = node.core;
    const leader = this.#leaders.get(term) ?? id;
    assert(leader === id, `${leader} and ${id} lead term ${term}`);
    if (!this.#leaders.has(term)) this.elections++;
    this.#leaders.set(term, id);
    const firstIndex = log.firstIndex();
    const terms = (log.entriesFrom(firstIndex, Infinity) ?? []).map((entry) => entry.term);
    const before = this.#leaderLogs.get(id);
    if (before !== undefined && before.term === term) {
      const kept = before.terms.slice(Math.max(0, firstIndex - before.firstIndex));
      assert(
        kept.every((each, place) => each === terms[place]),
        `leader ${id} of term ${term} replaced entries`,
      );
    } else {
      for (const [index, entry] of this.#committed) {
        if (index < firstIndex || entry.inTerm >= term) continue;
        assert(log.term(index) === entry.term, `leader ${id} of term ${term} lacks the committed entry ${index}`);
      }
    }
    this.#leaderLogs.set(id, { term, firstIndex, terms });
  }

  /** Log matching: entries of the same index and term are equal, and so are the ones before them. */
  #lookAtLog({ id, node }: TestMember): void {
    const { log } = node.core;
    const firstIndex = log.firstIndex();
    let previousTerm = log.term(firstIndex - 1);
    for (const entry of log.entriesFrom(firstIndex, Infinity) ?? []) {
      const key = `${entry.index}/${entry.term}`;
      const known = this.#entries.get(key);
      const text = entryText(entry);
      assert(known === undefined || known.text === text, `entry ${key} of ${id} is ${text}, and was ${known?.text}`);
      assert(
        known === undefined || known.previousTerm === previousTerm,
        `what is before entry ${key} of ${id} differs`,
      );
      if (known === undefined) this.#entries.set(key, { text, previousTerm });
      previousTerm = entry.term;
    }
  }

  #lookAtCommits({ id, node }: TestMember): void {
    const { log, term: inTerm } = node.core;
    for (let index = log.committed; index >= log.firstIndex(); index--) {
      const term = defined(log.term(index), 'term of a committed entry');
      const known = this.#committed.get(index);
      assert(known === undefined || known.term === term, `${id} committed another entry ${index}`);
      if (known === undefined || known.inTerm > inTerm) this.#committed.set(index, { term, inTerm });
    }
    this.committedIndex = Math.max(this.committedIndex, log.committed);
  }

  /** A durable vote never changes in its term, and no durable term falls. */
  #lookAtDisk({ id, storage }: TestMember): void {
    const { term, vote } = storage.hardState;
    assert(term >= (this.#terms.get(id) ?? 0), `the term of ${id} fell`);
    this.#terms.set(id, term);
    if (vote === NO_ONE) return;
    const key = `${id}/${term}`;
    const known = this.#votes.get(key) ?? vote;
    assert(known === vote, `${id} voted for ${known} and ${vote} in term ${term}`);
    this.#votes.set(key, vote);
  }

  /** Also of states that came as snapshots. */
  #lookAtState({ id, state }: TestMember): void {
    const { last, digest } = state;
    const known = this.#digests.get(last.index) ?? digest;
    assert(known === digest, `the state of ${id} at ${last.index} differs`);
    this.#digests.set(last.index, digest);
  }
}
