/**
 * A client that writes to whoever leads: it keeps connections to all members and goes on to the next one when it is
 * refused. What got no answer it sends again, as it was, sooner or later.
 */
import { ERROR_TABLE, SeededRandom } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/client/index.ts';
import type { Row } from '../common/dumps.ts';
import type { SimulatedMember } from '../common/members/member.ts';
import { failureOf, type Shop } from '../common/shop.ts';
import type { RunCounts } from './counts.ts';
import type { DecisionLedger, Outcome } from './ledger.ts';
import { SPACE } from './schema.ts';

const IDS_PER_CLIENT = 100_000;
const TRANSACTION_ROWS_MAX = 4;
const RETRIES_MAX = 20;

const codesOf = (...names: readonly (keyof typeof ERROR_TABLE)[]): ReadonlySet<number> =>
  new Set(names.map((name) => ERROR_TABLE[name].code));

/** What an instance answers that does not lead, or has no data yet: nothing was written. */
const NOT_LEADER = codesOf(
  'READONLY',
  'LOADING',
  'NO_SUCH_SPACE',
  'NO_SUCH_INDEX_ID',
  'SYNC_QUEUE_UNCLAIMED',
  'SYNC_QUEUE_FOREIGN',
  'UNCOMMITTED_FOREIGN_SYNC_TXNS',
);
const TIMED_OUT = ERROR_TABLE.SYNC_QUORUM_TIMEOUT.code;
const ROLLED_BACK = ERROR_TABLE.SYNC_ROLLBACK.code;
const CONFLICT = ERROR_TABLE.TRANSACTION_CONFLICT.code;
const WAL_IO = ERROR_TABLE.WAL_IO.code;

export type Door = Readonly<{ member: SimulatedMember; connection: Connection }>;

export type WriterNeeds = Readonly<{
  shop: Shop<RunCounts>;
  synchronous: DecisionLedger;
  asynchronous: DecisionLedger;
  writesAsynchronously: boolean;
  /** The greatest term of the queue that anybody has seen. */
  term: () => number;
}>;

/** What is to be written: rows by id, null to delete. */
type Change = Readonly<{ ledger: DecisionLedger; id: number; row: Row | null }>;

/** Whose directory it is that has acknowledged something. */
export function placeOf({ name, directory }: SimulatedMember): string {
  return `${name} ${directory}`;
}

export class WriterClient {
  readonly #needs: WriterNeeds;
  readonly #doors: readonly Door[];
  readonly #random: SeededRandom;
  readonly #number: number;
  #target: number;
  #nextId: number;
  /** Sent and not answered; keys that were sent twice are not written again. */
  #toRepeat: { readonly id: number; readonly row: Row | null; left: number }[] = [];
  readonly #retired = new Set<number>();

  constructor(needs: WriterNeeds, doors: readonly Door[], number: number) {
    this.#needs = needs;
    this.#doors = doors;
    this.#random = new SeededRandom(needs.shop.random.uint32());
    this.#number = number;
    this.#target = this.#random.below(doors.length);
    this.#nextId = number * IDS_PER_CLIENT;
    const readiness = {
      get state(): Connection['state'] {
        return 'active';
      },
    };
    void needs.shop.serve(`writer ${number}`, readiness, () => this.#turn());
  }

  async #turn(): Promise<void> {
    if (this.#doors[this.#target]!.connection.state !== 'active') return this.#goOn();
    const kind = this.#random.below(20);
    if (kind < 3 && this.#toRepeat.length > 0) return this.#repeat();
    if (kind < 9) return this.#single(this.#newRow());
    if (kind < 13) return this.#change();
    if (kind < 16 || !this.#needs.writesAsynchronously) return this.#transaction();
    return this.#asynchronous();
  }

  /** Tries the next member from now on. */
  #goOn(): void {
    this.#target = (this.#target + 1) % this.#doors.length;
  }

  #newRow(): Row {
    const { shop } = this.#needs;
    const length = this.#random.chance(0.05) ? this.#random.below(2000) : this.#random.below(60);
    return [this.#nextId++, shop.nextStamp(), 'x'.repeat(length)];
  }

  #single(row: Row): Promise<void> {
    return this.#request([{ ledger: this.#needs.synchronous, id: Number(row[0]), row }], (connection) =>
      this.#random.chance(0.5) ? connection.insert(SPACE.synchronous, row) : connection.replace(SPACE.synchronous, row),
    );
  }

