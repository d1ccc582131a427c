/**
 * A client that makes, fills, alters, truncates and drops a space of its own. What it finds there is not predicted; that
 * indexes agree, and that every such history can be recovered, is checked with all other spaces.
 */
import { BoxError, SeededRandom } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/client/index.ts';
import type { RunCounts } from './counts.ts';
import { SCRATCH_PRIMARY, SCRATCH_SECONDARIES, SCRATCH_SPACE, SPACE, SYSTEM_SPACE } from './schema.ts';
import { failureOf, type Shop } from '../common/shop.ts';

const ROWS = 30;

export function startSchemaClient(shop: Shop<RunCounts>, connection: Connection): void {
  const random = new SeededRandom(shop.random.uint32());
  void shop.serve('schema', connection, async () => {
    try {
      await step(connection, random);
      shop.counts.schemaChanges++;
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      failureOf(error, shop.counts);
    }
  });
}

async function step(connection: Connection, random: SeededRandom): Promise<void> {
  const id = random.below(ROWS);
  switch (random.below(9)) {
    case 0:
      await connection.insert(SCRATCH_SPACE.space, SCRATCH_SPACE.row);
      await connection.insert(SCRATCH_PRIMARY.space, SCRATCH_PRIMARY.row);
      return;
    case 1: {
      const { space, row } = random.pick(SCRATCH_SECONDARIES);
      await connection.insert(space, row);
      return;
    }
    case 2:
      await connection.delete(SYSTEM_SPACE.index, [SPACE.scratch, 1 + random.below(2)]);
      return;
    case 3:
      await connection.upsert(SYSTEM_SPACE.truncate, [SPACE.scratch, 1], [['+', 1, 1]]);
      return;
    case 4:
      if (random.chance(0.7)) return;
      for (const index of [2, 1, 0]) await connection.delete(SYSTEM_SPACE.index, [SPACE.scratch, index]);
      await connection.delete(SYSTEM_SPACE.truncate, [SPACE.scratch]);
      await connection.delete(SYSTEM_SPACE.space, [SPACE.scratch]);
      return;
    case 5:
      await connection.delete(SPACE.scratch, [id]);
      return;
    default:
      await connection.replace(SPACE.scratch, [id, random.below(20), 'y'.repeat(random.below(100))]);
  }
}
