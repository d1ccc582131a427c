/**
 * Replication of one instance: its masters, its replicas, and when it takes writes.
 *
 * Life: `begin` connects to the masters, while doors answer VOTE already; a directory without data is filled by
 * `bootstrap`; `attach` gives the running engine, from when on masters are followed and replicas served; `synchronize`
 * waits until it is up to date. An instance that could not reach enough of its masters is an orphan: it serves reads, and
 * goes on trying.
 */
import { assert, type BoxError, boxError, defined } from '../base/index.ts';
import type { Ballot } from '../codec/iproto/index.ts';
import type { RowReader, Vclock } from '../codec/xlog/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { CheckpointSource, ControlRow, FileCollector } from '../engine/checkpoint/index.ts';
import type { LogClient } from '../engine/wal/index.ts';
import { type Env, Logger, type TimerHandle } from '../env/index.ts';
import type { ApplierEngine } from './applier/applier.ts';
import { type Beginning, Bootstrap } from './bootstrap/bootstrap.ts';
import type { EmptyEngine, JoinNeeds } from './bootstrap/join-attempts.ts';
import { Rejoining } from './bootstrap/rejoining.ts';
import type { ElectionOptions } from './election/index.ts';
import { Elections } from './elections.ts';
import { evaluateQuorum } from './limbo/index.ts';
import type { Members } from './members.ts';
import type { ReplicationOptions } from './options.ts';
import { LogFilesReading } from './relay/log-files-reading.ts';
import { Relays } from './relay/relays.ts';
import { SynchroQueue, type SynchroSettings } from './synchro-queue.ts';
import { Upstreams } from './upstreams.ts';

