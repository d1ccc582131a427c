/** What all clients of a run share: the moments of the run, the pause, the counts and what was seen wrong. */
import { BoxError, ERROR_TABLE, type SeededRandom } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/client/index.ts';
import type { Timers } from '../../../src/env/index.ts';

/** What is counted of all requests. */
export type RequestCounts = {
  /** Answered with success. */
  acknowledged: number;
  /** The client did not learn the outcome. */
  unknownOutcomes: number;
  /** Refused with ER_WAL_IO. */
  failedWrites: number;
  conflicts: number;
  /** Refused for a key of a unique index that somebody else holds. */
  duplicates: number;
};

const PAUSE_MS = 3;

export class Shop<Counts extends RequestCounts = RequestCounts> {
  readonly counts: Counts;
  readonly timers: Timers;
  readonly random: SeededRandom;
  /** Clients finish what is under way and begin nothing new. */
  isPaused = true;
  readonly #pauseMs: number;
  readonly #busy = new Set<string>();
  #moment = 0;
  #stamp = 0;
  #failure: unknown = null;

  /** `pauseMs`: how long a client rests between two turns, at most. */
  constructor(counts: Counts, timers: Timers, random: SeededRandom, pauseMs = PAUSE_MS) {
    this.counts = counts;
    this.timers = timers;
    this.random = random;
    this.#pauseMs = pauseMs;
  }

  /** The next moment: requests and answers have one each. */
  nextMoment(): number {
    return ++this.#moment;
  }

  nextStamp(): number {
    return ++this.#stamp;
  }

  get isIdle(): boolean {
    return this.#busy.size === 0;
  }

  /** What a client could not accept; null if all is well. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Runs the client's turns for ever, one at a time, whenever its connection is active and the shop open. */
  async serve(name: string, connection: Pick<Connection, 'state'>, turn: () => Promise<void>): Promise<void> {
    for (;;) {
      await this.timers.sleep(this.#pauseMs * this.random.fraction());
      if (this.isPaused || this.#failure !== null || connection.state !== 'active') continue;
      this.#busy.add(name);
      try {
        await turn();
      } catch (error) {
        this.#failure ??= error;
      } finally {
        this.#busy.delete(name);
      }
    }
  }
}

export type Failure =
  /** Nothing was changed. */
  | Readonly<{ kind: 'refused'; code: number }>
  /** Nobody knows. */
  | Readonly<{ kind: 'unknown' }>;

/** What the error of a request means. What is no answer and no loss of the connection is thrown on. */
export function failureOf(error: unknown, counts: RequestCounts): Failure {
  if (!(error instanceof BoxError)) throw error;
  switch (error.code) {
    case ERROR_TABLE.NO_CONNECTION.code:
    case ERROR_TABLE.TIMEOUT.code:
      counts.unknownOutcomes++;
      return { kind: 'unknown' };
    case ERROR_TABLE.WAL_IO.code:
      counts.failedWrites++;
      break;
    case ERROR_TABLE.TRANSACTION_CONFLICT.code:
      counts.conflicts++;
      break;
    case ERROR_TABLE.TUPLE_FOUND.code:
      counts.duplicates++;
      break;
    default:
  }
  return { kind: 'refused', code: error.code };
}
