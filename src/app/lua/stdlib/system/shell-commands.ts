/** Commands of the shell, for `os.execute` and `io.popen`. */
import { bytesOfByteText, joinBytes } from '../../../../base/index.ts';
import { type Child, FileError, type Processes } from '../../../../env/index.ts';
import { PipeStream } from './lua-file.ts';

/** C's statuses have the exit code in the second byte, and the signal in the first. */
const EXIT_CODE_UNIT = 256;
const KILLED_STATUS = 9;

export class ShellCommands {
  readonly #processes: Processes;

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  /** Runs to the end with our own streams: the status as C's `system` gives it. */
  run(command: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#start(command, ['inherit', 'inherit', 'inherit'], () => undefined, resolve).catch((error: unknown) => {
        if (error instanceof FileError) resolve(-1);
        else reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }

  /** With `r` the stream has what the command prints, with `w` it is the command's input. */
  open(command: string, mode: 'r' | 'w'): PipeStream {
    const chunks: Uint8Array[] = [];
    const isReader = mode === 'r';
    let ended: (() => void) | null = null;
    const end = new Promise<void>((resolve) => (ended = resolve));
    const child: Promise<Child | null> = this.#start(
      command,
      isReader ? ['inherit', 'pipe', 'inherit'] : ['pipe', 'inherit', 'inherit'],
      (chunk) => chunks.push(chunk.slice()),
      () => ended?.(),
    ).catch(() => {
      ended?.();
      return null;
    });
    const read = async (): Promise<Uint8Array> => {
      await end;
      return joinBytes(chunks);
    };
    let writing: Promise<unknown> = child;
    return new PipeStream(
      isReader ? read : null,
      (text) => {
        const bytes = bytesOfByteText(text);
        writing = writing.then(async () => (await child)?.write(bytes)).catch(() => undefined);
      },
      () => {
        void writing.then(async () => (await child)?.endInput());
      },
    );
  }

  #start(
    command: string,
    streams: Parameters<Processes['start']>[0]['streams'],
    onOutput: (chunk: Uint8Array) => void,
    onEnd: (status: number) => void,
  ): Promise<Child> {
    let status: number | null = null;
    let isOutputOver = streams[1] !== 'pipe';
    const finish = (): void => {
      if (status !== null && isOutputOver) onEnd(status);
    };
    return this.#processes.start(
      { command: ['/bin/sh', '-c', command], environment: null, streams, ownSession: false },
      {
        onOutput,
        onError: () => undefined,
        onOutputEnd: () => {
          isOutputOver = true;
          finish();
        },
        onErrorEnd: () => undefined,
        onExit: (code) => {
          status = code === null ? KILLED_STATUS : code * EXIT_CODE_UNIT;
          finish();
        },
      },
    );
  }
}
