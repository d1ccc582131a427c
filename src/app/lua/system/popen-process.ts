/** A child process of `popen`: what it has written and nobody has read, how it ended, and who waits for that. */
import { type Child, FileError, type Processes } from '../../../env/index.ts';
import { testCancel, Waiters } from '../fibers/library/context.ts';
import type { LuaFiberHost } from '../fibers/machine-fibers.ts';
import type { PopenOptions, StreamName } from './popen-options.ts';

type Output = { chunks: Uint8Array[]; isEnded: boolean; isClosed: boolean };

export type Exit = Readonly<{ code: number } | { signal: string }>;

export class PopenProcess {
  readonly options: PopenOptions;
  exit: Exit | null = null;
  isHandleClosed = false;
  isInputClosed = false;
  readonly outputs: Readonly<Record<'stdout' | 'stderr', Output>> = {
    stdout: { chunks: [], isEnded: false, isClosed: false },
    stderr: { chunks: [], isEnded: false, isClosed: false },
  };
  readonly #fibers: LuaFiberHost;
  readonly #waiters = new Waiters<null>();
  child: Child | null = null;

  constructor(fibers: LuaFiberHost, options: PopenOptions) {
    this.#fibers = fibers;
    this.options = options;
  }

  /** A program that cannot be run ends at once with the number of the error. */
  async start(processes: Processes): Promise<void> {
    const { words, streams, environment, flags } = this.options;
    const wake = (): void => this.#waiters.wakeAll();
    const receive = (name: 'stdout' | 'stderr') => (chunk: Uint8Array) => {
      this.outputs[name].chunks.push(chunk.slice());
      wake();
    };
    const end = (name: 'stdout' | 'stderr') => () => {
      this.outputs[name].isEnded = true;
      wake();
    };
    const command = flags.shell ? shellCommand(words) : pathCommand(words);
    try {
      this.child = await processes.start(
        {
          command,
          environment,
          streams: [streams.stdin, streams.stdout, streams.stderr],
          ownSession: flags.setsid,
        },
        {
          onOutput: receive('stdout'),
          onError: receive('stderr'),
          onOutputEnd: end('stdout'),
          onErrorEnd: end('stderr'),
          onExit: (code, signal) => {
            this.exit = signal === null ? { code: code ?? 0 } : { signal };
            wake();
          },
        },
      );
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.exit = { code: error.errno };
      for (const output of Object.values(this.outputs)) output.isEnded = true;
    }
  }

  isPipe(name: StreamName): boolean {
    return this.options.streams[name] === 'pipe';
  }

  /** Waits until the question is answered by yes; false if the time is over. */
  *until(timeoutMs: number, isReady: () => boolean): Generator<object, boolean, unknown> {
    const { clock } = this.#fibers;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    while (!isReady()) {
      const leftMs = timeoutMs === Infinity ? Infinity : deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) return false;
      yield* this.#waiters.wait(this.#fibers, leftMs, null);
      testCancel(this.#fibers);
    }
    return true;
  }

  closeStream(name: StreamName): void {
    if (name === 'stdin') {
      this.isInputClosed = true;
      this.child?.endInput();
      return;
    }
    this.outputs[name].isClosed = true;
    this.child?.closeOutput(name === 'stdout' ? 'output' : 'error');
  }
}

function shellCommand(words: readonly string[]): readonly string[] {
  return words[0] === 'sh' ? ['/bin/sh', ...words.slice(1)] : ['/bin/sh', '-c', ...words];
}

/** Programs are not looked for in PATH. */
function pathCommand([program = '', ...rest]: readonly string[]): readonly string[] {
  return [program.includes('/') ? program : `./${program}`, ...rest];
}
