/**
 * Replication of one instance: its masters, its replicas, and when it takes writes.
 *
 * Life: `begin` connects to the masters, while doors answer VOTE already; a directory without data is filled by
 * `bootstrap`; `attach` gives the running engine, from when on masters are followed and replicas served; `synchronize`
 * waits until it is up to date. An instance that could not reach enough of its masters is an orphan: it serves reads, and
 * goes on trying.
 */
import { assert, BoxError, boxError, type BoxError as Failure } from '../base/index.ts';
import type { Ballot } from '../codec/iproto/index.ts';
import { formatVclock, type Vclock } from '../codec/xlog/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { CheckpointSource, FileCollector, RowApplier } from '../engine/checkpoint/index.ts';
import type { LogClient } from '../engine/wal/index.ts';
import { type Env, Logger, type TimerHandle } from '../env/index.ts';
import type { Applier, ApplierEngine } from './applier/applier.ts';
import { isFatal } from './applier/failures.ts';
import { getData } from './bootstrap/joining.ts';
import { chooseLeader } from './bootstrap/leader.ts';
import type { Members } from './members.ts';
import type { ReplicationOptions } from './options.ts';
import { LogFilesReading } from './relay/log-files-reading.ts';
import { covers } from './relay/log-feed.ts';
import { Relays } from './relay/relays.ts';
import { isSelf, Upstreams } from './upstreams.ts';

/** What a fresh directory begins with. */
export type Beginning =
  /** It makes a replica set; others that are there are its members from the first. */
  Readonly<{ kind: 'founded'; otherUuids: readonly string[] }> | Readonly<{ kind: 'joined'; vclock: Vclock }>;

/** The instance as it runs. */
export type RunningInstance = Readonly<{
  box: Box;
  logClient: LogClient;
  source: CheckpointSource;
  collector: FileCollector;
  directory: string;
  isLogged: boolean;
}>;

export type ReplicationNeeds = Readonly<{
  env: Env;
  members: Members;
  options: ReplicationOptions;
  isReadOnlyConfigured: () => boolean;
  /** It became an orphan, or is one no more. */
  onStatusChange: () => void;
  onFailure: (error: Error) => void;
}>;

export class Replication {
  readonly #needs: ReplicationNeeds;
  readonly #log: Logger;
  readonly upstreams: Upstreams;
  #options: ReplicationOptions;
  #running: RunningInstance | null = null;
  #relays: Relays | null = null;
  #files: LogFilesReading | null = null;
  #engineWaiters: ((engine: ApplierEngine) => void)[] = [];
  #isOrphan = false;
  #wasSynchronized = false;
  #cleanupTimer: TimerHandle | null = null;

