/**
 * How far a replica is behind: a process of its own that inserts rows with growing keys into the master at a steady pace
 * and asks the replica for its last key again and again; prints one line of JSON.
 *
 * A row's lag lasts from when it was sent until an answer shows its key or a later one; rows are applied in order. The
 * master's own work and up to a pause between two questions are in it, alike whoever is measured.
 */
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { readUnsigned } from '../../src/codec/msgpack/index.ts';
import { KEY, RawConnection, readResponse, REQUEST, requestPacket } from '../../test/support/raw-iproto.ts';
import { encodeRing, FIRST_KEY } from '../requests.ts';
import { ResponseCounter } from '../response-counter.ts';

export type LagOptions = Readonly<{
  masterPort: number;
  replicaPort: number;
  /** An empty space that both have. */
  spaceId: number;
  writesPerSecond: number;
  /** Rows sent before are not counted. */
  warmupSeconds: number;
  seconds: number;
}>;

export type LagResult = Readonly<{ p50Ms: number; p99Ms: number; maxMs: number; writesPerSecond: number }>;

const TICK_MS = 1;
const SHOWN_TIMEOUT_MS = 60_000;
const GREETING_BYTES = 128;
const ITERATOR_LE = 4;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, TICK_MS));
}

/** Sends rows as they fall due; `sentAtMs` has the time of each. */
class PacedWriter {
  readonly sentAtMs: Float64Array;
  sent = 0;
  readonly counter = new ResponseCounter();
  readonly #options: LagOptions;

  constructor(options: LagOptions) {
    this.#options = options;
    this.sentAtMs = new Float64Array(options.writesPerSecond * (options.warmupSeconds + options.seconds));
  }

  async run(): Promise<void> {
    const { masterPort, spaceId, writesPerSecond } = this.#options;
    const rows = this.sentAtMs.length;
    const { bytes, unitBytes } = encodeRing({ operation: 'append', spaceId, fields: 2, rows }, 0, 1, rows);
    const socket = connect({ host: '127.0.0.1', port: masterPort, noDelay: true });
    let greetingLeft = GREETING_BYTES;
    socket.on('error', fail);
    socket.on('data', (chunk: Buffer) => {
      const skipped = Math.min(greetingLeft, chunk.length);
      greetingLeft -= skipped;
      const rest = chunk.subarray(skipped);
      this.counter.add(rest, rest.length);
      if (this.counter.errors > 0) fail(new Error(`insert: error ${this.counter.firstError & 0x7fff}`));
    });
    while (greetingLeft > 0) await pause();
    const startMs = performance.now();
    while (this.sent < rows) {
      const nowMs = performance.now();
      const due = Math.min(rows, Math.floor(((nowMs - startMs) * writesPerSecond) / 1000));
      this.sentAtMs.fill(nowMs, this.sent, due);
      socket.write(bytes.subarray(this.sent * unitBytes, due * unitBytes));
      this.sent = due;
      await pause();
    }
    while (this.counter.responses < rows) await pause();
    socket.destroy();
  }
}

/** How many rows the replica shows. */
class Reader {
  readonly #connection: RawConnection;
  readonly #question: Uint8Array;

  constructor(connection: RawConnection, spaceId: number) {
    this.#connection = connection;
    this.#question = requestPacket(REQUEST.select, 1, [
      [KEY.spaceId, spaceId],
      [KEY.indexId, 0],
      [KEY.limit, 1],
      [KEY.iterator, ITERATOR_LE],
      [KEY.key, []],
    ]);
  }

  async shown(): Promise<number> {
    const reply = await this.#connection.exchange(this.#question);
    if (reply.kind !== 'frame') throw new Error(`the replica: ${reply.kind}`);
    const { status, body } = readResponse(reply.bytes);
    if (status !== 0) throw new Error(`the replica: error ${status & 0x7fff}`);
    return shownBy(body);
  }
}

/** The body is `{DATA: []}` or `{DATA: [[key, text]]}`, whose array has a head of five bytes on both servers. */
function shownBy(body: Uint8Array): number {
  const [map, key, array] = [body[0], body[1], body[2]];
  if (map !== 0x81 || key !== KEY.data || array !== 0xdd) throw new Error('not an answer to a SELECT');
  return body[6] === 0 ? 0 : readUnsigned(body, 8) - FIRST_KEY + 1;
}

async function run(options: LagOptions): Promise<LagResult> {
  const writer = new PacedWriter(options);
  const reader = new Reader(await RawConnection.open(options.replicaPort), options.spaceId);
  const rows = writer.sentAtMs.length;
  const lagsMs = new Float64Array(rows);
  const startMs = performance.now();
  let endMs = startMs;
  const written = writer.run().then(() => {
    endMs = performance.now();
  });
  for (let shown = 0; shown < rows;) {
    const count = await reader.shown();
    const nowMs = performance.now();
    for (; shown < count; shown++) lagsMs[shown] = nowMs - (writer.sentAtMs[shown] ?? nowMs);
    if (writer.sent === rows && nowMs - (writer.sentAtMs[rows - 1] ?? 0) > SHOWN_TIMEOUT_MS) {
      throw new Error(`the replica has ${shown} of ${rows} rows a minute after the last`);
    }
    await pause();
  }
  await written;
  const counted = lagsMs
    .subarray(options.writesPerSecond * options.warmupSeconds)
    .slice()
    .sort();
  const at = (part: number): number => counted[Math.min(counted.length - 1, Math.floor(counted.length * part))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), writesPerSecond: (rows * 1000) / (endMs - startMs) };
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

const [text] = process.argv.slice(2);
if (text === undefined) fail(new Error('usage: lag-client OPTIONS-AS-JSON'));
run(JSON.parse(text) as LagOptions).then((result) => {
  console.log(JSON.stringify(result));
  process.exit(0);
}, fail);
