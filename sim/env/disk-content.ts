/**
 * The content of a simulated file: what readers see, what is safe on the medium, and the changes between the two.
 *
 * Guarantees: `sync` makes all changes durable whose write-back did not fail before; `afterCrash` is what a power cut
 * may leave: the durable content with any part of the other changes, each torn anywhere.
 */
import { type SeededRandom } from '../../src/base/index.ts';

const SECTOR_BYTES = 512;
/** More changes than this are written back by the system on its own, oldest first. */
const MOST_CHANGES = 4096;

type Change =
  | Readonly<{ kind: 'write'; position: number; bytes: Uint8Array; isAbandoned: boolean }>
  | Readonly<{ kind: 'truncate'; sizeBytes: number; isAbandoned: boolean }>;

export class DiskContent {
  #current = new GrowingBytes();
  #durable = new GrowingBytes();
  #changes: Change[] = [];

  get sizeBytes(): number {
    return this.#current.length;
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    const found = this.#current.view().subarray(position, position + length);
    target.set(found, offset);
    return found.length;
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    this.#current.write(bytes, position);
    this.#changes.push({ kind: 'write', position, bytes: bytes.slice(), isAbandoned: false });
    if (this.#changes.length > MOST_CHANGES) this.#writeBack(this.#changes.splice(0, MOST_CHANGES / 2));
  }

  truncate(sizeBytes: number): void {
    this.#current.resize(sizeBytes);
    this.#changes.push({ kind: 'truncate', sizeBytes, isAbandoned: false });
  }

  sync(): void {
    const changes = this.#changes;
    // What was written over later can not come back: the medium has the later bytes.
    this.#changes = changes.filter(
      (change, index) =>
        change.isAbandoned && !changes.slice(index + 1).some((later) => !later.isAbandoned && replaces(later, change)),
    );
    this.#writeBack(changes);
  }

  /** A write-back that failed: as kernels do, what was to be written counts as clean, and no later sync writes it. */
  failSync(): void {
    this.#changes = this.#changes.map((change) => ({ ...change, isAbandoned: true }));
  }

  #writeBack(changes: readonly Change[]): void {
    for (const change of changes) if (!change.isAbandoned) apply(this.#durable, change);
  }

  /** The same state, independent of this one. */
  copy(): DiskContent {
    const copy = new DiskContent();
    copy.#current = this.#current.copy();
    copy.#durable = this.#durable.copy();
    copy.#changes = [...this.#changes];
    return copy;
  }

  /** What is on the medium after a power cut; all of it is durable. */
  afterCrash(random: SeededRandom): DiskContent {
    const left = this.#durable.copy();
    const changes = this.#changes;
    const manner = random.pick(['nothing', 'everything', 'beginning', 'scattered'] as const);
    // Lengths and contents are written back apart, so that a file may have its new size and still hold zeros.
    const hasLength = manner !== 'nothing' && random.chance(0.2);
    if (hasLength) left.resize(this.#current.length);
    const kept = manner === 'nothing' ? 0 : manner === 'beginning' ? random.below(changes.length + 1) : changes.length;
    changes.slice(0, kept).forEach((change, index) => {
      if (manner === 'everything' || (manner === 'beginning' && index < kept - 1)) apply(left, change);
      else applyTorn(left, change, manner === 'beginning' ? (hasLength ? 'sectors' : 'bytes') : 'scattered', random);
    });
    const result = new DiskContent();
    result.#current = left.copy();
    result.#durable = left;
    return result;
  }
}

function apply(target: GrowingBytes, change: Change): void {
  if (change.kind === 'write') target.write(change.bytes, change.position);
  else target.resize(change.sizeBytes);
}

/** Whether the later change touches bytes, or the length, that the earlier one changed. */
function replaces(later: Change, earlier: Change): boolean {
  if (earlier.kind === 'truncate') return true;
  const end = earlier.position + earlier.bytes.length;
  if (later.kind === 'truncate') return later.sizeBytes < end;
  return later.position < end && earlier.position < later.position + later.bytes.length;
}

/**
 * A part of the change: its beginning, cut anywhere or, where the file is longer, behind a sector, which a disk writes
 * as a whole; or any of the sectors that it touches.
 */
function applyTorn(
  target: GrowingBytes,
  change: Change,
  kept: 'bytes' | 'sectors' | 'scattered',
  random: SeededRandom,
): void {
  if (change.kind === 'truncate') {
    if (random.chance(0.5)) apply(target, change);
    return;
  }
  const { bytes, position } = change;
  if (kept !== 'scattered') {
    const cut = random.below(bytes.length + 1);
    const past = kept === 'sectors' ? (position + cut) % SECTOR_BYTES : 0;
    target.write(bytes.subarray(0, Math.max(0, cut - past)), position);
    return;
  }
  for (let start = 0; start < bytes.length;) {
    const sectorEnd = SECTOR_BYTES - ((position + start) % SECTOR_BYTES);
    const end = Math.min(bytes.length, start + sectorEnd);
    if (random.chance(0.5)) target.write(bytes.subarray(start, end), position + start);
    start = end;
  }
}

/** Bytes that grow; what was never written is zero. */
class GrowingBytes {
  #bytes = new Uint8Array(0);
  length = 0;

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    if (end > this.length) this.resize(end);
    this.#bytes.set(bytes, position);
  }

  resize(length: number): void {
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2, 256));
      grown.set(this.view());
      this.#bytes = grown;
    } else if (length < this.length) {
      this.#bytes.fill(0, length, this.length);
    }
    this.length = length;
  }

  copy(): GrowingBytes {
    const copy = new GrowingBytes();
    copy.#bytes = this.view().slice();
    copy.length = this.length;
    return copy;
  }
}
