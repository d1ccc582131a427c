/** Applying an operation to the tree of a tuple under update: where it goes, and what it may not do there. */
import { sameBytes } from '../base/index.ts';
import { arrayLength, containerHeaderSize, KIND, kindAt, mapLength, skipValue } from '../codec/msgpack/index.ts';
import { indexedPosition, isStringOf, memberPosition, sameJsonToken, type JsonToken } from './json-path.ts';
import { computeResult } from './update-compute.ts';
import type { ByteRange, UpdateOperation } from './update-operation.ts';
import {
  arrayElement,
  arraySize,
  arrayState,
  deleteElements,
  deletePair,
  insertElement,
  insertPair,
  mapState,
  rangeOf,
  replaceElement,
  UpdateField,
  type ArrayState,
  type MapItem,
  type MapState,
  type PathChange,
  type PathState,
  type RouteState,
  type UpdateState,
} from './update-tree.ts';

/** Applies an operation at or below a field. Throws the BoxErrors of updates; the tree is then as before in effect. */
export function applyOperation(operation: UpdateOperation, field: UpdateField): void {
  const { state } = field;
  switch (state.kind) {
    case 'array':
      return applyToArray(operation, state);
    case 'map':
      return applyToMap(operation, state);
    case 'untouched':
      field.state = applyByPath(operation, field.source);
      return;
    case 'path':
      return applyOperation(operation, branch(operation, field, state));
    case 'route':
      return applyOperation(operation, followRoute(operation, field, state));
    case 'replaced':
      throw operation.doubleUpdate();
  }
}

/** The index that the operation applies at, as given. */
function givenIndex(operation: UpdateOperation): number {
  if (operation.isTokenConsumed) operation.advance();
  if (operation.token.kind !== 'index') throw operation.fieldError("can't update an array by a non-numeric index");
  return operation.token.index;
}

/** The index made non-negative, below `size`. */
function existingIndex(operation: UpdateOperation, index: number, size: number): number {
  const fromStart = index < 0 ? index + size : index;
  if (fromStart < 0 || fromStart >= size) throw operation.noSuchField();
  operation.token = { kind: 'index', index: fromStart };
  return fromStart;
}

function applyToArray(operation: UpdateOperation, state: ArrayState): void {
  const { action } = operation;
  const given = givenIndex(operation);
  const size = arraySize(state);
  const isTerminal = operation.isTerminal();
  if (isTerminal && (action.kind === 'insert' || (action.kind === 'set' && given === size))) {
    return insertElement(state, existingIndex(operation, given, size + 1), action.value);
  }
  const index = existingIndex(operation, given, size);
  if (isTerminal && action.kind === 'delete') {
    return deleteElements(state, index, Math.min(action.count, size - index));
  }
  applyToExisting(operation, arrayElement(state, index));
}

/** Applies to an element or a map's value: below it, or in its place. */
function applyToExisting(operation: UpdateOperation, field: UpdateField): void {
  if (!operation.isTerminal()) {
    operation.isTokenConsumed = true;
    return applyOperation(operation, field);
  }
  // An assignment replaces whatever was done to the field before; 2.6.0 allows it for compatibility.
  if (operation.action.kind !== 'set' && field.state.kind !== 'untouched') throw operation.doubleUpdate();
  const result = computeResult(operation, field.source.bytes, field.source.start);
  field.state = { kind: 'replaced', result };
}

function applyToMap(operation: UpdateOperation, state: MapState): void {
  const { action } = operation;
  if (operation.isTokenConsumed) {
    operation.advance();
    if (operation.token.kind !== 'name') throw operation.fieldError("can't update a map by not a string key");
  }
  const { token } = operation;
  if (token.kind !== 'name') throw operation.fieldError("can't update a map by not a string key");
  const item = extractItem(state, token.utf8);
  const isTerminal = operation.isTerminal();
  if (isTerminal && action.kind === 'insert') {
    if (item !== null) throw operation.fieldError('the key exists already');
    return insertPair(state, token.utf8, action.value);
  }
  if (isTerminal && action.kind === 'set' && item === null) return insertPair(state, token.utf8, action.value);
  if (isTerminal && action.kind === 'delete') {
    if (action.count !== 1) throw operation.fieldError('can delete only 1 field from a map in a row');
    if (item !== null) deletePair(state, item);
    return;
  }
  if (item === null) throw operation.noSuchField();
  applyToExisting(operation, item.field);
}

