/**
 * What each registered replica has written, as it last said. Whole vclocks are kept, so that a change of the owner loses
 * no acknowledgement. The instance itself counts as one.
 */
import { type Vclock, vclockComponent } from '../../codec/xlog/index.ts';

export class Acknowledgements {
  #selfId: number;
  readonly #vclocks = new Map<number, Vclock>();
  #registered: ReadonlySet<number> = new Set();

  constructor(selfId: number) {
    this.#selfId = selfId;
  }

  identify(selfId: number): void {
    this.#selfId = selfId;
  }

  /** Anonymous replicas have id 0 and do not count. */
  register(replicaIds: readonly number[]): void {
    this.#registered = new Set(replicaIds.filter((replicaId) => replicaId !== 0));
    for (const replicaId of this.#vclocks.keys()) {
      if (!this.#counts(replicaId)) this.#vclocks.delete(replicaId);
    }
  }

  set(replicaId: number, vclock: Vclock): void {
    if (this.#counts(replicaId)) this.#vclocks.set(replicaId, vclock);
  }

  /** This instance has written a row of `originId`. */
  wroteOwn(originId: number, lsn: number): void {
    const vclock = Array.from(this.#vclocks.get(this.#selfId) ?? []);
    while (vclock.length <= originId) vclock.push(0);
    vclock[originId] = lsn;
    this.#vclocks.set(this.#selfId, vclock);
  }

  /** How many have the row. */
  count(ownerId: number, lsn: number): number {
    let count = 0;
    for (const vclock of this.#vclocks.values()) {
      if (vclockComponent(vclock, ownerId) >= lsn) count++;
    }
    return count;
  }

  /** The greatest LSN of the owner that at least `quorum` have; 0 if they are too few. */
  lsnOfQuorum(ownerId: number, quorum: number): number {
    const lsns = Array.from(this.#vclocks.values(), (vclock) => vclockComponent(vclock, ownerId));
    lsns.sort((left, right) => right - left);
    return lsns[quorum - 1] ?? 0;
  }

  #counts(replicaId: number): boolean {
    return replicaId === this.#selfId || this.#registered.has(replicaId);
  }
}
