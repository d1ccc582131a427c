/**
 * A tuple under update: a tree that grows only where operations went, the rest staying bytes of the old tuple.
 * Operations see the effects of those before them (fields inserted and deleted), except that a value may be computed or
 * assigned through a path only once. What is observable follows 2.6.0: which mistakes are found in which order, and that
 * in a map changed in several places the changed pairs come first, the last changed one foremost.
 */
import type { ByteRange, UpdateOperation, UpdateResult } from './update-operation.ts';
import type { JsonToken } from './json-path.ts';
import { arrayLength, containerHeaderSize, skipValue } from '../codec/msgpack/index.ts';

export type UpdateState =
  /** Unchanged. */
  | Readonly<{ kind: 'untouched' }>
  /** Replaced by the result of one operation. */
  | Readonly<{ kind: 'replaced'; result: UpdateResult }>
  | ArrayState
  | MapState
  | PathState
  | RouteState;

export type ArrayState = Readonly<{ kind: 'array'; runs: Run[] }>;
export type MapState = { readonly kind: 'map'; size: number; readonly items: MapItem[] };

/** One operation somewhere below, by a path that nothing else uses. */
export type PathState = Readonly<{
  kind: 'path';
  operation: UpdateOperation;
  /** From the field to the point. */
  tokens: readonly JsonToken[];
  change: PathChange;
}>;

/** What the operation of a PathState does there. Positions are those of the field's own bytes. */
export type PathChange =
  | Readonly<{ kind: 'replace'; point: number; pointEnd: number; result: UpdateResult }>
  /** `parent` is the container's position; a new pair of a map has a key. */
  | Readonly<{ kind: 'insert'; parent: number; point: number; key: Uint8Array | null; value: ByteRange }>
  | Readonly<{ kind: 'delete'; parent: number; point: number; pointEnd: number; count: number }>;

/** Changes that all lie below one place: bytes around `next` are unchanged. */
export type RouteState = Readonly<{ kind: 'route'; tokens: readonly JsonToken[]; next: UpdateField }>;

export class UpdateField {
  source: ByteRange;
  state: UpdateState;
  constructor(source: ByteRange, state: UpdateState = UNTOUCHED) {
    this.source = source;
    this.state = state;
  }
}

export const UNTOUCHED: UpdateState = { kind: 'untouched' };

/** Some fields of an array in a row: one with a node of its own, or `count` unchanged ones that are bytes. */
export type Run = Readonly<{ field: UpdateField | null; source: ByteRange; count: number }>;

/**
 * A changed pair of a map, and the unchanged pairs that followed it in the old one. Without a key there is no pair: it
 * was deleted, or stood before the first change.
 */
export type MapItem = { key: Uint8Array | null; field: UpdateField; tail: ByteRange };

function fieldRun(field: UpdateField): Run {
  return { field, source: field.source, count: 1 };
}

export function rangeOf(bytes: Uint8Array, position: number): ByteRange {
  return { bytes, start: position, end: skipValue(bytes, position) };
}

/** An array node over the array `source`. */
export function arrayState(source: ByteRange): ArrayState {
  const count = arrayLength(source.bytes, source.start);
  const start = source.start + containerHeaderSize(source.bytes, source.start);
  return { kind: 'array', runs: count === 0 ? [] : [{ field: null, source: { ...source, start }, count }] };
}

export function arraySize(state: ArrayState): number {
  return state.runs.reduce((size, run) => size + run.count, 0);
}

/** Cuts the runs so that one begins at `index`, and gives its place among them. */
function cutAt(runs: Run[], index: number): number {
  let before = 0;
  let place = 0;
  while (place < runs.length && before + runs[place]!.count <= index) before += runs[place++]!.count;
  if (before === index) return place;
  const { source, count } = runs[place]!;
  let middle = source.start;
  for (let skipped = before; skipped < index; skipped++) middle = skipValue(source.bytes, middle);
  runs.splice(
    place,
    1,
    { field: null, source: { ...source, end: middle }, count: index - before },
    { field: null, source: { ...source, start: middle }, count: count - (index - before) },
  );
  return place + 1;
}

/** The node of an element that exists. */
export function arrayElement(state: ArrayState, index: number): UpdateField {
  const { runs } = state;
  const place = cutAt(runs, index);
  const present = runs[place]!.field;
  if (present !== null) return present;
  cutAt(runs, index + 1);
  const field = new UpdateField(runs[place]!.source);
  runs[place] = fieldRun(field);
  return field;
}

/** Gives an element that exists the state of a change made before. */
export function replaceElement(state: ArrayState, index: number, child: UpdateState): void {
  arrayElement(state, index).state = child;
}

export function insertElement(state: ArrayState, index: number, value: ByteRange): void {
  state.runs.splice(cutAt(state.runs, index), 0, fieldRun(new UpdateField(value)));
}

/** Deletes `count` elements that exist. */
export function deleteElements(state: ArrayState, index: number, count: number): void {
  const from = cutAt(state.runs, index);
  state.runs.splice(from, cutAt(state.runs, index + count) - from);
}

/** A map node over the map `source`. */
export function mapState(source: ByteRange, size: number): MapState {
  const start = source.start + containerHeaderSize(source.bytes, source.start);
  if (size === 0) return { kind: 'map', size, items: [] };
  return { kind: 'map', size, items: [keylessItem({ ...source, start })] };
}

function keylessItem(tail: ByteRange): MapItem {
  return { key: null, field: new UpdateField({ ...tail, end: tail.start }), tail };
}

/** Adds a pair that was not there. */
export function insertPair(state: MapState, key: Uint8Array, value: ByteRange): void {
  state.size++;
  state.items.unshift({ key, field: new UpdateField(value), tail: { ...value, start: value.end } });
}

export function deletePair(state: MapState, item: MapItem): void {
  item.key = null;
  item.field = new UpdateField({ ...item.tail, end: item.tail.start });
  state.size--;
}
