/**
 * The term and the vote, in memory and on disk.
 * Invariants: the term never goes back; in one term at most one vote is written, and a vote for another only after the
 * term itself; one write is under way at a time.
 */
import { assert } from '../../base/index.ts';
import { type Vclock, vclockComponent } from '../../codec/xlog/index.ts';
import type { PersistedState } from './messages.ts';

export class DurableVote {
  readonly #selfId: number;
  #persisted: PersistedState;
  #inFlight: PersistedState | null = null;
  #term: number;
  #vote: number;
  #candidateVclock: Vclock = [];

  constructor(selfId: number, persisted: PersistedState) {
    this.#selfId = selfId;
    this.#persisted = persisted;
    this.#term = persisted.term;
    this.#vote = persisted.vote;
  }

  /** What is on disk: all that others may be told of. */
  get persisted(): PersistedState {
    return this.#persisted;
  }

  get term(): number {
    return this.#term;
  }

  /** 0: nobody has it yet. */
  get vote(): number {
    return this.#vote;
  }

  get isOnDisk(): boolean {
    return this.#term === this.#persisted.term && this.#vote === this.#persisted.vote;
  }

  get isInFlight(): boolean {
    return this.#inFlight !== null;
  }

  beginTerm(term: number): void {
    assert(term > this.#term, 'terms grow');
    this.#term = term;
    this.#vote = 0;
  }

  give(candidateId: number, vclock: Vclock): void {
    assert(this.#vote === 0, 'a vote is given once');
    this.#vote = candidateId;
    this.#candidateVclock = vclock;
  }

  /**
   * Takes a vote back that is about to be written, if this instance has got rows meanwhile that the candidate lacks.
   * True if it did.
   */
  revokeIfBehind(ownVclock: Vclock): boolean {
    const isReady = this.#isForAnother && this.#term === this.#persisted.term && !this.isOnDisk;
    if (!isReady || coversRows(this.#candidateVclock, ownVclock)) return false;
    this.#vote = 0;
    return true;
  }

  /**
   * What to write now. A vote for another waits for its term to be written: what was on its way to the log when the vote
   * was given is in it then, and counts.
   */
  startWrite(): PersistedState {
    assert(this.#inFlight === null && !this.isOnDisk, 'nothing to write');
    const isTermFirst = this.#isForAnother && this.#term > this.#persisted.term;
    this.#inFlight = { term: this.#term, vote: isTermFirst ? 0 : this.#vote };
    return this.#inFlight;
  }

  writeDone(): void {
    assert(this.#inFlight !== null, 'nothing is being written');
    this.#persisted = this.#inFlight;
    this.#inFlight = null;
  }

  get #isForAnother(): boolean {
    return this.#vote !== 0 && this.#vote !== this.#selfId;
  }
}

/** All rows of `ownVclock` are in `vclock`; local rows do not count. */
export function coversRows(vclock: Vclock, ownVclock: Vclock): boolean {
  return ownVclock.every((lsn, replicaId) => replicaId === 0 || vclockComponent(vclock, replicaId) >= lsn);
}
