/**
 * Clients that count up shared rows by transactions: read, write the next number, commit. Who loses a race hears of a
 * conflict; if an acknowledged step were lost to another, the number would be too small.
 */
import { ERROR_TABLE, SeededRandom } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/client/index.ts';
import { ViolationError } from '../common/violation.ts';
import type { Promised } from './history.ts';
import { SPACE } from './schema.ts';
import { failureOf, type Shop } from '../common/shop.ts';
import type { Row } from './state.ts';

const COUNTERS = 2;

/** How often each counter was counted up for sure, and at most. */
export class Counters {
  #least = new Array<number>(COUNTERS).fill(0);
  #most = new Array<number>(COUNTERS).fill(0);
  /** Steps that were cut off the log, and may be back after a power cut. */
  #cutOff = new Array<number>(COUNTERS).fill(0);

  counted(id: number): void {
    this.#least[id]!++;
    this.#most[id]!++;
  }

  unknown(id: number): void {
    this.#most[id]!++;
  }

  cutOff(id: number): void {
    this.#cutOff[id]!++;
  }

  /** Takes the rows as what the counters are now. Throws ViolationError if they cannot be. */
  found(rows: readonly Row[], promise: Promised, hasLostPower: boolean): void {
    for (let id = 0; id < COUNTERS; id++) {
      const value = Number(rows.find((row) => row[0] === id)?.[1] ?? 0);
      const least = promise === 'everything' ? this.#least[id]! : 0;
      const most = this.#most[id]! + (hasLostPower ? this.#cutOff[id]! : 0);
      if (promise !== 'nothing' && (value < least || value > most)) {
        throw new ViolationError(`counter ${id} is ${value}, which is not within ${least} and ${most}`);
      }
      this.#least[id] = value;
      this.#most[id] = value;
      this.#cutOff[id] = 0;
    }
  }
}

export function startCounterClient(shop: Shop, connection: Connection, name: string, counters: Counters): void {
  const random = new SeededRandom(shop.random.uint32());
  void shop.serve(name, connection, async () => {
    const id = random.below(COUNTERS);
    const stream = connection.stream();
    try {
      await stream.begin();
      const [row] = await stream.select(SPACE.counters, [id]);
      await stream.replace(SPACE.counters, [id, Number(row?.[1] ?? 0) + 1]);
    } catch (error) {
      const failure = failureOf(error, shop.counts);
      if (failure.kind === 'refused' && failure.code !== ERROR_TABLE.TRANSACTION_CONFLICT.code) throw error;
      await stream.rollback().catch(() => undefined);
      return;
    }
    try {
      await stream.commit();
      shop.counts.acknowledged++;
      counters.counted(id);
    } catch (error) {
      const failure = failureOf(error, shop.counts);
      if (failure.kind === 'unknown') counters.unknown(id);
      else if (failure.code === ERROR_TABLE.WAL_IO.code) counters.cutOff(id);
      else if (failure.code !== ERROR_TABLE.TRANSACTION_CONFLICT.code) throw error;
    }
  });
}
