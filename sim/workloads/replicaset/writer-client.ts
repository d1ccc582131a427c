/** A client of one master: it writes rows of its own, counts up its own pair of counters, and fights for shared keys. */
import { ERROR_TABLE, SeededRandom } from '../../../src/base/index.ts';
import type { Connection, TransactionStream } from '../../../src/client/index.ts';
import type { Row } from '../common/dumps.ts';
import { type Failure, failureOf, type Shop } from '../common/shop.ts';
import type { RunCounts } from './counts.ts';
import type { CounterLedger, RowLedger, SharedLedger } from './ledger.ts';
import { SPACE } from './schema.ts';

const IDS_PER_CLIENT = 100_000;
const TRANSACTION_ROWS_MAX = 4;
const WAL_IO = ERROR_TABLE.WAL_IO.code;
/** What a master may answer while it is not one: it starts, it has lost its masters, or the schema has not come yet. */
const NOT_READY: ReadonlySet<number> = new Set(
  (['READONLY', 'LOADING', 'NO_SUCH_SPACE', 'NO_SUCH_INDEX_ID', 'TRANSACTION_CONFLICT'] as const).map(
    (name) => ERROR_TABLE[name].code,
  ),
);

export type WriterLedgers = Readonly<{
  rows: RowLedger;
  counters: CounterLedger;
  shared: SharedLedger;
  local: RowLedger;
}>;

/** Whether a refusal means that nothing happened and that it may be so; throws it if it may not. */
export function requireRefusable(failure: Failure, error: unknown): void {
  if (failure.kind === 'refused' && failure.code !== WAL_IO && !NOT_READY.has(failure.code)) throw error;
}

export class WriterClient {
  readonly #shop: Shop<RunCounts>;
  readonly #connection: Connection;
  readonly #random: SeededRandom;
  readonly #number: number;
  readonly #memberName: string;
  readonly #ledgers: WriterLedgers;
  readonly #sharedId: (() => number) | null;
  #nextId: number;

  /** `sharedId`: the key that all clients try for at the moment; null: there is no such competition. */
  constructor(
    shop: Shop<RunCounts>,
    connection: Connection,
    number: number,
    memberName: string,
    ledgers: WriterLedgers,
    sharedId: (() => number) | null,
  ) {
    this.#shop = shop;
    this.#connection = connection;
    this.#random = new SeededRandom(shop.random.uint32());
    this.#number = number;
    this.#memberName = memberName;
    this.#ledgers = ledgers;
    this.#sharedId = sharedId;
    this.#nextId = number * IDS_PER_CLIENT;
    void shop.serve(`writer ${number} of ${memberName}`, connection, () => this.#turn());
  }

  #turn(): Promise<void> {
    const kind = this.#random.below(12);
    if (kind < 3) return this.#insert();
    if (kind < 6) return this.#change();
    if (kind < 8) return this.#count();
    if (kind < 10 || this.#sharedId === null) return this.#transaction();
    return this.#share(this.#sharedId());
  }

  #newRow(): Row {
    const length = this.#random.chance(0.05) ? this.#random.below(2000) : this.#random.below(60);
    return [this.#nextId++, this.#shop.nextStamp(), 'x'.repeat(length)];
  }

  async #insert(): Promise<void> {
    const row = this.#newRow();
    await this.#single(Number(row[0]), row, () => this.#connection.insert(SPACE.rows, row));
  }

  async #change(): Promise<void> {
    const { rows } = this.#ledgers;
    const own = rows.writableIds.filter((id) => Math.floor(id / IDS_PER_CLIENT) === this.#number);
    if (own.length === 0) return this.#insert();
    const id = this.#random.pick(own.slice(-8));
    if (this.#random.chance(0.3)) return this.#single(id, null, () => this.#connection.delete(SPACE.rows, [id]));
    const row = [id, this.#shop.nextStamp(), 'y'.repeat(this.#random.below(60))];
    await this.#single(id, row, () =>
      this.#random.chance(0.5)
        ? this.#connection.replace(SPACE.rows, row)
        : this.#connection.update(
            SPACE.rows,
            [id],
            [
              ['=', 1, row[1]!],
              ['=', 2, row[2]!],
            ],
          ),
    );
  }

