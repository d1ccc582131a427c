/**
 * Vector clocks: the last LSN seen of every origin, and their text in file headers.
 * A Vclock is plain data (it travels to workers): index = replica id (0 = local rows), a hole or a missing tail = 0.
 */
import { REPLICA_ID_MAX } from '../../base/index.ts';

export type Vclock = readonly number[];

export const EMPTY_VCLOCK: Vclock = [];

export type VclockOrder = 'equal' | 'before' | 'after' | 'incomparable';

/** The LSN of one origin, 0 if none was seen. */
export function vclockComponent(vclock: Vclock, replicaId: number): number {
  return vclock[replicaId] ?? 0;
}

/** The sum of all components, local rows included: it names the files. */
export function vclockSignature(vclock: Vclock): number {
  let sum = 0;
  for (let replicaId = 0; replicaId < vclock.length; replicaId++) sum += vclockComponent(vclock, replicaId);
  return sum;
}

/** How `left` stands to `right`: 'before' if no component is greater and one is less. */
export function compareVclocks(left: Vclock, right: Vclock): VclockOrder {
  let less = false;
  let greater = false;
  const length = Math.max(left.length, right.length);
  for (let replicaId = 0; replicaId < length; replicaId++) {
    const difference = vclockComponent(left, replicaId) - vclockComponent(right, replicaId);
    if (difference < 0) less = true;
    else if (difference > 0) greater = true;
  }
  if (less && greater) return 'incomparable';
  if (less) return 'before';
  return greater ? 'after' : 'equal';
}

/** Everything in `left` is in `right` too. */
export function vclockIsCoveredBy(left: Vclock, right: Vclock): boolean {
  for (let replicaId = 0; replicaId < left.length; replicaId++) {
    if (vclockComponent(left, replicaId) > vclockComponent(right, replicaId)) return false;
  }
  return true;
}

/** `{0: 9, 1: 119}`: ids ascending, zero components left out. */
export function formatVclock(vclock: Vclock): string {
  const parts: string[] = [];
  for (let replicaId = 0; replicaId < vclock.length; replicaId++) {
    const lsn = vclockComponent(vclock, replicaId);
    if (lsn !== 0) parts.push(`${replicaId}: ${lsn}`);
  }
  return `{${parts.join(', ')}}`;
}

export type VclockParseResult =
  | Readonly<{ kind: 'vclock'; vclock: Vclock }>
  /** `offset` counts from 1, as Tarantool's message does. */
  | Readonly<{ kind: 'invalid'; offset: number }>;

/**
 * Reads what `formatVclock` writes; blanks are free, ids come in any order, each once.
 * Ids above 31 and LSNs beyond the safe integers are invalid.
 */
export function parseVclock(text: string): VclockParseResult {
  const scanner = new Scanner(text);
  const vclock: number[] = [];
  if (!scanner.take('{')) return scanner.invalid();
  if (scanner.take('}')) return scanner.atEnd() ? { kind: 'vclock', vclock } : scanner.invalid();
  for (;;) {
    const replicaId = scanner.takeNumber(REPLICA_ID_MAX);
    if (replicaId < 0 || vclock[replicaId] !== undefined) return scanner.invalid();
    if (!scanner.take(':')) return scanner.invalid();
    const lsn = scanner.takeNumber(Number.MAX_SAFE_INTEGER);
    if (lsn < 0) return scanner.invalid();
    vclock[replicaId] = lsn;
    if (scanner.take('}')) return scanner.atEnd() ? { kind: 'vclock', vclock: dense(vclock) } : scanner.invalid();
    if (!scanner.take(',')) return scanner.invalid();
  }
}

/** Without holes, which structured clone would keep and iteration would show as undefined. */
function dense(vclock: readonly number[]): Vclock {
  return Array.from(vclock, (lsn: number | undefined) => lsn ?? 0);
}

class Scanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(character: string): boolean {
    this.#skipBlanks();
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  /** The decimal number here, or -1 if there is none up to `max`. */
  takeNumber(max: number): number {
    this.#skipBlanks();
    const digits = /^[0-9]{1,16}/.exec(this.#text.slice(this.#position, this.#position + 17))?.[0];
    if (digits === undefined) return -1;
    const value = Number(digits);
    if (value > max) return -1;
    this.#position += digits.length;
    return value;
  }

  atEnd(): boolean {
    this.#skipBlanks();
    return this.#position === this.#text.length;
  }

  invalid(): VclockParseResult {
    return { kind: 'invalid', offset: this.#position + 1 };
  }

  #skipBlanks(): void {
    while (this.#text[this.#position] === ' ' || this.#text[this.#position] === '\t') this.#position++;
  }
}
