/**
 * What a leader knows about the log of one member, and how it feeds it.
 *
 * Invariants: (1) `match` < `next`; (2) the member has everything up to `match`.
 * States: `probe` looks for the place where the logs part, with one append at a time; `replicate` sends ahead without
 * waiting, as far as `inFlight` allows; `snapshot` waits for a snapshot to arrive. probe -> replicate when an append is
 * accepted; replicate -> probe when one is refused or the member cannot be reached; any -> snapshot when the log no longer
 * reaches back to `next`; snapshot -> probe when it has arrived or has failed.
 */
import { assert, unreachable } from '../../base/index.ts';
import { InFlight } from './in-flight.ts';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export type FlowLimits = Readonly<{ countMax: number; bytesMax: number }>;

export class Progress {
  match = 0;
  next: number;
  state: ProgressState = 'probe';
  /** What the snapshot on its way ends with; 0: none is. */
  pendingSnapshotIndex = 0;
  isLearner: boolean;
  /** Something came from it since the last look at the quorum. */
  isRecentlyActive: boolean;
  readonly inFlight: InFlight;
  /** Nothing more is sent before an answer comes. */
  #isHeld = false;
  /** The commit index that it was told last. */
  #commitSent = 0;

  constructor(next: number, isLearner: boolean, limits: FlowLimits) {
    this.next = next;
    this.isLearner = isLearner;
    this.isRecentlyActive = true;
    this.inFlight = new InFlight(limits.countMax, limits.bytesMax);
  }

  get isPaused(): boolean {
    return this.state === 'snapshot' || this.#isHeld;
  }

  /** For a new leader, which knows nothing of anybody. */
  reset(next: number, match: number): void {
    this.#enter('probe');
    this.match = match;
    this.next = next;
    this.isRecentlyActive = false;
    this.#commitSent = 0;
  }

  becomeProbe(): void {
    // What follows a snapshot on its way is tried first, for it may have arrived without an answer.
    const next = Math.max(this.match, this.pendingSnapshotIndex) + 1;
    this.#enter('probe');
    this.next = next;
    this.#commitSent = Math.min(this.#commitSent, next - 1);
  }

  becomeReplicate(): void {
    this.#enter('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.#enter('snapshot');
    this.pendingSnapshotIndex = index;
    this.next = index + 1;
    this.#commitSent = index;
  }

  /** An append with `count` entries of `bytes` has left. */
  sentEntries(count: number, bytes: number): void {
    switch (this.state) {
      case 'replicate':
        if (count > 0) {
          this.next += count;
          this.inFlight.add(this.next - 1, bytes);
        }
        this.#isHeld = this.inFlight.isFull;
        return;
      case 'probe':
        if (count > 0) this.#isHeld = true;
        return;
      case 'snapshot':
        return assert(false, 'an append to a member that waits for a snapshot');
      default:
        unreachable(this.state);
    }
  }

  sentCommit(commit: number): void {
    this.#commitSent = commit;
  }

  /** A message with `commit` would tell it something. */
  learnsFrom(commit: number): boolean {
    return commit > this.#commitSent && this.#commitSent < this.next - 1;
  }

  /** It has everything up to `index`; false: that was known. */
  accepted(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.#isHeld = false;
    return true;
  }

  /** An append behind `index` was refused, and the logs may match up to `hint`; false: an answer of before. */
  refused(index: number, hint: number): boolean {
    if (this.state === 'replicate') {
      if (index <= this.match) return false;
      this.next = this.match + 1;
    } else {
      if (this.next - 1 !== index) return false;
      this.next = Math.max(Math.min(index, hint + 1), this.match + 1);
      this.#isHeld = false;
    }
    this.#commitSent = Math.min(this.#commitSent, this.next - 1);
    return true;
  }

  /** It has answered a heartbeat, so another append may be tried. */
  release(): void {
    this.#isHeld = false;
  }

  /** Wait for the next heartbeat before anything is tried. */
  hold(): void {
    this.#isHeld = true;
  }

  #enter(state: ProgressState): void {
    this.state = state;
    this.#isHeld = false;
    this.pendingSnapshotIndex = 0;
    this.inFlight.clear();
  }
}
