/**
 * What clients know of what they have written, in a replica set that may decide against what it was sent.
 *
 * Each key has one writer with one request at a time. A request without an answer may be sent again as it was, but the
 * key is not written otherwise, so that of every key at most two values are possible. When all members have come to the
 * same state, what is open is decided for good.
 */
import type { Row } from '../common/dumps.ts';
import { valueText } from '../common/value-text.ts';
import { ViolationError } from '../common/violation.ts';

/** The text of a row; null: there is none. */
type RowText = string | null;

/** How a request ended. */
export type Outcome =
  /** It waited for a quorum: it is there for good. */
  | 'confirmed'
  /** It waited for nobody: it may be lost with its leader. */
  | 'written'
  | 'unknown'
  /** Taken back; a new leader that knew nothing of that may have confirmed it. */
  | 'rolledBack'
  /** The log did not take it; a power cut may bring it back. */
  | 'failed';

type Open = Readonly<{ text: RowText; outcome: Exclude<Outcome, 'confirmed'>; term: number }>;

type Key = {
  settled: RowText;
  open: Open | null;
  isBusy: boolean;
  /** Who acknowledged `settled`; null if it was found, not acknowledged. */
  place: string | null;
};

/** What the state in which all agree is judged by. */
export type Judgement = Readonly<{
  /** Of the queue: what was written in this term has not changed its leader. */
  term: number;
  /** What a log refused may have come back. */
  mayReturn: boolean;
  onSurprise: (kind: 'revived' | 'lostAsynchronous') => void;
}>;

export class DecisionLedger {
  readonly #keys = new Map<number, Key>();
  /** Transactions without an answer: all of their rows are there, or none. */
  #groups: (readonly (readonly [number, RowText])[])[] = [];

  /** Keys that hold a row that was acknowledged, and are not being written. */
  writableIds(isOwn: (id: number) => boolean): readonly number[] {
    const isWritable = ({ open, isBusy, settled }: Key): boolean => open === null && !isBusy && settled !== null;
    return [...this.#keys].flatMap(([id, key]) => (isOwn(id) && isWritable(key) ? [id] : []));
  }

  begin(id: number): void {
    this.#key(id).isBusy = true;
  }

  /** `place`: who answered, and with which directory. */
  end(id: number, row: Row | null, outcome: Outcome | 'refused', term: number, place: string): void {
    const key = this.#key(id);
    key.isBusy = false;
    if (outcome === 'refused') return;
    const text = textOf(row);
    if (outcome === 'confirmed') {
      key.settled = text;
      key.open = null;
      key.place = place;
    } else if (key.open === null) key.open = { text, outcome, term };
    // A request that was sent again: what is worst of both is true.
    else if (key.open.outcome !== 'unknown') key.open = { text, outcome: 'unknown', term };
  }

  endTogether(rows: readonly Row[]): void {
    this.#groups.push(rows.map((row) => [Number(row[0]), textOf(row)] as const));
  }

  /** What this place has acknowledged and nobody is changing, as a check for an answer that comes later. */
  expectationAt(place: string): (where: string, rows: readonly Row[]) => void {
    const expected = [...this.#keys].filter(([, key]) => key.place === place && !key.isBusy && key.open === null);
    const texts = new Map(expected.map(([id, key]) => [id, key.settled]));
    return (where, rows) => {
      const found = textsOf(rows);
      for (const [id, text] of texts) {
        const { settled, isBusy, open } = this.#key(id);
        if (settled !== text || isBusy || open !== null || (found.get(id) ?? null) === text) continue;
        throw new ViolationError(
          `${where}: row ${id} was acknowledged as ${text ?? 'deleted'}, and is ${found.get(id) ?? 'missing'}`,
        );
      }
    };
  }

  /** Throws ViolationError if these rows cannot be all that there is. Then what is open is decided. */
  check(where: string, rows: readonly Row[], judgement: Judgement): void {
    const found = textsOf(rows);
    for (const [id, key] of this.#keys) {
      const text = found.get(id) ?? null;
      const possible = possibleTexts(key, judgement);
      if (!possible.includes(text)) {
        const why = key.open === null ? 'acknowledged' : `${key.open.outcome} in term ${key.open.term}`;
        const wanted = possible.map((each) => each ?? 'missing').join(' or ');
        throw new ViolationError(
          `${where}: row ${id} is ${text ?? 'missing'}, and should be ${wanted} (${why}; term ${judgement.term} now)`,
        );
      }
      const { open } = key;
      if (open?.outcome === 'rolledBack' && text === open.text) judgement.onSurprise('revived');
      if (open?.outcome === 'written' && text !== open.text) judgement.onSurprise('lostAsynchronous');
    }
    for (const [id, text] of found) {
      if (!this.#keys.has(id)) throw new ViolationError(`${where}: ${text} was never written`);
    }
    for (const group of this.#groups) {
      const present = group.filter(([id, text]) => found.get(id) === text).length;
      if (present !== 0 && present !== group.length) {
        throw new ViolationError(`${where}: of a transaction ${present} of ${group.length} rows are there`);
      }
    }
    this.#settle(found);
  }

  #settle(found: ReadonlyMap<number, string>): void {
    this.#groups = [];
    for (const [id, key] of this.#keys) {
      if (key.open === null) continue;
      key.settled = found.get(id) ?? null;
      key.open = null;
      key.place = null;
    }
  }

  #key(id: number): Key {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const key: Key = { settled: null, open: null, isBusy: false, place: null };
    this.#keys.set(id, key);
    return key;
  }
}

function possibleTexts({ settled, open }: Key, { term, mayReturn }: Judgement): readonly RowText[] {
  if (open === null) return [settled];
  const isSameTerm = open.term === term;
  switch (open.outcome) {
    case 'unknown':
      return [settled, open.text];
    case 'written':
      return isSameTerm ? [open.text] : [settled, open.text];
    case 'rolledBack':
      return isSameTerm ? [settled] : [settled, open.text];
    case 'failed':
      return mayReturn ? [settled, open.text] : [settled];
  }
}

function textsOf(rows: readonly Row[]): ReadonlyMap<number, string> {
  return new Map(rows.map((row) => [Number(row[0]), valueText(row)]));
}

function textOf(row: Row | null): RowText {
  return row === null ? null : valueText(row);
}
