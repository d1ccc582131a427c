/**
 * An applier: keeps up the connection to one master and applies what comes from there.
 *
 * Its states are Tarantool's, as `box.info.replication` shows them. What may pass, a lost connection or a master that is
 * not ready, is tried again after `replication_timeout`, for ever; what a retry would not mend, rows that do not fit or a
 * master of another replica set, stops it until it is configured anew.
 * Invariants: (1) an acknowledgement names nothing that is not in the own log; (2) while the log is behind, no more is
 * read from the master; (3) what a failed write has undone is asked for again.
 */
import { assert, BoxError, boxError, type ByteWriter, TARANTOOL_VERSION } from '../../base/index.ts';
import {
  type Ballot,
  decodeError,
  decodeSubscribeAnswer,
  encodeAck,
  encodeRegister,
  encodeSubscribe,
  ERROR_RESPONSE,
  REQUEST_TYPE,
} from '../../codec/iproto/index.ts';
import { RowReader, type Vclock } from '../../codec/xlog/index.ts';
import type { Env, Logger, TimerHandle } from '../../env/index.ts';
import type { Box } from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import type { LogClient } from '../../engine/wal/index.ts';
import type { Members } from '../members.ts';
import type { Elections } from '../elections.ts';
import type { SynchroQueue } from '../synchro-queue.ts';
import { covers } from '../relay/log-feed.ts';
import { adviceAbout, isDecided, isFatal, isGap, type UpstreamStatus, statusAfter } from './failures.ts';
import { MasterSession, versionNumber } from './master-session.ts';
import { RowApplication } from './row-application.ts';
import { RowIntake } from './row-intake.ts';
import type { ReplicationSource } from './source.ts';
import { TransactionAssembler, type TransactionHandler } from './transaction-assembler.ts';

/** What a replica tells its masters to be. */
export const SPOKEN_VERSION = versionNumber(TARANTOOL_VERSION);
const SILENT_HEARTBEATS_MAX = 4;
const SELF = boxError('CONNECTION_TO_SELF').code;
const NOT_ANONYMOUS = boxError('REPLICA_NOT_ANON').code;
/** A master may wait for others before it makes a member. */
const REGISTER_SILENCE_MS_MAX = 60_000;
/** Rows that wait for the log; beyond it the master is not read from. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

export type ApplierSettings = Readonly<{
  timeoutMs: number;
  syncLagSeconds: number;
  skipsConflicts: boolean;
  isAnonymous: boolean;
  /** Own rows may have been lost with an unfinished write: a master that has them is to send them. */
  wantsOwnRows: boolean;
}>;

/** What an instance that runs gives to its appliers. */
export type ApplierEngine = Readonly<{
  box: Box;
  logClient: LogClient;
  queue: SynchroQueue;
  elections: Elections;
  /** Calls back whenever rows have been written to the log, or could not be; returns what ends it. */
  onWritten: (listener: (error: BoxError | null) => void) => () => void;
}>;

export type ApplierNeeds = Readonly<{
  env: Env;
  log: Logger;
  members: Members;
  settings: () => ApplierSettings;
  /** Resolves when the instance has its data and may follow; before, sessions are used to get them. */
  engine: (applier: Applier) => Promise<ApplierEngine>;
  onChange: (applier: Applier) => void;
  /** Whether there are other masters that have not stopped. */
  hasOthers: (applier: Applier) => boolean;
  /** Whether it is this master that makes a member of the instance: several at once would do it with different ids. */
  mayRegister: (applier: Applier) => boolean;
}>;

export class Applier {
  readonly source: ReplicationSource;
  /** The master's uuid, version and ballot as last heard. */
  masterUuid: string | null = null;
  masterVersion = 0;
  ballot: Ballot | null = null;
  lastHeardMs: number;
  lagSeconds = 0;
  /** Why it is not connected; null while it is. */
  failure: BoxError | null = null;
  #status: UpstreamStatus = 'off';
  #isKnown = false;
  /** The master says that this instance is a member; the row that makes it one is on its way. */
  #isRegistered = false;
  #lastLogged = '';
  readonly #needs: ApplierNeeds;
  #session: MasterSession | null = null;
  #isReady = false;
  #isStopped = false;
  #sleep: { timer: TimerHandle; wake: () => void } | null = null;
  #ended: Promise<void> = Promise.resolve();

  constructor(needs: ApplierNeeds, source: ReplicationSource) {
    this.#needs = needs;
    this.source = source;
    this.lastHeardMs = needs.env.clock.monotonicMs();
  }

  get status(): UpstreamStatus {
    return this.#status;
  }

