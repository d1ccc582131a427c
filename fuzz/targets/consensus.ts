/**
 * What members of a group send each other: batches of messages, and the operations of entries. Whatever comes is read or refused;
 * what was read is written as the same again, and what can be read of an operation can be applied, alike on two members.
 */
import { BoxError, ByteWriter, type SeededRandom } from '../../src/base/index.ts';
import { writeArrayHeader, writeBinaryHeader, writeString, writeUnsigned } from '../../src/codec/msgpack/index.ts';
import { BoxFixture } from '../../src/cluster/raftnode/box-fixture.ts';
import { readBatch, writeBatch } from '../../src/cluster/raftnode/message-codec.ts';
import { applyOperation, changesOf } from '../../src/cluster/raftnode/operations.ts';
import { RAFT_SPACE } from '../../src/cluster/raftnode/spaces.ts';
import { mutated, randomBytes, randomInteger, randomText, writeRandomValue } from '../generate.ts';
import { type FuzzTarget, hexOf, require, simpleTarget } from '../target.ts';

const KINDS = 14;
const UUID_BYTES = 16;
const NIL = 0xc0;
const CHANGE_CODES = 4;
const BATCH_CODE = 5;
const LEVELS_MAX = 6;
/** So many operations are applied before a new pair of members is taken. */
const OPERATIONS_PER_PAIR = 2000;

/** The form of a batch, with messages whose content mostly does not fit their kind. */
function drawBatch(random: SeededRandom, count: number): Uint8Array {
  const writer = new ByteWriter(256);
  writeArrayHeader(writer, 8);
  writeUnsigned(writer, 1 + random.below(3));
  writeUuid(writer);
  const formerCount = random.below(3);
  writeArrayHeader(writer, formerCount);
  for (let left = formerCount; left > 0; left--) writeUuid(writer);
  writeUnsigned(writer, random.below(5));
  writeUnsigned(writer, random.uint32());
  writeString(writer, randomText(random, 5));
  if (random.chance(0.5)) writer.writeByte(NIL);
  else {
    writeArrayHeader(writer, 3);
    writeUuid(writer);
    writeUnsigned(writer, random.below(5));
    writeUnsigned(writer, random.uint32());
  }
  writeArrayHeader(writer, count);
  for (let left = count; left > 0; left--) {
    writeArrayHeader(writer, 3);
    writeUnsigned(writer, random.below(KINDS + 1));
    writeUnsigned(writer, random.below(4));
    drawContent(writer, random);
  }
  return writer.toBytes();
}

function writeUuid(writer: ByteWriter): void {
  writeBinaryHeader(writer, UUID_BYTES);
  writer.writeBytes(new Uint8Array(UUID_BYTES), 0, UUID_BYTES);
}

function drawContent(writer: ByteWriter, random: SeededRandom): void {
  if (random.chance(0.2)) return writeRandomValue(writer, random, 2);
  const count = random.below(7);
  writeArrayHeader(writer, count);
  for (let left = count; left > 0; left--) {
    if (random.chance(0.7)) writeUnsigned(writer, Math.abs(randomInteger(random)));
    else if (random.chance(0.5)) writer.writeByte(random.pick([0xc0, 0xc2, 0xc3]));
    else writeRandomValue(writer, random, 2);
  }
}

export const BATCHES = simpleTarget('consensus batches', { smokeCases: 20_000, longCases: 2_000_000 }, (random) => {
  // One in which nothing is wrong is read: else it would be refusals only that are tried out.
  const isWhole = random.chance(0.05);
  const drawn = drawBatch(random, isWhole ? 0 : random.below(4));
  const bytes = isWhole ? drawn : random.chance(0.1) ? randomBytes(random, 80) : mutated(drawn, random, 2);
  const batch = read(() => readBatch(bytes));
  require(batch !== null || !isWhole, `refused: ${hexOf(bytes)}`);
  if (batch === null) return;
  const written = new ByteWriter(256);
  writeBatch(written, batch);
  const again = readBatch(written.toBytes());
  const texts = [batch, again].map((each) => JSON.stringify(each, (_, value: unknown) => plain(value)));
  require(texts[0] === texts[1], `read as something else again: ${hexOf(bytes)}`);
});

function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? hexOf(value) : value;
}

function writeOperation(writer: ByteWriter, random: SeededRandom, levels: number): void {
  if (levels > 0 && random.chance(0.3)) {
    writeArrayHeader(writer, 2);
    writeUnsigned(writer, BATCH_CODE);
    const count = random.below(4);
    writeArrayHeader(writer, count);
    for (let left = count; left > 0; left--) writeOperation(writer, random, levels - 1);
    return;
  }
  const code = 1 + random.below(CHANGE_CODES);
  writeArrayHeader(writer, code === 3 ? 4 : 3);
  writeUnsigned(writer, code);
  writeUnsigned(writer, random.chance(0.95) ? RAFT_SPACE.property : RAFT_SPACE.log);
  const isTuple = code <= 2;
  writeArrayHeader(writer, isTuple ? 2 : 1);
  writeString(writer, random.pick(['a', 'b', 'c']));
  if (isTuple) writeRandomValue(writer, random, 1);
  if (code !== 3) return;
  writeArrayHeader(writer, 1);
  writeArrayHeader(writer, 3);
  writeString(writer, random.pick(['=', '+', '!', '#', ':']));
  writeUnsigned(writer, 1);
  writeRandomValue(writer, random, 1);
}

class Pair {
  readonly #members = [new BoxFixture(), new BoxFixture()] as const;
  applied = 0;

  check(bytes: Uint8Array): void {
    this.applied++;
    const outcomes = this.#members.map((member) => {
      const error = member.run(() => applyOperation(member.box, member.session, bytes));
      member.settle();
      return error === null ? null : `${error.code} ${error.message}`;
    });
    require(outcomes[0] === outcomes[1], `${outcomes.join(' and ')}: ${hexOf(bytes)}`);
    const isReadable = read(() => changesOf(bytes)) !== null;
    require(isReadable || outcomes[0] !== null, `applied, though it cannot be read: ${hexOf(bytes)}`);
    if (this.applied % 100 !== 0) return;
    const rows = this.#members.map((member) => member.tuples(RAFT_SPACE.property).map(hexOf).join());
    require(rows[0] === rows[1], `two members differ: ${rows.join(' and ')}`);
  }
}

const OPERATION_COUNTS = { smokeCases: 10_000, longCases: 1_000_000 } as const;

export const OPERATIONS: FuzzTarget = {
  name: 'consensus operations',
  ...OPERATION_COUNTS,
  run: (random, cases, onCase) => {
    let pair = new Pair();
    const target = simpleTarget('consensus operations', OPERATION_COUNTS, () => {
      const writer = new ByteWriter(128);
      writeOperation(writer, random, LEVELS_MAX);
      const bytes = random.chance(0.3) ? writer.toBytes() : mutated(writer.toBytes(), random, 2);
      if (pair.applied >= OPERATIONS_PER_PAIR) pair = new Pair();
      pair.check(bytes);
    });
    return target.run(random, cases, onCase);
  },
};

/** Null: it was refused. */
function read<Result>(reading: () => Result): Result | null {
  try {
    return reading();
  } catch (error) {
    if (error instanceof BoxError) return null;
    throw error;
  }
}
