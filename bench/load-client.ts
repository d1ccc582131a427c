/**
 * The load: a process of its own that keeps `connections` x `depth` requests in flight, measures a window after a
 * warm-up, and prints one line of JSON. It sends slices of requests encoded ahead and counts responses by their
 * lengths, so that the servers are the ones that work.
 */
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { threadSeconds, threadShares } from './process-statistics.ts';
import { encodeRing, type RequestRing, type Workload } from './requests.ts';
import { ResponseCounter } from './response-counter.ts';
import { chapScramble, framePacket, encodeEntries, KEY, REQUEST } from '../test/support/raw-iproto.ts';
import { RawValue } from '../src/codec/msgpack/index.ts';

export type LoadOptions = Readonly<{
  port: number;
  /** Whose processor time is read. */
  serverPid: number;
  connections: number;
  depth: number;
  warmupSeconds: number;
  seconds: number;
  workload: Workload;
  login?: Readonly<{ user: string; password: string }>;
}>;

export type LoadResult = Readonly<{
  operations: number;
  seconds: number;
  /** Body and header bytes per response: equal on both servers if both did the same. */
  bytesPerResponse: number;
  errors: number;
  firstError: number;
  /** Of one processor; several threads can make it more than 1. */
  clientShare: number;
  serverShare: number;
  threads: readonly Readonly<{ name: string; share: number }>[];
  /** Microseconds; only where `depth` is 1. */
  p50: number | null;
  p99: number | null;
}>;

const GREETING_BYTES = 128;
const READ_BUFFER_BYTES = 256 * 1024;
const RING_UNITS_TOTAL = 1 << 18;
const MAX_SAMPLES = 1 << 21;

/** Round trips in microseconds, as many as fit. */
class Samples {
  readonly #values = new Float64Array(MAX_SAMPLES);
  #count = 0;

