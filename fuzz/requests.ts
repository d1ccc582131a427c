/** Requests by chance, most of them such as a client might send to the spaces of the server target. */
import { ByteWriter, type SeededRandom } from '../src/base/index.ts';
import { BODY_KEY, HEADER_KEY, REQUEST_TYPE } from '../src/codec/iproto/index.ts';
import {
  encodeValue,
  writeArrayHeader,
  writeMapHeader,
  writeString,
  writeUnsigned,
  type Value,
} from '../src/codec/msgpack/index.ts';
import { joined, randomInteger, randomText, writeRandomValue } from './generate.ts';

/** Ids of user spaces that requests name; which of them exist changes by requests. */
export const FUZZ_SPACES = [700, 701, 702, 703, 704, 705, 706] as const;
const SYSTEM_SPACES = [
  272, 280, 281, 284, 285, 288, 289, 296, 304, 305, 312, 320, 330, 340, 356, 364, 372, 380,
] as const;
const DATA_TYPES = [
  REQUEST_TYPE.select,
  REQUEST_TYPE.insert,
  REQUEST_TYPE.replace,
  REQUEST_TYPE.update,
  REQUEST_TYPE.delete,
  REQUEST_TYPE.upsert,
] as const;
const STREAM_TYPES = [REQUEST_TYPE.begin, REQUEST_TYPE.commit, REQUEST_TYPE.rollback] as const;
const OPERATORS = ['=', '+', '-', '&', '|', '^', '!', '#', ':', 'x'] as const;
const FIELD_TYPES = [
  'unsigned',
  'string',
  'integer',
  'number',
  'scalar',
  'any',
  'array',
  'map',
  'boolean',
  'uuid',
  'decimal',
  'varbinary',
  'double',
] as const;
const INDEX_TYPES = ['tree', 'hash', 'rtree', 'bitset'] as const;

/** A whole packet with its length. */
export function drawFrame(random: SeededRandom): Uint8Array {
  const writer = new ByteWriter(128);
  drawBody(writer, random);
  const packet = writer.toBytes();
  const length = new ByteWriter(8);
  length.writeByte(0xce);
  for (const shift of [24, 16, 8, 0]) length.writeByte((packet.length >>> shift) & 0xff);
  return joined(length.toBytes(), packet);
}

/** Appends header and body; returns the type. */
export function drawBody(writer: ByteWriter, random: SeededRandom): number {
  const inStream = random.chance(0.2);
  const type = drawType(random, inStream);
  const header: [number, number][] = [
    [HEADER_KEY.requestType, type],
    [HEADER_KEY.sync, random.below(1000)],
  ];
  if (inStream) header.push([HEADER_KEY.streamId, 1 + random.below(3)]);
  if (random.chance(0.02)) header.push([HEADER_KEY.schemaVersion, random.below(200)]);
  writeMapHeader(writer, header.length);
  for (const [key, value] of header) {
    writeUnsigned(writer, key);
    writeUnsigned(writer, value);
  }
  const fields = drawFields(random, type);
  writeMapHeader(writer, fields.length);
  for (const [key, write] of fields) {
    writeUnsigned(writer, key);
    write(writer);
  }
  return type;
}

function drawType(random: SeededRandom, inStream: boolean): number {
  if (random.chance(0.03)) return random.below(90);
  if (inStream && random.chance(0.4)) return random.pick(STREAM_TYPES);
  if (random.chance(0.03)) {
    const { ping, id, watch, unwatch, watchOnce, call, auth, vote } = REQUEST_TYPE;
    return random.pick([ping, id, watch, unwatch, watchOnce, call, auth, vote]);
  }
  return random.pick(DATA_TYPES);
}

/** Mostly those that are there from the beginning. */
function drawSpace(random: SeededRandom): number {
  if (random.chance(0.8)) return FUZZ_SPACES[random.below(4)] ?? 0;
  if (random.chance(0.6)) return random.pick(FUZZ_SPACES);
  return random.chance(0.7) ? random.pick(SYSTEM_SPACES) : random.below(1000);
}

type Field = readonly [key: number, write: (writer: ByteWriter) => void];

function drawFields(random: SeededRandom, type: number): readonly Field[] {
  if (random.chance(0.03)) return [];
  const unsigned = (key: number, value: number): Field => [key, (writer) => writeUnsigned(writer, value)];
  const value = (key: number, content: Value): Field => [key, (writer) => encodeValue(writer, content)];
  const space = drawSpace(random);
  const isSchemaChange = random.chance(0.02);
  const fields: Field[] = [unsigned(BODY_KEY.spaceId, isSchemaChange ? random.pick([280, 288, 330]) : space)];
  if (random.chance(0.3)) fields.push(unsigned(BODY_KEY.indexId, random.below(random.chance(0.9) ? 3 : 6)));
  const key = isSchemaChange ? [random.pick(FUZZ_SPACES), random.below(5)].slice(0, 1 + random.below(2)) : null;
  switch (type) {
    case REQUEST_TYPE.select:
      fields.push(unsigned(BODY_KEY.limit, random.below(100)), unsigned(BODY_KEY.offset, random.below(3)));
      fields.push(unsigned(BODY_KEY.iterator, random.below(13)), drawKey(random, BODY_KEY.key, key));
      break;
    case REQUEST_TYPE.insert:
    case REQUEST_TYPE.replace:
      fields.push(isSchemaChange ? value(BODY_KEY.tuple, drawSchemaRow(random)) : drawTuple(random, BODY_KEY.tuple));
      if (isSchemaChange) fields[0] = unsigned(BODY_KEY.spaceId, random.pick([280, 288, 288]));
      break;
    case REQUEST_TYPE.update:
      fields.push(drawKey(random, BODY_KEY.key, key), drawOperations(random, BODY_KEY.tuple));
      if (random.chance(0.3)) fields.push(unsigned(BODY_KEY.indexBase, random.below(3)));
      break;
    case REQUEST_TYPE.delete:
      fields.push(drawKey(random, BODY_KEY.key, key));
      break;
    case REQUEST_TYPE.upsert:
      fields.push(drawTuple(random, BODY_KEY.tuple), drawOperations(random, BODY_KEY.operations));
      break;
    default:
      fields.push(drawTuple(random, BODY_KEY.tuple));
      fields.push(
        value(random.pick([BODY_KEY.functionName, BODY_KEY.userName, BODY_KEY.eventKey]), randomText(random, 8)),
      );
  }
  return fields;
}

