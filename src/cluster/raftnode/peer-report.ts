/**
 * What the log says about one peer: that it cannot be reached and why, and that it is reached again.
 *
 * Guarantees: a loss is said once, and the return only if the loss was said; there is at most one line in `QUIET_MS`. What
 * changes in between is said later, if it has lasted: in the end the log says what is so. A refusal in the words of the peer
 * itself, as for a wrong cookie, is said even when another reason was said before, for only people can mend it.
 */
import { type BoxError, clusterError, ERROR_TABLE } from '../../base/index.ts';
import { type Env, Logger } from '../../env/index.ts';

export const QUIET_MS = 30_000;

/** A peer is lost while one of the connections to it is. */
export type Way = 'messages' | 'questions';

/** Who does not belong to the group has to hear of it each time. */
const EXPELLED = clusterError('INSTANCE_EXPELLED', '').code;

export class PeerReport {
  readonly #clock: Env['clock'];
  readonly #log: Logger;
  readonly #peer: string;
  readonly #lost = new Set<Way>();
  /** Why the last attempt has failed, while it is lost. */
  #reason = '';
  /** The reason was given by the peer, and not by the way to it. */
  #isAnswer = false;
  /** The reason that the log gives; null: it does not say that the peer is lost. */
  #said: string | null = null;
  #saidMs = -Infinity;
  /** When a refusal was passed on last, by its code. */
  readonly #refusalsMs = new Map<number, number>();

  /** `peer` is its name at the beginning of a line. */
  constructor(env: Pick<Env, 'clock' | 'log'>, peer: string) {
    this.#clock = env.clock;
    this.#log = new Logger(env.log, 'raft');
    this.#peer = peer;
  }

  /** A connection was lost, or could not be made. */
  lost(way: Way, error: BoxError): void {
    this.#lost.add(way);
    this.#reason = reasonOf(error);
    this.#isAnswer = error.code !== ERROR_TABLE.NO_CONNECTION.code && error.code !== ERROR_TABLE.TIMEOUT.code;
    this.review();
  }

  /** The peer has answered on this connection. */
  reached(way: Way): void {
    if (this.#lost.delete(way)) this.review();
  }

  /** Says what could not be said before. To be called now and then. */
  review(): void {
    const isLost = this.#lost.size > 0;
    const isNews = this.#said === null ? isLost : !isLost || (this.#isAnswer && this.#reason !== this.#said);
    if (!isNews) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#saidMs < QUIET_MS) return;
    this.#saidMs = nowMs;
    this.#said = isLost ? this.#reason : null;
    if (isLost) this.#log.warn(`${this.#peer} cannot be reached: ${this.#reason}`);
    else this.#log.info(`${this.#peer} is reached again`);
  }

  /** Whether a refusal by the peer is to be passed on: the same one is once in `QUIET_MS`. */
  passes({ code }: BoxError): boolean {
    if (code === EXPELLED) return true;
    const nowMs = this.#clock.monotonicMs();
    for (const [other, atMs] of this.#refusalsMs) if (nowMs - atMs >= QUIET_MS) this.#refusalsMs.delete(other);
    if (this.#refusalsMs.has(code)) return false;
    this.#refusalsMs.set(code, nowMs);
    return true;
  }
}

/** That there is no connection need not be said twice. */
function reasonOf({ message }: BoxError): string {
  const prefix = `${ERROR_TABLE.NO_CONNECTION.template}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}
