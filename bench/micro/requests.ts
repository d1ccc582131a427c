/**
 * CPU time of single requests, by kind, inside one process: packets enter an instance's iproto door as chunks of a
 * stream that is no socket, and the replies are counted and dropped. So the figures hold decoding, the engine and
 * encoding, and neither the network nor the log.
 *
 * `tsx bench/micro/requests.ts [OPERATION...] [--rows N] [--rounds N]` after a build (the log's worker is in `dist`).
 * Only lines of one run compare: the absolute figures depend on the machine and on what else it does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLocalApi } from '../../src/app/procedures/index.ts';
import { ByteWriter, SeededRandom } from '../../src/base/index.ts';
import { BODY_KEY, HEADER_KEY, REQUEST_TYPE } from '../../src/codec/iproto/index.ts';
import { encodeValue, type Value } from '../../src/codec/msgpack/index.ts';
import { createNodeEnv } from '../../src/env/node/index.ts';
import type { Env, Stream, StreamHandlers } from '../../src/env/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance } from '../../src/instance/index.ts';

const STRING = 'x'.repeat(100);
const WIDE_TAIL: readonly Value[] = [1, 'abc', 2, 3, 4, 5, 'def', 6];
const CHUNK_REQUESTS = 1000;
const CHUNKS_MAX = 200;
const WARM_ROUNDS = 2;
const MEBIBYTE = 1024 * 1024;

/** A stream whose other end is this program. */
class DirectStream implements Stream {
  readonly peer = 'bench';
  readonly queuedBytes = 0;
  writtenBytes = 0;
  #handlers: StreamHandlers | null = null;

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  write(bytes: Uint8Array, onWritten?: () => void): number {
    this.writtenBytes += bytes.length;
    onWritten?.();
    return 0;
  }

  /** Brings a chunk in and waits until the turn, and what it left to do, is over. */
  async receive(chunk: Uint8Array): Promise<void> {
    this.#handlers?.onData(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
}

/** Requests by a random key; the wide tuples have ten fields. */
type Operation = Readonly<{
  name: string;
  type: number;
  isWide: boolean;
  body: (key: number) => (readonly [number, Value])[];
}>;

const { spaceId, indexId, limit, offset, iterator, key: keyField, tuple: tupleField, operations } = BODY_KEY;

const OPERATIONS: readonly Operation[] = [
  {
    name: 'select',
    type: REQUEST_TYPE.select,
    isWide: false,
    body: (key) => [
      [indexId, 0],
      [limit, 1],
      [offset, 0],
      [iterator, 0],
      [keyField, [key]],
    ],
  },
  ...[false, true].flatMap((isWide): Operation[] => {
    const name = (text: string): string => (isWide ? `${text} of 10 fields` : text);
    const update = (text: string, change: Value): Operation => ({
      name: name(`update ${text}`),
      type: REQUEST_TYPE.update,
      isWide,
      body: (key) => [
        [indexId, 0],
        [keyField, [key]],
        [tupleField, [change]],
      ],
    });
    const upsert = (text: string, change: Value): Operation => ({
      name: name(`upsert ${text}`),
      type: REQUEST_TYPE.upsert,
      isWide,
      body: (key) => [
        [tupleField, tupleOf(key, isWide)],
        [operations, [change]],
      ],
    });
    return [
      {
        name: name('replace'),
        type: REQUEST_TYPE.replace,
        isWide,
        body: (key) => [[tupleField, tupleOf(key, isWide)]],
      },
      update('=', ['=', 1, STRING]),
      ...(isWide ? [update('+', ['+', 2, 1])] : []),
      upsert('=', ['=', 1, STRING]),
    ];
  }),
];

function tupleOf(key: number, isWide: boolean): Value {
  return isWide ? [key, STRING, ...WIDE_TAIL] : [key, STRING];
}

function writePacket(
  writer: ByteWriter,
  scratch: ByteWriter,
  type: number,
  body: readonly (readonly [number, Value])[],
): void {
  scratch.reset();
  encodeValue(
    scratch,
    new Map<Value, Value>([
      [HEADER_KEY.requestType, type],
      [HEADER_KEY.sync, 1],
    ]),
  );
  encodeValue(scratch, new Map<Value, Value>(body));
  encodeValue(writer, scratch.position);
  writer.writeBytes(scratch.bytes, 0, scratch.position);
}

/** One chunk of packets with the given keys. */
function chunkOf({ type, body }: Operation, space: number, keys: readonly number[]): Uint8Array {
  const writer = new ByteWriter(CHUNK_REQUESTS * 256);
  const scratch = new ByteWriter(512);
  for (const key of keys) writePacket(writer, scratch, type, [[spaceId, space], ...body(key)]);
  return writer.toBytes();
}

async function measure(stream: DirectStream, chunks: readonly Uint8Array[], rounds: number): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < rounds + WARM_ROUNDS; round++) {
    const start = process.cpuUsage();
    for (const chunk of chunks) await stream.receive(chunk);
    const { user, system } = process.cpuUsage(start);
    if (round >= WARM_ROUNDS) best = Math.min(best, ((user + system) * 1000) / (chunks.length * CHUNK_REQUESTS));
  }
  return best;
}

