/**
 * What a group has shown so far, of all its members in all their lives, and what therefore may never be seen: two leaders
 * of a term, two entries of the same term and index or two logs that differ before them, another entry where one was
 * committed, a leader without what is committed, two states behind the same entry, an acknowledged entry that is not the
 * committed one. (The properties of Ongaro, Ousterhout: In Search of an Understandable Consensus Algorithm, figure 3.)
 */
import type { EntryId } from '../../../src/raft/index.ts';
import { differences } from '../common/dumps.ts';
import { ViolationError } from '../common/violation.ts';

/** Of a content, so much is shown. */
const SHOWN_CHARACTERS = 200;

/** An entry as a member has it. `text` is the same for the same content. */
export type SeenEntry = Readonly<{ term: number; index: number; text: string }>;

export class GroupJournal {
  /** Leaders by term. */
  readonly #leaders = new Map<number, string>();
  /** By term and index: what the entry is and which one is before it. */
  readonly #entries = new Map<string, Readonly<{ text: string; previousTerm: number | null; who: string }>>();
  readonly #committed = new Map<number, Readonly<{ term: number; text: string; who: string }>>();
  #lastCommitted: EntryId = { term: 0, index: 0 };
  readonly #states = new Map<number, Readonly<{ text: string; who: string }>>();
  readonly #acknowledged = new Map<number, number>();

  /** How many terms had a leader. */
  get elections(): number {
    return this.#leaders.size;
  }

  /** The last entry that is known to be committed. */
  get lastCommitted(): EntryId {
    return this.#lastCommitted;
  }

  /** `termAt` is that of the leader's log, null if it does not reach so far, or no longer. */
  leads(who: string, term: number, termAt: (index: number) => number | null): void {
    const known = this.#leaders.get(term);
    if (known === who) return;
    if (known !== undefined) throw new ViolationError(`in term ${term} ${who} leads, and ${known} too`);
    this.#leaders.set(term, who);
    const { index, term: committedTerm } = this.#lastCommitted;
    if (committedTerm > term || index === 0) return;
    const found = termAt(index);
    if (found !== null && found !== committedTerm) {
      throw new ViolationError(
        `${who} leads in term ${term} with an entry ${index} of term ${found}, and that of term ${committedTerm} is committed`,
      );
    }
  }

  /** A leader's log ends before what is committed. */
  leadsBehind(who: string, term: number, lastIndex: number): void {
    const { index, term: committedTerm } = this.#lastCommitted;
    if (committedTerm > term || lastIndex >= index) return;
    throw new ViolationError(`${who} leads in term ${term} with ${lastIndex} entries, and ${index} are committed`);
  }

  /** `previousTerm` null: the entry before it is not known. */
  hasEntry(who: string, { term, index, text }: SeenEntry, previousTerm: number | null): void {
    const place = `${term} ${index}`;
    const known = this.#entries.get(place);
    if (known === undefined) {
      this.#entries.set(place, { text, previousTerm, who });
      return;
    }
    if (known.text !== text) {
      throw new ViolationError(
        `entry ${index} of term ${term} is ${shown(text)} for ${who}, and ${shown(known.text)} for ${known.who}`,
      );
    }
    if (previousTerm === null) return;
    if (known.previousTerm === null) this.#entries.set(place, { ...known, previousTerm });
    else if (known.previousTerm !== previousTerm) {
      throw new ViolationError(
        `before entry ${index} of term ${term} is one of term ${previousTerm} for ${who}, and of ` +
          `${known.previousTerm} for ${known.who}`,
      );
    }
  }

  /** The member takes this entry for committed. */
  hasCommitted(who: string, { term, index, text }: SeenEntry): void {
    const known = this.#committed.get(index);
    if (known === undefined) {
      this.#committed.set(index, { term, text, who });
      if (index > this.#lastCommitted.index) this.#lastCommitted = { term, index };
      this.#checkAcknowledged(index, term);
    } else if (known.term !== term || known.text !== text) {
      throw new ViolationError(
        `entry ${index} is committed as ${shown(text)} of term ${term} for ${who}, and as ${shown(known.text)} of term ` +
          `${known.term} for ${known.who}`,
      );
    }
  }

  /** What the entries up to `applied` have led to. */
  hasState(who: string, applied: number, text: string): void {
    const known = this.#states.get(applied);
    if (known === undefined) this.#states.set(applied, { text, who });
    else if (known.text !== text) {
      throw new ViolationError(
        `behind entry ${applied} ${who} has another state than ${known.who}:\n${differences(known.text, text)}`,
      );
    }
  }

  /** A client was told that this entry is applied. */
  wasAcknowledged({ term, index }: EntryId): void {
    this.#acknowledged.set(index, term);
    const known = this.#committed.get(index);
    if (known !== undefined) this.#checkAcknowledged(index, known.term);
  }

  /** Acknowledged entries of which no member has been seen to take them, or what stands behind them, for committed. */
  unseenAcknowledged(): readonly number[] {
    const unseen = [...this.#acknowledged].filter(([index, term]) => !this.#isCommitted(index, term));
    return unseen.map(([index]) => index);
  }

  /**
   * An entry may leave the log in the moment in which it is applied, with all others. It is committed with the next one if that
   * stands behind it; in one term it does, for a leader only appends.
   */
  #isCommitted(index: number, term: number): boolean {
    if (this.#committed.has(index)) return true;
    const next = this.#committed.get(index + 1);
    if (next === undefined || !this.#entries.has(`${term} ${index}`)) return false;
    return next.term === term || this.#entries.get(`${next.term} ${index + 1}`)?.previousTerm === term;
  }

  #checkAcknowledged(index: number, term: number): void {
    const acknowledged = this.#acknowledged.get(index);
    if (acknowledged === undefined || acknowledged === term) return;
    throw new ViolationError(
      `entry ${index} was acknowledged in term ${acknowledged}, and that of term ${term} is committed`,
    );
  }
}

function shown(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
}
