/**
 * Operations on global spaces: what entries of the log hold, as MessagePack (docs/formats/raft.md). Applying one is
 * synchronous and depends on nothing but the state, so that it has the same outcome on every member.
 */
import { BoxError, ByteWriter, clusterError, defined, ERROR_TABLE } from '../../base/index.ts';
import {
  checkValue,
  encodeValue,
  skipValue,
  type Value,
  writeArrayHeader,
  writeUnsigned,
} from '../../codec/msgpack/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import { keyPartCount, writeKey } from '../../tuple/index.ts';
import { FieldReader } from './encoding.ts';
import { GLOBAL_SPACES } from './spaces.ts';

type Tuple = readonly Value[];
/** `space` is a name. Field numbers in `operations` count from 0, as everywhere in TypeScript. */
export type GlobalOperation =
  | Readonly<{ kind: 'nop' }>
  | Readonly<{ kind: 'insert' | 'replace'; space: string; tuple: Tuple }>
  | Readonly<{ kind: 'update'; space: string; key: Tuple; operations: readonly Tuple[] }>
  | Readonly<{ kind: 'delete'; space: string; key: Tuple }>
  | Readonly<{ kind: 'batch'; operations: readonly GlobalOperation[] }>;

const CODE = { nop: 0, insert: 1, replace: 2, update: 3, delete: 4, batch: 5 } as const;
const NESTING_MAX = 4;

/** Throws CAS_TABLE_NOT_ALLOWED, CAS_INVALID_OP_KIND, or the error of a value that cannot be encoded. */
export function encodeOperation(box: Box, operation: GlobalOperation): Uint8Array {
  const writer = new ByteWriter(128);
  writeOperation(writer, box, operation, 0);
  return writer.toBytes();
}

function writeOperation(writer: ByteWriter, box: Box, operation: GlobalOperation, depth: number): void {
  if (!Object.hasOwn(CODE, operation.kind) || depth > NESTING_MAX) {
    throw clusterError('CAS_INVALID_OP_KIND', String(operation.kind));
  }
  switch (operation.kind) {
    case 'nop':
      writeHead(writer, 1, CODE.nop);
      return;
    case 'insert':
    case 'replace':
      writeHead(writer, 3, CODE[operation.kind]);
      writeUnsigned(writer, globalSpaceId(box, operation.space));
      encodeValue(writer, operation.tuple);
      return;
    case 'update':
      writeHead(writer, 4, CODE.update);
      writeUnsigned(writer, globalSpaceId(box, operation.space));
      encodeValue(writer, operation.key);
      encodeValue(writer, operation.operations);
      return;
    case 'delete':
      writeHead(writer, 3, CODE.delete);
      writeUnsigned(writer, globalSpaceId(box, operation.space));
      encodeValue(writer, operation.key);
      return;
    default:
      if (operation.operations.length === 0) throw clusterError('CAS_INVALID_OP_KIND', 'an empty batch');
      writeHead(writer, 2, CODE.batch);
      writeArrayHeader(writer, operation.operations.length);
      for (const part of operation.operations) writeOperation(writer, box, part, depth + 1);
  }
}

function writeHead(writer: ByteWriter, length: number, code: number): void {
  writeArrayHeader(writer, length);
  writeUnsigned(writer, code);
}

/** Throws CAS_TABLE_NOT_ALLOWED for a space that is not global, or not there. */
export function globalSpaceId(box: Box, name: string): number {
  const id = box.catalog.spaceByName(name)?.id;
  if (id === undefined || !GLOBAL_SPACES.includes(id)) throw clusterError('CAS_TABLE_NOT_ALLOWED', name);
  return id;
}

/** One change of one tuple; positions are in `bytes`, of a tuple for insert and replace, else of a key. */
export type Change = Readonly<{
  kind: 'insert' | 'replace' | 'update' | 'delete';
  spaceId: number;
  position: number;
  /** Of an update. */
  operations: number;
  end: number;
}>;
const CHANGE_KINDS: readonly (Change['kind'] | undefined)[] = [undefined, 'insert', 'replace', 'update', 'delete'];

