/**
 * The rows of a state, encoded from a read view in slices: system spaces by id, then user spaces by id, each in the order
 * of its primary key. Temporary and service spaces have none. They become a snapshot, or what a joining replica gets.
 * Invariant: every row shows the state of the moment at which the source was made, whatever is written meanwhile.
 */
import type { ByteWriter } from '../../base/index.ts';
import { writeUnsigned } from '../../codec/msgpack/index.ts';
import { writeRowHeader } from '../../codec/xlog/index.ts';
import {
  type Arena,
  NO_ADDRESS,
  type ReadView,
  tuplePosition,
  tupleSize,
  tupleSlab,
  type ViewLoss,
} from '../arena/index.ts';
import type { IndexSnapshot } from '../indexes/index.ts';
import type { Space, SpaceMemory } from '../memtx/index.ts';

const INSERT = 2;
const SYSTEM_SPACE_ID_MAX = 511;
const GROUP_LOCAL = 1;

type FrozenSpace = Readonly<{ id: number; isLocal: boolean; arena: Arena; snapshot: IndexSnapshot }>;

/** Why writers took the view, and how much was kept for it. */
export type LostView = Readonly<{ loss: ViewLoss; keptBytes: number }>;

/** Rows that are not tuples of a space: the current values of sequences. */
export type ExtraRows = Readonly<{ spaceId: number; tuples: readonly Uint8Array[] }>;

/** A row that is no tuple: of elections, or of the synchronous queue. It stands between system and user spaces. */
export type ControlRow = Readonly<{ type: number; replicaId: number; groupId: number; body: Uint8Array }>;

/** How the source writes its rows. */
export interface RowForm {
  /** Rows of local spaces belong to it. */
  readonly hasLocalSpaces: boolean;
  /** Writes what comes before the tuple; `number` counts the rows. Returns what `end` needs. */
  begin(writer: ByteWriter, number: number, spaceId: number, isLocal: boolean): number;
  /** Completes the row, the tuple of which ends at the writer's position. */
  end(writer: ByteWriter, start: number): void;
  /** Writes a control row, if they belong to this form. */
  control(writer: ByteWriter, number: number, row: ControlRow): void;
}

export class SnapshotSource {
  readonly #views: readonly Readonly<{ memory: SpaceMemory; view: ReadView }>[];
  readonly #spaces: readonly FrozenSpace[];
  readonly #extra: ExtraRows;
  /** Set before the first `fill`: they are those of the moment only when everything that the view shows is written. */
  controlRows: readonly ControlRow[] = [];
  #controlDone = false;
  readonly #form: RowForm;
  #at = 0;
  #row = 0;
  #extraDone = false;
  #isClosed = false;
  #loss: LostView | null = null;
  /** Told that the view was taken away: there are no more rows. */
  onLoss: (loss: LostView) => void = () => undefined;
  readonly totalRows: number;

  constructor(
    memories: readonly SpaceMemory[],
    spaces: Iterable<Space>,
    extra: ExtraRows,
    form: RowForm,
    nowMs: number,
  ) {
    const giveUp = (loss: ViewLoss): void => this.#giveUp(loss);
    this.#views = memories.map((memory) => ({ memory, view: memory.views.open({ nowMs, giveUp }) }));
    this.#extra = extra;
    this.#form = form;
    const frozen: FrozenSpace[] = [];
    for (const space of spaces) {
      const { primary, definition } = space;
      if (primary === null || definition.isTemporary || definition.engine !== 'memtx') continue;
      if (space.id === extra.spaceId || (definition.isLocal && !form.hasLocalSpaces)) continue;
      frozen.push({ id: space.id, isLocal: definition.isLocal, arena: space.arena, snapshot: primary.freeze() });
    }
    this.#spaces = frozen.sort((a, b) => rank(a.id) - rank(b.id));
    this.totalRows = frozen.reduce((sum, space) => sum + space.snapshot.size, extra.tuples.length);
  }

  get rowsDone(): number {
    return this.#row;
  }

