/**
 * The load of the kill test, and what must be there of it: every writer numbers its writes, so after a kill its rows must
 * reach at least to the last acknowledged number, and no further than the last that was sent.
 */
import { BoxError, ERROR_TABLE } from '../../src/base/index.ts';
import type { Connection, Tuple } from '../../src/client/index.ts';

const SYSTEM = { space: 280, index: 288 } as const;
const SPACE = {
  /** `[writer, number]`, replaced again and again. */
  registers: 700,
  /** `[writer * IDS + number, writer, text]`, a row a write, with a secondary index. */
  ledger: 701,
  /** `[id, number]`: two rows that one transaction writes. */
  pairs: 702,
} as const;
const WRITERS_PER_CONNECTION = 4;
const CONNECTIONS = 4;
const WRITERS = WRITERS_PER_CONNECTION * CONNECTIONS;
/** Requests of one writer that are under way together. */
const PIPELINE = 8;
const IDS = 1_000_000_000;

/** Numbers of one writer. */
type Track = { sent: number; acknowledged: number; verified: number };

export interface KillLoad {
  readonly acknowledged: number;
  /** Requests that were under way when the server was killed. */
  readonly unknown: number;
  /** Makes what is missing of the schema. */
  prepare(connection: Connection): Promise<void>;
  /** Checks what was written since the last check, and takes what is there as the state to go on from. */
  verify(connection: Connection): Promise<void>;
  /** Checks all rows by all indexes. */
  verifyAll(connection: Connection): Promise<void>;
  /** Writes until the connections are lost; rejects if a request fails otherwise. */
  run(connections: readonly Connection[]): Promise<void>;
}

export function createLoad(): KillLoad {
  return new Load();
}

const tracks = (): Track[] => Array.from({ length: WRITERS }, () => ({ sent: 0, acknowledged: 0, verified: 0 }));

class Load implements KillLoad {
  readonly #registers = tracks();
  readonly #ledger = tracks();
  readonly #pairs = tracks();
  acknowledged = 0;
  unknown = 0;

  async prepare(connection: Connection): Promise<void> {
    for (const [name, id] of Object.entries(SPACE)) {
      await putMissing(connection, SYSTEM.space, [id], [id, 1, name, 'memtx', 0, {}, []]);
      await putMissing(connection, SYSTEM.index, [id, 0], [id, 0, 'pk', 'tree', { unique: true }, [[0, 'unsigned']]]);
    }
    const byWriter = [SPACE.ledger, 1, 'by_writer', 'tree', { unique: false }, [[1, 'unsigned']]];
    await putMissing(connection, SYSTEM.index, [SPACE.ledger, 1], byWriter);
  }

  async verify(connection: Connection): Promise<void> {
    const registers = numbersById(await connection.select(SPACE.registers, []));
    const pairs = numbersById(await connection.select(SPACE.pairs, []));
    for (let writer = 0; writer < WRITERS; writer++) {
      settle(`register of writer ${writer}`, this.#registers[writer]!, registers.get(writer) ?? 0);
      const [one, other] = [pairs.get(2 * writer) ?? 0, pairs.get(2 * writer + 1) ?? 0];
      if (one !== other) throw new Error(`half a transaction of writer ${writer} is there: ${one} and ${other}`);
      settle(`pair of writer ${writer}`, this.#pairs[writer]!, one);
      await this.#verifyLedger(connection, writer);
    }
  }

  /** The rows are without gaps: what was sent first is in the log first. */
  async #verifyLedger(connection: Connection, writer: number): Promise<void> {
    const track = this.#ledger[writer]!;
    const rows = await connection.select(SPACE.ledger, [writer * IDS + track.verified + 1], {
      iterator: 'GE',
      limit: track.sent - track.verified + 1,
    });
    const own = rows.filter((row) => Math.floor(Number(row[0]) / IDS) === writer);
    own.forEach((row, index) => {
      const id = writer * IDS + track.verified + 1 + index;
      if (row[0] !== id) throw new Error(`row ${id} is lost, ${String(row[0])} is there`);
    });
    settle(`ledger of writer ${writer}`, track, track.verified + own.length);
  }

  async verifyAll(connection: Connection): Promise<void> {
    for (let writer = 0; writer < WRITERS; writer++) {
      const expected = this.#ledger[writer]!.verified;
      const from = await connection.select(SPACE.ledger, [writer * IDS + 1], { iterator: 'GE', limit: expected });
      const bySecondary = await connection.select(SPACE.ledger, [writer], { index: 1 });
      const ids = (rows: readonly Tuple[]): string => rows.map((row) => String(row[0])).join();
      if (from.length !== expected || ids(from) !== ids(bySecondary)) {
        throw new Error(
          `writer ${writer} has ${expected} rows, the primary key ${from.length}, the other ${bySecondary.length}`,
        );
      }
    }
  }

  async run(connections: readonly Connection[]): Promise<void> {
    await Promise.all(
      connections.flatMap((connection, at) =>
        Array.from({ length: WRITERS_PER_CONNECTION }, (_, index) => {
          const writer = at * WRITERS_PER_CONNECTION + index;
          return [this.#replaceForEver, this.#insertForEver, this.#pairForEver].map((write) =>
            write.call(this, connection, writer),
          );
        }).flat(),
      ),
    );
  }

  async #replaceForEver(connection: Connection, writer: number): Promise<void> {
    const track = this.#registers[writer]!;
    while (await this.#write(track, (number) => connection.replace(SPACE.registers, [writer, number])));
  }

  async #insertForEver(connection: Connection, writer: number): Promise<void> {
    const track = this.#ledger[writer]!;
    const one = (): Promise<boolean> =>
      this.#write(track, (number) =>
        connection.insert(SPACE.ledger, [writer * IDS + number, writer, 'x'.repeat(number % 150)]),
      );
    for (;;) {
      const results = await Promise.all(Array.from({ length: PIPELINE }, one));
      if (results.includes(false)) return;
    }
  }

  async #pairForEver(connection: Connection, writer: number): Promise<void> {
    const track = this.#pairs[writer]!;
    const one = async (number: number): Promise<void> => {
      const stream = connection.stream();
      await stream.begin();
      await stream.replace(SPACE.pairs, [2 * writer, number]);
      await stream.replace(SPACE.pairs, [2 * writer + 1, number]);
      await stream.commit();
    };
    while (await this.#write(track, one));
  }

  /** One write with the next number; false when the connection is lost. */
  async #write(track: Track, send: (number: number) => Promise<unknown>): Promise<boolean> {
    const number = ++track.sent;
    try {
      await send(number);
    } catch (error) {
      if (!(error instanceof BoxError) || error.code !== ERROR_TABLE.NO_CONNECTION.code) throw error;
      this.unknown++;
      return false;
    }
    track.acknowledged = Math.max(track.acknowledged, number);
    this.acknowledged++;
    return true;
  }
}

function settle(what: string, track: Track, found: number): void {
  if (found < track.acknowledged || found > track.sent) {
    throw new Error(`${what} is ${found}: acknowledged was ${track.acknowledged}, sent was ${track.sent}`);
  }
  track.sent = found;
  track.acknowledged = found;
  track.verified = found;
}

function numbersById(rows: readonly Tuple[]): ReadonlyMap<number, number> {
  return new Map(rows.map((row) => [Number(row[0]), Number(row[1])]));
}

async function putMissing(connection: Connection, space: number, key: readonly number[], row: Tuple): Promise<void> {
  const found = await connection.select(space, key);
  if (found.length === 0) await connection.insert(space, row);
}
