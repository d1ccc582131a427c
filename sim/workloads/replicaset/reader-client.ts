/**
 * A client of any member: it writes rows that are not replicated, and reads what is. Within one life of an instance
 * counters do not go back, and nobody sees half of a transaction.
 */
import { ERROR_TABLE, SeededRandom } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/client/index.ts';
import type { Row } from '../common/dumps.ts';
import { failureOf, type Shop } from '../common/shop.ts';
import { ViolationError } from '../common/violation.ts';
import type { RunCounts } from './counts.ts';
import { checkPairs, type RowLedger } from './ledger.ts';
import type { SimulatedMember } from '../common/members/member.ts';
import { SPACE } from './schema.ts';
import { requireRefusable } from './writer-client.ts';

const FIRST_ID = 50_000_000;

/** `mayRollBack`: writes fail, so that what was read may not stay. */
export function startReaderClient(
  shop: Shop<RunCounts>,
  connection: Connection,
  member: SimulatedMember,
  local: RowLedger,
  mayRollBack: () => boolean,
): void {
  const random = new SeededRandom(shop.random.uint32());
  const seen = new LastSeen(member);
  let nextId = FIRST_ID;
  void shop.serve(`reader of ${member.name}`, connection, async () => {
    if (random.chance(0.3)) {
      await writeLocal(shop, connection, member, local, [nextId++, member.name, shop.nextStamp()]);
      return;
    }
    const { life } = member;
    try {
      const rows = await connection.select(SPACE.counters, []);
      if (member.life === life) seen.check(rows, mayRollBack());
    } catch (error) {
      if (error instanceof ViolationError) throw error;
      requireRefusable(failureOf(error, shop.counts), error);
    }
  });
}

/** What the instance has answered may be lost with its machine's power, or with its directory, before the client hears it. */
async function writeLocal(
  shop: Shop<RunCounts>,
  connection: Connection,
  member: SimulatedMember,
  ledger: RowLedger,
  row: Row,
): Promise<void> {
  const id = Number(row[0]);
  const { directory, life } = member;
  const isSameLife = (): boolean => member.life === life && member.host.isRunning;
  try {
    await connection.insert(SPACE.local, row);
    shop.counts.acknowledged++;
    if (isSameLife()) ledger.acknowledged(id, row);
    else if (member.directory === directory) ledger.unknown(id, row);
  } catch (error) {
    const failure = failureOf(error, shop.counts);
    requireRefusable(failure, error);
    if (member.directory !== directory) return;
    if (failure.kind === 'unknown') ledger.unknown(id, row);
    else if (failure.code === ERROR_TABLE.WAL_IO.code) ledger.cutOff(id, row);
  }
}

class LastSeen {
  readonly #member: SimulatedMember;
  readonly #values = new Map<number, number>();
  #life = 0;

  constructor(member: SimulatedMember) {
    this.#member = member;
  }

  check(rows: readonly Row[], mayRollBack: boolean): void {
    const { life, name } = this.#member;
    if (this.#life !== life || mayRollBack) this.#values.clear();
    this.#life = life;
    checkPairs(`read on ${name}`, rows);
    if (mayRollBack) return;
    for (const row of rows) {
      const [id, value] = [Number(row[0]), Number(row[1])];
      const before = this.#values.get(id) ?? 0;
      if (value < before) throw new ViolationError(`on ${name} counter ${id} went back from ${before} to ${value}`);
      this.#values.set(id, value);
    }
  }
}
