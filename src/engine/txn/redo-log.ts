/** The rows that a transaction will write, in order: type, group, and the body as MessagePack. Reused for every one. */
import { ByteWriter } from '../../base/index.ts';

const SHRINK_BYTES = 1024 * 1024;

export class RedoLog {
  count = 0;
  readonly types: number[] = [];
  /** 0 for replicated rows, 1 for rows of local spaces. */
  readonly groupIds: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  bodies = new ByteWriter(4096);

  reset(): void {
    this.count = 0;
    if (this.bodies.bytes.length > SHRINK_BYTES) this.bodies = new ByteWriter(4096);
    this.bodies.position = 0;
  }

  /** Begins a row; the caller writes its body to `bodies` and calls `endRow`. */
  beginRow(type: number, groupId: number): void {
    this.types[this.count] = type;
    this.groupIds[this.count] = groupId;
    this.starts[this.count] = this.bodies.position;
  }

  endRow(): void {
    this.ends[this.count++] = this.bodies.position;
  }

  /** Forgets the rows from `count` on. */
  truncate(count: number): void {
    if (count >= this.count) return;
    this.bodies.position = this.starts[count]!;
    this.count = count;
  }
}
