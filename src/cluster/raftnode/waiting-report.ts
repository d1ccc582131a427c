/** Says in the log whom a member waits for, and why, if that takes long. */
import { type Env, Logger } from '../../env/index.ts';
import type { RaftId } from '../../raft/index.ts';

const PERIOD_MS = 10_000;

export class WaitingReport {
  readonly #env: Env;
  readonly #subject: string;
  readonly #reasons = new Map<RaftId, string>();
  #lastMs: number;

  /** `subject` is what has not happened yet. The first line comes after a period of quiet. */
  constructor(env: Env, subject: string) {
    this.#env = env;
    this.#subject = subject;
    this.#lastMs = env.clock.monotonicMs();
  }

  /** Why this member is waited for, in this round. */
  note(id: RaftId, reason: string): void {
    this.#reasons.set(id, reason);
  }

  /** The round is over. */
  tell(): void {
    const nowMs = this.#env.clock.monotonicMs();
    if (nowMs - this.#lastMs >= PERIOD_MS) {
      this.#lastMs = nowMs;
      const reasons = [...this.#reasons].map(([id, reason]) => `member ${id}: ${reason}`);
      new Logger(this.#env.log, 'raft').warn(`${this.#subject}: ${reasons.join('; ')}`);
    }
    this.#reasons.clear();
  }
}
