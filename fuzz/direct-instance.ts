/**
 * A real instance whose sockets and turns are in the caller's hands: bytes are handed to its door directly, and a turn
 * ends when the caller says so. Without a log, because what is tested is in front of it.
 */
import { assert, defined } from '../src/base/index.ts';
import { runCheckpointWorker } from '../src/engine/checkpoint/index.ts';
import { runLogWorker } from '../src/engine/wal/index.ts';
import type { Env, Network, Stream, StreamHandlers, Timers } from '../src/env/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance } from '../src/instance/index.ts';
import { SimulatedWorld } from '../sim/env/index.ts';

const START_MS_MAX = 10_000;
const TURNS_MAX = 10_000;

export class DirectInstance {
  readonly instance: Instance;
  readonly #turnEnd: (() => void)[];
  readonly #accept: (stream: Stream) => void;
  readonly #failures: unknown[];

  private constructor(
    instance: Instance,
    turnEnd: (() => void)[],
    accept: (stream: Stream) => void,
    failures: unknown[],
  ) {
    this.instance = instance;
    this.#turnEnd = turnEnd;
    this.#accept = accept;
    this.#failures = failures;
  }

  static async start(seed: number, memtxMemoryBytes: number): Promise<DirectInstance> {
    const world = new SimulatedWorld(seed);
    world.registerWorkerEntry('log', runLogWorker);
    world.registerWorkerEntry('checkpoint', runCheckpointWorker);
    const env = world.addHost('fuzzed').createEnv({ logLevel: 'fatal' });
    let accept: ((stream: Stream) => void) | null = null;
    let isDirect = false;
    const turnEnd: (() => void)[] = [];
    const network: Network = {
      listen: (address, onConnection) => {
        accept = onConnection;
        return Promise.resolve({ address, close: () => Promise.resolve() });
      },
      connect: (address, timeoutMs) => env.network.connect(address, timeoutMs),
    };
    const timers: Timers = {
      after: (delayMs, callback) => env.timers.after(delayMs, callback),
      every: (periodMs, callback) => env.timers.every(periodMs, callback),
      sleep: (delayMs) => env.timers.sleep(delayMs),
      endOfTurn: (callback) => {
        if (isDirect) turnEnd.push(callback);
        else env.timers.endOfTurn(callback);
      },
      nextTurn: (callback) => {
        if (isDirect) turnEnd.push(callback);
        else env.timers.nextTurn(callback);
      },
    };
    const failures: unknown[] = [];
    const options = {
      ...DEFAULT_INSTANCE_OPTIONS,
      dataDir: '/data',
      walMode: 'none',
      trust: { kind: 'open' },
      checkpointIntervalSeconds: 0,
      memtxMemoryBytes,
    } as const;
    const fuzzEnv: Env = { ...env, network, timers };
    let started: Instance | null = null;
    void Instance.start(fuzzEnv, options, { onFailure: (error) => failures.push(error) }).then((instance) => {
      started = instance;
    });
    assert(await world.runUntil(() => started !== null, START_MS_MAX), 'the instance starts');
    isDirect = true;
    return new DirectInstance(
      defined(started as Instance | null, 'instance'),
      turnEnd,
      defined(accept as ((stream: Stream) => void) | null, 'door'),
      failures,
    );
  }

  /** Opens a connection; `onOutput` gets what the server sends, at the end of turns. */
  connect(onOutput: (bytes: Uint8Array) => void): DirectStream {
    const stream = new DirectStream(onOutput);
    this.#accept(stream);
    this.endTurn();
    return stream;
  }

  /** Runs what waits for the end of the turn, and the turns that this makes. Throws what the instance failed with. */
  endTurn(): void {
    for (let left = TURNS_MAX; this.#turnEnd.length > 0; left--) {
      assert(left > 0, 'work comes to an end');
      for (const callback of this.#turnEnd.splice(0)) callback();
    }
    const [failure] = this.#failures;
    if (failure !== undefined) throw new Error('the instance failed', { cause: failure });
  }
}

/** The server's end of a connection, without a network. */
export class DirectStream implements Stream {
  readonly peer = '127.0.0.1:1';
  readonly queuedBytes = 0;
  isClosed = false;
  readonly #onOutput: (bytes: Uint8Array) => void;
  #handlers: StreamHandlers | null = null;

  constructor(onOutput: (bytes: Uint8Array) => void) {
    this.#onOutput = onOutput;
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  write(bytes: Uint8Array, onWritten?: () => void): number {
    this.#onOutput(bytes);
    onWritten?.();
    return 0;
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.isClosed = true;
  }

  destroy(): void {
    this.isClosed = true;
  }

  /** The peer sends this. The chunk is the server's during the call only. */
  send(chunk: Uint8Array): void {
    this.#handlers?.onData(chunk);
    chunk.fill(0xee);
  }

  /** The peer has gone. */
  close(): void {
    this.isClosed = true;
    this.#handlers?.onClose(null);
  }
}
