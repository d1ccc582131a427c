/** The ports on Node: the only room that reaches the system. */
import type { Env, WorkerEnv } from '../index.ts';
import { createZstdCompression } from '../zstd/index.ts';
import { createClock } from './clock.ts';
import { createCrypto } from './crypto.ts';
import { createFileSystem } from './file-system.ts';
import { createFiles } from './files.ts';
import { createHttpClient } from './http-client.ts';
import { createHttpServer } from './http-server.ts';
import { createLog, type LogOptions, type NodeLog } from './log.ts';
import { createNetwork } from './network.ts';
import { createProcessControl } from './process.ts';
import { createProcesses } from './processes.ts';
import { createRandomSource } from './random.ts';
import { createResolver } from './resolver.ts';
import { createScripts } from './scripts.ts';
import { createTimers } from './timers.ts';
import { createWorkers } from './workers.ts';

export { createCommandLine } from './command-line.ts';
export { createFiles } from './files.ts';
export type { LogOptions, LogPlace, NodeLog } from './log.ts';
export { packageRoot } from './package-root.ts';
export { workerChannel, workerStart } from './worker-channel.ts';
export type { WorkerStart } from './workers.ts';

export type NodeEnvOptions = Readonly<{
  log: LogOptions;
  /** The bundle that workers run; `dist/worker.js` of this package if absent. */
  workerFile?: string;
}>;

/** Throws FileError if the log's file cannot be opened. A log in a file is opened again on SIGHUP. */
export function createNodeEnv(options: NodeEnvOptions): Env & Readonly<{ log: NodeLog }> {
  const log = createLog(options.log);
  const processControl = createProcessControl();
  if (options.log.destination !== 'stderr') processControl.onSignal('SIGHUP', () => log.reopen());
  return {
    clock: createClock(),
    timers: createTimers(),
    random: createRandomSource(),
    files: createFiles(),
    fileSystem: createFileSystem(),
    network: createNetwork(),
    resolver: createResolver(),
    http: createHttpClient(),
    httpServer: createHttpServer(),
    processes: createProcesses(),
    crypto: createCrypto(),
    compression: createZstdCompression(),
    workers: createWorkers(options.workerFile),
    process: processControl,
    scripts: createScripts(),
    log,
  };
}

/** What code inside a worker uses, beside its `workerChannel`. */
export function createWorkerEnv(): WorkerEnv {
  return { clock: createClock(), files: createFiles(), compression: createZstdCompression() };
}

/** What a client uses, for programs that only connect. */
export function createClientEnv(): Pick<Env, 'clock' | 'timers' | 'random' | 'network' | 'crypto'> {
  return {
    clock: createClock(),
    timers: createTimers(),
    random: createRandomSource(),
    network: createNetwork(),
    crypto: createCrypto(),
  };
}
