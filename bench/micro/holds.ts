/**
 * How long the engine's thread is held while something large goes on: a snapshot, a build, a drop, a recovery. The
 * measure is the longest turn of the event loop, seen from inside, by the clock and by the thread's processor time (which
 * Node tells from 24 on, and some systems in steps of 4 ms), beside what the instance itself says (the watchdog's longest
 * hold, the longest slice of a snapshot) and the longest pause of the garbage collector, which a turn includes.
 *
 * `tsx bench/micro/holds.ts [--rows N]` after a build (the workers are in `dist`). By the clock, turns of a busy machine
 * are long for reasons that are not ours: only a run on a quiet one says something.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance, PerformanceObserver } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { createLocalApi, type LocalSpace } from '../../src/app/procedures/index.ts';
import { SeededRandom } from '../../src/base/index.ts';
import { connect, type Connection } from '../../src/client/index.ts';
import { BODY_KEY, HEADER_KEY, ITERATOR, REQUEST_TYPE } from '../../src/codec/iproto/index.ts';
import { encodeToBytes, type Value } from '../../src/codec/msgpack/index.ts';
import { LIMITS } from '../../src/config/index.ts';
import { createNodeEnv } from '../../src/env/node/index.ts';
import { type Env, Logger } from '../../src/env/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance, type InstanceOptions, Watchdog } from '../../src/instance/index.ts';

const LIMIT_MS = 10;
const MEBIBYTE = 1024 * 1024;
const BURST_ROWS = 100;
const STRING = 'x'.repeat(80);
const GREETING_BYTES = 128;
const SPACE = { space: 280, index: 288 } as const;

/** The longest of a phase. */
type Longest = Readonly<{ turnMs: number; turnCpuMs: number; collectorMs: number }>;
type Line = Longest & Readonly<{ name: string; seconds: number; watchdogMs: number }>;

/** Processor time of this thread; always 0 where Node does not tell. */
function cpuMs(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => Readonly<{ user: number; system: number }> };
  if (threadCpuUsage === undefined) return 0;
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
}

/** Turns of the event loop and pauses of the garbage collector since the last `take`. */
class Turns {
  #longestMs = 0;
  #longestCpuMs = 0;
  #collectorMs = 0;
  #lastMs = performance.now();
  #lastCpuMs = cpuMs();
  #isStopped = false;
  readonly #observer = new PerformanceObserver((list) => this.#collected(list.getEntries()));

