/**
 * The beginning of a server without data: it founds a replica set, or gets the data of one, by what the servers say that
 * it is configured with.
 */
import { boxError } from '../../base/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import type { MasterCandidate } from '../upstreams.ts';
import { type EmptyEngine, JoinAttempts, type JoinNeeds, type JoinOutcome } from './join-attempts.ts';
import { chooseLeader } from './leader.ts';

/** What a fresh directory begins with. */
export type Beginning =
  /** It makes a replica set; others that are there are its members from the first. */
  Readonly<{ kind: 'founded'; otherUuids: readonly string[] }> | Readonly<{ kind: 'joined'; vclock: Vclock }>;

export type BootstrapNeeds = JoinNeeds &
  Readonly<{
    /** So many masters must be there. */
    quorum: number;
    isReadOnlyConfigured: () => boolean;
    /** Resolves when enough masters could be reached. Rejects with ER_CFG when the time for it is over. */
    whenConnected: () => Promise<void>;
  }>;

const READONLY = boxError('READONLY').code;

export class Bootstrap {
  readonly #needs: BootstrapNeeds;
  #leader: MasterCandidate | null = null;
  /** The leader may have made this server a member: another one would give it a second id. */
  #mayBeMember = false;

  constructor(needs: BootstrapNeeds) {
    this.#needs = needs;
  }

  /**
   * Decides where the data of a fresh directory come from, and gets them. Rejects with ER_CFG if not enough masters can be
   * reached, ER_BOOTSTRAP_READONLY, or what a retry would not mend.
   */
  async run(engine: EmptyEngine): Promise<Beginning> {
    const { options, quorum, members, env, whenConnected } = this.#needs;
    const attempts = new JoinAttempts(this.#needs, engine);
    if (options.sources.length === 0) return this.#founded();
    await whenConnected();
    // Who has once found somebody else to begin with must not begin itself when that one is away for a moment.
    let hasLeader = false;
    for (;;) {
      await Promise.all(this.#needs.upstreams.appliers.map((applier) => applier.refreshBallot()));
      const leader = this.#chosen();
      const isSelfChosen = leader?.uuid === members.instanceUuid && !options.isAnonymous;
      if (!hasLeader && (isSelfChosen || (leader === null && quorum === 0))) return this.#founded();
      if (leader !== null && !isSelfChosen) {
        hasLeader = true;
        const outcome = await attempts.join(leader.applier);
        if (outcome.kind === 'joined') return outcome;
        this.#failed(leader, outcome);
      }
      await env.timers.sleep(options.timeoutMs);
    }
  }

  /**
   * The leader. One that is there and only not ready yet stays the leader: who went to another meanwhile would be
   * registered there, perhaps by the id that the leader gives to somebody else. One without data gives no ids: it is left
   * for one that has them, and so is this server itself. One that has begun to give its data is waited for.
   */
  #chosen(): MasterCandidate | null {
    const kept = this.#leader;
    const best = this.#best();
    const isKept =
      kept !== null &&
      kept.uuid !== this.#needs.members.instanceUuid &&
      (kept.applier.isThere || this.#mayBeMember) &&
      !(best?.ballot.isBooted === true && kept.applier.ballot?.isBooted === false && !this.#mayBeMember);
    if (!isKept) this.#leader = best;
    return this.#leader;
  }

  /**
   * The best that is there. Before this server is that, those count too that have answered once and are away now: they
   * have heard it as well, and make a replica set, or have one, while the connection is broken.
   */
  #best(): MasterCandidate | null {
    const { upstreams, members } = this.#needs;
    const best = chooseLeader(upstreams.candidates());
    return best?.uuid === members.instanceUuid ? chooseLeader(upstreams.heard()) : best;
  }

  #failed(leader: MasterCandidate, { error, hadRows }: Extract<JoinOutcome, { kind: 'notYet' }>): void {
    const { applier, uuid } = leader;
    if (hadRows && !this.#needs.options.isAnonymous) this.#mayBeMember = true;
    // One that refuses as read-only has made no member, and one whose data were made anew does not remember any.
    if (error?.code !== READONLY && applier.masterUuid === uuid) return;
    this.#mayBeMember = false;
    this.#leader = null;
  }

  #founded(): Beginning {
    if (this.#needs.isReadOnlyConfigured()) throw boxError('BOOTSTRAP_READONLY');
    // Servers of 2.6 count on being members from the first; all others become it when they join.
    const isOld = this.#needs.upstreams.candidates().some(({ ballot }) => ballot.isBooted === null);
    const others = this.#needs.upstreams
      .candidates()
      .filter(({ uuid, ballot }) => isOld && uuid !== this.#needs.members.instanceUuid && ballot.isAnonymous !== true);
    return { kind: 'founded', otherUuids: others.map(({ uuid }) => uuid).sort() };
  }
}
