/**
 * The beginning of a server without data: it founds a replica set, or gets the data of one, by what the servers say that
 * it is configured with.
 */
import { BoxError, type BoxError as Failure, boxError } from '../../base/index.ts';
import { formatVclock, type Vclock } from '../../codec/xlog/index.ts';
import type { RowApplier } from '../../engine/checkpoint/index.ts';
import type { Env, Logger } from '../../env/index.ts';
import type { Applier } from '../applier/applier.ts';
import { isFatal } from '../applier/failures.ts';
import type { Members } from '../members.ts';
import type { ReplicationOptions } from '../options.ts';
import { isSelf, type MasterCandidate, type Upstreams } from '../upstreams.ts';
import { getData } from './joining.ts';
import { chooseLeader } from './leader.ts';

/** What a fresh directory begins with. */
export type Beginning =
  /** It makes a replica set; others that are there are its members from the first. */
  Readonly<{ kind: 'founded'; otherUuids: readonly string[] }> | Readonly<{ kind: 'joined'; vclock: Vclock }>;

export type BootstrapNeeds = Readonly<{
  env: Env;
  log: Logger;
  members: Members;
  upstreams: Upstreams;
  options: ReplicationOptions;
  /** So many masters must be there. */
  quorum: number;
  isReadOnlyConfigured: () => boolean;
  /** Resolves when enough masters could be reached. Rejects with ER_CFG when the time for it is over. */
  whenConnected: () => Promise<void>;
}>;

const READONLY = boxError('READONLY').code;
const LOADING = boxError('LOADING').code;

export class Bootstrap {
  readonly #needs: BootstrapNeeds;
  readonly #explanations = new Set<string>();
  #leader: MasterCandidate | null = null;

  constructor(needs: BootstrapNeeds) {
    this.#needs = needs;
  }

  /**
   * Decides where the data of a fresh directory come from, and gets them. `engine` makes one without data. Rejects with
   * ER_CFG if not enough masters can be reached, ER_BOOTSTRAP_READONLY, or what a retry would not mend.
   */
  async run(engine: () => RowApplier): Promise<Beginning> {
    const { options, quorum, members, env, whenConnected } = this.#needs;
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
        const vclock = await this.#join(leader.applier, engine);
        if (vclock !== null) return { kind: 'joined', vclock };
      }
      await env.timers.sleep(options.timeoutMs);
    }
  }

  /**
   * The leader. One that is there and only not ready yet stays the leader: who went to another meanwhile would be
   * registered there, perhaps by the id that the leader gives to somebody else. One without data gives no ids: it is left
   * for one that has them, and so is this server itself.
   */
  #chosen(): MasterCandidate | null {
    const kept = this.#leader;
    const best = chooseLeader(this.#needs.upstreams.candidates());
    const isKept =
      kept !== null &&
      kept.uuid !== this.#needs.members.instanceUuid &&
      kept.applier.isThere &&
      !(best?.ballot.isBooted === true && kept.applier.ballot?.isBooted === false);
    if (!isKept) this.#leader = best;
    return this.#leader;
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

  /** Null if the leader was not ready, or has gone before it gave anything. */
  async #join(applier: Applier, engine: () => RowApplier): Promise<Vclock | null> {
    const { session, failure } = applier;
    if (session === null) {
      if (failure !== null) this.#explain(applier, failure);
      return null;
    }
    const uuid = this.#needs.options.isAnonymous ? null : this.#needs.members.instanceUuid;
    let hasRows = false;
    try {
      const vclock = await getData(this.#needs.env, session, uuid, engine(), {
        onStage: (stage) => {
          applier.status = stage;
        },
        onRows: () => {
          hasRows = true;
          this.#needs.log.info(`getting the data from ${applier.source.text}`);
        },
      });
      this.#needs.log.info(`the data have come, state ${formatVclock(vclock)}`);
      return vclock;
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      session.close(error);
      if (hasRows || isFatal(error)) throw error;
      if (error.code === READONLY) this.#leader = null;
      this.#explain(applier, error);
      return null;
    }
  }

  /** The mistakes that keep everybody waiting are named, once. */
  #explain(applier: Applier, error: Failure): void {
    const listsItself = this.#needs.upstreams.appliers.some(isSelf);
    const advice =
      !listsItself && error.code === LOADING
        ? '; if it waits for this server, name each of them in its own `replication` too'
        : '';
    const text = `${applier.source.text} cannot give the data yet: ${error.message}${advice}`;
    if (!this.#explanations.has(text)) this.#needs.log.warn(text);
    this.#explanations.add(text);
  }
}
