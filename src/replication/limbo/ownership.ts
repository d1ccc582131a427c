/**
 * Whose queue it is, in which term, and how far it is confirmed.
 * Invariants: `term` and each owner's confirmed LSN never go back; `confirmedLsn` is the owner's.
 */
import { REPLICA_ID_MAX } from '../../base/index.ts';
import type { SynchroRow } from '../../codec/iproto/index.ts';
import { type Vclock, vclockComponent } from '../../codec/xlog/index.ts';
import type { Ownership as OwnershipRule } from './messages.ts';

/** Before any PROMOTE or DEMOTE. */
export const INITIAL_TERM = 1;
export const NOBODY = 0;

export type TransferRow = Extract<SynchroRow, { term: number }>;

export class QueueOwnership {
  ownerId = NOBODY;
  /** The greatest term of a PROMOTE or DEMOTE. */
  term = INITIAL_TERM;
  readonly #rule: OwnershipRule;
  readonly #termByOrigin: number[] = emptyComponents();
  #confirmedByOwner: number[] = emptyComponents();

  constructor(rule: OwnershipRule) {
    this.#rule = rule;
  }

  /** Owners are made by writing, as in 2.6.0. */
  get isImplicit(): boolean {
    return this.#rule === 'implicit' && this.term === INITIAL_TERM;
  }

  get confirmedLsn(): number {
    return this.confirmedLsnOf(this.ownerId);
  }

  get confirmedVclock(): Vclock {
    return [...this.#confirmedByOwner];
  }

  confirmedLsnOf(ownerId: number): number {
    return vclockComponent(this.#confirmedByOwner, ownerId);
  }

  /** The term of the last PROMOTE or DEMOTE that this instance wrote; 0: none. */
  termOf(originId: number): number {
    return vclockComponent(this.#termByOrigin, originId);
  }

  /** The transactions of this owner up to `lsn` are final. */
  confirm(ownerId: number, lsn: number): void {
    if (lsn > this.confirmedLsnOf(ownerId)) this.#confirmedByOwner[ownerId] = lsn;
  }

  /** The empty queue becomes `originId`'s, because it writes. */
  claim(originId: number): void {
    this.ownerId = originId;
  }

  /** Takes over from a PROMOTE or DEMOTE of `originId` whose range has been confirmed and rolled back. */
  transfer(originId: number, row: TransferRow): void {
    if (this.termOf(originId) < row.term) this.#termByOrigin[originId] = row.term;
    this.term = Math.max(this.term, row.term);
    this.ownerId = row.kind === 'promote' ? originId : NOBODY;
  }

  /** What a snapshot or a join says of all owners. */
  adoptConfirmed(vclock: Vclock): void {
    this.#confirmedByOwner = emptyComponents().map((_, ownerId) =>
      Math.max(this.confirmedLsnOf(ownerId), vclockComponent(vclock, ownerId)),
    );
  }
}

function emptyComponents(): number[] {
  return new Array<number>(REPLICA_ID_MAX + 1).fill(0);
}
