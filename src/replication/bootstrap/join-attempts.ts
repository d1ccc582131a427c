/**
 * Getting the data from a master as often as it takes. What may pass, a master that is not ready or a connection that
 * breaks at whatever moment, is told from what another attempt would not mend.
 * Invariant: each attempt begins with an engine that has no data.
 */
import { BoxError, boxError } from '../../base/index.ts';
import { formatVclock, type RowReader, type Vclock } from '../../codec/xlog/index.ts';
import type { RowApplier } from '../../engine/checkpoint/index.ts';
import type { Env, Logger } from '../../env/index.ts';
import { type Applier } from '../applier/applier.ts';
import { isFatal } from '../applier/failures.ts';
import type { Members } from '../members.ts';
import type { ReplicationOptions } from '../options.ts';
import { isSelf, type Upstreams } from '../upstreams.ts';
import { getData } from './joining.ts';

/** What the data are got for. */
export interface EmptyEngine {
  /** Puts rows into it. */
  applier(): RowApplier;
  /** It has got some data, and not all: it is given up for one without. */
  renew(): void;
}

export type JoinNeeds = Readonly<{
  env: Env;
  log: Logger;
  members: Members;
  upstreams: Upstreams;
  options: ReplicationOptions;
}>;

export type JoinOutcome =
  | Readonly<{ kind: 'joined'; vclock: Vclock }>
  /** `hadRows`: it went so far that the master may make this server a member, whatever became of the connection. */
  | Readonly<{ kind: 'notYet'; error: BoxError | null; hadRows: boolean }>;

const LOADING = boxError('LOADING').code;
/** Writers needed the memory that the master kept for this join. */
const READ_VIEW_ABORTED = boxError('READ_VIEW_ABORTED').code;

export class JoinAttempts {
  readonly #needs: JoinNeeds;
  readonly #engine: EmptyEngine;
  readonly #explanations = new Set<string>();

  constructor(needs: JoinNeeds, engine: EmptyEngine) {
    this.#needs = needs;
    this.#engine = engine;
  }

  /** Rejects with what another attempt would not mend. */
  async join(applier: Applier): Promise<JoinOutcome> {
    const { env, log, members, options } = this.#needs;
    const { session, failure } = applier;
    if (session === null) {
      if (failure !== null) this.#explain(applier, failure);
      return { kind: 'notYet', error: failure, hadRows: false };
    }
    const uuid = options.isAnonymous ? null : members.instanceUuid;
    const rows = new WatchedRows(this.#engine.applier());
    let hadRows = false;
    try {
      const vclock = await getData(env, session, uuid, rows, {
        onStage: (stage) => {
          applier.status = stage;
        },
        onRows: () => {
          hadRows = true;
          log.info(`getting the data from ${applier.source.text}`);
        },
      });
      log.info(`the data have come, state ${formatVclock(vclock)}`);
      return { kind: 'joined', vclock };
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      session.close(error);
      if (rows.wasRefused || (isFatal(error) && error.code !== READ_VIEW_ABORTED)) throw error;
      if (hadRows) {
        log.warn(`${applier.source.text} has not given all data: ${error.message}; they are asked for anew`);
        this.#engine.renew();
      } else this.#explain(applier, error);
      return { kind: 'notYet', error, hadRows };
    }
  }

  /** The mistakes that keep everybody waiting are named, once. */
  #explain(applier: Applier, error: BoxError): void {
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

/** Notes what the engine refuses: the master is not to blame for it, and would send the same again. */
class WatchedRows implements RowApplier {
  wasRefused = false;
  readonly #rows: RowApplier;

  constructor(rows: RowApplier) {
    this.#rows = rows;
  }

  applySnapshotTuple(spaceId: number, bytes: Uint8Array, position: number, end: number): void {
    try {
      this.#rows.applySnapshotTuple(spaceId, bytes, position, end);
    } catch (error) {
      throw this.#refused(error);
    }
  }

  applySnapshotRow(row: RowReader): void {
    try {
      this.#rows.applySnapshotRow(row);
    } catch (error) {
      throw this.#refused(error);
    }
  }

  *finishSnapshot(): Generator<void> {
    try {
      yield* this.#rows.finishSnapshot();
    } catch (error) {
      throw this.#refused(error);
    }
  }

  applyLogRow(row: RowReader): void {
    try {
      this.#rows.applyLogRow(row);
    } catch (error) {
      throw this.#refused(error);
    }
  }

  #refused(error: unknown): unknown {
    this.wasRefused = true;
    return error;
  }
}
