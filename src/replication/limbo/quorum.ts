/**
 * `replication_synchro_quorum`: a number, or a formula of N, the number of registered replicas.
 * A formula has numbers, N, `+ - * /`, a sign and parentheses; its value is rounded down. A quorum is 1..31 for every N,
 * else the setting is refused, with Tarantool's words where it has them.
 */
import { REPLICA_ID_MAX } from '../../base/index.ts';

export type QuorumSetting = number | string;

export type QuorumResult = Readonly<{ kind: 'quorum'; quorum: number }> | Readonly<{ kind: 'invalid'; reason: string }>;

/** What a majority of the registered replicas is, and the default. */
export const MAJORITY_FORMULA = 'N / 2 + 1';

/** Formulas are typed by people: longer or deeper ones are mistakes. */
const FORMULA_LENGTH_MAX = 1024;
const NESTING_MAX = 32;

/** How many instances must have a transaction, of `replicaCount` registered ones (1..31). */
export function evaluateQuorum(setting: QuorumSetting, replicaCount: number): QuorumResult {
  if (typeof setting === 'number') {
    const isInRange = Number.isInteger(setting) && setting >= 1 && setting <= REPLICA_ID_MAX;
    return isInRange ? { kind: 'quorum', quorum: setting } : invalid(NUMBER_OUT_OF_RANGE);
  }
  const value = evaluateFormula(setting, replicaCount);
  if (typeof value === 'string') return invalid(value);
  const quorum = Math.floor(value);
  if (quorum >= 1 && quorum <= REPLICA_ID_MAX) return { kind: 'quorum', quorum };
  return invalid(
    `the formula is evaluated to the quorum ${quorum} for replica number ${replicaCount}, ` +
      `which is out of range [1;${REPLICA_ID_MAX}]`,
  );
}

/** Why the setting cannot be used with some number of replicas; null if it can with all. */
export function checkQuorum(setting: QuorumSetting): string | null {
  for (let replicaCount = 1; replicaCount <= REPLICA_ID_MAX; replicaCount++) {
    const result = evaluateQuorum(setting, replicaCount);
    if (result.kind === 'invalid') return result.reason;
  }
  return null;
}

const NUMBER_OUT_OF_RANGE = 'the value must be greater than zero and less than maximal number of replicas';

function invalid(reason: string): QuorumResult {
  return { kind: 'invalid', reason };
}

/** The value, not rounded, or what is wrong with the formula. */
function evaluateFormula(text: string, replicaCount: number): number | string {
  if (text.length > FORMULA_LENGTH_MAX) return `the formula is longer than ${FORMULA_LENGTH_MAX} characters`;
  const formula = new Formula(text, replicaCount);
  const value = formula.sum(0);
  if (formula.problem === null && !formula.isAtEnd) formula.fail('an operator');
  if (formula.problem !== null) return formula.problem;
  return Number.isFinite(value) ? value : 'the formula did not evaluate to a number';
}

/** Reads and calculates at once, by recursive descent. After the first problem all values are NaN. */
class Formula {
  problem: string | null = null;
  readonly #text: string;
  readonly #replicaCount: number;
  #position = 0;

  constructor(text: string, replicaCount: number) {
    this.#text = text;
    this.#replicaCount = replicaCount;
  }

  get isAtEnd(): boolean {
    return this.#peek() === '';
  }

  fail(expected: string): number {
    const found = this.#peek();
    const what = found === '' ? 'ends' : `has '${found}' at ${this.#position + 1}`;
    this.problem ??= `the formula ${what} where ${expected} is expected`;
    return NaN;
  }

  sum(depth: number): number {
    let value = this.#product(depth);
    for (;;) {
      if (this.#take('+')) value += this.#product(depth);
      else if (this.#take('-')) value -= this.#product(depth);
      else return value;
    }
  }

  #product(depth: number): number {
    let value = this.#operand(depth);
    for (;;) {
      if (this.#take('*')) value *= this.#operand(depth);
      else if (this.#take('/')) value /= this.#operand(depth);
      else return value;
    }
  }

  #operand(depth: number): number {
    if (this.problem !== null) return NaN;
    if (this.#take('N')) return this.#replicaCount;
    const opening = this.#peek();
    if (opening === '(' || opening === '-') {
      if (depth >= NESTING_MAX) {
        this.problem = `the formula is nested deeper than ${NESTING_MAX}`;
        return NaN;
      }
      this.#position++;
      if (opening === '-') return -this.#operand(depth + 1);
      const value = this.sum(depth + 1);
      return this.#take(')') ? value : this.fail('an operator or )');
    }
    const digits = /^(?:\d+(?:\.\d*)?|\.\d+)/.exec(this.#text.slice(this.#position))?.[0];
    if (digits === undefined) return this.fail('a number, N or (');
    this.#position += digits.length;
    return Number(digits);
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#position++;
    return true;
  }

  /** The next character that is no blank; empty at the end. */
  #peek(): string {
    while (/\s/.test(this.#text.charAt(this.#position))) this.#position++;
    return this.#text.charAt(this.#position);
  }
}
