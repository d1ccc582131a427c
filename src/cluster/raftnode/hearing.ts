/** Asks the other voters what they have had from a member whose directory is not trusted. */
import { BoxError } from '../../base/index.ts';
import type { Env } from '../../env/index.ts';
import { NO_ONE, type RaftId, raftId } from '../../raft/index.ts';
import type { NewestTerm } from './directory.ts';
import { TESTIFY } from './door.ts';
import type { Sender } from './message-codec.ts';
import type { ConsensusOptions } from './options.ts';
import type { RaftStore } from './store.ts';
import type { Transport } from './transport.ts';
import { contradiction, contradictionOfAll, decodeTestimony, type OwnLog, type Testimony } from './verification.ts';
import { WaitingReport } from './waiting-report.ts';

export type HearingNeeds = Readonly<{
  env: Env;
  options: ConsensusOptions;
  store: RaftStore;
  transport: Transport;
  isStopped: () => boolean;
}>;

/** `isLasting`: asking again would not help. */
export type Refusal = Readonly<{ reason: string; isLasting: boolean }>;

type Answer = Readonly<{ id: RaftId } & ({ testimony: Testimony; error: null } | { testimony: null; error: BoxError })>;

export class Hearing {
  readonly #needs: HearingNeeds;
  readonly #sender: Sender;
  /** The directory was empty, or never trusted. */
  readonly #isNew: boolean;
  /** Who was heard in this time is alive. */
  readonly #aliveMs: number;
  #newest: NewestTerm = { term: 0, leader: NO_ONE };

  constructor(needs: HearingNeeds, sender: Sender, isNew: boolean) {
    this.#needs = needs;
    this.#sender = sender;
    this.#isNew = isNew;
    this.#aliveMs = aliveMs(needs.options);
  }

  /**
   * What speaks against this member's log; null when every other voter has been heard, and nothing does. They are asked
   * twice: once with no harm to another life of this member, then all are to believe this one only. A directory that was
   * empty has no copy.
   */
  async verify(): Promise<Refusal | null> {
    const refusal = await this.#hearAll(false);
    if (refusal !== null || this.#isNew) return refusal;
    // Who only listens is told as well, and not waited for.
    const { learners, nextLearners } = this.#needs.store.initialState().membership;
    for (const id of [...learners, ...nextLearners]) {
      void this.#ask(id, true).catch(() => undefined);
    }
    return this.#hearAll(true);
  }

  /** Of the terms that the voters have said they are in. */
  get newest(): NewestTerm {
    return this.#newest;
  }

  async #hearAll(isFinal: boolean): Promise<Refusal | null> {
    const { env, options, store, isStopped } = this.#needs;
    const { id: self, tickMs } = options;
    const { membership } = store.initialState();
    const voters = [...membership.voters, ...membership.outgoing];
    const lasting = (reason: string | null): Refusal | null => (reason === null ? null : { reason, isLasting: true });
    // It was copied before it had its first snapshot; of what it has said since then it knows nothing, nor to whom.
    if (voters.length === 0) return lasting('nobody is known here who could say what it has told the others');
    const missing = new Set(voters.filter((id) => id !== self));
    const testimonies = new Map<RaftId, Testimony>();
    const report = new WaitingReport(
      env,
      this.#isNew ? 'this member is not confirmed yet' : 'the directory is not confirmed yet',
    );
    const beganMs = env.clock.monotonicMs();
    while (missing.size > 0 && !isStopped()) {
      const asked = [...missing].map((id) => this.#ask(id, isFinal));
      const answers = await Promise.all(asked);
      const own = this.#ownLog();
      for (const { id, testimony, error } of answers) {
        if (testimony === null) {
          report.note(id, error.message);
          continue;
        }
        const reason = contradiction(id, testimony, own);
        if (reason !== null) return lasting(reason);
        if (testimony.isAlive) {
          // Who has just ended is forgotten in a moment.
          report.note(id, 'it hears another instance of this member');
          if (env.clock.monotonicMs() - beganMs < 2 * this.#aliveMs) continue;
          return { reason: `member ${id} hears another instance of member ${self}`, isLasting: false };
        }
        this.#noteTerm(testimony);
        testimonies.set(id, testimony);
        missing.delete(id);
      }
      if (missing.size === 0) break;
      report.tell();
      await env.timers.sleep(tickMs);
    }
    return isStopped() ? null : lasting(contradictionOfAll(testimonies, this.#ownLog()));
  }

  #noteTerm({ term, leader }: Testimony): void {
    const known = this.#newest;
    if (term > known.term || (term === known.term && leader !== NO_ONE)) this.#newest = { term, leader };
  }

  #ownLog(): OwnLog {
    const { store, options } = this.#needs;
    const { hardState } = store.initialState();
    return {
      id: raftId(options.id),
      last: store.lastEntry(),
      changesKnownTo: this.#isNew ? Infinity : store.applied,
      hardState,
    };
  }

  async #ask(id: RaftId, isFinal: boolean): Promise<Answer> {
    const { transport, options } = this.#needs;
    const { id: self, directoryUuid, formerUuids, startCount, startNonce } = this.#sender;
    try {
      const args = [id, self, directoryUuid, formerUuids, startCount, startNonce, isFinal];
      const values = await transport.call(id, TESTIFY, args, Math.max(1000, 10 * options.tickMs));
      return { id, testimony: decodeTestimony(values), error: null };
    } catch (error) {
      if (error instanceof BoxError) return { id, testimony: null, error };
      throw error;
    }
  }
}

/** How long a member that was heard counts as alive. */
export function aliveMs({ electionTicks, tickMs }: ConsensusOptions): number {
  return 2 * electionTicks * tickMs;
}