  set status(status: UpstreamStatus) {
    if (this.#status === status) return;
    this.#status = status;
    this.#needs.onChange(this);
  }

  /** The master has been asked who it is, and the connection still stands or leads back here. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** It can be reached: it is known, or was a moment ago and had only to get ready. */
  get isThere(): boolean {
    return this.#isKnown || (this.failure !== null && statusAfter(this.failure) === 'loading');
  }

  /** Rows come, or would if there were any. */
  get isFollowing(): boolean {
    return this.#status === 'sync' || this.#status === 'follow';
  }

  /** The session that is ready for requests; null while there is none. */
  get session(): MasterSession | null {
    return this.#isReady ? this.#session : null;
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** Asks the master anew what it says of itself, if it is waiting for questions. */
  async refreshBallot(): Promise<void> {
    if (this.#status !== 'ready' || this.#session === null) return;
    try {
      this.ballot = (await this.#session.vote()) ?? this.ballot;
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
    }
  }

  /** Ends it for good; resolves when nothing of it is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#session?.close();
    this.#sleep?.timer.cancel();
    this.#sleep?.wake();
    await this.#ended;
    this.status = 'off';
  }

  async #run(): Promise<void> {
    const { env, log } = this.#needs;
    while (!this.#isStopped) {
      try {
        await this.#connect();
        const engine = await this.#engine();
        await this.#follow(engine);
      } catch (error) {
        if (!(error instanceof BoxError)) throw error;
        if (this.#isStopped) return;
        this.#fail(error);
        if (error.code === SELF) return;
        if (isFatal(error) && !this.#mayPass(error)) {
          const text = `${error.message} (error ${error.code})${adviceAbout(error)}`;
          log.error(`replication from ${this.source.text} has stopped: ${text}`);
          return;
        }
      }
      await new Promise<void>((wake) => {
        this.#sleep = { timer: env.timers.after(this.#needs.settings().timeoutMs, wake), wake };
      });
    }
  }

  /** Waits until the instance has its data; whoever gets them may use the session meanwhile. */
  async #engine(): Promise<ApplierEngine> {
    const session = this.#session;
    assert(session !== null, 'a connected applier has a session');
    return Promise.race([
      this.#needs.engine(this),
      session.lost.then((error): never => {
        throw error;
      }),
    ]);
  }

  #fail(error: BoxError): void {
    this.#session?.close();
    this.#session = null;
    this.#isReady = false;
    // The same again is no news, however often the connection was made in between.
    const isNew = this.#lastLogged !== error.message;
    this.#lastLogged = error.message;
    const isSelf = error.code === SELF;
    this.failure = error;
    this.#isKnown = isSelf;
    if (error.code === NOT_ANONYMOUS) this.#isRegistered = true;
    if (isNew && !isSelf) this.#needs.log.warn(`replication from ${this.source.text}: ${error.message}`);
    this.status = this.#mayPass(error) ? 'loading' : statusAfter(error);
  }

  /** What this master does not have any more may come from another, and then this one can be followed. */
  #mayPass(error: BoxError): boolean {
    return isGap(error) && this.#needs.hasOthers(this);
  }

  async #connect(): Promise<void> {
    const { env, members, settings } = this.#needs;
    this.status = 'connect';
    const session = await MasterSession.open(
      env,
      this.source,
      Math.max(1000, settings().timeoutMs * SILENT_HEARTBEATS_MAX),
    );
    this.#session = session;
    if (this.#isStopped) session.close();
    this.masterUuid = session.instanceUuid;
    this.masterVersion = session.version;
    this.#heard();
    this.status = 'connected';
    this.ballot = (await session.vote()) ?? this.ballot;
    this.#isKnown = true;
    this.#heard();
    if (session.instanceUuid === members.instanceUuid) throw boxError('CONNECTION_TO_SELF');
    this.status = 'auth';
    await session.authenticate();
    this.#isReady = true;
    this.#heard();
    this.status = 'ready';
    this.failure = null;
    this.#needs.onChange(this);
  }

  /** Subscribes, and applies rows until the session ends, which is why it always rejects. */
  async #follow(engine: ApplierEngine): Promise<never> {
    const { box, logClient } = engine;
    const { members, settings } = this.#needs;
    const session = this.#session;
    assert(session !== null, 'a master is followed over a session');
    if (members.ownId === 0 && !settings().isAnonymous && !this.#isRegistered) {
      if (!this.#needs.mayRegister(this)) throw boxError('TOO_EARLY_SUBSCRIBE', members.instanceUuid);
      await this.#register(session, engine);
    }
    const { replicasetUuid } = box.catalog;
    const idFilter = settings().wantsOwnRows ? [] : [members.ownId];
    session.send((writer) =>
      encodeSubscribe(
        writer,
        { sync: 0 },
        {
          replicasetUuid,
          instanceUuid: members.instanceUuid,
          vclock: logClient.durableVclock,
          serverVersion: SPOKEN_VERSION,
          isAnonymous: settings().isAnonymous,
          idFilter,
        },
      ),
    );
    const packet = await session.streamHead();
    const row = new RowReader();
    readRow(row, packet, 0, packet.length);
    const answer = decodeSubscribeAnswer(packet, row.bodyStart, packet.length);
    if (answer.replicasetUuid !== null && answer.replicasetUuid !== replicasetUuid) {
      throw boxError('REPLICASET_UUID_MISMATCH', replicasetUuid, answer.replicasetUuid);
    }
    this.#heard();
    this.#lastLogged = '';
    this.status = 'sync';
    const stream = new Following(this, this.#needs, session, engine, {
      replicaId: row.replicaId,
      vclock: answer.vclock,
      unwantedId: idFilter[0] ?? 0,
    });
    return stream.ended;
  }