  constructor(needs: ReplicationNeeds) {
    this.#needs = needs;
    this.#options = needs.options;
    const { env, members } = needs;
    this.#log = new Logger(env.log, 'replication');
    this.upstreams = new Upstreams(env, {
      env,
      log: this.#log,
      members,
      settings: () => ({ ...this.#options, wantsOwnRows: !this.#wasSynchronized }),
      engine: () => this.#engine(),
    });
  }

  get options(): ReplicationOptions {
    return this.#options;
  }

  get members(): Members {
    return this.#needs.members;
  }

  /** Whether it takes no writes because it has not caught up with its masters. */
  get isOrphan(): boolean {
    return this.#isOrphan;
  }

  /** What replicas ask; null while the instance has no data. */
  get relays(): Relays | null {
    return this.#relays;
  }

  /** What it answers to VOTE. */
  ballot(): Ballot {
    const running = this.#running;
    return {
      isReadOnlyConfigured: this.#needs.isReadOnlyConfigured(),
      isReadOnly: running === null || running.box.statements.isReadOnly,
      vclock: running?.logClient.durableVclock ?? [],
      gcVclock: running?.collector.oldestLogVclock() ?? [],
      isAnonymous: this.#options.isAnonymous,
      isBooted: running !== null,
      canLead: false,
    };
  }

  /** Connects to the masters. Rejects with ER_CFG. */
  async begin(): Promise<void> {
    await this.upstreams.configure(this.#options.sources);
  }

  /**
   * Decides where the data of a fresh directory come from, and gets them. `engine` makes one without data. Rejects with
   * ER_CFG if not enough masters can be reached, ER_BOOTSTRAP_READONLY, or what a retry would not mend.
   */
  async bootstrap(engine: () => RowApplier): Promise<Beginning> {
    if (this.#options.sources.length === 0) return this.#founded();
    await this.#connected(true);
    for (;;) {
      const leader = chooseLeader(this.#candidates());
      if (leader === null && this.#quorum() === 0) return this.#founded();
      if (leader !== null && leader.uuid === this.members.instanceUuid && !this.#options.isAnonymous) {
        return this.#founded();
      }
      if (leader !== null) {
        const vclock = await this.#join(leader.applier, engine);
        if (vclock !== null) return { kind: 'joined', vclock };
      }
      await this.#needs.env.timers.sleep(this.#options.timeoutMs);
    }
  }

  /** Begins to follow and to serve. */
  attach(running: RunningInstance): void {
    const { env, members } = this.#needs;
    const { box, logClient } = running;
    this.#running = running;
    const files = new LogFilesReading(env, running.directory, this.#needs.onFailure);
    this.#files = files;
    const relays = new Relays({
      env,
      box,
      logClient,
      files,
      members,
      transactions: box.transactions,
      source: running.source,
      log: new Logger(env.log, 'relay'),
      timeoutMs: () => this.#options.timeoutMs,
      isAnonymous: () => this.#options.isAnonymous,
      isLogged: running.isLogged,
      whenConfirmed: () => Promise.resolve(),
      onAck: () => undefined,
      onVersion: () => undefined,
    });
    this.#relays = relays;
    logClient.onWritten = (rows, before, after) => relays.feed.add(rows, before, after);
    running.collector.consumers = () => [...relays.consumers.values()];
    members.onUnregistered = ({ uuid }) => relays.forget(uuid);
    const waiters = this.#engineWaiters;
    this.#engineWaiters = [];
    for (const wake of waiters) wake({ box, logClient });
  }

  /**
   * Keeps all of the log for so long, or until every member has been heard of: who needs what is not known after a start.
   */
  delayCleanup(delayMs: number): void {
    const running = this.#running;
    assert(running !== null, 'an instance that runs collects files');
    const { collector } = running;
    const isKnown = (): boolean =>
      this.members.list().every(({ uuid }) => uuid === this.members.instanceUuid || this.#relays?.consumers.has(uuid));
    if (delayMs === 0 || isKnown()) return;
    collector.keepsLogs = true;
    const endMs = this.#needs.env.clock.monotonicMs() + delayMs;
    const look = (): void => {
      if (isKnown() || this.#needs.env.clock.monotonicMs() >= endMs) collector.keepsLogs = false;
      else this.#cleanupTimer = this.#needs.env.timers.after(1000, look);
    };
    look();
  }

  /**
   * Waits until enough masters have been caught up with, or the time for it is over: then the instance stays an orphan
   * until they have.
   */
  async synchronize(): Promise<void> {
    if (this.#options.sources.length === 0) {
      this.#setOrphan(false);
      return;
    }
    this.#setOrphan(true);
    const isEnough = await this.#connected(false);
    if (!isEnough) {
      this.#log.warn(
        `entering orphan mode: ${this.upstreams.connectedCount} of ${this.#quorum()} masters could be reached`,
      );
    }
    const hasCaughtUp = (): boolean => this.upstreams.synchronizedCount >= this.#quorum();
    const leave = (): void => {
      this.#wasSynchronized = true;
      this.#setOrphan(false);
    };
    if (isEnough && (await this.upstreams.until(hasCaughtUp, this.#options.syncTimeoutMs))) {
      leave();
      return;
    }
    if (isEnough) this.#log.warn('entering orphan mode: the masters could not be caught up with in time');
    void this.upstreams.until(hasCaughtUp, Infinity).then((isTrue) => {
      if (isTrue && this.#isOrphan) {
        this.#log.info('leaving orphan mode');
        leave();
      }
    });
  }

  /** Goes by other options from now on. Rejects with ER_CFG. */
  async reconfigure(changes: Partial<ReplicationOptions>): Promise<void> {
    const former = this.#options;
    this.#options = { ...former, ...changes };
    if (changes.isAnonymous === false && former.isAnonymous) await this.#becomeMember();
    if (changes.sources === undefined) return;
    try {
      await this.upstreams.configure(changes.sources);
    } catch (error) {
      this.#options = former;
      throw error;
    }
    await this.synchronize();
  }

  async stop(): Promise<void> {
    this.#cleanupTimer?.cancel();
    this.#relays?.stop();
    await this.upstreams.stop();
    await this.#files?.stop();
  }

  #setOrphan(isOrphan: boolean): void {
    if (this.#isOrphan === isOrphan) return;
    this.#isOrphan = isOrphan;
    this.#needs.onStatusChange();
  }

  #engine(): Promise<ApplierEngine> {
    if (this.#running !== null) return Promise.resolve(this.#running);
    return new Promise((resolve) => this.#engineWaiters.push(resolve));
  }

  #quorum(): number {
    return Math.min(this.#options.connectQuorum ?? Infinity, this.#options.sources.length);
  }

  /** Whether enough masters could be reached. Rejects with ER_CFG if they must be and are not. */
  async #connected(isRequired: boolean): Promise<boolean> {
    const { upstreams } = this;
    await upstreams.until(
      () => upstreams.connectedCount === this.#options.sources.length,
      this.#options.connectTimeoutMs,
    );
    const isEnough = upstreams.connectedCount >= this.#quorum();
    if (!isEnough && isRequired) throw boxError('CFG', 'replication', 'failed to connect to one or more replicas');
    return isEnough;
  }

  #candidates(): readonly Readonly<{ uuid: string; ballot: Ballot; applier: Applier }>[] {
    return this.upstreams.appliers.flatMap((applier) => {
      const { masterUuid, ballot } = applier;
      return masterUuid === null || ballot === null ? [] : [{ uuid: masterUuid, ballot, applier }];
    });
  }

  #founded(): Beginning {
    if (this.#needs.isReadOnlyConfigured()) throw boxError('BOOTSTRAP_READONLY');
    const others = this.#candidates().filter(
      ({ uuid, ballot, applier }) =>
        uuid !== this.members.instanceUuid && ballot.isAnonymous !== true && applier.session !== null,
    );
    return { kind: 'founded', otherUuids: others.map(({ uuid }) => uuid).sort() };
  }

  /** Null if the leader was not ready, or has gone before it gave anything. */
  async #join(applier: Applier, engine: () => RowApplier): Promise<Vclock | null> {
    const { session } = applier;
    if (session === null) return null;
    const uuid = this.#options.isAnonymous ? null : this.members.instanceUuid;
    let hasRows = false;
    this.#log.info(`getting the data from ${applier.source.text}`);
    try {
      const vclock = await getData(this.#needs.env, session, uuid, engine(), {
        onStage: (stage) => {
          applier.status = stage;
        },
        onRows: () => {
          hasRows = true;
        },
      });
      this.#log.info(`the data have come, state ${formatVclock(vclock)}`);
      return vclock;
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      session.close();
      if (hasRows || isFatal(error)) throw error;
      this.#explain(applier, error);
      return null;
    }
  }

  /** The mistakes that keep everybody waiting are named. */
  #explain(applier: Applier, error: Failure): void {
    const listsItself = this.upstreams.appliers.some(isSelf);
    const isUnbooted = applier.ballot?.isBooted === false || applier.ballot?.isReadOnly === true;
    const advice =
      !listsItself && isUnbooted
        ? '; it has no data either: name this server in its own `replication` too, or both wait for each other'
        : '';
    this.#log.warn(`${applier.source.text} cannot give the data yet: ${error.message}${advice}`);
  }

  /** Connections are made anew, as a member. */
  async #becomeMember(): Promise<void> {
    const { sources } = this.#options;
    await this.upstreams.configure([]);
    await this.upstreams.configure(sources);
  }
}

/** Whether none of the masters keeps the log that a state needs. */
export function isLeftBehind(vclock: Vclock, ballots: readonly Ballot[]): boolean {
  return ballots.length > 0 && ballots.every(({ gcVclock }) => !covers(vclock, gcVclock));
}
