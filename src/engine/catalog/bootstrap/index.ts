/**
 * What the system spaces of a new replica set hold: the rows of a fresh Tarantool 2.6.0, byte for byte but for the two
 * uuids that are its own. A real 2.6.0 opens a directory that begins with them.
 */
import { ByteWriter } from '../../../base/index.ts';
import { readString, readUnsigned, skipValue, writeString } from '../../../codec/msgpack/index.ts';
import { elementPosition } from '../../../tuple/index.ts';
import { SYSTEM_SPACE } from '../system-space-ids.ts';
import { BOOTSTRAP_ROWS } from './rows.ts';

const FUNCTION_NAME_FIELD = 2;

export type BootstrapRow = Readonly<{ spaceId: number; tuple: Uint8Array }>;

/** The rows in the order of a snapshot; both uuids are of the form that `_schema` and `_cluster` keep. */
export function* bootstrapRows(instanceUuid: string, replicasetUuid: string): IterableIterator<BootstrapRow> {
  const bytes = decodeBase64(BOOTSTRAP_ROWS);
  let next = 0;
  while (next < bytes.length) {
    const end = skipValue(bytes, next);
    const spaceId = readUnsigned(bytes, elementPosition(bytes, next, 0));
    const tuple = bytes.slice(elementPosition(bytes, next, 1), end);
    if (spaceId === SYSTEM_SPACE.cluster) yield { spaceId, tuple: withSecondField(tuple, instanceUuid) };
    else if (isReplicasetRow(spaceId, tuple)) yield { spaceId, tuple: withSecondField(tuple, replicasetUuid) };
    else yield { spaceId, tuple };
    next = end;
  }
}

let predefined: ReadonlySet<string> | null = null;

/** Names of the functions that SQL brings along: every fresh directory has their rows. */
export function predefinedFunctions(): ReadonlySet<string> {
  predefined ??= new Set(
    [...bootstrapRows('', '')]
      .filter(({ spaceId }) => spaceId === SYSTEM_SPACE.function)
      .map(({ tuple }) => readString(tuple, elementPosition(tuple, 0, FUNCTION_NAME_FIELD))),
  );
  return predefined;
}

function decodeBase64(text: string): Uint8Array {
  const characters = atob(text);
  return Uint8Array.from({ length: characters.length }, (_, index) => characters.charCodeAt(index));
}

function isReplicasetRow(spaceId: number, tuple: Uint8Array): boolean {
  return spaceId === SYSTEM_SPACE.schema && readString(tuple, elementPosition(tuple, 0, 0)) === 'cluster';
}

/** The tuple of two fields with another string as its second. */
function withSecondField(tuple: Uint8Array, text: string): Uint8Array {
  const writer = new ByteWriter(tuple.length);
  writer.writeBytes(tuple, 0, elementPosition(tuple, 0, 1));
  writeString(writer, text);
  return writer.toBytes();
}
