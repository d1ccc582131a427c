/**
 * An applier: keeps up the connection to one master and applies what comes from there.
 *
 * Its states are Tarantool's, as `box.info.replication` shows them. What may pass, a lost connection or a master that is
 * not ready, is tried again after `replication_timeout`, for ever; what a retry would not mend, rows that do not fit or a
 * master of another replica set, stops it until it is configured anew.
 * Invariants: (1) an acknowledgement names nothing that is not in the own log; (2) while the log is behind, no more is
 * read from the master; (3) what a failed write has undone is asked for again.
 */
import { assert, BoxError, boxError, type ByteWriter } from '../../base/index.ts';
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
import { covers } from '../relay/log-feed.ts';
import { isFatal, type UpstreamStatus, statusAfter } from './failures.ts';
import { MasterSession } from './master-session.ts';
import { RowApplication } from './row-application.ts';
import type { ReplicationSource } from './source.ts';
import { TransactionAssembler } from './transaction-assembler.ts';

/** What a replica tells its masters to be: they filter nothing, and send nothing that 2.6 does not know. */
const SPOKEN_VERSION = (2 << 16) | (6 << 8) | 0;
const SILENT_HEARTBEATS_MAX = 4;
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
export type ApplierEngine = Readonly<{ box: Box; logClient: LogClient }>;

