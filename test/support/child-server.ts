/**
 * A server process of a test: its own temporary directory, its log kept, ended by its own pid and never by name.
 * Whatever is still running when the test process exits is killed with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const STOP_TIMEOUT_MS = 10_000;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export type ServerProcess = Readonly<{
  pid: number;
  /** The last lines of its output, for a failure's message. */
  log: () => string;
  /** Resolves with the line that matches; rejects when the process ends first or the time is over. */
  waitForLine: (pattern: RegExp, timeoutMs: number) => Promise<RegExpMatchArray>;
  exited: () => boolean;
  /** SIGTERM, then SIGKILL if it does not end in time. */
  stop: () => Promise<void>;
}>;

/** Starts a program and collects what it prints on both outputs. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: Readonly<{ cwd: string; env?: Readonly<Record<string, string>> }>,
): ServerProcess {
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let text = '';
  let ended = false;
  let listeners: (() => void)[] = [];
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Uint8Array) => {
      text = (text + Buffer.from(chunk).toString('utf8')).slice(-65_536);
      notify();
    });
  const exit = new Promise<void>((resolve) => {
    const finish = (): void => {
      ended = true;
      running.delete(child);
      notify();
      resolve();
    };
    child.on('exit', finish).on('error', (error) => {
      text += String(error);
      finish();
    });
  });
  return {
    pid: child.pid ?? -1,
    log: () => text,
    exited: () => ended,
    waitForLine: (pattern, timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => finish(new Error(`${command}: no ${pattern} in time:\n${text}`)), timeoutMs);
        const finish = (outcome: RegExpMatchArray | Error): void => {
          clearTimeout(timer);
          listeners = listeners.filter((listener) => listener !== check);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        };
        const check = (): void => {
          const match = pattern.exec(text);
          if (match !== null) finish(match);
          else if (ended) finish(new Error(`${command} ended early:\n${text}`));
        };
        listeners.push(check);
        check();
      }),
    stop: async () => {
      if (ended) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exit;
      clearTimeout(timer);
    },
  };
}

/** A fresh directory and the function that removes it. */
export async function temporaryDirectory(
  prefix: string,
): Promise<Readonly<{ path: string; remove: () => Promise<void> }>> {
  const path = await mkdtemp(join(tmpdir(), `${prefix}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A loopback port that was free a moment ago; whoever starts a server on it tries another one if it is taken by then. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('a listening socket has no port'));
      });
    });
  });
}
