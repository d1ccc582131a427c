/** Writing an updated tuple: unchanged stretches are copied, changes written between them. */
import type { ByteWriter } from '../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  mapLength,
  writeArrayHeader,
  writeMapHeader,
  writeStringHeader,
} from '../codec/msgpack/index.ts';
import { childPlace, type FormatPlace } from './format-tree.ts';
import type { JsonToken } from './json-path.ts';
import { writeResult } from './update-compute.ts';
import type { ByteRange } from './update-operation.ts';
import { arraySize, type ArrayState, type MapState, type PathState, type UpdateField } from './update-tree.ts';

/** Appends the field as its changes leave it. `place` is what the format says of it, null if nothing. */
export function writeField(writer: ByteWriter, field: UpdateField, place: FormatPlace | null): void {
  const { source, state } = field;
  switch (state.kind) {
    case 'untouched':
      return writeRange(writer, source);
    case 'replaced':
      return writeResult(writer, state.result, place?.type === 'double');
    case 'array':
      return writeArray(writer, state, place);
    case 'map':
      return writeMap(writer, state, place);
    case 'path':
      return writePath(writer, source, state, place);
    case 'route': {
      const hop = state.next.source;
      writer.writeBytes(source.bytes, source.start, hop.start);
      writeField(writer, state.next, placeAt(place, state.tokens));
      return writer.writeBytes(source.bytes, hop.end, source.end);
    }
  }
}

function writeRange(writer: ByteWriter, range: ByteRange): void {
  writer.writeBytes(range.bytes, range.start, range.end);
}

function placeAt(place: FormatPlace | null, tokens: readonly JsonToken[]): FormatPlace | null {
  return tokens.reduce<FormatPlace | null>(childPlace, place);
}

function writeArray(writer: ByteWriter, state: ArrayState, place: FormatPlace | null): void {
  writeArrayHeader(writer, arraySize(state));
  let index = 0;
  for (const run of state.runs) {
    if (run.field === null) writeRange(writer, run.source);
    else writeField(writer, run.field, childPlace(place, { kind: 'index', index }));
    index += run.count;
  }
}

function writeKey(writer: ByteWriter, key: Uint8Array): void {
  writeStringHeader(writer, key.length);
  writer.writeBytes(key, 0, key.length);
}

function writeMap(writer: ByteWriter, state: MapState, place: FormatPlace | null): void {
  writeMapHeader(writer, state.size);
  for (const { key, field } of state.items) {
    if (key === null) continue;
    writeKey(writer, key);
    writeField(writer, field, place === null ? null : childOfKey(place, key));
  }
  for (const { tail } of state.items) writeRange(writer, tail);
}

function childOfKey(place: FormatPlace, key: Uint8Array): FormatPlace | null {
  if (place.children.length === 0) return null;
  const name = new TextDecoder().decode(key);
  return childPlace(place, { kind: 'name', name, utf8: key });
}

function writePath(writer: ByteWriter, source: ByteRange, state: PathState, place: FormatPlace | null): void {
  const { bytes, start, end } = source;
  const { change } = state;
  if (change.kind === 'replace') {
    writer.writeBytes(bytes, start, change.point);
    writeResult(writer, change.result, placeAt(place, state.tokens)?.type === 'double');
    return writer.writeBytes(bytes, change.pointEnd, end);
  }
  const { parent, point } = change;
  writer.writeBytes(bytes, start, parent);
  const growth = change.kind === 'insert' ? 1 : -change.count;
  const size = arrayLength(bytes, parent);
  if (size >= 0) writeArrayHeader(writer, size + growth);
  else writeMapHeader(writer, mapLength(bytes, parent) + growth);
  writer.writeBytes(bytes, parent + containerHeaderSize(bytes, parent), point);
  if (change.kind === 'delete') return writer.writeBytes(bytes, change.pointEnd, end);
  if (change.key !== null) writeKey(writer, change.key);
  writeRange(writer, change.value);
  writer.writeBytes(bytes, point, end);
}
