/**
 * A whole instance in this process: frames of all kinds to its door. Nothing may throw; every whole packet gets one
 * answer, and what is answered can be read; indexes always agree; and when all spaces are dropped all memory is back.
 */
import { defined, SeededRandom } from '../../src/base/index.ts';
import {
  encodeInsert,
  FrameDecoder,
  GREETING_BYTES,
  REQUEST_TYPE,
  ResponseHeader,
} from '../../src/codec/iproto/index.ts';
import { ByteWriter } from '../../src/base/index.ts';
import type { Value } from '../../src/codec/msgpack/index.ts';
import { DirectInstance, type DirectStream } from '../direct-instance.ts';
import { checkEngine, dropUserSpaces, usedBytes } from '../engine-state.ts';
import { chunksOf, joined, mutated } from '../generate.ts';
import { drawFrame, FUZZ_SPACES } from '../requests.ts';
import { require, type FuzzTarget } from '../target.ts';

/** Frames to one instance: what requests did to rights and schema does not stay for ever. */
const FRAMES_PER_INSTANCE = 20_000;
const FRAMES_PER_CHECK = 500;
const FRAMES_PER_CONNECTION = 40;
const COLLECT_STEPS_MAX = 100_000;
const MEMORY_BYTES = 64 * 1024 * 1024;

/** Where a frame has its type: behind the length, the header's map and the first key. */
const TYPE_OFFSET = 7;
const SPACE_SPACE = 280;
const INDEX_SPACE = 288;

type SchemaRow = readonly [space: number, row: readonly Value[]];

function spaceRow(id: number, flags: Value = {}): SchemaRow {
  return [SPACE_SPACE, [id, 1, `space ${id}`, 'memtx', 0, flags, []]];
}

/** Parts that may be nil, but in the primary key. */
function indexRow(id: number, number: number, type: string, isUnique: boolean, parts: readonly Part[]): SchemaRow {
  const options = { unique: isUnique, dimension: 2 };
  const rows = parts.map(([field, fieldType, path]): Value => {
    const isNullable = number !== 0 && (type === 'tree' || path !== undefined);
    return { field, type: fieldType, is_nullable: isNullable, ...(path === undefined ? {} : { path }) };
  });
  return [INDEX_SPACE, [id, number, `index ${number}`, type, options, rows]];
}

type Part = readonly [field: number, type: string, path?: string];

/** Rows that make the first spaces; requests then change them. */
function schemaRows(): readonly SchemaRow[] {
  const [plain, hashed, geometry, paths] = FUZZ_SPACES;
  return [
    spaceRow(plain),
    indexRow(plain, 0, 'tree', true, [[0, 'unsigned']]),
    indexRow(plain, 1, 'tree', false, [
      [1, 'string'],
      [2, 'scalar'],
    ]),
    indexRow(plain, 2, 'tree', true, [[2, 'scalar']]),
    spaceRow(hashed),
    indexRow(hashed, 0, 'hash', true, [[1, 'string']]),
    indexRow(hashed, 1, 'tree', false, [[2, 'scalar']]),
    indexRow(hashed, 2, 'bitset', false, [[0, 'unsigned']]),
    spaceRow(geometry),
    indexRow(geometry, 0, 'tree', true, [[0, 'unsigned']]),
    indexRow(geometry, 1, 'rtree', false, [[3, 'array']]),
    indexRow(geometry, 2, 'hash', true, [
      [1, 'string'],
      [0, 'unsigned'],
    ]),
    spaceRow(paths, { group_id: 1 }),
    indexRow(paths, 0, 'tree', true, [[0, 'unsigned']]),
    indexRow(paths, 1, 'tree', false, [[4, 'unsigned', 'b[*]']]),
    indexRow(paths, 2, 'tree', false, [[4, 'unsigned', 'a']]),
  ];
}

class ServerRound {
  readonly #direct: DirectInstance;
  readonly #random: SeededRandom;
  #stream: DirectStream | null = null;
  #answers = 0;
  /** No packet with a wrong length was sent on this connection: server and client agree where packets begin. */
  #isInStep = true;
  #header = new ResponseHeader();
  #lastStatus = 0;

  constructor(direct: DirectInstance, random: SeededRandom) {
    this.#direct = direct;
    this.#random = random;
  }