export type ApplierNeeds = Readonly<{
  env: Env;
  log: Logger;
  members: Members;
  settings: () => ApplierSettings;
  /** Resolves when the instance has its data and may follow; before, sessions are used to get them. */
  engine: (applier: Applier) => Promise<ApplierEngine>;
  onChange: (applier: Applier) => void;
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
  readonly #needs: ApplierNeeds;
  #session: MasterSession | null = null;
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

  /** The session that is ready for requests; null while there is none. */
  get session(): MasterSession | null {
    return this.#session;
  }

  start(): void {
    this.#ended = this.#run();
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
        if (isFatal(error)) {
          log.error(`replication from ${this.source.text} has stopped: ${error.message} (error ${error.code})`);
          return;
        }
      } finally {
        this.#session?.close();
        this.#session = null;
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
    const isNew = this.failure?.message !== error.message;
    this.failure = error;
    if (isNew) this.#needs.log.warn(`replication from ${this.source.text}: ${error.message}`);
    this.status = statusAfter(error);
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
    this.masterUuid = session.instanceUuid;
    this.masterVersion = session.version;
    this.#heard();
    this.status = 'connected';
    this.ballot = (await session.vote()) ?? this.ballot;
    this.#heard();
    if (session.instanceUuid === members.instanceUuid) throw boxError('CONNECTION_TO_SELF');
    this.status = 'auth';
    await session.authenticate();
    this.#heard();
    this.status = 'ready';
    this.failure = null;
    this.#needs.onChange(this);
  }

  /** Subscribes, and applies rows until the session ends, which is why it always rejects. */
  async #follow({ box, logClient }: ApplierEngine): Promise<never> {
    const { members, settings } = this.#needs;
    const session = this.#session;
    assert(session !== null, 'a master is followed over a session');
    if (members.ownId === 0 && !settings().isAnonymous) await this.#register(session, { box, logClient });
    const { replicasetUuid } = box.catalog;
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
          idFilter: settings().wantsOwnRows ? [] : [members.ownId],
        },
      ),
    );
    const packet = await session.answer();
    const row = new RowReader();
    row.reset(packet);
    row.next();
    const answer = decodeSubscribeAnswer(packet, row.bodyStart, packet.length);
    if (answer.replicasetUuid !== null && answer.replicasetUuid !== replicasetUuid) {
      throw boxError('REPLICASET_UUID_MISMATCH', replicasetUuid, answer.replicasetUuid);
    }
    this.#heard();
    this.status = 'sync';
    const stream = new Following(this, this.#needs, session, { box, logClient }, answer.vclock);
    return stream.ended;
  }

  /** Becomes a member: the rows up to the own one in `_cluster` come as the answer. */
  async #register(session: MasterSession, { box, logClient }: ApplierEngine): Promise<void> {
    const { members } = this.#needs;
    this.status = 'register';
    const application = this.#application({ box, logClient });
    const assembler = new TransactionAssembler((rows) => void application.apply(rows));
    const row = new RowReader();
    try {
      await new Promise<void>((resolve, reject) => {
        void session.lost.then(reject);
        session.handle((bytes, start, end) => {
          readRow(row, bytes, start, end);
          if (row.type !== REQUEST_TYPE.ok) assembler.add(row);
          else resolve();
        });
        session.send((writer) => encodeRegister(writer, { sync: 0 }, members.instanceUuid, logClient.durableVclock));
      });
      session.handle(null);
      await box.transactions.whenDurable();
    } finally {
      application.close();
    }
    this.status = 'registered';
  }

  #application(engine: ApplierEngine): RowApplication {
    const skipsConflicts = (): boolean => this.#needs.settings().skipsConflicts;
    return new RowApplication({ ...engine, skipsConflicts }, this.source.text);
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
  /** What the master had when it answered. */
  readonly #target: Vclock;
  #batch: CommitBatch | null = null;
  #lastTimestampSeconds = 0;
  #isAckScheduled = false;
  #timer: TimerHandle | null = null;

  constructor(applier: Applier, needs: ApplierNeeds, session: MasterSession, engine: ApplierEngine, target: Vclock) {
    this.#applier = applier;
    this.#needs = needs;
    this.#session = session;
    this.#engine = engine;
    this.#target = target;
    const skipsConflicts = (): boolean => needs.settings().skipsConflicts;
    this.#application = new RowApplication({ ...engine, skipsConflicts }, applier.source.text);
    this.#assembler = new TransactionAssembler((rows) => this.#apply(rows));
    this.ended = session.lost.then((error): never => {
      this.#timer?.cancel();
      this.#application.close();
      throw error;
    });
    session.handle((bytes, start, end) => this.#packet(bytes, start, end));
    this.#watch();
  }

  #watch(): void {
    const { env, settings } = this.#needs;
    const silenceMs = settings().timeoutMs * SILENT_HEARTBEATS_MAX;
    this.#timer = env.timers.after(silenceMs / 2, () => {
      const isSilent = env.clock.monotonicMs() - this.#applier.lastHeardMs > silenceMs;
      if (isSilent && !this.#session.isHeld) this.#session.close(boxError('TIMEOUT'));
      else this.#watch();
    });
  }

  #packet(bytes: Uint8Array, start: number, end: number): void {
    const row = this.#row;
    readRow(row, bytes, start, end);
    const { clock } = this.#needs.env;
    this.#applier.lastHeardMs = clock.monotonicMs();
    if (row.timestampSeconds !== 0) {
      this.#applier.lagSeconds = Math.max(0, clock.realtimeSeconds() - row.timestampSeconds);
    }
    if (row.lsn === 0) {
      this.#scheduleAck();
    } else {
      this.#lastTimestampSeconds = row.timestampSeconds;
      this.#assembler.add(row);
    }
    if (this.#applier.status === 'sync') this.#seeWhetherSynchronized();
  }

  #apply(rows: RowReader): void {
    const batch = this.#application.apply(rows);
    if (batch === null || batch === this.#batch) return;
    this.#batch = batch;
    batch.listeners.push({
      settled: (error) => {
        if (this.#batch === batch) this.#batch = null;
        if (error !== null) {
          this.#session.close(error);
          return;
        }
        this.#scheduleAck();
        if (this.#session.isHeld && this.#engine.logClient.waitingBytes < WAITING_BYTES_MAX / 2) {
          this.#needs.env.timers.endOfTurn(() => this.#session.release());
        }
      },
    });
    if (this.#engine.logClient.waitingBytes > WAITING_BYTES_MAX) this.#session.hold();
  }

  #seeWhetherSynchronized(): void {
    const isNear = this.#applier.lagSeconds <= this.#needs.settings().syncLagSeconds;
    if (isNear && covers(this.#engine.logClient.vclock, this.#target)) this.#applier.status = 'follow';
  }

  #scheduleAck(): void {
    if (this.#isAckScheduled) return;
    this.#isAckScheduled = true;
    this.#needs.env.timers.endOfTurn(() => {
      this.#isAckScheduled = false;
      const timestampSeconds = this.#lastTimestampSeconds;
      this.#lastTimestampSeconds = 0;
      this.#session.send((writer: ByteWriter) => {
        encodeAck(writer, this.#engine.logClient.durableVclock, timestampSeconds);
      });
    });
  }
}
