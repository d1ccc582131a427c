/**
 * Rows of a snapshot on their way from the worker that reads them to the thread that applies them: their bytes, and for
 * each row where its parts lie, so that the second thread need not parse what the first has parsed.
 */
import { assert, ByteWriter } from '../../base/index.ts';
import { containerHeaderSize, KIND, kindAt, mapLength, readUnsigned, skipValue } from '../../codec/msgpack/index.ts';
import type { RowReader } from '../../codec/xlog/index.ts';

const INSERT = 2;
const SPACE_ID_MAX = 0xffffffff;
const BODY_KEY = { spaceId: 0x10, tuple: 0x21 } as const;

/** Words of one place: space id (0 if the row is not a plain one), start and end of the row, start and end of its tuple. */
const PLACE_WORDS = 5;

/** A plain row inserts one tuple and says nothing else; any other is given as a whole. */
export type SnapshotRowHandlers = Readonly<{
  onTuple: (spaceId: number, bytes: Uint8Array, position: number, end: number) => void;
  onRow: (bytes: Uint8Array, start: number, end: number) => void;
}>;

/** Collects rows in memory that both threads see. */
export class SnapshotRowWriter {
  readonly #rows: ByteWriter;
  #places: Uint32Array;
  #count = 0;

  constructor(sizeBytes: number, rowsExpected: number) {
    this.#rows = new ByteWriter(sizeBytes, true);
    this.#places = sharedWords(rowsExpected * PLACE_WORDS);
  }

  reset(): void {
    this.#rows.reset();
    this.#count = 0;
  }

  /** Appends the reader's current row. */
  append(row: RowReader): void {
    const at = this.#count++ * PLACE_WORDS;
    if (at === this.#places.length) {
      const grown = sharedWords(2 * at);
      grown.set(this.#places);
      this.#places = grown;
    }
    const places = this.#places;
    const start = this.#rows.position;
    this.#rows.writeBytes(row.bytes, row.rowStart, row.bodyEnd);
    places[at] = 0;
    places[at + 1] = start;
    places[at + 2] = this.#rows.position;
    if (row.type === INSERT) placeTuple(row, start - row.rowStart, places, at);
  }

  /** Both views are valid until `reset`. */
  written(): Readonly<{ rows: Uint8Array; places: Uint8Array }> {
    const { buffer } = this.#places;
    return { rows: this.#rows.written(), places: new Uint8Array(buffer, 0, this.#count * PLACE_WORDS * 4) };
  }
}

/** Hands on what `SnapshotRowWriter.written` gave, in order; returns the number of rows. */
export function readSnapshotRows(rows: Uint8Array, places: Uint8Array, handlers: SnapshotRowHandlers): number {
  assert(places.byteOffset % 4 === 0, 'places are whole words');
  const words = new Uint32Array(places.buffer, places.byteOffset, places.length >>> 2);
  for (let at = 0; at < words.length; at += PLACE_WORDS) {
    const spaceId = words[at]!;
    if (spaceId === 0) handlers.onRow(rows, words[at + 1]!, words[at + 2]!);
    else handlers.onTuple(spaceId, rows, words[at + 3]!, words[at + 4]!);
  }
  return words.length / PLACE_WORDS;
}

/** Notes space and tuple of a body `{0x10: space id, 0x21: [...]}` with nothing else. The row has been checked. */
function placeTuple({ bytes, bodyStart, bodyEnd }: RowReader, shift: number, places: Uint32Array, at: number): void {
  if (mapLength(bytes, bodyStart) !== 2) return;
  const spaceKey = bodyStart + containerHeaderSize(bytes, bodyStart);
  if (bytes[spaceKey] !== BODY_KEY.spaceId) return;
  const spaceId = readUnsigned(bytes, spaceKey + 1);
  const tupleKey = skipValue(bytes, spaceKey + 1);
  if (spaceId <= 0 || spaceId > SPACE_ID_MAX || bytes[tupleKey] !== BODY_KEY.tuple) return;
  if (kindAt(bytes, tupleKey + 1) !== KIND.array) return;
  places[at] = spaceId;
  places[at + 3] = tupleKey + 1 + shift;
  places[at + 4] = bodyEnd + shift;
}

function sharedWords(count: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(count * 4));
}