  run(frames: number, onCase: (number: number) => void, first: number): void {
    const { box } = this.#direct.instance;
    const before = usedBytes(box);
    this.#connect();
    this.#makeSchema();
    for (let done = 0; done < frames;) {
      if (this.#stream === null || this.#stream.isClosed || done % FRAMES_PER_CONNECTION === 0) this.#connect();
      onCase(first + done);
      done += this.#sendSome();
      if (done % FRAMES_PER_CHECK < 4) checkEngine(box);
    }
    this.#stream?.close();
    this.#direct.endTurn();
    checkEngine(box);
    this.#dropAll();
    require(usedBytes(box) === before, `${usedBytes(box)} bytes are used when all is dropped, ${before} before`);
  }

  #connect(): void {
    this.#stream?.close();
    this.#isInStep = true;
    let greetingBytes = GREETING_BYTES;
    const decoder = new FrameDecoder((bytes, start, end) => {
      this.#header.read(bytes, start, end);
      if (this.#header.type !== REQUEST_TYPE.event) this.#answers++;
      this.#lastStatus = this.#header.type;
    });
    this.#stream = this.#direct.connect((bytes) => {
      const skipped = Math.min(greetingBytes, bytes.length);
      greetingBytes -= skipped;
      decoder.push(bytes.slice(skipped));
    });
  }

  #makeSchema(): void {
    schemaRows().forEach(([space, row], sync) => {
      const writer = new ByteWriter(256);
      encodeInsert(writer, { sync }, space, row);
      defined(this.#stream, 'stream').send(writer.toBytes());
      this.#direct.endTurn();
      require(this.#lastStatus === REQUEST_TYPE.ok, `row ${JSON.stringify(row)} was refused: ${this.#lastStatus}`);
    });
  }

  /** Sends a few frames in one turn; returns how many. */
  #sendSome(): number {
    const random = this.#random;
    const count = 1 + random.below(4);
    const isWhole = random.chance(0.7);
    let answersMin = 0;
    const frames = Array.from({ length: count }, () => {
      const frame = drawFrame(random);
      if (random.chance(0.8)) {
        if (isAnswered(frame)) answersMin++;
        return frame;
      }
      return isWhole ? this.#withMistakes(frame) : mutated(frame, random);
    });
    const stream = defined(this.#stream, 'stream');
    const answersBefore = this.#answers;
    for (const chunk of chunksOf(joined(...frames), random)) {
      if (stream.isClosed) break;
      stream.send(chunk);
      if (random.chance(0.2)) this.#direct.endTurn();
    }
    this.#direct.endTurn();
    const answers = this.#answers - answersBefore;
    if (isWhole && this.#isInStep) {
      require(answers >= answersMin && answers <= count, `${answers} answers to ${count} requests`);
    }
    if (!isWhole) this.#isInStep = false;
    return count;
  }

  /** Mistakes inside of a packet whose length is right. */
  #withMistakes(frame: Uint8Array): Uint8Array {
    const packet = mutated(frame.subarray(5), this.#random, 2);
    const length = packet.length;
    if (length === 0) return frame;
    return joined(Uint8Array.of(0xce, length >>> 24, length >>> 16, length >>> 8, length), packet);
  }

  #dropAll(): void {
    const { box } = this.#direct.instance;
    dropUserSpaces(box);
    this.#direct.endTurn();
    for (let left = COLLECT_STEPS_MAX; box.catalog.collectGarbage(500); left--)
      require(left > 0, 'garbage without end');
    for (const { views } of this.#direct.instance.storage.memories) while (views.freeSlice(1000));
  }
}

/** Whether the request, as `drawFrame` made it, is of a kind that is answered. */
function isAnswered(frame: Uint8Array): boolean {
  const type = frame[TYPE_OFFSET]!;
  return type !== REQUEST_TYPE.watch && type !== REQUEST_TYPE.unwatch;
}

export const SERVER: FuzzTarget = {
  name: 'server',
  smokeCases: 60_000,
  longCases: 3_000_000,
  run: async (random, cases, onCase) => {
    for (let done = 0; done < cases; done += FRAMES_PER_INSTANCE) {
      const direct = await DirectInstance.start(random.uint32(), MEMORY_BYTES);
      const round = new ServerRound(direct, new SeededRandom(random.uint32()));
      round.run(Math.min(FRAMES_PER_INSTANCE, cases - done), onCase, done);
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
};