  async #single(id: number, row: Row | null, send: () => Promise<unknown>): Promise<void> {
    const { rows } = this.#ledgers;
    try {
      await send();
      this.#shop.counts.acknowledged++;
      rows.acknowledged(id, row);
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      requireRefusable(failure, error);
      if (failure.kind === 'unknown') rows.unknown(id, row);
      else if (failure.code === WAL_IO) rows.cutOff(id, row);
    }
  }

  /** Both counters of the client, sometimes with a row. */
  async #count(): Promise<void> {
    const first = this.#number * 2;
    const row = this.#random.chance(0.4) ? this.#newRow() : null;
    const stream = this.#connection.stream();
    const isReady = await this.#prepare(stream, async () => {
      for (const id of [first, first + 1]) {
        if ((await stream.update(SPACE.counters, [id], [['+', 1, 1]])) === null) return false;
      }
      if (row !== null) await stream.insert(SPACE.rows, row);
      return true;
    });
    if (isReady === 'failed') return;
    if (!isReady) return this.#makeCounters(stream, first);
    const { counters, rows } = this.#ledgers;
    await this.#commit(stream, {
      done: () => {
        for (const id of [first, first + 1]) counters.counted(id);
        if (row !== null) rows.acknowledged(Number(row[0]), row);
      },
      unknown: () => {
        for (const id of [first, first + 1]) counters.unknown(id);
        if (row !== null) rows.unknown(Number(row[0]), row);
      },
      cutOff: () => {
        for (const id of [first, first + 1]) counters.cutOff(id);
        if (row !== null) rows.cutOff(Number(row[0]), row);
      },
    });
  }

  async #makeCounters(stream: TransactionStream, first: number): Promise<void> {
    try {
      await stream.rollback();
      for (const id of [first, first + 1]) await this.#connection.insert(SPACE.counters, [id, 0]);
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      if (failure.kind === 'refused' && failure.code === ERROR_TABLE.TUPLE_FOUND.code) return;
      requireRefusable(failure, error);
    }
  }

  /** Several rows, sometimes with one of the space that is not replicated among them. */
  async #transaction(): Promise<void> {
    const rows: Row[] = [];
    let local: Row | null = null;
    const stream = this.#connection.stream();
    const isReady = await this.#prepare(stream, async () => {
      const count = 1 + this.#random.below(TRANSACTION_ROWS_MAX);
      const localAt = this.#random.chance(0.4) ? this.#random.below(count + 1) : -1;
      for (let index = 0; index <= count; index++) {
        if (index === localAt) {
          local = [this.#nextId++, this.#memberName, this.#shop.nextStamp()];
          await stream.insert(SPACE.local, local);
        }
        if (index === count) break;
        const row = this.#newRow();
        rows.push(row);
        await stream.insert(SPACE.rows, row);
      }
      return true;
    });
    if (isReady !== true) return;
    const ledgers = this.#ledgers;
    const localRow = local as Row | null;
    await this.#commit(stream, {
      done: () => {
        for (const row of rows) ledgers.rows.acknowledged(Number(row[0]), row);
        if (localRow !== null) ledgers.local.acknowledged(Number(localRow[0]), localRow);
        if (rows.length > 1) this.#shop.counts.transactionsOfSeveralRows++;
      },
      unknown: () => {
        ledgers.rows.unknownTogether(rows);
        if (localRow !== null) ledgers.local.unknown(Number(localRow[0]), localRow);
      },
      cutOff: () => {
        for (const row of rows) ledgers.rows.cutOff(Number(row[0]), row);
        if (localRow !== null) ledgers.local.cutOff(Number(localRow[0]), localRow);
      },
    });
  }

  /** What is done before COMMIT leaves nothing behind if it fails. */
  async #prepare(stream: TransactionStream, work: () => Promise<boolean>): Promise<boolean | 'failed'> {
    try {
      await stream.begin();
      return await work();
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      requireRefusable(failure, error);
      if (failure.kind === 'refused') await stream.rollback().catch(() => undefined);
      return 'failed';
    }
  }

  async #commit(
    stream: TransactionStream,
    outcomes: Readonly<{ done: () => void; unknown: () => void; cutOff: () => void }>,
  ): Promise<void> {
    try {
      await stream.commit();
      this.#shop.counts.acknowledged++;
      outcomes.done();
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      requireRefusable(failure, error);
      if (failure.kind === 'unknown') outcomes.unknown();
      else if (failure.code === WAL_IO) outcomes.cutOff();
    }
  }

  async #share(id: number): Promise<void> {
    const row = [id, this.#shop.nextStamp()];
    const { shared } = this.#ledgers;
    try {
      await this.#connection.insert(SPACE.shared, row);
      this.#shop.counts.acknowledged++;
      shared.acknowledged(row);
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      if (failure.kind === 'refused' && failure.code === ERROR_TABLE.TUPLE_FOUND.code) return;
      requireRefusable(failure, error);
      if (failure.kind === 'unknown' || failure.code === WAL_IO) shared.unknown(row);
    }
  }
}