/** Fields of an operation, by its code. */
const LENGTHS: readonly (number | undefined)[] = [1, 3, 3, 4, 3, 2];

/** What an operation changes, in order. Throws CAS_INVALID_OP_KIND or INVALID_MSGPACK for bytes that are none. */
export function changesOf(bytes: Uint8Array): readonly Change[] {
  if (bytes.length === 0) return [];
  if (checkValue(bytes, 0, bytes.length) !== bytes.length) throw clusterError('CAS_INVALID_OP_KIND', 'no MessagePack');
  const changes: Change[] = [];
  collect(new FieldReader(bytes), 0, changes);
  return changes;
}

/** Whether it takes no memory but that of its entry. */
export function isDeletion(bytes: Uint8Array): boolean {
  return changesOf(bytes).every(({ kind }) => kind === 'delete');
}

function collect(reader: FieldReader, depth: number, changes: Change[]): void {
  const length = reader.array();
  const code = length === 0 || depth > NESTING_MAX ? -1 : reader.unsigned();
  if (LENGTHS[code] !== length) throw clusterError('CAS_INVALID_OP_KIND', `code ${code} with ${length} fields`);
  if (code === CODE.nop) return;
  if (code === CODE.batch) {
    for (let left = reader.array(); left > 0; left--) collect(reader, depth + 1, changes);
    return;
  }
  const kind = defined(CHANGE_KINDS[code], 'a kind of change');
  const spaceId = reader.unsigned();
  const { position } = reader;
  reader.skip();
  const operations = reader.position;
  if (kind === 'update') reader.skip();
  changes.push({ kind, spaceId, position, operations, end: reader.position });
}

/**
 * Makes the changes of an operation, all or none, inside of the open transaction. Returns the error that each member comes
 * to alike; throws one that is this member's alone, as of memory that is full.
 */
export function applyOperation(box: Box, session: Session, bytes: Uint8Array): BoxError | null {
  const savepoint = box.transactions.savepoint();
  try {
    for (const change of changesOf(bytes)) applyChange(box, session, bytes, change);
    return null;
  } catch (error) {
    if (!(error instanceof BoxError) || isOwnFault(error)) throw error;
    box.transactions.rollbackTo(savepoint);
    return error;
  }
}

/** What another member may not have met. */
function isOwnFault({ code }: BoxError): boolean {
  return code === ERROR_TABLE.MEMORY_ISSUE.code || code === ERROR_TABLE.WAL_IO.code;
}

function applyChange({ statements }: Box, session: Session, bytes: Uint8Array, change: Change): void {
  const { kind, spaceId, position, operations, end } = change;
  if (!GLOBAL_SPACES.includes(spaceId)) throw clusterError('CAS_TABLE_NOT_ALLOWED', String(spaceId));
  switch (kind) {
    case 'insert':
      statements.insert(session, spaceId, bytes, position, end);
      return;
    case 'replace':
      statements.replace(session, spaceId, bytes, position, end);
      return;
    case 'update':
      statements.update(session, spaceId, 0, bytes, position, operations, end, 0);
      return;
    default:
      statements.delete(session, spaceId, 0, bytes, position);
  }
}

/** The primary key that a change is about, as a MessagePack array. Throws what the format has against its tuple. */
export function keyOfChange(box: Box, bytes: Uint8Array, { kind, spaceId, position }: Change): Uint8Array {
  const space = box.catalog.space(spaceId);
  if (space === undefined) throw clusterError('CAS_TABLE_NOT_ALLOWED', String(spaceId));
  if (kind === 'update' || kind === 'delete') {
    if (keyPartCount(bytes, position) < 0) throw clusterError('CAS_INVALID_OP_KIND', 'a key that is no array');
    return bytes.slice(position, skipValue(bytes, position));
  }
  space.validate(bytes, position, skipValue(bytes, position));
  const key = new ByteWriter(64);
  writeKey(key, space.index(0).definition.keyDef, bytes, position);
  return key.toBytes();
}