  #change(): Promise<void> {
    const { synchronous: ledger, shop } = this.#needs;
    const isOwn = (id: number): boolean => Math.floor(id / IDS_PER_CLIENT) === this.#number && !this.#retired.has(id);
    const own = ledger.writableIds(isOwn);
    if (own.length === 0) return this.#single(this.#newRow());
    const id = this.#random.pick(own.slice(-8));
    if (this.#random.chance(0.3)) {
      return this.#request([{ ledger, id, row: null }], (connection) => connection.delete(SPACE.synchronous, [id]));
    }
    const row = [id, shop.nextStamp(), 'y'.repeat(this.#random.below(60))];
    return this.#request([{ ledger, id, row }], (connection) => connection.replace(SPACE.synchronous, row));
  }

  async #repeat(): Promise<void> {
    const again = this.#random.pick(this.#toRepeat);
    this.#toRepeat = this.#toRepeat.filter((each) => each !== again && --each.left > 0);
    const { id, row } = again;
    this.#retired.add(id);
    this.#needs.shop.counts.retries++;
    await this.#request([{ ledger: this.#needs.synchronous, id, row }], (connection) =>
      row === null ? connection.delete(SPACE.synchronous, [id]) : connection.replace(SPACE.synchronous, row),
    );
  }

  /** Several rows, sometimes of both spaces: then all of them wait for a quorum. */
  #transaction(): Promise<void> {
    const { synchronous, asynchronous, shop } = this.#needs;
    const count = 1 + this.#random.below(TRANSACTION_ROWS_MAX);
    const changes: Change[] = [];
    for (let index = 0; index < count; index++) {
      const row = this.#newRow();
      changes.push({ ledger: synchronous, id: Number(row[0]), row });
    }
    const isMixed = this.#random.chance(0.4);
    if (isMixed) {
      const row = [this.#nextId++, shop.nextStamp()];
      changes.splice(this.#random.below(changes.length + 1), 0, { ledger: asynchronous, id: Number(row[0]), row });
    }
    return this.#request(changes, async (connection) => {
      const stream = connection.stream();
      try {
        await stream.begin();
        for (const { ledger, row } of changes) {
          await stream.insert(ledger === synchronous ? SPACE.synchronous : SPACE.asynchronous, row!);
        }
      } catch (error) {
        await stream.rollback().catch(() => undefined);
        throw error;
      }
      await stream.commit();
      if (isMixed) shop.counts.mixedTransactions++;
    });
  }

  async #asynchronous(): Promise<void> {
    const { asynchronous: ledger, shop } = this.#needs;
    const row = [this.#nextId++, shop.nextStamp()];
    const send = (connection: Connection): Promise<unknown> => connection.insert(SPACE.asynchronous, row);
    await this.#request([{ ledger, id: Number(row[0]), row }], send, 'written');
  }

  async #request(
    changes: readonly Change[],
    send: (connection: Connection) => Promise<unknown>,
    success: 'confirmed' | 'written' = 'confirmed',
  ): Promise<void> {
    const { counts } = this.#needs.shop;
    const { member, connection } = this.#doors[this.#target]!;
    const term = this.#needs.term();
    const place = placeOf(member);
    for (const { ledger, id } of changes) ledger.begin(id);
    const end = (outcome: Outcome | 'refused'): void => {
      for (const { ledger, id, row } of changes) ledger.end(id, row, outcome, term, place);
    };
    try {
      await send(connection);
      counts.acknowledged++;
      if (success === 'confirmed') counts.confirmed++;
      end(success);
    } catch (error) {
      const failure = failureOf(error, counts);
      const outcome = failure.kind === 'unknown' ? 'unknown' : this.#outcomeOf(failure.code, error);
      end(outcome);
      if (outcome === 'unknown') this.#unanswered(changes);
      this.#goOn();
    }
  }

  /** What a refusal says; throws what it may not be. */
  #outcomeOf(code: number, error: unknown): Outcome | 'refused' {
    const { counts } = this.#needs.shop;
    if (NOT_LEADER.has(code)) {
      counts.notLeader++;
      return 'refused';
    }
    if (code === CONFLICT) return 'refused';
    if (code === WAL_IO) return 'failed';
    if (code === TIMED_OUT) counts.timedOut++;
    else if (code === ROLLED_BACK) counts.rolledBack++;
    else throw error;
    return 'rolledBack';
  }

  #unanswered(changes: readonly Change[]): void {
    const [first] = changes;
    const { synchronous } = this.#needs;
    if (changes.length === 1 && first?.ledger === synchronous) {
      this.#toRepeat.push({ id: first.id, row: first.row, left: RETRIES_MAX });
    }
    for (const ledger of [synchronous, this.#needs.asynchronous]) {
      const rows = changes.flatMap((change) => (change.ledger === ledger && change.row !== null ? [change.row] : []));
      if (rows.length > 1) ledger.endTogether(rows);
    }
  }
}
