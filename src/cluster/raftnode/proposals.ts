/**
 * Proposals of a turn, on the leader: looked at one after the other, each against the log and those before it, and put into
 * the log together. So any number of them is one append and one write.
 */
import { type BoxError, clusterError } from '../../base/index.ts';
import type { Box } from '../../engine/box/index.ts';
import { type EntryId, type Payload, payloadBytes } from '../../raft/index.ts';
import type { Driver } from './driver.ts';
import type { MemoryShare } from './memory-share.ts';
import { isDeletion } from './operations.ts';
import { conflictOf, type EncodedRange, type LogView } from './predicate.ts';
import type { RaftStore } from './store.ts';

/** What a proposal relies on; null: on nothing. */
export type Condition = Readonly<{ index: number; term: number | null; ranges: readonly EncodedRange[] }> | null;

type Waiting = Readonly<{ payload: Payload; resolve: (id: EntryId) => void; reject: (error: BoxError) => void }>;

export type ProposalsNeeds = Readonly<{ box: Box; store: RaftStore; driver: Driver; memoryShare: MemoryShare }>;

export class Proposals {
  readonly #box: Box;
  readonly #store: RaftStore;
  readonly #driver: Driver;
  readonly #memoryShare: MemoryShare;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Behind which entry of which term they are to stand. */
  #base: EntryId | null = null;

  constructor({ box, store, driver, memoryShare }: ProposalsNeeds) {
    this.#box = box;
    this.#store = store;
    this.#driver = driver;
    this.#memoryShare = memoryShare;
  }

  /** Resolves when the entry is in this leader's log, which says nothing yet of its future. Rejects with a refusal. */
  add(payload: Payload, condition: Condition): Promise<EntryId> {
    const { node } = this.#driver;
    const { term, role, leader } = node.status();
    if (role !== 'leader') return Promise.reject(clusterError(leader === 0 ? 'LEADER_UNKNOWN' : 'NOT_A_LEADER'));
    const last = { term, index: node.lastEntry().index };
    if (this.#base !== null && (this.#base.term !== term || this.#base.index !== last.index)) this.propose();
    this.#base ??= last;
    try {
      const refusal = this.#refusal(payload, condition);
      if (refusal !== null) return Promise.reject(refusal);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.#driver.schedule();
    this.#waitingBytes += payloadBytes(payload);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payload, resolve, reject });
    });
  }

  /** Puts them into the log, at the end of the turn. */
  propose(): void {
    const waiting = this.#waiting;
    const base = this.#base;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#base = null;
    if (base === null || waiting.length === 0) return;
    const { term, role, lastIndex } = this.#driver.status;
    // What they were compared with may be another log by now.
    const isSameLog = role === 'leader' && term === base.term && lastIndex === base.index;
    const first = isSameLog ? this.#driver.propose(waiting.map(({ payload }) => payload)) : null;
    waiting.forEach(({ resolve, reject }, place) => {
      if (first !== null) resolve({ term, index: first + place });
      else reject(clusterError('RAFT_PROPOSAL_DROPPED', 'the leader takes none at the moment'));
    });
  }

  rejectAll(error: BoxError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { reject } of waiting) reject(error);
  }

  #refusal(payload: Payload, condition: Condition): BoxError | null {
    this.#store.checkSize(payload);
    if (payload.kind === 'membership') {
      const isFirst = !this.#waiting.some((other) => other.payload.kind === 'membership');
      const reason = isFirst ? this.#driver.node.changeRefusal(payload.change) : 'another change is on its way';
      return reason === null ? null : clusterError('RAFT_PROPOSAL_DROPPED', reason);
    }
    const bytes = this.#waitingBytes + payloadBytes(payload);
    if (!this.#memoryShare.hasRoomFor(bytes) && !isDeletion(payload.data)) {
      return clusterError('RAFT_PROPOSAL_DROPPED', 'the memory of system spaces is full: only deletions are taken');
    }
    if (condition === null) return null;
    return conflictOf(this.#box, this.#view(), condition.index, condition.term, condition.ranges, payload.data);
  }

  /** The log with what waits behind it. */
  #view(): LogView {
    const { node } = this.#driver;
    const { index: end, term } = node.lastEntry();
    const payloadAt = (index: number): Payload | null => {
      if (index > end) return this.#waiting[index - end - 1]?.payload ?? null;
      const { log } = node.core;
      return log.slice(index, index + 1, 0)?.[0]?.payload ?? null;
    };
    return {
      lastIndex: end + this.#waiting.length,
      firstIndex: this.#store.firstIndex(),
      termAt: (index) => (index > end ? term : node.termAt(index)),
      operationAt: (index) => {
        const payload = payloadAt(index);
        return payload?.kind === 'data' && payload.data.length > 0 ? payload.data : null;
      },
    };
  }
}
