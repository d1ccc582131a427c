/**
 * What a statement would make of a space, for the before_replace triggers, and what it becomes when they have decided.
 * The bytes are copies: a trigger may run statements of its own.
 */
import { boxError, ByteWriter, sameBytes } from '../../base/index.ts';
import {
  applyUpdate,
  applyUpsert,
  checkOperations,
  validateTuple,
  writeKey,
  writeKeyParts,
} from '../../tuple/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import type { Catalog, SchemaUser } from '../catalog/index.ts';
import type { Space } from '../memtx/index.ts';
import type { CodeWatch } from './code-watch.ts';
import { findExact } from './selection.ts';

/** The tuple that is there and the one that would come; null where there is none. */
export type Proposal = Readonly<{ old: Uint8Array | null; next: Uint8Array | null }>;

/** - asked: the statement as it is; - nothing: a row of the log without content; else what takes the place of it. */
export type Decision =
  | Readonly<{ kind: 'asked' }>
  | Readonly<{ kind: 'nothing' }>
  | Readonly<{ kind: 'delete'; key: Uint8Array }>
  | Readonly<{ kind: 'replace'; tuple: Uint8Array }>;

/** The tuple of INSERT and REPLACE with its generated field filled. */
export function proposePut(
  catalog: Catalog,
  user: SchemaUser,
  space: Space,
  bytes: Uint8Array,
  position: number,
  end: number,
): Uint8Array {
  const filled = new ByteWriter(end - position + 16);
  const isFilled = space.sequence !== null && catalog.fillGeneratedField(space, bytes, position, end, filled, user);
  return isFilled ? filled.toBytes() : bytes.slice(position, end);
}

/** Of INSERT and REPLACE. Throws what the format has against the tuple. */
export function proposeTuple(space: Space, next: Uint8Array): Proposal {
  space.validate(next, 0, next.length);
  return { old: sameKey(space, next), next };
}

/** Null if there is no tuple with the key: then there is nothing to decide. */
export function proposeDelete(space: Space, indexId: number, key: Uint8Array, keyPosition: number): Proposal | null {
  const old = copyOf(space, findExact(space.index(indexId), key, keyPosition));
  return old === null ? null : { old, next: null };
}

/** Null if there is no tuple with the key. */
export function proposeUpdate(
  space: Space,
  indexId: number,
  bytes: Uint8Array,
  keyPosition: number,
  operationsPosition: number,
  indexBase: number,
): Proposal | null {
  const old = copyOf(space, findExact(space.index(indexId), bytes, keyPosition));
  if (old === null) return null;
  const next = new ByteWriter(old.length + 64);
  applyUpdate(next, space.format, old, 0, { bytes, position: operationsPosition, indexBase });
  validateTuple(space.format, next.bytes, 0, next.position);
  return { old, next: next.toBytes() };
}

export function proposeUpsert(
  space: Space,
  bytes: Uint8Array,
  tupleStart: number,
  tupleEnd: number,
  operationsPosition: number,
  indexBase: number,
): Proposal {
  const operations = { bytes, position: operationsPosition, indexBase };
  const tuple = bytes.slice(tupleStart, tupleEnd);
  space.validate(tuple, 0, tuple.length);
  const old = sameKey(space, tuple);
  if (old === null) {
    checkOperations(space.format, operations);
    return { old, next: tuple };
  }
  const next = new ByteWriter(old.length + 64);
  applyUpsert(next, space.format, old, 0, operations, () => undefined);
  validateTuple(space.format, next.bytes, 0, next.position);
  return { old, next: next.toBytes() };
}

/**
 * Asks the triggers, each with what the one before it made of the proposal. Throws what they throw, what the format has
 * against their result, and ER_CANT_UPDATE_PRIMARY_KEY for one with another key than the tuple that is there.
 */
export function decide(space: Space, { old, next }: Proposal, code: CodeWatch): Decision {
  let result = next;
  for (const trigger of [...space.beforeReplace]) {
    const given = result;
    result = code.measure('before_replace trigger', trigger.name, () => trigger(space, old, given));
    if (result !== null && result !== given && result !== old) space.validate(result, 0, result.length);
  }
  if (result === next) return { kind: 'asked' };
  if (result === old) return { kind: 'nothing' };
  if (old === null) return { kind: 'replace', tuple: result! };
  const key = keyOf(space, old);
  if (result === null) return { kind: 'delete', key };
  const { definition } = space.index(0);
  if (!sameBytes(key, keyOf(space, result))) throw boxError('CANT_UPDATE_PRIMARY_KEY', definition.name, space.name);
  return { kind: 'replace', tuple: result };
}

function sameKey(space: Space, tuple: Uint8Array): Uint8Array | null {
  const primary = space.index(0);
  const { keyDef } = primary.definition;
  const key = new ByteWriter(64);
  writeKeyParts(key, keyDef, tuple, 0);
  return copyOf(space, primary.find(key.bytes, 0, keyDef.parts.length));
}

function keyOf(space: Space, tuple: Uint8Array): Uint8Array {
  const key = new ByteWriter(64);
  writeKey(key, space.index(0).definition.keyDef, tuple, 0);
  return key.toBytes();
}

function copyOf(space: Space, tuple: Address): Uint8Array | null {
  if (tuple === NO_ADDRESS) return null;
  const start = tuplePosition(tuple);
  return tupleSlab(space.arena, tuple).slice(start, start + tupleSize(space.arena, tuple));
}