  /**
   * Becomes a member. The rows that come as the answer are passed over: they end with the own one in `_cluster`, but a
   * master of 2.6 begins with those that it had not written yet when it was asked, and what it had would be missed. All
   * of them come again with the subscription.
   */
  async #register(session: MasterSession, { logClient }: ApplierEngine): Promise<void> {
    const { members } = this.#needs;
    this.status = 'register';
    const row = new RowReader();
    const stopWatching = session.watchSilence(REGISTER_SILENCE_MS_MAX);
    try {
      await new Promise<void>((resolve, reject) => {
        void session.lost.then(reject);
        session.handle((bytes, start, end) => {
          readRow(row, bytes, start, end);
          if (row.type === REQUEST_TYPE.ok) resolve();
        });
        session.send((writer) => encodeRegister(writer, { sync: 0 }, members.instanceUuid, logClient.durableVclock));
      });
      session.handle(null);
    } finally {
      stopWatching();
    }
    this.#isRegistered = true;
    this.status = 'registered';
  }

  #heard(): void {
    this.lastHeardMs = this.#needs.env.clock.monotonicMs();
  }
}

/** Reads a packet as a row; throws the error that it may be. */
export function readRow(row: RowReader, bytes: Uint8Array, start: number, end: number): void {
  row.reset(bytes, start, end);
  if (row.next() !== 'row') throw boxError('INVALID_MSGPACK', 'packet body');
  if ((row.type & ERROR_RESPONSE) !== 0) throw decodeError(bytes, row.bodyStart, end, row.type);
}

type MasterAnswer = Readonly<{
  replicaId: number;
  vclock: Vclock;
  /** Whose rows it was asked to leave out; 0: nobody's. */
  unwantedId: number;
}>;

/** A subscription that runs. */
class Following {
  /** Rejects when the session has ended. */
  readonly ended: Promise<never>;
  readonly #applier: Applier;
  readonly #needs: ApplierNeeds;
  readonly #session: MasterSession;
  readonly #engine: ApplierEngine;
  readonly #application: RowApplication;
  readonly #assembler: TransactionAssembler;
  readonly #row = new RowReader();
  /** Who the master is, and what it had when it answered. */
  readonly #master: MasterAnswer;
  #batch: CommitBatch | null = null;
  #hasApplied = false;
  #heldAtMs = 0;
  #lastTimestampSeconds = 0;
  /** Of the newest packet that said its time. */
  #heardTimestampSeconds = 0;
  #isNoting = false;
  #isAckScheduled = false;
  #timer: TimerHandle | null = null;