  /** Appends rows until `writer` holds about `targetBytes` or `rowLimit` rows were added; false when all are done. */
  fill(writer: ByteWriter, targetBytes: number, rowLimit: number): boolean {
    let left = rowLimit;
    while (writer.position < targetBytes && left-- > 0) {
      const space = this.#spaces[this.#at];
      if (!this.#extraDone && (space === undefined || rank(space.id) > this.#extra.spaceId)) {
        for (const tuple of this.#extra.tuples) {
          this.#writeRow(writer, this.#extra.spaceId, false, tuple, 0, tuple.length);
        }
        this.#extraDone = true;
      }
      if (!this.#controlDone && (space === undefined || rank(space.id) > SYSTEM_SPACE_ID_MAX)) {
        for (const row of this.controlRows) this.#form.control(writer, this.#row++, row);
        this.#controlDone = true;
      }
      if (space === undefined) return false;
      const tuple = space.snapshot.next();
      if (tuple === NO_ADDRESS) {
        this.#at++;
        continue;
      }
      const start = tuplePosition(tuple);
      const end = start + tupleSize(space.arena, tuple);
      this.#writeRow(writer, space.id, space.isLocal, tupleSlab(space.arena, tuple), start, end);
    }
    return true;
  }

  /** Why there are no more rows although some are missing; null unless the view was taken away. */
  get loss(): LostView | null {
    return this.#loss;
  }

  /** Lets go of the view; a second time nothing happens. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { memory, view } of this.#views) memory.views.close(view);
  }

  #giveUp(loss: ViewLoss): void {
    const lost = { loss, keptBytes: this.#views.reduce((sum, { view }) => sum + view.retiredBytes, 0) };
    this.close();
    this.#loss = lost;
    this.onLoss(lost);
  }

  #writeRow(
    writer: ByteWriter,
    spaceId: number,
    isLocal: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const row = this.#form.begin(writer, this.#row++, spaceId, isLocal);
    writer.writeBytes(bytes, start, end);
    this.#form.end(writer, row);
  }
}

/** Rows of a snapshot file: `83 00 02 03 n 04 cb time 82 10 ce id 21`; the first has no number, as 0 is never written. */
export class SnapshotRowForm implements RowForm {
  readonly hasLocalSpaces = true;
  readonly timestampSeconds: number;

  constructor(timestampSeconds: number) {
    this.timestampSeconds = timestampSeconds;
  }

  begin(writer: ByteWriter, number: number, spaceId: number, isLocal: boolean): number {
    writer.ensure(48);
    writer.writeByte(0x82 + (number === 0 ? 0 : 1) + (isLocal ? 1 : 0));
    writer.writeByte(0x00);
    writer.writeByte(INSERT);
    if (isLocal) {
      writer.writeByte(0x07);
      writer.writeByte(GROUP_LOCAL);
    }
    if (number !== 0) {
      writer.writeByte(0x03);
      writeUnsigned(writer, number);
    }
    writer.ensure(24);
    const { bytes, view, position } = writer;
    bytes[position] = 0x04;
    bytes[position + 1] = 0xcb;
    view.setFloat64(position + 2, this.timestampSeconds);
    bytes[position + 10] = 0x82;
    bytes[position + 11] = 0x10;
    bytes[position + 12] = 0xce;
    view.setUint32(position + 13, spaceId);
    bytes[position + 17] = 0x21;
    writer.position = position + 18;
    return 0;
  }

  end(): void {}

  control(writer: ByteWriter, number: number, { type, replicaId, groupId, body }: ControlRow): void {
    const { timestampSeconds } = this;
    writeRowHeader(writer, { type, replicaId, groupId, lsn: number, timestampSeconds, tsn: 0, flags: 0 });
    writer.writeBytes(body, 0, body.length);
  }
}

/** System spaces come first whatever ids users gave to theirs. */
function rank(id: number): number {
  return id >= 256 && id <= 511 ? id : id + 4294967296;
}
