/**
 * The rows of local spaces, kept while all other data are got anew: no other server has them.
 * Invariant: whatever is lost of them is named in the log, with the number of rows and the reason.
 */
import { BoxError, ByteWriter } from '../base/index.ts';
import { skipValue } from '../codec/msgpack/index.ts';
import { NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../engine/arena/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { Space } from '../engine/memtx/index.ts';
import { type Env, Logger } from '../env/index.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Between two turns. */
const ROWS_PER_SLICE = 1000;

/** `chunks` hold tuples, one after the other, each whole. */
type KeptSpace = Readonly<{ id: number; name: string; count: number; chunks: readonly Uint8Array[] }>;

export class LocalRows {
  readonly #spaces: readonly KeptSpace[];

  private constructor(spaces: readonly KeptSpace[]) {
    this.#spaces = spaces;
  }

  /** Copies them from an engine that nobody changes meanwhile. */
  static async of(env: Env, box: Box): Promise<LocalRows> {
    const spaces: KeptSpace[] = [];
    for (const space of box.catalog.spaces()) {
      const { isLocal, isTemporary, engine } = space.definition;
      if (isLocal && !isTemporary && engine === 'memtx' && space.primary !== null)
        spaces.push(await copied(env, space));
    }
    return new LocalRows(spaces.filter(({ count }) => count > 0));
  }

  /** Puts them back, by the ids of their spaces, over what triggers may have put there. */
  async putInto(env: Env, box: Box): Promise<void> {
    const log = new Logger(env.log, 'memtx');
    for (const { id, name, count, chunks } of this.#spaces) {
      const space = box.catalog.space(id);
      if (space?.definition.isLocal !== true || space.definition.isTemporary || space.primary === null) {
        log.error(`${count} rows of the local space '${name}' are lost: there is no such local space any more`);
        continue;
      }
      const { refused, reason } = await putRows(env, box, id, chunks);
      if (refused > 0) log.error(`${refused} of ${count} rows of the local space '${name}' are lost: ${reason}`);
      if (refused < count) log.info(`${count - refused} rows of the local space '${space.name}' are kept`);
    }
  }
}

async function copied(env: Env, space: Space): Promise<KeptSpace> {
  const { arena, id, name } = space;
  const snapshot = space.index(0).freeze();
  const chunks: Uint8Array[] = [];
  const writer = new ByteWriter(CHUNK_BYTES);
  let count = 0;
  for (let tuple = snapshot.next(); tuple !== NO_ADDRESS; tuple = snapshot.next()) {
    const start = tuplePosition(tuple);
    writer.writeBytes(tupleSlab(arena, tuple), start, start + tupleSize(arena, tuple));
    count++;
    if (writer.position >= CHUNK_BYTES) {
      chunks.push(writer.toBytes());
      writer.reset();
    }
    if (count % ROWS_PER_SLICE === 0) await nextTurn(env);
  }
  if (writer.position > 0) chunks.push(writer.toBytes());
  return { id, name, count, chunks };
}

/** Each row by itself, so that one that does not fit, its space having changed meanwhile, costs no other. */
async function putRows(
  env: Env,
  { statements, transactions, adminSession }: Box,
  spaceId: number,
  chunks: readonly Uint8Array[],
): Promise<Readonly<{ refused: number; reason: string }>> {
  let [done, refused, reason] = [0, 0, ''];
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.length;) {
      const end = skipValue(chunk, start);
      transactions.begin();
      try {
        statements.replace(adminSession, spaceId, chunk, start, end);
        transactions.commit();
      } catch (error) {
        if (!(error instanceof BoxError)) throw error;
        transactions.rollback();
        if (refused++ === 0) reason = error.message;
      }
      start = end;
      if (++done % ROWS_PER_SLICE === 0) await nextTurn(env);
    }
  }
  return { refused, reason };
}

function nextTurn(env: Env): Promise<void> {
  return new Promise((resolve) => env.timers.nextTurn(resolve));
}
