/** A client that inserts rows whose ids come from a sequence: an id is never given twice. */
import { ERROR_TABLE } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/client/index.ts';
import { ViolationError } from '../common/violation.ts';
import type { Promised } from './history.ts';
import { SPACE } from './schema.ts';
import { failureOf, type Shop } from '../common/shop.ts';
import type { Row } from './state.ts';

/** By stamp: what is known of the tickets asked for. */
export class Tickets {
  readonly #acknowledged = new Map<number, number>();
  readonly #unknown = new Set<number>();
  readonly #cutOff = new Set<number>();

  acknowledged(stamp: number, id: number): void {
    this.#acknowledged.set(stamp, id);
  }

  unknown(stamp: number): void {
    this.#unknown.add(stamp);
  }

  cutOff(stamp: number): void {
    this.#cutOff.add(stamp);
  }

  /** Takes the rows as all that there is. Throws ViolationError if one is missing or should not be there. */
  found(rows: readonly Row[], promise: Promised, hasLostPower: boolean): void {
    const idByStamp = new Map(rows.map((row) => [Number(row[1]), Number(row[0])]));
    if (idByStamp.size !== rows.length) throw new ViolationError('a ticket is there twice');
    for (const [stamp, id] of this.#acknowledged) {
      const found = idByStamp.get(stamp);
      if (promise === 'nothing' || (found === undefined && promise === 'earlier moment')) continue;
      if (found !== id) throw new ViolationError(`ticket ${stamp} has id ${found ?? 'none'} and not ${id}`);
    }
    for (const stamp of idByStamp.keys()) {
      const isAllowed =
        promise === 'nothing' ||
        this.#acknowledged.has(stamp) ||
        this.#unknown.has(stamp) ||
        (hasLostPower && this.#cutOff.has(stamp));
      if (!isAllowed) throw new ViolationError(`ticket ${stamp} was refused and is there`);
    }
    this.#acknowledged.clear();
    for (const [stamp, id] of idByStamp) this.#acknowledged.set(stamp, id);
    this.#unknown.clear();
    this.#cutOff.clear();
  }
}

export function startTicketClient(shop: Shop, connection: Connection, tickets: Tickets): void {
  void shop.serve('tickets', connection, async () => {
    const stamp = shop.nextStamp();
    try {
      const row = await connection.insert(SPACE.tickets, [null, stamp]);
      shop.counts.acknowledged++;
      tickets.acknowledged(stamp, Number(row[0]));
    } catch (error) {
      const failure = failureOf(error, shop.counts);
      if (failure.kind === 'unknown') tickets.unknown(stamp);
      else if (failure.code === ERROR_TABLE.WAL_IO.code) tickets.cutOff(stamp);
      else throw error;
    }
  });
}
