/**
 * Bodies of log rows as Tarantool writes them (docs/formats/xlog.md, "Rows"): the request itself, by its primary key.
 */
import type { ByteWriter } from '../../base/index.ts';
import { BODY_KEY, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { skipValue, writeMapHeader, writeUnsigned } from '../../codec/msgpack/index.ts';
import { type KeyDef, writeKey } from '../../tuple/index.ts';
import { type Address, type Arena, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import type { Space } from '../memtx/index.ts';
import type { RedoLog } from '../txn/index.ts';

const GROUP_DEFAULT = 0;
const GROUP_LOCAL = 1;

/** Whether rows of the space are replicated, as a row's header says it. */
export function groupOf({ definition }: Space): number {
  return definition.isLocal ? GROUP_LOCAL : GROUP_DEFAULT;
}

/** A row without content, where a request came to nothing. */
export function writeNothingRow(redo: RedoLog, space: Space): void {
  redo.beginRow(REQUEST_TYPE.nop, groupOf(space));
  redo.endRow();
}

function writeSpaceId(writer: ByteWriter, fieldCount: number, spaceId: number): void {
  writeMapHeader(writer, fieldCount);
  writer.writeByte(BODY_KEY.spaceId);
  writeUnsigned(writer, spaceId);
}

/** Body of INSERT and REPLACE: the tuple as it was stored. */
export function writeTupleRow(writer: ByteWriter, spaceId: number, arena: Arena, tuple: Address): void {
  writeSpaceId(writer, 2, spaceId);
  writer.writeByte(BODY_KEY.tuple);
  const start = tuplePosition(tuple);
  writer.writeBytes(tupleSlab(arena, tuple), start, start + tupleSize(arena, tuple));
}

/** Body of DELETE by a key as the request gave it. */
function writeDeleteRow(writer: ByteWriter, spaceId: number, key: Uint8Array, start: number, end: number): void {
  writeSpaceId(writer, 2, spaceId);
  writer.writeByte(BODY_KEY.key);
  writer.writeBytes(key, start, end);
}

/** The row of a DELETE by any index: by the key as it was given, or by that of the tuple. */
export function appendDeleteRow(
  redo: RedoLog,
  space: Space,
  indexId: number,
  key: Uint8Array,
  keyPosition: number,
  tuple: Address,
): void {
  redo.beginRow(REQUEST_TYPE.delete, groupOf(space));
  if (indexId === 0) writeDeleteRow(redo.bodies, space.id, key, keyPosition, skipValue(key, keyPosition));
  else writeDeleteTupleRow(redo.bodies, space.id, space.index(0).definition.keyDef, space.arena, tuple);
  redo.endRow();
}

/** Body of DELETE of a tuple that was found by another index. */
function writeDeleteTupleRow(writer: ByteWriter, spaceId: number, primary: KeyDef, arena: Arena, tuple: Address): void {
  writeSpaceId(writer, 2, spaceId);
  writer.writeByte(BODY_KEY.key);
  writeKey(writer, primary, tupleSlab(arena, tuple), tuplePosition(tuple));
}

/** First half of the row of an UPDATE: everything but the operations, which follow. */
export function beginUpdateRow(
  redo: RedoLog,
  space: Space,
  indexId: number,
  bytes: Uint8Array,
  keyPosition: number,
  indexBase: number,
  tuple: Address,
): void {
  redo.beginRow(REQUEST_TYPE.update, groupOf(space));
  const writer = redo.bodies;
  writeSpaceId(writer, indexBase === 0 ? 3 : 4, space.id);
  writeIndexBase(writer, indexBase);
  writer.writeByte(BODY_KEY.key);
  if (indexId === 0) writer.writeBytes(bytes, keyPosition, skipValue(bytes, keyPosition));
  else writeKey(writer, space.index(0).definition.keyDef, tupleSlab(space.arena, tuple), tuplePosition(tuple));
}

/** The operations of an UPDATE, which end its row. */
export function endUpdateRow(redo: RedoLog, operations: Uint8Array, start: number, end: number): void {
  redo.bodies.writeByte(BODY_KEY.tuple);
  redo.bodies.writeBytes(operations, start, end);
  redo.endRow();
}

/** The row of an UPSERT as it was asked for. */
export function appendUpsertRow(
  redo: RedoLog,
  space: Space,
  indexBase: number,
  bytes: Uint8Array,
  operationsStart: number,
  operationsEnd: number,
  tupleStart: number,
  tupleEnd: number,
): void {
  redo.beginRow(REQUEST_TYPE.upsert, groupOf(space));
  const writer = redo.bodies;
  writeSpaceId(writer, indexBase === 0 ? 3 : 4, space.id);
  writeIndexBase(writer, indexBase);
  writer.writeByte(BODY_KEY.operations);
  writer.writeBytes(bytes, operationsStart, operationsEnd);
  writer.writeByte(BODY_KEY.tuple);
  writer.writeBytes(bytes, tupleStart, tupleEnd);
  redo.endRow();
}

function writeIndexBase(writer: ByteWriter, indexBase: number): void {
  if (indexBase === 0) return;
  writer.writeByte(BODY_KEY.indexBase);
  writeUnsigned(writer, indexBase);
}