  start(): void {
    this.#observer.observe({ entryTypes: ['gc'] });
    const look = (): void => {
      const nowMs = performance.now();
      this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
      this.#lastMs = nowMs;
      const nowCpuMs = cpuMs();
      this.#longestCpuMs = Math.max(this.#longestCpuMs, nowCpuMs - this.#lastCpuMs);
      this.#lastCpuMs = nowCpuMs;
      if (!this.#isStopped) setImmediate(look);
    };
    setImmediate(look);
  }

  stop(): void {
    this.#isStopped = true;
    this.#observer.disconnect();
  }

  take(): Longest {
    this.#collected(this.#observer.takeRecords());
    const taken = { turnMs: this.#longestMs, turnCpuMs: this.#longestCpuMs, collectorMs: this.#collectorMs };
    this.#longestMs = 0;
    this.#longestCpuMs = 0;
    this.#collectorMs = 0;
    return taken;
  }

  #collected(pauses: readonly Readonly<{ duration: number }>[]): void {
    for (const { duration } of pauses) this.#collectorMs = Math.max(this.#collectorMs, duration);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Holds {
  readonly #env: Env;
  readonly #rows: number;
  readonly #options: InstanceOptions;
  readonly #turns = new Turns();
  readonly #random = new SeededRandom(1);
  readonly #lines: Line[] = [];
  #watchdog: Watchdog;
  #instance!: Instance;
  #connection!: Connection;
  #space!: LocalSpace;

  constructor(env: Env, rows: number, dataDir: string) {
    this.#env = env;
    this.#rows = rows;
    this.#options = {
      ...DEFAULT_INSTANCE_OPTIONS,
      dataDir,
      listen: { host: '127.0.0.1', port: 0 },
      trust: { kind: 'open' },
      memtxMemoryBytes: 2048 * MEBIBYTE,
      checkpointIntervalSeconds: 0,
    };
    this.#watchdog = this.#newWatchdog();
  }

  async run(): Promise<readonly Line[]> {
    await this.#start();
    const api = createLocalApi(this.#instance.box, this.#instance.box.adminSession);
    api.schema.createSpace('large');
    api.schema.createIndex('large', 'pk', { parts: [[0, 'unsigned']] });
    this.#space = api.space('large');
    this.#turns.start();
    await this.#phase('insertions alone', () => this.#fill());
    await this.#phase('snapshot under random replaces', () => this.#whileReplacing(() => this.#instance.checkpoint()));
    const sliceMs = this.#instance.storage.checkpointer.longestSliceMs;
    const select = (): Promise<void> => this.#selectAll();
    await this.#phase('SELECT of all tuples under random replaces', () => this.#whileReplacing(select));
    const index = [this.#space.id, 1, 'second', 'tree', { unique: false }, [[1, 'unsigned']]] as const;
    await this.#phase('build of an index', () => this.#connection.insert(SPACE.index, index));
    await this.#phase('build of an index under random replaces', async () => {
      await this.#connection.delete(SPACE.index, [this.#space.id, 1]);
      await this.#whileReplacing(() => this.#connection.insert(SPACE.index, index));
    });
    await this.#instance.checkpoint();
    this.#connection.close();
    await this.#instance.stop();
    await this.#phase('recovery with a secondary index (nobody is served)', () => this.#start());
    this.#space = createLocalApi(this.#instance.box, this.#instance.box.adminSession).space('large');
    await this.#phase('truncate', async () => {
      this.#space.truncate();
      await this.#collected();
    });
    await this.#fill();
    await this.#phase('drop', async () => {
      for (const id of [1, 0]) await this.#connection.delete(SPACE.index, [this.#space.id, id]);
      await this.#collected();
    });
    this.#turns.stop();
    this.#connection.close();
    await this.#instance.stop();
    console.log(`longest slice of the snapshot: ${sliceMs.toFixed(1)} ms of ${LIMITS.sliceMs}`);
    return this.#lines;
  }

  async #start(): Promise<void> {
    const onFailure = (error: Error): never => {
      throw error;
    };
    this.#instance = await Instance.start(this.#env, this.#options, { onFailure });
    this.#connection = await connect(this.#env, { address: this.#instance.addresses[0]! });
  }

  async #phase(name: string, work: () => Promise<unknown>): Promise<void> {
    await nextTurn();
    this.#turns.take();
    this.#watchdog = this.#newWatchdog();
    this.#watchdog.start();
    const startMs = performance.now();
    await work();
    await nextTurn();
    const seconds = (performance.now() - startMs) / 1000;
    // The watchdog sees a hold when its timer comes.
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.#watchdog.stop();
    this.#lines.push({ name, seconds, ...this.#turns.take(), watchdogMs: this.#watchdog.held.longestMs });
  }

  #newWatchdog(): Watchdog {
    return new Watchdog(this.#env.clock, this.#env.timers, new Logger(this.#env.log, 'watchdog'));
  }

  async #fill(): Promise<void> {
    for (let id = 0; id < this.#rows;) {
      for (const end = Math.min(this.#rows, id + BURST_ROWS); id < end; id++)
        this.#space.replace([id, id % 1000, STRING]);
      await nextTurn();
    }
  }

  async #whileReplacing(work: () => Promise<unknown>): Promise<void> {
    let isDone = false;
    const working = work().finally(() => {
      isDone = true;
    });
    while (!isDone) {
      for (let left = BURST_ROWS; left > 0; left--) {
        this.#space.replace([this.#random.below(this.#rows), this.#random.below(1000), STRING]);
      }
      await nextTurn();
    }
    await working;
  }

  /** Asks for all tuples and counts the bytes of the answer: decoding it here would hold the thread. */
  async #selectAll(): Promise<void> {
    const [address] = this.#instance.addresses;
    if (address?.kind !== 'tcp') throw new Error('the instance listens on TCP');
    const socket = createConnection(address.port, address.host);
    const header = new Map<number, Value>();
    header.set(HEADER_KEY.requestType, REQUEST_TYPE.select).set(HEADER_KEY.sync, 1);
    const body = new Map<number, Value>();
    body.set(BODY_KEY.spaceId, this.#space.id).set(BODY_KEY.iterator, ITERATOR.ALL);
    body.set(BODY_KEY.limit, 0xffffffff).set(BODY_KEY.key, []);
    const packet = Buffer.concat([encodeToBytes(header), encodeToBytes(body)]);
    let greetingLeft = GREETING_BYTES;
    let frameLeft = -1;
    let answer = Buffer.alloc(0);
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        const skipped = Math.min(greetingLeft, chunk.length);
        greetingLeft -= skipped;
        if (frameLeft < 0) {
          answer = Buffer.concat([answer, chunk.subarray(skipped)]);
          if (answer.length < 5) return;
          frameLeft = 5 + answer.readUInt32BE(1) - answer.length;
        } else frameLeft -= chunk.length;
        if (frameLeft === 0) resolve();
      });
      socket.write(Buffer.concat([encodeToBytes(packet.length), packet]));
    });
    socket.destroy();
  }

  /** Waits until what was dropped has been given back. */
  async #collected(): Promise<void> {
    const { storage } = this.#instance;
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (let before = Infinity; ;) {
      const { usedBytes } = storage.memoryUse();
      if (usedBytes === before) return;
      before = usedBytes;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

function print(lines: readonly Line[]): void {
  console.log(
    '| while | took, s | longest turn, ms | its processor time | collector, ms | watchdog, ms | over 10 ms |',
  );
  console.log('|---|---|---|---|---|---|---|');
  for (const { name, seconds, turnMs, turnCpuMs, collectorMs, watchdogMs } of lines) {
    const figures = [turnMs, turnCpuMs, collectorMs, watchdogMs].map((figure) => figure.toFixed(1));
    console.log(`| ${[name, seconds.toFixed(2), ...figures, turnMs > LIMIT_MS ? 'yes' : ''].join(' | ')} |`);
  }
}

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } });
const dataDir = mkdtempSync(join(tmpdir(), 'bench-holds-'));
process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));
const env = createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } });
print(await new Holds(env, Number(values.rows), dataDir).run());