/** The item of a key, made from an unchanged pair if need be; null if the map has no such key. */
function extractItem(state: MapState, key: Uint8Array): MapItem | null {
  const changed = state.items.find((item) => item.key !== null && sameBytes(item.key, key));
  if (changed !== undefined) return changed;
  for (const item of state.items) {
    const { bytes, start, end } = item.tail;
    for (let at = start; at < end;) {
      const valueAt = skipValue(bytes, at);
      const after = skipValue(bytes, valueAt);
      if (isStringOf(bytes, at, key)) return splitItem(state, item, key, at, valueAt, after);
      at = after;
    }
  }
  return null;
}

function splitItem(
  state: MapState,
  item: MapItem,
  key: Uint8Array,
  keyAt: number,
  valueAt: number,
  after: number,
): MapItem {
  const { bytes, start, end } = item.tail;
  const field = new UpdateField({ bytes, start: valueAt, end: after });
  const tail = { bytes, start: after, end };
  if (keyAt === start && item.key === null) {
    item.key = key;
    item.field = field;
    item.tail = tail;
    return item;
  }
  item.tail = { bytes, start, end: keyAt };
  const added = { key, field, tail };
  state.items.unshift(added);
  return added;
}

/** Where a path leads inside a field, as far as it does. */
type Located = Readonly<{
  /** Position of the container in which the last token looks. */
  parent: number;
  token: JsonToken;
  /** Position of what it finds there, -1 if nothing. */
  point: number;
}>;

/** Walks the rest of the operation's path through unchanged bytes. Only the last token may lead nowhere. */
function locate(operation: UpdateOperation, source: ByteRange, mayBeMissing: boolean): Located {
  let point = source.start;
  let located: Located | null = null;
  for (let token = operation.nextToken(); token !== null; token = operation.nextToken()) {
    if (point < 0) throw operation.noSuchField();
    if (token.kind === 'any') throw operation.anyTokenError();
    const parent = point;
    point = positionBelow(source.bytes, parent, token);
    if (point < 0 && !mayBeMissing) throw operation.noSuchField();
    located = { parent, token, point };
  }
  if (located === null) throw operation.noSuchField();
  return located;
}

/** Position of what a token leads to in the container at `parent`, -1 if nothing. */
function positionBelow(bytes: Uint8Array, parent: number, token: JsonToken): number {
  if (token.kind === 'name') return memberPosition(bytes, parent, token.utf8);
  return token.kind === 'index' ? indexedPosition(bytes, parent, token.index) : -1;
}

/** Turns an unchanged field into one with a single operation below it. */
function applyByPath(operation: UpdateOperation, source: ByteRange): PathState {
  const tokens = operation.remainingTokens();
  return { kind: 'path', operation, tokens, change: changeByPath(operation, source) };
}

function changeByPath(operation: UpdateOperation, source: ByteRange): PathChange {
  const { action } = operation;
  const { bytes } = source;
  const located = locate(operation, source, action.kind === 'set' || action.kind === 'insert');
  const { parent, point } = located;
  if (action.kind === 'delete') return deletionByPath(operation, action.count, bytes, located);
  if (action.kind === 'insert' && point >= 0) {
    if (mapLength(bytes, parent) >= 0) throw operation.fieldError('the key exists already');
    return { kind: 'insert', parent, point, key: null, value: action.value };
  }
  if ((action.kind === 'set' || action.kind === 'insert') && point < 0) {
    return insertionByPath(operation, action.value, bytes, located);
  }
  return {
    kind: 'replace',
    point,
    pointEnd: skipValue(bytes, point),
    result: computeResult(operation, bytes, point),
  };
}

/** An insertion of what was not found: at the end of an array, or under a new key of a map. */
function insertionByPath(
  operation: UpdateOperation,
  value: ByteRange,
  bytes: Uint8Array,
  { parent, token }: Located,
): PathChange {
  if (token.kind === 'name') {
    if (mapLength(bytes, parent) < 0) throw operation.fieldError('can not access by key a non-map field');
    const point = parent + containerHeaderSize(bytes, parent);
    return { kind: 'insert', parent, point, key: token.utf8, value };
  }
  const size = arrayLength(bytes, parent);
  if (size < 0) throw operation.fieldError('can not access by index a non-array field');
  if (token.kind !== 'index' || token.index !== size) throw operation.noSuchField();
  return { kind: 'insert', parent, point: skipValue(bytes, parent), key: null, value };
}

