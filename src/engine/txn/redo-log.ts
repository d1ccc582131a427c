/**
 * The rows that a transaction will write, in order: type, group, and the body as MessagePack. Reused for every one.
 *
 * A row that came from another instance keeps the number that it got there: `takeNumber` says it, and the statement that
 * applies the row, not what its triggers do, takes it.
 */
import { ByteWriter } from '../../base/index.ts';

const SHRINK_BYTES = 1024 * 1024;

export class RedoLog {
  count = 0;
  readonly types: number[] = [];
  /** 0 for replicated rows, 1 for rows of local spaces. */
  readonly groupIds: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Some row has a number already. */
  hasNumbers = false;
  /** By row if `hasNumbers`: where it came from, and its LSN there; 0 for rows that are numbered here. */
  readonly replicaIds: number[] = [];
  readonly lsns: number[] = [];
  /** ROW_FLAG bits of the last row, beside the one that marks the end. */
  flags = 0;
  /** A trigger runs: its rows are not the statement's. */
  isInTrigger = false;
  #replicaId = 0;
  #lsn = 0;
  bodies = new ByteWriter(4096);

  reset(): void {
    this.count = 0;
    this.hasNumbers = false;
    this.flags = 0;
    this.#lsn = 0;
    if (this.bodies.bytes.length > SHRINK_BYTES) this.bodies = new ByteWriter(4096);
    this.bodies.position = 0;
  }

  /** The next statement's row came from there with this number. */
  takeNumber(replicaId: number, lsn: number): void {
    for (let index = 0; !this.hasNumbers && index < this.count; index++) this.replicaIds[index] = this.lsns[index] = 0;
    this.hasNumbers = true;
    this.#replicaId = replicaId;
    this.#lsn = lsn;
  }

  /** The number given last has not been taken: the statement wrote no row. */
  get isNumberFree(): boolean {
    return this.#lsn !== 0;
  }

  /** A statement of a user's or a trigger's is being executed, not a row of another instance. */
  get isOwnStatement(): boolean {
    return this.#lsn === 0 || this.isInTrigger;
  }

  /** Begins a row; the caller writes its body to `bodies` and calls `endRow`. */
  beginRow(type: number, groupId: number): void {
    this.types[this.count] = type;
    this.groupIds[this.count] = groupId;
    this.starts[this.count] = this.bodies.position;
    if (this.hasNumbers) this.#number();
  }

  endRow(): void {
    this.ends[this.count++] = this.bodies.position;
  }

  #number(): void {
    const isTaken = this.isOwnStatement;
    this.replicaIds[this.count] = isTaken ? 0 : this.#replicaId;
    this.lsns[this.count] = isTaken ? 0 : this.#lsn;
    if (!isTaken) this.#lsn = 0;
  }

  /** Forgets the rows from `count` on. */
  truncate(count: number): void {
    if (count >= this.count) return;
    this.bodies.position = this.starts[count]!;
    this.count = count;
  }
}
