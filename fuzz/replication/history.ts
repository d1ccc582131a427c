/** What a master wrote: transactions of several origins, and the state that they lead to. */
import type { SeededRandom } from '../../src/base/index.ts';
import { REQUEST_TYPE } from '../../src/codec/iproto/index.ts';
import { field, rowPacket, tupleBody } from './packets.ts';

export const PLAIN_SPACE = 512;
const ROWS_MAX = 4;
const KEYS = 30;
const KEY_FIELD = 0x20;
const SPACE_FIELD = 0x10;

export type Transaction = Readonly<{ replicaId: number; lastLsn: number; packets: readonly Uint8Array[] }>;

/** Rows by key, and how far each origin is. */
export type State = Readonly<{ rows: ReadonlyMap<number, string>; vclock: readonly number[] }>;

export class History {
  readonly #random: SeededRandom;
  readonly #origins: readonly number[];
  #rows: Map<number, string>;
  #vclock: number[];
  #transactions: Transaction[] = [];
  #count = 0;

  /** Goes on from a state with transactions of these origins. */
  constructor(random: SeededRandom, origins: readonly number[], state: State) {
    this.#random = random;
    this.#origins = origins;
    this.#rows = new Map(state.rows);
    this.#vclock = [...state.vclock];
  }

  get state(): State {
    return { rows: new Map(this.#rows), vclock: [...this.#vclock] };
  }

  lsnOf(replicaId: number): number {
    return this.#vclock[replicaId] ?? 0;
  }

  /** Goes on behind this LSN: those between are nobody's. */
  skipTo(replicaId: number, lsn: number): void {
    while (this.#vclock.length <= replicaId) this.#vclock.push(0);
    this.#vclock[replicaId] = lsn;
  }

  /** The state is this one now, whatever led to it; what came before is not sent again. */
  adopt(state: State): void {
    this.#rows = new Map(state.rows);
    this.#vclock = [...state.vclock];
    this.#transactions = [];
  }

  /** What a replica with this vclock lacks. */
  behind(vclock: readonly number[]): readonly Transaction[] {
    return this.#transactions.filter(({ replicaId, lastLsn }) => lastLsn > (vclock[replicaId] ?? 0));
  }

  /** Writes one more transaction. */
  next(replicaId = this.#random.pick(this.#origins)): Transaction {
    const count = this.#random.chance(0.6) ? 1 : 1 + this.#random.below(ROWS_MAX);
    const tsn = this.lsnOf(replicaId) + 1;
    const packets = Array.from({ length: count }, (_, at) => this.#change(replicaId, tsn + at, tsn, at === count - 1));
    this.skipTo(replicaId, tsn + count - 1);
    const transaction = { replicaId, lastLsn: tsn + count - 1, packets };
    this.#transactions.push(transaction);
    return transaction;
  }

  #change(replicaId: number, lsn: number, tsn: number, isLast: boolean): Uint8Array {
    const key = this.#random.below(KEYS);
    const place = { replicaId, lsn, tsn, isLast };
    if (this.#random.chance(0.2)) {
      this.#rows.delete(key);
      return rowPacket({
        ...place,
        type: REQUEST_TYPE.delete,
        body: [field(SPACE_FIELD, PLAIN_SPACE), field(KEY_FIELD, [key])],
      });
    }
    if (this.#random.chance(0.1)) return rowPacket({ ...place, type: REQUEST_TYPE.nop, body: null });
    const value = `value ${++this.#count}`;
    this.#rows.set(key, value);
    return rowPacket({ ...place, type: REQUEST_TYPE.replace, body: tupleBody(PLAIN_SPACE, [key, value]) });
  }
}

export function stateText({ rows }: State): string {
  return [...rows]
    .sort(([left], [right]) => left - right)
    .map(([key, value]) => `${key} ${value}`)
    .join('\n');
}