function deletionByPath(
  operation: UpdateOperation,
  count: number,
  bytes: Uint8Array,
  { parent, token, point }: Located,
): PathChange {
  const size = arrayLength(bytes, parent);
  if (size < 0) {
    if (count !== 1) throw operation.fieldError('can delete only 1 field from a map in a row');
    return { kind: 'delete', parent, point: keyOf(bytes, parent, point), pointEnd: skipValue(bytes, point), count };
  }
  const present = token.kind === 'index' ? Math.min(count, size - token.index) : count;
  let pointEnd = point;
  for (let left = present; left > 0; left--) pointEnd = skipValue(bytes, pointEnd);
  return { kind: 'delete', parent, point, pointEnd, count: present };
}

/** Position of the key of the value at `value`, in the map at `parent`. */
function keyOf(bytes: Uint8Array, parent: number, value: number): number {
  let key = parent + containerHeaderSize(bytes, parent);
  for (let at = skipValue(bytes, key); at !== value; at = skipValue(bytes, key)) key = skipValue(bytes, at);
  return key;
}

/** Where a route leads if the operation's path begins with it, else the place where they part. */
function followRoute(operation: UpdateOperation, field: UpdateField, state: RouteState): UpdateField {
  const ahead = operation.remainingTokens();
  const fits = state.tokens.every((token, index) => {
    const other = ahead[index];
    return other !== undefined && sameJsonToken(token, other);
  });
  if (!fits) return branch(operation, field, state);
  operation.skipTokens(state.tokens.length);
  return state.next;
}

/**
 * Makes room for a second path below a field that had one: the container where they part becomes a node of its own, with
 * what was there before as a child, and is returned for the operation to apply to.
 */
function branch(operation: UpdateOperation, field: UpdateField, state: PathState | RouteState): UpdateField {
  const { bytes } = field.source;
  let parent = field.source.start;
  let shared = 0;
  let next = operation.nextToken();
  for (; shared < state.tokens.length && next !== null; shared++) {
    if (!sameJsonToken(state.tokens[shared]!, next)) break;
    if (parent >= 0) parent = positionBelow(bytes, parent, next);
    next = operation.nextToken();
  }
  const old = state.tokens[shared];
  if (old === undefined && next === null) throw operation.doubleUpdate();
  // What the first path has only just inserted is no container that could be gone into.
  if (parent < 0) throw operation.noSuchField();
  const token = branchToken(operation, next, kindAt(bytes, parent));
  // Going into a value that another operation has replaced crashes 2.6.0.
  if (old === undefined) throw operation.doubleUpdate();
  const source = rangeOf(bytes, parent);
  const below = state.tokens.slice(shared + 1);
  const split = splitContainer(operation, source, old, childState(state, below));
  operation.applyAt(token);
  if (shared === 0) {
    field.state = split;
    return field;
  }
  const hop = new UpdateField(source, split);
  field.state = { kind: 'route', tokens: state.tokens.slice(0, shared), next: hop };
  return hop;
}

function branchToken(operation: UpdateOperation, token: JsonToken | null, kind: number): JsonToken {
  if (kind === KIND.array) {
    if (token?.kind !== 'index') throw operation.fieldError('can not update array by non-integer index');
    return token;
  }
  if (kind !== KIND.map) throw operation.noSuchField();
  if (token?.kind !== 'name') throw operation.fieldError('can not update map by non-string key');
  return token;
}

function childState(state: PathState | RouteState, below: readonly JsonToken[]): UpdateState {
  if (state.kind === 'route') return below.length === 0 ? state.next.state : { ...state, tokens: below };
  return { ...state, tokens: below };
}

/** The container `source` as a node in which the child at `token` has the given state. */
function splitContainer(
  operation: UpdateOperation,
  source: ByteRange,
  token: JsonToken,
  child: UpdateState,
): ArrayState | MapState {
  const size = mapLength(source.bytes, source.start);
  const state = size < 0 ? arrayState(source) : mapState(source, size);
  // What inserts into or deletes from the container itself belongs to it and is done again there.
  if (child.kind === 'path' && child.tokens.length === 0 && child.change.kind !== 'replace') {
    const earlier = child.operation;
    earlier.applyAt(token);
    if (state.kind === 'array') applyToArray(earlier, state);
    else applyToMap(earlier, state);
    return state;
  }
  if (state.kind === 'array') {
    if (token.kind !== 'index') throw operation.noSuchField();
    replaceElement(state, token.index, child);
  } else {
    if (token.kind !== 'name') throw operation.fieldError('can not update map by non-string key');
    const item = extractItem(state, token.utf8);
    if (item === null) throw operation.noSuchField();
    item.field.state = child;
  }
  return state;
}
