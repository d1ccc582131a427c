/**
 * Snapshots of the state that the log leads to: all global spaces at one moment, given in chunks to whoever asks for them.
 *
 * A view of the moment is opened when the core wants to send a snapshot, and read as chunks are asked for; what was read
 * stays for others that ask. It is closed when a newer one takes its place, or nobody has asked for a while.
 * A chunk is a MessagePack array `[space id, tuple, space id, tuple, ...]`.
 */
import { ByteWriter, clusterError } from '../../base/index.ts';
import { writeArrayHeader, writeUnsigned } from '../../codec/msgpack/index.ts';
import {
  type Arena,
  NO_ADDRESS,
  type ReadView,
  tuplePosition,
  tupleSize,
  tupleSlab,
} from '../../engine/arena/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { IndexSnapshot } from '../../engine/indexes/index.ts';
import type { SpaceMemory } from '../../engine/memtx/index.ts';
import type { EntryId } from '../../raft/index.ts';
import { writeKey } from '../../tuple/index.ts';
import { FieldReader } from './encoding.ts';
import { GLOBAL_SPACES } from './spaces.ts';

export type Chunk = Readonly<{ bytes: Uint8Array; isLast: boolean }>;

type Frozen = Readonly<{ spaceId: number; arena: Arena; tuples: IndexSnapshot }>;

class SnapshotView {
  readonly id: EntryId;
  usedMs: number;
  readonly #memory: SpaceMemory;
  readonly #chunkBytes: number;
  #view: ReadView | null;
  #spaces: Frozen[];
  readonly #chunks: Uint8Array[] = [];

  constructor(box: Box, memory: SpaceMemory, id: EntryId, chunkBytes: number, nowMs: number) {
    this.id = id;
    this.usedMs = nowMs;
    this.#memory = memory;
    this.#chunkBytes = chunkBytes;
    this.#view = memory.views.open({ nowMs, giveUp: () => this.close() });
    this.#spaces = GLOBAL_SPACES.flatMap((spaceId) => {
      const space = box.catalog.space(spaceId);
      if (space === undefined || space.primary === null) return [];
      return [{ spaceId, arena: space.arena, tuples: space.primary.freeze() }];
    });
  }

  /** Null: the view was taken away before everything was read. */
  chunk(number: number): Chunk | null {
    while (this.#chunks.length <= number && this.#spaces.length > 0) {
      if (this.#view === null) return null;
      this.#chunks.push(this.#read());
    }
    const bytes = this.#chunks[number];
    return bytes === undefined
      ? null
      : { bytes, isLast: this.#spaces.length === 0 && number === this.#chunks.length - 1 };
  }

  close(): void {
    if (this.#view === null) return;
    this.#memory.views.close(this.#view);
    this.#view = null;
  }

  #read(): Uint8Array {
    const rows = new ByteWriter(Math.min(this.#chunkBytes, 64 * 1024));
    let count = 0;
    for (let space = this.#spaces[0]; space !== undefined; space = this.#spaces[0]) {
      const tuple = space.tuples.next();
      if (tuple === NO_ADDRESS) {
        this.#spaces.shift();
        continue;
      }
      const start = tuplePosition(tuple);
      writeUnsigned(rows, space.spaceId);
      rows.writeBytes(tupleSlab(space.arena, tuple), start, start + tupleSize(space.arena, tuple));
      count++;
      if (rows.position >= this.#chunkBytes) break;
    }
    if (this.#spaces.length === 0) this.close();
    const chunk = new ByteWriter(rows.position + 8);
    writeArrayHeader(chunk, count * 2);
    chunk.writeBytes(rows.bytes, 0, rows.position);
    return chunk.toBytes();
  }
}

export class SnapshotViews {
  readonly #box: Box;
  readonly #memory: SpaceMemory;
  readonly #chunkBytes: number;
  #view: SnapshotView | null = null;

  constructor(box: Box, memory: SpaceMemory, chunkBytes: number) {
    this.#box = box;
    this.#memory = memory;
    this.#chunkBytes = chunkBytes;
  }

  /** The state is that behind entry `id` now. */
  open(id: EntryId, nowMs: number): void {
    if (this.#view?.id.index === id.index) return;
    this.#view?.close();
    this.#view = new SnapshotView(this.#box, this.#memory, id, this.#chunkBytes, nowMs);
  }

  /** Throws RAFT_SNAPSHOT_READ_VIEW_NOT_AVAILABLE if another snapshot has taken its place, or the view was given up. */
  chunk(id: EntryId, number: number, nowMs: number): Chunk {
    const view = this.#view;
    const chunk = view !== null && view.id.index === id.index && view.id.term === id.term ? view.chunk(number) : null;
    if (view === null || chunk === null) throw clusterError('RAFT_SNAPSHOT_READ_VIEW_NOT_AVAILABLE', id.index);
    view.usedMs = nowMs;
    return chunk;
  }

  /** When a chunk was asked for last; null: there is no view. */
  get usedMs(): number | null {
    return this.#view?.usedMs ?? null;
  }

  close(): void {
    this.#view?.close();
    this.#view = null;
  }
}

/** Inside of a transaction: the global spaces become what the chunks hold. */
export function restoreState(box: Box, session: Session, chunks: readonly Uint8Array[]): void {
  const { statements } = box;
  const key = new ByteWriter(256);
  for (const spaceId of GLOBAL_SPACES) {
    const space = box.catalog.space(spaceId);
    if (space === undefined || space.primary === null) continue;
    for (let size = space.primary.size; size > 0; size--) {
      const tuple = space.primary.random(0);
      key.reset();
      writeKey(key, space.primary.definition.keyDef, tupleSlab(space.arena, tuple), tuplePosition(tuple));
      statements.delete(session, spaceId, 0, key.bytes, 0);
    }
  }
  for (const chunk of chunks) {
    const reader = new FieldReader(chunk);
    for (let left = reader.array() / 2; left > 0; left--) {
      const spaceId = reader.unsigned();
      const start = reader.position;
      reader.skip();
      statements.insert(session, spaceId, chunk, start, reader.position);
    }
  }
}
