/**
 * Taking the queue over, or giving it up: first everything in it must be held by a quorum (else what the old owner may
 * have confirmed would be lost), then a PROMOTE or DEMOTE confirms it all. Ends early if somebody else was faster.
 */
import { type BoxError, boxError } from '../../base/index.ts';
import type { SynchroRow } from '../../codec/iproto/index.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { QueueState } from './queue-state.ts';

export type TransferView = Readonly<{
  state: QueueState;
  acknowledgements: Acknowledgements;
  quorum: number;
  electionTerm: number;
  nowMs: number;
}>;

export type TransferStep =
  | Readonly<{ kind: 'wait' }>
  | Readonly<{ kind: 'write'; row: SynchroRow }>
  | Readonly<{ kind: 'failed'; error: BoxError }>;

export class TransferProcedure {
  readonly kind: 'promote' | 'demote';
  readonly term: number;
  readonly deadlineMs: number | null;
  readonly #timeoutMs: number | null;
  /** The queue's term when this began. */
  readonly #startTerm: number;

  constructor(kind: 'promote' | 'demote', term: number, startTerm: number, nowMs: number, timeoutMs: number | null) {
    this.kind = kind;
    this.term = term;
    this.deadlineMs = timeoutMs === null ? null : nowMs + timeoutMs;
    this.#timeoutMs = timeoutMs;
    this.#startTerm = startTerm;
  }

  next(view: TransferView): TransferStep {
    const { acknowledgements, quorum, nowMs } = view;
    const { ownership, queue } = view.state;
    const { ownerId } = ownership;
    if (ownership.term !== this.#startTerm || ownership.term >= this.term) {
      return { kind: 'failed', error: boxError('INTERFERING_PROMOTE', ownerId) };
    }
    if (view.electionTerm > this.term) return { kind: 'failed', error: boxError('INTERFERING_ELECTIONS') };
    const lsn = queue.lastSync?.lsn ?? ownership.confirmedLsn;
    const ackCount = acknowledgements.count(ownerId, lsn);
    if (queue.lastSync === null || (queue.isAllWritten && ackCount >= quorum)) {
      return { kind: 'write', row: { kind: this.kind, ownerId, lsn, term: this.term, confirmedVclock: null } };
    }
    if (this.deadlineMs === null || this.#timeoutMs === null || nowMs < this.deadlineMs) return { kind: 'wait' };
    const seconds = (this.#timeoutMs / 1000).toFixed(2);
    const reason = `timeout after ${seconds} seconds, collected ${ackCount} acks`;
    return { kind: 'failed', error: boxError('QUORUM_WAIT', quorum, reason) };
  }
}
