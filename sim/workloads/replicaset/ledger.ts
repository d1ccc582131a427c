/**
 * What clients know of what they have written: what must be there, what may be, and what must not.
 *
 * Each key has one writer with one request at a time. A key whose request got no answer is not written again, so that of
 * every key at most two values are possible.
 */
import { ViolationError } from '../common/violation.ts';
import { valueText } from '../common/value-text.ts';
import type { Row } from '../common/dumps.ts';

/** The text of a row; null: there is none. */
type RowText = string | null;

export class RowLedger {
  readonly #known = new Map<number, RowText>();
  readonly #vague = new Map<number, readonly RowText[]>();
  /** Refused because the log could not take them; a power cut may bring them back. */
  readonly #cutOff = new Map<number, readonly RowText[]>();
  /** Transactions without an answer: all of their rows are there, or none. */
  #groups: (readonly (readonly [number, RowText])[])[] = [];

  /** Keys that may be written, because it is known what they hold. */
  get writableIds(): readonly number[] {
    return [...this.#known.keys()].filter((id) => this.#known.get(id) !== null);
  }

  acknowledged(id: number, row: Row | null): void {
    this.#known.set(id, textOf(row));
  }

  unknown(id: number, row: Row | null): void {
    this.#becomeVague(id, [this.#known.get(id) ?? null, textOf(row)]);
  }

  /** All of them or none. */
  unknownTogether(rows: readonly Row[]): void {
    const texts = rows.map((row) => [Number(row[0]), textOf(row)] as const);
    for (const row of rows) this.unknown(Number(row[0]), row);
    this.#groups.push(texts);
  }

  /** Refused, and cut off the log. */
  cutOff(id: number, row: Row | null): void {
    this.#cutOff.set(id, [this.#known.get(id) ?? null, textOf(row)]);
    this.#known.delete(id);
  }

  /** What was acknowledged may be lost. For keys that were written once. */
  loosen(): void {
    for (const [id, text] of this.#known) this.#vague.set(id, [null, text]);
    for (const [id, texts] of this.#vague) this.#vague.set(id, [null, ...texts]);
    this.#known.clear();
  }

  /** What was there is gone for good: nothing is known any more. */
  forget(): void {
    this.#known.clear();
    this.#vague.clear();
    this.#cutOff.clear();
    this.#groups = [];
  }

  /** Throws ViolationError if these rows cannot be all that there is. */
  check(where: string, rows: readonly Row[], hasLostPower: boolean): void {
    const found = new Map(rows.map((row) => [Number(row[0]), textOf(row)]));
    for (const [id, text] of this.#known) this.#requireOneOf(where, found, id, [text]);
    for (const [id, texts] of this.#vague) this.#requireOneOf(where, found, id, texts);
    for (const [id, texts] of this.#cutOff) {
      this.#requireOneOf(where, found, id, hasLostPower ? texts : texts.slice(0, 1));
    }
    for (const id of found.keys()) {
      if (!this.#known.has(id) && !this.#vague.has(id) && !this.#cutOff.has(id)) {
        throw new ViolationError(`${where}: ${found.get(id) ?? ''} was never written`);
      }
    }
    for (const group of this.#groups) {
      const present = group.filter(([id, text]) => found.get(id) === text).length;
      if (present !== 0 && present !== group.length) {
        throw new ViolationError(`${where}: of a transaction ${present} of ${group.length} rows are there`);
      }
    }
  }

  #becomeVague(id: number, texts: readonly RowText[]): void {
    this.#vague.set(id, texts);
    this.#known.delete(id);
  }

  #requireOneOf(where: string, found: ReadonlyMap<number, RowText>, id: number, texts: readonly RowText[]): void {
    const text = found.get(id) ?? null;
    if (texts.includes(text)) return;
    throw new ViolationError(`${where}: row ${id} is ${text ?? 'missing'}, and should be ${texts.join(' or ')}`);
  }
}

function textOf(row: Row | null): RowText {
  return row === null ? null : valueText(row);
}

/** Counters that are counted up by one: how often for sure, and at most. */
export class CounterLedger {
  readonly #counted = new Map<number, { least: number; most: number; cutOff: number }>();

  counted(id: number): void {
    const entry = this.#entry(id);
    entry.least++;
    entry.most++;
  }

  unknown(id: number): void {
    this.#entry(id).most++;
  }

  cutOff(id: number): void {
    this.#entry(id).cutOff++;
  }

  check(where: string, rows: readonly Row[], hasLostPower: boolean): void {
    checkPairs(where, rows);
    const values = new Map(rows.map((row) => [Number(row[0]), Number(row[1])]));
    for (const [id, { least, most, cutOff }] of this.#counted) {
      const value = values.get(id) ?? 0;
      const limit = hasLostPower ? most + cutOff : most;
      if (value < least || value > limit) {
        throw new ViolationError(`${where}: counter ${id} is ${value}, which is not within ${least} and ${limit}`);
      }
    }
  }

  #entry(id: number): { least: number; most: number; cutOff: number } {
    const known = this.#counted.get(id);
    if (known !== undefined) return known;
    const entry = { least: 0, most: 0, cutOff: 0 };
    this.#counted.set(id, entry);
    return entry;
  }
}

/** Counters 2n and 2n + 1 are counted up by transactions: whoever sees one without the other sees half of one. */
export function checkPairs(where: string, rows: readonly Row[]): void {
  const values = new Map(rows.map((row) => [Number(row[0]), Number(row[1])]));
  for (const [id, value] of values) {
    const other = values.get(id ^ 1) ?? 0;
    if (value !== other) throw new ViolationError(`${where}: counter ${id} is ${value}, and ${id ^ 1} is ${other}`);
  }
}

type Attempts = { readonly acknowledged: string[]; readonly possible: string[] };

/** Keys that several masters may give away at the same time: each keeps the row that came first there. */
export class SharedLedger {
  readonly #attempts = new Map<number, Attempts>();

  acknowledged(row: Row): void {
    const { acknowledged, possible } = this.#entry(Number(row[0]));
    acknowledged.push(valueText(row));
    possible.push(valueText(row));
  }

  unknown(row: Row): void {
    this.#entry(Number(row[0])).possible.push(valueText(row));
  }

  /** Keys given away more than once. */
  get conflictCount(): number {
    return [...this.#attempts.values()].filter(({ acknowledged }) => acknowledged.length > 1).length;
  }

  check(where: string, rows: readonly Row[]): void {
    const found = new Map(rows.map((row) => [Number(row[0]), valueText(row)]));
    for (const [id, { acknowledged, possible }] of this.#attempts) {
      const text = found.get(id);
      if (text === undefined && acknowledged.length > 0) throw new ViolationError(`${where}: shared ${id} is missing`);
      if (text !== undefined && !possible.includes(text)) {
        throw new ViolationError(`${where}: shared ${id} is ${text}, which nobody wrote`);
      }
    }
    for (const id of found.keys()) {
      if (!this.#attempts.has(id)) throw new ViolationError(`${where}: shared ${id} was never written`);
    }
  }

  #entry(id: number): Attempts {
    const known = this.#attempts.get(id);
    if (known !== undefined) return known;
    const entry: Attempts = { acknowledged: [], possible: [] };
    this.#attempts.set(id, entry);
    return entry;
  }
}