type Bench = Readonly<{ instance: Instance; stream: DirectStream; rows: number }>;

/** A space with `rows` tuples; returns its id. */
async function filledSpace({ instance, stream, rows }: Bench, isWide: boolean): Promise<number> {
  const { box } = instance;
  const api = createLocalApi(box, box.adminSession);
  const name = isWide ? 'wide' : 'plain';
  api.schema.createSpace(name);
  api.schema.createIndex(name, 'primary', { parts: [[0, 'unsigned']] });
  const { id } = api.space(name);
  const replace = OPERATIONS.find(
    (operation) => operation.type === REQUEST_TYPE.replace && operation.isWide === isWide,
  )!;
  for (let first = 0; first < rows; first += CHUNK_REQUESTS) {
    const keys = Array.from({ length: CHUNK_REQUESTS }, (_, index) => first + index);
    await stream.receive(chunkOf(replace, id, keys));
  }
  return id;
}

async function run(bench: Bench, selected: readonly Operation[], rounds: number): Promise<void> {
  const random = new SeededRandom(1);
  for (const isWide of [false, true]) {
    const chosen = selected.filter((operation) => operation.isWide === isWide);
    if (chosen.length === 0) continue;
    const space = await filledSpace(bench, isWide);
    for (const operation of chosen) {
      const chunks = Array.from({ length: CHUNKS_MAX }, () => {
        const keys = Array.from({ length: CHUNK_REQUESTS }, () => random.below(bench.rows));
        return chunkOf(operation, space, keys);
      });
      const best = await measure(bench.stream, chunks, rounds);
      process.stdout.write(`${operation.name.padEnd(24)} ${best.toFixed(0).padStart(6)} ns\n`);
    }
  }
}

/** The environment with one connection instead of a network. */
function directEnv(stream: DirectStream): Env {
  return {
    ...createNodeEnv({ log: { level: 'warn', format: 'plain', destination: 'stderr' } }),
    network: {
      listen: (address, onConnection) => {
        onConnection(stream);
        return Promise.resolve({ address, close: () => Promise.resolve() });
      },
      connect: () => Promise.reject(new Error('this benchmark connects to nothing')),
    },
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rows: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '6' } },
  });
  const isWanted = (name: string): boolean => positionals.some((text) => name.startsWith(text));
  const selected = OPERATIONS.filter(({ name }) => positionals.length === 0 || isWanted(name));
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-requests-'));
  process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const stream = new DirectStream();
  const options = {
    ...DEFAULT_INSTANCE_OPTIONS,
    dataDir,
    trust: { kind: 'open' },
    memtxMemoryBytes: 1024 * MEBIBYTE,
    walMode: 'none',
    checkpointIntervalSeconds: 0,
  } as const;
  const instance = await Instance.start(directEnv(stream), options, {
    onFailure: (error) => {
      throw error;
    },
  });
  await run({ instance, stream, rows: Number(values.rows) }, selected, Number(values.rounds));
  await instance.stop();
}

await main();