  add(microseconds: number): void {
    if (this.#count < MAX_SAMPLES) this.#values[this.#count++] = microseconds;
  }

  clear(): void {
    this.#count = 0;
  }

  percentile(part: number): number | null {
    if (this.#count === 0) return null;
    const sorted = this.#values.subarray(0, this.#count).slice().sort();
    return sorted[Math.min(this.#count - 1, Math.floor(this.#count * part))] ?? null;
  }
}

class LoadConnection {
  readonly counter = new ResponseCounter();
  readonly #socket: Socket;
  readonly #ring: RequestRing;
  readonly #samples: Samples | null;
  readonly #once: boolean;
  #handler: (chunk: Buffer, length: number) => void = () => undefined;
  #unit = 0;
  #sent = 0;
  #stopped = false;
  #sentAtMs = 0;
  #drained: () => void = () => undefined;

  constructor(port: number, ring: RequestRing, samples: Samples | null, once: boolean) {
    this.#ring = ring;
    this.#samples = samples;
    this.#once = once;
    const buffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
    const onread = {
      buffer,
      callback: (length: number): boolean => {
        this.#handler(buffer, length);
        return true;
      },
    };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread });
    this.#socket.on('error', fail).on('close', () => {
      if (!this.#stopped) fail(new Error('the server closed a connection'));
    });
  }

  /** Reads the greeting and logs in if asked to. */
  async open(login: LoadOptions['login']): Promise<void> {
    const greeting = await this.#receive((bytes) => bytes.length >= GREETING_BYTES);
    if (login === undefined) return;
    const salt = Buffer.from(greeting.toString('latin1', 64, 108), 'base64').subarray(0, 20);
    const scramble = new RawValue(Uint8Array.of(0xb4, ...chapScramble(login.password, salt)));
    const body = encodeEntries([
      [KEY.userName, login.user],
      [KEY.tuple, ['chap-sha1', scramble]],
    ]);
    this.#socket.write(framePacket(encodeEntries([[KEY.requestType, REQUEST.auth]]), body));
    const answer = await this.#receive((bytes) => bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1));
    if (answer.readUInt32BE(8) !== 0) throw new Error(`login of ${login.user} failed: ${answer.toString('latin1')}`);
  }

  start(depth: number): void {
    this.#handler = (chunk, length) => {
      const before = this.counter.responses;
      this.counter.add(chunk, length);
      const arrived = this.counter.responses - before;
      if (arrived === 0) return;
      if (this.#samples !== null) this.#samples.add((performance.now() - this.#sentAtMs) * 1000);
      if (!this.#stopped) this.#send(depth - (this.#sent - this.counter.responses));
      if (this.#sent === this.counter.responses) this.#drained();
    };
    this.#send(depth);
  }

  /** Sends no more and resolves when all is answered. */
  async drain(): Promise<void> {
    this.#stopped = true;
    if (this.#sent !== this.counter.responses) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    this.#socket.destroy();
  }

  /** Resolves when a ring that is sent once is answered. */
  async finished(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#drained = () => {
        if (this.#unit === this.#ring.units) resolve();
      };
    });
    await this.drain();
  }

  #send(free: number): void {
    const { bytes, units, unitBytes, requestsPerUnit } = this.#ring;
    let count = Math.floor(free / requestsPerUnit);
    while (count > 0) {
      if (this.#unit === units) {
        if (this.#once) return;
        this.#unit = 0;
      }
      const run = Math.min(count, units - this.#unit);
      this.#socket.write(bytes.subarray(this.#unit * unitBytes, (this.#unit + run) * unitBytes));
      this.#unit += run;
      this.#sent += run * requestsPerUnit;
      count -= run;
    }
    if (this.#samples !== null) this.#sentAtMs = performance.now();
  }

  #receive(isEnough: (bytes: Buffer) => boolean): Promise<Buffer> {
    let received = Buffer.alloc(0);
    return new Promise((resolve) => {
      this.#handler = (chunk, length) => {
        received = Buffer.concat([received, chunk.subarray(0, length)]);
        if (isEnough(received)) resolve(received);
      };
    });
  }
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

async function run(options: LoadOptions): Promise<LoadResult> {
  const { connections: count, workload, serverPid } = options;
  const once = workload.operation === 'load';
  const samples = options.depth === 1 ? new Samples() : null;
  const units = Math.ceil(RING_UNITS_TOTAL / count);
  const connections = Array.from(
    { length: count },
    (_, index) => new LoadConnection(options.port, encodeRing(workload, index, count, units), samples, once),
  );
  await Promise.all(connections.map((connection) => connection.open(options.login)));

  const sum = (value: (counter: ResponseCounter) => number): number =>
    connections.reduce((total, { counter }) => total + value(counter), 0);
  for (const connection of connections) connection.start(options.depth);
  if (!once) await sleep(options.warmupSeconds);

  samples?.clear();
  const startResponses = sum(({ responses }) => responses);
  const threadsBefore = threadSeconds(serverPid);
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  if (once) await Promise.all(connections.map((connection) => connection.finished()));
  else await sleep(options.seconds);
  const seconds = (performance.now() - startMs) / 1000;
  const operations = sum(({ responses }) => responses) - startResponses;
  const cpu = process.cpuUsage(cpuBefore);
  const threads = threadShares(threadsBefore, threadSeconds(serverPid), seconds);
  if (!once) await Promise.all(connections.map((connection) => connection.drain()));

  return {
    operations,
    seconds,
    bytesPerResponse:
      sum(({ bytes }) => bytes) /
      Math.max(
        1,
        sum(({ responses }) => responses),
      ),
    errors: sum(({ errors }) => errors),
    firstError: connections.find(({ counter }) => counter.errors > 0)?.counter.firstError ?? 0,
    clientShare: (cpu.user + cpu.system) / 1e6 / seconds,
    serverShare: threads.reduce((total, { share }) => total + share, 0),
    threads: threads.slice(0, 4),
    p50: samples?.percentile(0.5) ?? null,
    p99: samples?.percentile(0.99) ?? null,
  };
}

const [text] = process.argv.slice(2);
if (text === undefined) fail(new Error('usage: load-client OPTIONS-AS-JSON'));
run(JSON.parse(text) as LoadOptions).then((result) => {
  console.log(JSON.stringify(result));
  process.exit(0);
}, fail);