/** 2.10.0: older members know nothing of terms and PROMOTE. */
const ELECTIONS_SINCE = (2 << 16) | (10 << 8);
/** Of the queue before the first PROMOTE or DEMOTE. */
const INITIAL_TERM = 1;

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
  #queue: SynchroQueue | null = null;
  #elections: Elections | null = null;
  /** By uuid, as replicas told it when they subscribed. */
  readonly #versions = new Map<string, number>();
  readonly #logListeners = new Set<(error: BoxError | null) => void>();
  #relays: Relays | null = null;
  #files: LogFilesReading | null = null;
  #engineWaiters: ((engine: ApplierEngine) => void)[] = [];
  #isOrphan = false;
  #hasFounded = false;
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
    const { electionMode } = this.#options;
    return {
      isReadOnlyConfigured: this.#needs.isReadOnlyConfigured(),
      isReadOnly: running === null || running.box.statements.isReadOnly,
      vclock: running?.logClient.durableVclock ?? [],
      gcVclock: running?.collector.oldestLogVclock() ?? [],
      isAnonymous: this.#options.isAnonymous,
      isBooted: running !== null,
      canLead: electionMode === 'candidate' || electionMode === 'manual',
    };
  }

  /**
   * The engine is there, without data: its transactions may have to wait for others from now on. One that was given
   * before is not used any more.
   */
  useEngine(box: Box): void {
    this.#queue?.stop();
    this.#elections?.stop();
    const { env, members } = this.#needs;
    const log = new Logger(env.log, 'limbo');
    const queue = new SynchroQueue(env, log, box.transactions, () => members.ownId, 'implicit', this.#synchro());
    queue.onBarrierChange = () => this.#needs.onStatusChange();
    box.transactions.gate = queue;
    this.#queue = queue;
    this.#elections = new Elections({
      env,
      log: new Logger(env.log, 'elections'),
      transactions: box.transactions,
      queue,
      ownId: () => members.ownId,
      broadcast: (message) => this.#relays?.broadcast(message),
      onStatusChange: () => this.#needs.onStatusChange(),
    });
  }

  /** Takes rows of the log, a snapshot or a join that change no data; false for all others. */
  recoverRow(row: RowReader): boolean {
    return this.queue.recoverRow(row) || this.elections.recoverRow(row);
  }

  /** What elections and the synchronous queue remember, for a snapshot or a joining replica; none before their first use. */
  controlRows(): readonly ControlRow[] {
    return [...this.elections.controlRows(), ...this.queue.controlRows()];
  }

  get queue(): SynchroQueue {
    return defined(this.#queue, 'the queue of an instance with an engine');
  }

  get elections(): Elections {
    return defined(this.#elections, 'elections of an instance with an engine');
  }

  /** Whether another instance leads, owns the synchronous queue, or it is in doubt who does. */
  get isLedByOthers(): boolean {
    const barrier = this.#queue?.barrier ?? 'none';
    return barrier === 'foreignOwner' || barrier === 'frozen' || (this.#elections?.isReadOnly ?? false);
  }

  /** Takes the synchronous queue over, by an election if they are on. Rejects with the BoxError that was in the way. */
  async promote(): Promise<void> {
    this.#checkVersions();
    await this.elections.promote(this.#options.electionMode);
  }

  /** Gives the synchronous queue, and leadership, up. */
  async demote(): Promise<void> {
    this.#checkVersions();
    await this.elections.demote(this.#options.electionMode);
  }

  /**
   * What elections write would stop a member that does not know it. Once they have written something that is no question
   * any more for members that have not been heard of: they may be gone for good, and somebody has to lead all the same.
   */
  #checkVersions(): void {
    const isInUse = this.queue.term > INITIAL_TERM;
    for (const { replicaId, uuid } of this.members.list()) {
      const version = uuid === this.members.instanceUuid ? Infinity : this.#versionOf(uuid);
      if (version >= ELECTIONS_SINCE || (version === 0 && isInUse)) continue;
      const what = version === 0 ? 'the version of which is not known yet' : 'which runs a version older than 2.10';
      throw boxError('UNSUPPORTED', `replica ${replicaId}, ${what},`, 'elections');
    }
  }

  #versionOf(uuid: string): number {
    const applier = this.upstreams.appliers.find(({ masterUuid }) => masterUuid === uuid);
    return this.#versions.get(uuid) ?? applier?.masterVersion ?? 0;
  }

  /** Connects to the masters. Rejects with ER_CFG. */
  async begin(): Promise<void> {
    await this.upstreams.configure(this.#options.sources);
  }

  /** Gets the data of a fresh directory: see Bootstrap. */
  async bootstrap(engine: EmptyEngine): Promise<Beginning> {
    const bootstrap = new Bootstrap({
      ...this.#joinNeeds(),
      quorum: this.#quorum(),
      isReadOnlyConfigured: this.#needs.isReadOnlyConfigured,
      whenConnected: async () => {
        if (!(await this.#connected()))
          throw boxError('CFG', 'replication', 'failed to connect to one or more replicas');
      },
    });
    const beginning = await bootstrap.run(engine);
    this.#hasFounded = beginning.kind === 'founded';
    return beginning;
  }

  /** Whether a server that comes back with this state has to get its data anew: see Rejoining. */
  async isLeftBehind(vclock: Vclock): Promise<boolean> {
    return this.#options.sources.length > 0 && new Rejoining(this.#joinNeeds()).isNeeded(vclock);
  }

  /** Gets them, for the engine that has the old ones; the term and the vote stay. Rejects as `bootstrap` does. */
  async rejoin(vclock: Vclock, engine: EmptyEngine): Promise<Vclock> {
    const { term, vote } = this.elections;
    engine.renew();
    const newVclock = await new Rejoining(this.#joinNeeds()).run(vclock, engine);
    this.elections.remember({ term, vote });
    return newVclock;
  }

  #joinNeeds(): JoinNeeds {
    const { env, members } = this.#needs;
    return { env, log: this.#log, members, upstreams: this.upstreams, options: this.#options };
  }

  /** Begins to follow and to serve. */
  attach(running: RunningInstance): void {
    const { env, members } = this.#needs;
    const { box, logClient } = running;
    this.#running = running;
    const { queue } = this;
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
      feedBytesMax: this.#options.feedBytesMax,
      queuedBytesMax: this.#options.queuedBytesMax,
      isAnonymous: () => this.#options.isAnonymous,
      isLogged: running.isLogged,
      whenConfirmed: () => queue.whenEmpty(),
      onAck: (replicaId, vclock, term) => {
        if (term > queue.term) queue.learnTerm(term);
        queue.acknowledged(replicaId, vclock);
      },
      onJoin: (uuid) => this.upstreams.learned(uuid, false),
      onVersion: (uuid, version) => {
        this.#versions.set(uuid, version);
        this.upstreams.learned(uuid, true);
      },
      electionMessage: () => this.elections.message,
    });
    this.#relays = relays;
    logClient.onWritten = (rows, before, after) => {
      relays.feed.add(rows, before, after);
      this.elections.tell({ kind: 'vclockChanged', vclock: after });
      for (const listener of [...this.#logListeners]) listener(null);
    };
    logClient.onFailed = (error) => {
      for (const listener of [...this.#logListeners]) listener(error);
    };
    running.collector.consumers = () => [...relays.consumers.values()];
    members.onRegistered = () => this.#membersChanged();
    members.onUnregistered = ({ uuid }) => {
      relays.forget(uuid);
      this.#membersChanged();
    };
    queue.finishRecovery(logClient.durableVclock);
    this.#membersChanged();
    this.upstreams.watch(() => this.#peersChanged());
    const waiters = this.#engineWaiters;
    this.#engineWaiters = [];
    for (const wake of waiters) wake(this.#engineOf(running));
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
    // Who founds a replica set has all of its data, and is the one that all others wait for.
    if (this.#options.sources.length === 0 || this.#hasFounded) {
      this.#wasSynchronized = true;
      this.#setOrphan(false);
      if (this.#hasFounded) await this.#leadFirst();
      this.#hasFounded = false;
      return;
    }
    this.#setOrphan(true);
    const isEnough = await this.#connected();
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
    if (isEnough) {
      const cannotYet = (): boolean => this.upstreams.connectedCount < this.#quorum();
      await this.upstreams.until(() => hasCaughtUp() || cannotYet(), this.#options.syncTimeoutMs);
      if (hasCaughtUp()) {
        leave();
        return;
      }
      this.#log.warn('entering orphan mode: the masters could not be caught up with');
    }
    void this.upstreams.until(hasCaughtUp, Infinity).then((isTrue) => {
      if (isTrue && this.#isOrphan) {
        this.#log.info('leaving orphan mode');
        leave();
      }
    });
  }

  /** Who founds a replica set leads it first, if it may. */
  async #leadFirst(): Promise<void> {
    const { electionMode: mode } = this.#options;
    if (mode === 'candidate' || mode === 'manual') await this.elections.promote(mode);
  }

  /** Goes by other options from now on. Rejects with ER_CFG. */
  async reconfigure(changes: Partial<ReplicationOptions>): Promise<void> {
    const former = this.#options;
    this.#options = { ...former, ...changes };
    try {
      if (this.#options.electionMode !== 'off') this.#checkVersions();
      this.#configureQuorum();
    } catch (error) {
      this.#options = former;
      throw error;
    }
    this.elections.tell({ kind: 'configure', options: this.#electionOptions() });
    const becomesMember = changes.isAnonymous === false && former.isAnonymous;
    if (becomesMember) await this.#becomeMember();
    if (changes.sources === undefined && !becomesMember) return;
    try {
      if (changes.sources !== undefined) await this.upstreams.configure(changes.sources);
    } catch (error) {
      this.#options = former;
      throw error;
    }
    await this.synchronize();
    // Its own row in `_cluster` may have been applied, and not written yet.
    if (becomesMember) await this.#running?.box.transactions.whenWritten();
  }

  async stop(): Promise<void> {
    this.#cleanupTimer?.cancel();
    this.#elections?.stop();
    this.#queue?.stop();
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
    if (this.#running !== null) return Promise.resolve(this.#engineOf(this.#running));
    return new Promise((resolve) => this.#engineWaiters.push(resolve));
  }

  #engineOf({ box, logClient }: RunningInstance): ApplierEngine {
    const onWritten = (listener: (error: BoxError | null) => void): (() => void) => {
      this.#logListeners.add(listener);
      return () => this.#logListeners.delete(listener);
    };
    return { box, logClient, queue: this.queue, elections: this.elections, onWritten };
  }

  #membersChanged(): void {
    if (this.members.ownId !== 0 && !this.elections.isStarted) {
      this.#startElections(defined(this.#running, 'an instance with members').logClient.durableVclock);
    }
    this.queue.membersChanged(this.members.list().map(({ replicaId }) => replicaId));
    this.#configureQuorum();
  }

  #configureQuorum(): void {
    const settings = this.#synchro();
    this.queue.configure(settings);
    const replicaCount = this.members.list().length;
    this.elections.tell({ kind: 'quorumChanged', quorum: settings.quorum, replicaCount });
  }

  #startElections(vclock: Vclock): void {
    this.elections.start(this.#electionOptions(), vclock);
  }

  #electionOptions(): ElectionOptions {
    const { electionMode: mode, fencingMode: fencing, electionTimeoutMs, timeoutMs } = this.#options;
    return { mode, fencing, electionTimeoutMs, replicationTimeoutMs: timeoutMs };
  }

  #peersChanged(): void {
    const connectedIds = this.upstreams.appliers
      .filter(({ isFollowing }) => isFollowing)
      .map(({ masterUuid }) => (masterUuid === null ? 0 : this.members.idOf(masterUuid)))
      .filter((id) => id !== 0);
    this.elections.tell({ kind: 'peersChanged', connectedIds });
  }

  #synchro(): SynchroSettings {
    const { synchroQuorum, synchroTimeoutMs } = this.#options;
    const result = evaluateQuorum(synchroQuorum, Math.max(1, this.members.list().length));
    if (result.kind === 'invalid') throw boxError('CFG', 'replication_synchro_quorum', result.reason);
    return { quorum: result.quorum, timeoutMs: synchroTimeoutMs };
  }

  #quorum(): number {
    return Math.min(this.#options.connectQuorum ?? Infinity, this.#options.sources.length);
  }

  /** Whether enough masters could be reached. */
  async #connected(): Promise<boolean> {
    const { upstreams } = this;
    await upstreams.until(
      () => upstreams.connectedCount === this.#options.sources.length,
      this.#options.connectTimeoutMs,
    );
    return upstreams.connectedCount >= this.#quorum();
  }

  /** Connections are made anew, as a member. */
  async #becomeMember(): Promise<void> {
    const { sources } = this.#options;
    await this.upstreams.configure([]);
    await this.upstreams.configure(sources);
  }
}