function drawKey(random: SeededRandom, key: number, parts: readonly number[] | null): Field {
  return [
    key,
    (writer) => {
      const count = parts?.length ?? (random.chance(0.8) ? 1 : random.below(3));
      const column = random.chance(0.6) ? 0 : random.below(5);
      writeArrayHeader(writer, count);
      for (let at = 0; at < count; at++) {
        if (parts === null) writeColumn(writer, random, (column + at) % 6);
        else writeUnsigned(writer, parts[at] ?? 0);
      }
    },
  ];
}

/** `[id, text, number or nil, array, anything ...]`: what the spaces take, most of the time. */
function drawTuple(random: SeededRandom, key: number): Field {
  return [
    key,
    (writer) => {
      const count = random.chance(0.9) ? 5 + random.below(2) : random.below(8);
      writeArrayHeader(writer, count);
      for (let column = 0; column < count; column++) writeColumn(writer, random, random.chance(0.97) ? column : 9);
    },
  ];
}

function writeColumn(writer: ByteWriter, random: SeededRandom, column: number): void {
  switch (column) {
    case 0:
      return encodeValue(writer, random.chance(0.03) ? null : random.below(60));
    case 1:
      return writeString(writer, 'k'.repeat(random.below(4)) + String(random.below(10)));
    case 2:
      return encodeValue(writer, random.chance(0.3) ? null : randomInteger(random));
    case 3:
      return encodeValue(
        writer,
        Array.from({ length: random.chance(0.8) ? 2 : random.below(5) }, () => random.below(50)),
      );
    case 4:
      return encodeValue(writer, {
        a: random.below(10),
        b: [random.below(4), random.below(4)],
        c: 'x'.repeat(random.below(60)),
      });
    default:
      return writeRandomValue(writer, random, 3);
  }
}

function drawOperations(random: SeededRandom, key: number): Field {
  return [
    key,
    (writer) => {
      const count = random.below(4);
      writeArrayHeader(writer, count);
      for (let left = count; left > 0; left--) writeOperation(writer, random);
    },
  ];
}

export function writeOperation(writer: ByteWriter, random: SeededRandom): void {
  const operator = random.pick(OPERATORS);
  writeArrayHeader(writer, operator === ':' ? 5 : random.chance(0.03) ? 2 : 3);
  writeString(writer, operator);
  const path = random.pick(['[5].a', '[5].b[1]', '[4][1]', 'a.b', '[', '[6][7]', '']);
  encodeValue(writer, random.chance(0.3) ? path : random.below(9) - 2);
  if (operator === ':') {
    encodeValue(writer, random.below(12) - 6);
    encodeValue(writer, random.below(12) - 4);
    writeString(writer, randomText(random, 5));
  } else if (random.chance(0.6)) encodeValue(writer, randomInteger(random));
  else writeRandomValue(writer, random, 2);
}

/** A row of `_space` or `_index` for one of the spaces of the target. */
function drawSchemaRow(random: SeededRandom): Value {
  const space = random.pick(FUZZ_SPACES);
  if (random.chance(0.4)) {
    const flags: Value = random.pick([{}, { temporary: true }, { group_id: 1 }]);
    return [space, 1, `space ${space}`, 'memtx', random.chance(0.9) ? 0 : random.below(6), flags, drawFormat(random)];
  }
  const index = random.below(5);
  const parts = Array.from({ length: 1 + random.below(2) }, () => drawPart(random));
  const options = { unique: random.chance(0.5), dimension: 2 };
  return [space, index, `index ${index}`, random.pick(INDEX_TYPES), options, parts];
}

function drawFormat(random: SeededRandom): Value {
  if (random.chance(0.7)) return [];
  return Array.from({ length: random.below(4) }, (_, at) => ({
    name: `f${at}`,
    type: random.pick(FIELD_TYPES),
    is_nullable: random.chance(0.5),
  }));
}

function drawPart(random: SeededRandom): Value {
  const field = random.below(5);
  const type = random.pick(FIELD_TYPES);
  if (random.chance(0.4)) return [field, type];
  const path = random.pick(['a', 'b[*]', 'b[1]', '[1]', '[*]', 'c']);
  return { field, type, is_nullable: random.chance(0.5), ...(random.chance(0.5) ? { path } : {}) };
}
