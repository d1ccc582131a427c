/** A client of any member: what the member has acknowledged is in every later answer of it. */
import type { Connection } from '../../../src/client/index.ts';
import { ERROR_TABLE } from '../../../src/base/index.ts';
import { failureOf, type Shop } from '../common/shop.ts';
import type { SimulatedMember } from '../common/members/member.ts';
import { ViolationError } from '../common/violation.ts';
import type { RunCounts } from './counts.ts';
import type { DecisionLedger } from './ledger.ts';
import { SPACE } from './schema.ts';
import { placeOf } from './writer-client.ts';

const NOT_READY: ReadonlySet<number> = new Set(
  (['LOADING', 'NO_SUCH_SPACE', 'NO_SUCH_INDEX_ID'] as const).map((name) => ERROR_TABLE[name].code),
);

export function startReaderClient(
  shop: Shop<RunCounts>,
  connection: Connection,
  member: SimulatedMember,
  ledger: DecisionLedger,
): void {
  void shop.serve(`reader of ${member.name}`, connection, async () => {
    const place = placeOf(member);
    const check = ledger.expectationAt(place);
    try {
      const rows = await connection.select(SPACE.synchronous, []);
      if (placeOf(member) === place) check(`read on ${member.name}`, rows);
    } catch (error) {
      if (error instanceof ViolationError) throw error;
      const failure = failureOf(error, shop.counts);
      if (failure.kind === 'refused' && !NOT_READY.has(failure.code)) throw error;
    }
  });
}
