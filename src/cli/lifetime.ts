/**
 * The end of a running instance, whoever asks for it.
 *
 * - The first SIGINT, SIGTERM or `\quit` stops cleanly: exit code 0. A second signal ends the process at once: 1.
 * - While the instance still starts, nothing is at stake that a start could not repeat: after a short wait the process
 *   ends without it.
 * - A failure is logged; what was promised is still written if that can be done in time: exit code 1. A broken invariant
 *   ends the process as it is.
 */
import { AssertionError, BoxError, CorruptionError } from '../base/index.ts';
import { type CommandLine, type Env, FileError, Logger, NetworkError } from '../env/index.ts';
import { type Instance, StartError } from '../instance/index.ts';

type Stoppable = Pick<Instance, 'stop' | 'checkpoint'>;

const START_WAIT_MS = 3000;
const FAILURE_WAIT_MS = 5000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export class Lifetime {
  readonly #env: Env;
  readonly #commandLine: CommandLine;
  readonly #log: Logger;
  #instance: Stoppable | null = null;
  #isEnding = false;
  #exitCode = 0;
  #onStarted: () => void = () => undefined;
  /** Called once, when the end begins. */
  onEnd: () => void = () => undefined;

  constructor(env: Env, commandLine: CommandLine) {
    this.#env = env;
    this.#commandLine = commandLine;
    this.#log = new Logger(env.log, 'main');
    for (const signal of STOP_SIGNALS) env.process.onSignal(signal, () => this.#signalled(signal));
    env.process.onSignal('SIGUSR1', () => this.#makeSnapshot());
    commandLine.onUncaughtError((error) => this.fail(error));
  }

  /** False if the instance is to be stopped at once, which happens here. */
  started(instance: Stoppable): boolean {
    this.#instance = instance;
    this.#onStarted();
    return !this.#isEnding;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Stops cleanly. */
  stop(reason: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#log.info(`stopping: ${reason}`);
    void this.#end();
  }

  /** The instance cannot go on. */
  fail(error: unknown): void {
    this.#log.fatal(failureText(error));
    this.#exitCode = 1;
    if (error instanceof AssertionError) return this.#commandLine.exit(1);
    this.#env.timers.after(FAILURE_WAIT_MS, () => this.#commandLine.exit(1));
    if (this.#isEnding) return;
    this.#isEnding = true;
    void this.#end();
  }

  async #end(): Promise<void> {
    this.onEnd();
    if (this.#instance === null) await this.#waitForStart();
    try {
      await this.#instance?.stop();
    } catch (error) {
      this.#log.fatal(`the stop failed: ${failureText(error)}`);
      this.#exitCode = 1;
    }
    this.#commandLine.exit(this.#exitCode);
  }

  #waitForStart(): Promise<void> {
    return new Promise((resolve) => {
      this.#onStarted = resolve;
      this.#env.timers.after(START_WAIT_MS, resolve);
    });
  }

  #signalled(signal: string): void {
    if (!this.#isEnding) {
      this.stop(signal);
      return;
    }
    this.#log.warn(`${signal} again: ending at once`);
    this.#commandLine.exit(1);
  }

  #makeSnapshot(): void {
    if (this.#instance === null || this.#isEnding) {
      this.#log.warn('SIGUSR1: no snapshot is made while the instance starts or stops');
      return;
    }
    this.#instance.checkpoint().catch((error: unknown) => {
      if (error instanceof BoxError) this.#log.error(`SIGUSR1: the snapshot failed: ${error.message}`);
      else this.fail(error);
    });
  }
}

/** Errors of the world say what they mean by themselves; of all others the place in the code is needed. */
function failureText(error: unknown): string {
  const isOfWorld = [BoxError, CorruptionError, FileError, NetworkError, StartError].some(
    (kind) => error instanceof kind,
  );
  if (!(error instanceof Error)) return String(error);
  return isOfWorld ? error.message : (error.stack ?? error.message);
}
