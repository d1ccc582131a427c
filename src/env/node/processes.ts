/** Other programs over node:child_process. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import {
  FileError,
  NetworkError,
  type Child,
  type ChildHandlers,
  type ChildOptions,
  type Processes,
} from '../index.ts';
import { withFileErrors } from './file-errors.ts';

export function createProcesses(): Processes {
  return { start };
}

function start(options: ChildOptions, handlers: ChildHandlers): Promise<Child> {
  const [program = '', ...words] = options.command;
  const stdio: StdioOptions = options.streams.map((stream) =>
    stream === 'pipe' || stream === 'inherit' ? stream : 'ignore',
  );
  const child = spawn(program, words, {
    stdio,
    detached: options.ownSession,
    ...(options.environment === null ? {} : { env: options.environment }),
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(new FileError(error.code ?? 'EIO', Math.abs(error.errno ?? constants.errno.EIO), program, 'start'));
    });
    child.once('spawn', () => {
      listen(child, handlers);
      resolve(handleOf(child, program));
    });
  });
}

function listen(child: ChildProcess, handlers: ChildHandlers): void {
  child.stdout?.on('data', (chunk: Buffer) => handlers.onOutput(chunk));
  child.stderr?.on('data', (chunk: Buffer) => handlers.onError(chunk));
  child.stdout?.once('close', () => handlers.onOutputEnd());
  child.stderr?.once('close', () => handlers.onErrorEnd());
  // A pipe whose reader is gone is told to who writes.
  child.stdin?.on('error', () => undefined);
  child.once('exit', (code, signal) => handlers.onExit(code, signal));
}

function handleOf(child: ChildProcess, program: string): Child {
  const pid = child.pid ?? 0;
  return {
    pid,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        const { stdin } = child;
        if (stdin === null) {
          reject(new NetworkError('EPIPE', 'the input is closed'));
          return;
        }
        stdin.write(bytes, (error) => {
          if (error) reject(new NetworkError((error as NodeJS.ErrnoException).code ?? 'EPIPE', error.message));
          else resolve();
        });
      }),
    endInput: () => void child.stdin?.end(),
    closeOutput: (stream) => void (stream === 'output' ? child.stdout : child.stderr)?.destroy(),
    signal: (number, toGroup) => {
      withFileErrors('kill', program, () => process.kill(toGroup ? -pid : pid, number));
    },
  };
}
