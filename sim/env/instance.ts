/** One boot of a simulated machine: its threads and its ports, until it is killed, crashes or ends. */
import * as vm from 'node:vm';
import { SeededRandom } from '../../src/base/index.ts';
import type { Env, LogLevel, LogSink, ProcessControl, Scripts, Signal, WorkerEnv } from '../../src/env/index.ts';
import { LOG_LEVELS } from '../../src/env/index.ts';
import { createZstdCompression } from '../../src/env/zstd/index.ts';
import { createSimulatedCrypto } from './crypto.ts';
import { createSimulatedFiles } from './files.ts';
import type { SimulatedHost } from './host.ts';
import { createMissingPorts } from './missing-ports.ts';
import { SimulatedThread } from './thread.ts';
import { createSimulatedClock, createSimulatedTimers } from './timers.ts';
import { createSimulatedWorkers } from './workers.ts';

/** Thrown by `ProcessControl.abort`, after the machine's process has ended. */
export class SimulatedAbort extends Error {
  override readonly name = 'SimulatedAbort';
}

export class SimulatedInstance {
  readonly host: SimulatedHost;
  readonly bootNumber: number;
  readonly mainThread: SimulatedThread;
  readonly #threads = new Set<SimulatedThread>();
  readonly #signalHandlers = new Map<Signal, (() => void)[]>();

  constructor(host: SimulatedHost, bootNumber: number) {
    this.host = host;
    this.bootNumber = bootNumber;
    this.mainThread = this.addThread('main');
  }

  addThread(name: string): SimulatedThread {
    const thread = new SimulatedThread(this.host.world, `${this.host.name}#${this.bootNumber} ${name}`);
    this.#threads.add(thread);
    return thread;
  }

  endThread(thread: SimulatedThread): void {
    thread.end();
    this.#threads.delete(thread);
  }

  /** Ends all threads silently. */
  endAll(): void {
    for (const thread of this.#threads) thread.end();
  }

  /** The machine does nothing for so long, as in a long garbage collection or a suspended virtual machine. */
  freeze(durationMs: number): void {
    for (const thread of this.#threads) thread.spend(durationMs);
  }

  /** Tells whether somebody handles the signal. */
  signal(signal: Signal): boolean {
    const handlers = this.#signalHandlers.get(signal) ?? [];
    for (const handler of handlers) this.mainThread.schedule(0, signal, handler);
    return handlers.length > 0;
  }

  createEnv(logLevel: LogLevel): Env {
    const { host, mainThread: thread } = this;
    const random = new SeededRandom(host.world.random.uint32());
    return {
      clock: createSimulatedClock(thread, () => host.clockSkewSeconds),
      timers: createSimulatedTimers(thread),
      random: { fill: (bytes) => random.fill(bytes), uint32: () => random.uint32() },
      files: createSimulatedFiles(host, thread),
      ...createMissingPorts(),
      network: host.world.internet.createNetwork(host, thread),
      crypto: createSimulatedCrypto(),
      compression: createZstdCompression(),
      workers: createSimulatedWorkers(this),
      process: this.#createProcessControl(),
      scripts: this.#createScripts(),
      log: this.#createLog(logLevel),
    };
  }

  createWorkerEnv(thread: SimulatedThread): WorkerEnv {
    return {
      clock: createSimulatedClock(thread, () => this.host.clockSkewSeconds),
      files: createSimulatedFiles(this.host, thread),
      compression: createZstdCompression(),
    };
  }

  #createProcessControl(): ProcessControl {
    const { host } = this;
    return {
      pid: 1000 + this.bootNumber,
      hostName: () => host.name,
      userId: () => 0,
      setTitle: () => undefined,
      processorSeconds: () => this.mainThread.nowMs() / 1000,
      localOffsetSeconds: () => 0,
      onSignal: (signal, handler) => {
        this.#signalHandlers.set(signal, [...(this.#signalHandlers.get(signal) ?? []), handler]);
      },
      memoryUsage: () => ({
        residentBytes: 64 * 1024 * 1024,
        heapBytes: 16 * 1024 * 1024,
        heapBytesMax: 1024 * 1024 * 1024,
      }),
      abort: (reason) => {
        const error = new SimulatedAbort(`${this.mainThread.name}: ${reason}`);
        if (this.mainThread.isAlive) {
          host.world.fail(error);
          host.kill();
        }
        throw error;
      },
    };
  }

  #createScripts(): Scripts {
    const { host } = this;
    return {
      importModule: (path) => {
        const module = host.modules.get(path);
        if (module !== undefined) return Promise.resolve(module);
        return Promise.reject(new Error(`Cannot find module '${path}'`));
      },
      compile: (source, name) => new vm.Script(source, { filename: name }).runInThisContext() as unknown,
      createContext: () => {
        throw new Error('a simulated machine has no terminal, so nothing evaluates text there');
      },
    };
  }

  #createLog(level: LogLevel): LogSink {
    const limit = LOG_LEVELS.indexOf(level);
    return {
      level,
      write: (recordLevel, module, message, fields) => {
        if (!this.mainThread.isAlive || LOG_LEVELS.indexOf(recordLevel) > limit) return;
        this.host.addLogRecord({
          atMs: this.mainThread.nowMs(),
          level: recordLevel,
          module,
          message,
          fields: fields ?? {},
        });
      },
    };
  }
}