  constructor(
    applier: Applier,
    needs: ApplierNeeds,
    session: MasterSession,
    engine: ApplierEngine,
    master: MasterAnswer,
  ) {
    this.#applier = applier;
    this.#needs = needs;
    this.#session = session;
    this.#engine = engine;
    this.#master = master;
    const skipsConflicts = (): boolean => needs.settings().skipsConflicts;
    const onRefused = (row: string, error: unknown): void =>
      needs.log.error(`${row} cannot be applied: ${error instanceof Error ? error.message : String(error)}`);
    this.#application = new RowApplication(
      { ...engine, unwantedId: master.unwantedId, skipsConflicts, onRefused },
      applier.source.text,
    );
    const apply: TransactionHandler = (bytes, start, end, flags) => this.#apply(bytes, start, end, flags);
    const intake = new RowIntake(session, engine.queue, apply, () => this.#goOn());
    this.#assembler = new TransactionAssembler((...transaction) => intake.take(...transaction));
    const stopListening = engine.onWritten((error) => this.#logWritten(error));
    this.ended = session.lost.then((error): never => {
      this.#timer?.cancel();
      stopListening();
      this.#application.close();
      throw error;
    });
    session.handle((bytes, start, end) => this.#packet(bytes, start, end));
    session.release();
    this.#watch();
  }

  #watch(): void {
    const { env, settings } = this.#needs;
    const silenceMs = settings().timeoutMs * SILENT_HEARTBEATS_MAX;
    this.#timer = env.timers.after(silenceMs / 2, () => {
      const nowMs = env.clock.monotonicMs();
      // Who is not listened to cannot be heard.
      if (this.#session.isHeld) this.#heldAtMs = nowMs;
      if (nowMs - Math.max(this.#applier.lastHeardMs, this.#heldAtMs) > silenceMs) {
        this.#session.close(boxError('TIMEOUT'));
      } else this.#watch();
    });
  }

  #packet(bytes: Uint8Array, start: number, end: number): void {
    const row = this.#row;
    readRow(row, bytes, start, end);
    if (row.timestampSeconds !== 0) this.#heardTimestampSeconds = row.timestampSeconds;
    if (!this.#isNoting) {
      this.#isNoting = true;
      this.#needs.env.timers.endOfTurn(() => this.#note());
    }
    if (row.type === REQUEST_TYPE.raft) {
      // Nobody speaks for others, and servers of some versions do not name themselves.
      this.#engine.elections.receive(this.#master.replicaId, row);
    } else if (row.lsn === 0) {
      this.#scheduleAck();
    } else {
      this.#lastTimestampSeconds = row.timestampSeconds;
      this.#assembler.add(row);
    }
  }

  /** What is to be known of all packets of a turn, looked at once: rows come by the hundred thousand. */
  #note(): void {
    this.#isNoting = false;
    const { clock } = this.#needs.env;
    this.#applier.lastHeardMs = clock.monotonicMs();
    if (this.#heardTimestampSeconds !== 0) {
      this.#applier.lagSeconds = Math.max(0, clock.realtimeSeconds() - this.#heardTimestampSeconds);
    }
    this.#engine.elections.tell({ kind: 'heard', from: this.#master.replicaId });
    if (this.#applier.status === 'sync') this.#seeWhetherSynchronized();
  }

  #apply(bytes: Uint8Array, start: number, end: number, flags: number): void {
    const application = this.#application.apply(bytes, start, end, flags, (error) => {
      this.#settled(error);
    });
    if (application.kind !== 'known') this.#hasApplied = true;
    if (application.kind !== 'applied' || application.batch === this.#batch) return;
    const { batch } = application;
    this.#batch = batch;
    batch.listeners.push({
      settled: (error) => {
        if (this.#batch === batch) this.#batch = null;
        this.#settled(error);
      },
    });
    if (this.#engine.logClient.waitingBytes > WAITING_BYTES_MAX) this.#session.hold();
  }

  #settled(error: BoxError | null): void {
    if (error !== null && !isDecided(error)) this.#session.close(error);
    else this.#goOn();
  }

  /**
   * A transaction is acknowledged when it is in the log, whether it is final or not. If the log could not take rows, some
   * that came from here too may be undone: those that another master had sent before, and were passed over.
   */
  #logWritten(error: BoxError | null): void {
    if (error !== null) {
      this.#session.close(error);
      return;
    }
    if (this.#hasApplied) this.#scheduleAck();
    if (this.#application.isWritten) this.#hasApplied = false;
    this.#goOn();
  }

  /** Reads on, once the log and the queue allow it. */
  #goOn(): void {
    const { logClient, queue } = this.#engine;
    if (!this.#session.isHeld || queue.isClosing || logClient.waitingBytes > WAITING_BYTES_MAX / 2) return;
    this.#needs.env.timers.endOfTurn(() => this.#session.release());
  }

  #seeWhetherSynchronized(): void {
    const isNear = this.#applier.lagSeconds <= this.#needs.settings().syncLagSeconds;
    if (isNear && covers(this.#engine.logClient.vclock, this.#master.vclock)) this.#applier.status = 'follow';
  }

  #scheduleAck(): void {
    if (this.#isAckScheduled) return;
    this.#isAckScheduled = true;
    this.#needs.env.timers.endOfTurn(() => {
      this.#isAckScheduled = false;
      const timestampSeconds = this.#lastTimestampSeconds;
      this.#lastTimestampSeconds = 0;
      this.#session.send((writer: ByteWriter) => {
        const { term } = this.#engine.elections;
        encodeAck(writer, this.#engine.logClient.durableVclock, timestampSeconds, term > 1 ? term : 0);
      });
    });
  }
}
