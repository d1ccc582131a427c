/** Everything that a server shows of its spaces, byte for byte, by every index: what two programs are compared by. */
import { BODY_KEY, ITERATOR, LIMIT_MAX, REQUEST_TYPE } from '../../src/codec/iproto/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  encodeToBytes,
  skipValue,
  type Value,
} from '../../src/codec/msgpack/index.ts';
import type { Connection } from '../../src/client/index.ts';

const SPACE_SPACE = 280;
const INDEX_SPACE = 288;
/** Its rows are settings of the session, not data. */
const SESSION_SETTINGS = 380;
const DATA_KEY_BYTES = 2;

/** Tuples in hexadecimal, by `space.index`: in the index's order where it has one. */
export type Dump = Readonly<Record<string, readonly string[]>>;

/** Reads all spaces that hold rows of their own. The user needs rights to read everything. */
export async function dumpSpaces(connection: Connection): Promise<Dump> {
  const names = new Map<Value | undefined, string>();
  for (const [id, , name, engine] of await connection.select(SPACE_SPACE, [])) {
    if (engine === 'memtx' && id !== SESSION_SETTINGS) names.set(id, String(name));
  }
  const dump: Record<string, readonly string[]> = {};
  for (const [spaceId, indexId, name, type] of await connection.select(INDEX_SPACE, [])) {
    const space = names.get(spaceId);
    if (space === undefined) continue;
    const tuples = await rawTuples(connection, Number(spaceId), Number(indexId));
    const isOrdered = String(type).toLowerCase() === 'tree';
    dump[`${space}.${String(name)}`] = isOrdered ? tuples : [...tuples].sort();
  }
  return dump;
}

/** The tuples of an index as they came. */
function rawTuples(connection: Connection, spaceId: number, indexId: number): Promise<string[]> {
  const body = encodeToBytes(
    new Map<Value, Value>([
      [BODY_KEY.spaceId, spaceId],
      [BODY_KEY.indexId, indexId],
      [BODY_KEY.limit, LIMIT_MAX],
      [BODY_KEY.offset, 0],
      [BODY_KEY.iterator, ITERATOR.ALL],
      [BODY_KEY.key, []],
    ]),
  );
  return new Promise((resolve, reject) => {
    connection.sendRaw(REQUEST_TYPE.select, body, {
      onResponse: ({ type, bytes, start }) => {
        if (type !== 0) reject(new Error(`space ${spaceId}, index ${indexId} cannot be read: ${type}`));
        else resolve(tuplesAt(bytes, start + DATA_KEY_BYTES));
      },
      onFailure: reject,
    });
  });
}

function tuplesAt(bytes: Uint8Array, array: number): string[] {
  const tuples: string[] = [];
  let position = array + containerHeaderSize(bytes, array);
  for (let left = arrayLength(bytes, array); left > 0; left--) {
    const end = skipValue(bytes, position);
    tuples.push(Buffer.from(bytes.slice(position, end)).toString('hex'));
    position = end;
  }
  return tuples;
}
