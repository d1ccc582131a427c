/**
 * The new beginning of a server that was away for too long: no master has the log behind its state any more, so it gets
 * the data anew. What nobody else has is never given up for that: then it stays as it is, and says so.
 * It is decided at a start only: a server that runs serves what it has.
 */
import { boxError } from '../../base/index.ts';
import { formatVclock, type Vclock } from '../../codec/xlog/index.ts';
import { covers } from '../relay/log-feed.ts';
import type { MasterCandidate } from '../upstreams.ts';
import { type EmptyEngine, JoinAttempts, type JoinNeeds } from './join-attempts.ts';
import { chooseLeader } from './leader.ts';
import { type Standing, standingOf } from './standing.ts';

export class Rejoining {
  readonly #needs: JoinNeeds;

  constructor(needs: JoinNeeds) {
    this.#needs = needs;
  }

  /**
   * Whether the server has to get its data anew, and can. Each master is waited for until it has answered, or could not
   * be reached once.
   */
  async isNeeded(vclock: Vclock): Promise<boolean> {
    const { log, upstreams, options } = this.#needs;
    const wereAsked = (): boolean =>
      upstreams.appliers.every(({ status, failure }) => status === 'ready' || failure !== null);
    await upstreams.until(() => this.#standing(vclock).kind === 'canFollow' || wereAsked(), options.connectTimeoutMs);
    // They were asked when the connections were made; the data may have been read for long since.
    await this.#askAll();
    const standing = this.#standing(vclock);
    if (standing.kind !== 'leftBehind') return false;
    const logs = standing.masters.map(
      ({ applier, ballot }) => `that of ${applier.source.text} begins at ${formatVclock(ballot.gcVclock)}`,
    );
    const text = `this instance is too far behind: it needs the log from ${formatVclock(vclock)} on, ${logs.join(', ')}`;
    const source = chooseLeader(standing.sources.filter(({ applier }) => applier.session !== null));
    if (source !== null) log.warn(`${text}; its data are fetched anew from ${source.applier.source.text}`);
    else if (standing.sources.length === 0)
      log.error(`${text}; it has rows that they have not: its data stay as they are`);
    else log.error(`${text}; none of them can give it the data now`);
    return source !== null;
  }

  /** Gets the data for a server that had this state. Rejects with what another attempt would not mend. */
  async run(vclock: Vclock, engine: EmptyEngine): Promise<Vclock> {
    const { env, options } = this.#needs;
    const attempts = new JoinAttempts(this.#needs, engine);
    for (;;) {
      await this.#askAll();
      const source = chooseLeader(this.#standing(vclock).sources);
      if (source !== null) {
        const outcome = await attempts.join(source.applier);
        if (outcome.kind === 'joined') {
          if (covers(outcome.vclock, vclock)) return outcome.vclock;
          throw boxError('PROTOCOL', 'the master has less than it said');
        }
      }
      await env.timers.sleep(options.timeoutMs);
    }
  }

  async #askAll(): Promise<void> {
    await Promise.all(this.#needs.upstreams.appliers.map((applier) => applier.refreshBallot()));
  }

  #standing(vclock: Vclock): Standing<MasterCandidate> {
    const { members, upstreams } = this.#needs;
    return standingOf(vclock, members.instanceUuid, upstreams.candidates());
  }
}
