/** Who voted for whom in one term. Each votes once; what it says later in the term does not count. */

export class VoteTally {
  readonly #votes = new Map<number, number>();

  /** False if `from` has voted before. */
  add(from: number, candidateId: number): boolean {
    if (this.#votes.has(from)) return false;
    this.#votes.set(from, candidateId);
    return true;
  }

  /** Takes back a vote that nobody was told of. */
  revoke(from: number): void {
    this.#votes.delete(from);
  }

  clear(): void {
    this.#votes.clear();
  }

  countFor(candidateId: number): number {
    let count = 0;
    for (const votedFor of this.#votes.values()) if (votedFor === candidateId) count++;
    return count;
  }

  /**
   * Whether nobody can get `quorum` votes any more. False if there are fewer instances than the quorum: then some are
   * not registered yet, and another term would help nobody.
   */
  isSplit(quorum: number, replicaCount: number): boolean {
    const outstanding = replicaCount - this.#votes.size;
    if (replicaCount < quorum || outstanding < 0) return false;
    let most = 0;
    for (const candidateId of this.#votes.values()) most = Math.max(most, this.countFor(candidateId));
    return most + outstanding < quorum;
  }
}
