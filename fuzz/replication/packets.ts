/** Packets between a replica and its master, made of parts that may be wrong, and how one end reads the other's. */
import { ByteWriter, NIL_UUID, type SeededRandom } from '../../src/base/index.ts';
import { BODY_KEY, FrameDecoder, GREETING_BYTES, HEADER_KEY, ResponseHeader } from '../../src/codec/iproto/index.ts';
import {
  encodeToBytes,
  encodeValue,
  type Value,
  writeMapHeader,
  writeUnsigned,
} from '../../src/codec/msgpack/index.ts';
import { ROW_FLAG } from '../../src/codec/xlog/index.ts';
import type { Env, Stream } from '../../src/env/index.ts';
import { joined, writeRandomValue } from '../generate.ts';

/** A map as it is sent: keys in order, values as bytes. */
export type Fields = readonly (readonly [key: number, value: Uint8Array])[];

/** Later than it is in the simulated world: nothing lags behind. */
export const TIMESTAMP_SECONDS = 1_900_000_000.5;

export function field(key: number, value: Value): Fields[number] {
  return [key, encodeToBytes(value)];
}

/** Header and body behind their length; without a body if it is null. */
export function packetOf(header: Fields, body: Fields | null): Uint8Array {
  return framed(joined(mapOf(header), body === null ? new Uint8Array() : mapOf(body)));
}

export function framed(packet: Uint8Array): Uint8Array {
  const length = packet.length;
  return joined(Uint8Array.of(0xce, length >>> 24, length >>> 16, length >>> 8, length), packet);
}

function mapOf(fields: Fields): Uint8Array {
  const writer = new ByteWriter(128);
  writeMapHeader(writer, fields.length);
  for (const [key, value] of fields) {
    writeUnsigned(writer, key);
    writer.writeBytes(value, 0, value.length);
  }
  return writer.toBytes();
}

export type RowParts = Readonly<{
  type: number;
  replicaId: number;
  lsn: number;
  /** The LSN of the transaction's first row. */
  tsn?: number;
  isLast?: boolean;
  body: Fields | null;
}>;

export function rowPacket({ type, replicaId, lsn, tsn = lsn, isLast = true, body }: RowParts): Uint8Array {
  const header = [
    field(HEADER_KEY.requestType, type),
    field(HEADER_KEY.replicaId, replicaId),
    field(HEADER_KEY.lsn, lsn),
    field(HEADER_KEY.timestamp, TIMESTAMP_SECONDS),
  ];
  const isAlone = isLast && tsn === lsn;
  if (!isAlone) {
    const difference = lsn >= tsn ? lsn - tsn : BigInt.asUintN(64, BigInt(lsn - tsn));
    header.push(field(HEADER_KEY.tsn, difference), field(HEADER_KEY.flags, isLast ? ROW_FLAG.commit : 0));
  }
  return packetOf(header, body);
}

export function vclockOf(vclock: Readonly<Record<number, number>>): Value {
  return new Map<Value, Value>(Object.entries(vclock).map(([id, lsn]) => [Number(id), lsn]));
}

export function tupleBody(spaceId: number, tuple: Value): Fields {
  return [field(BODY_KEY.spaceId, spaceId), field(BODY_KEY.tuple, tuple)];
}

/** A value that does not belong where it comes, of any kind. */
export function drawWrongValue(random: SeededRandom): Uint8Array {
  if (random.chance(0.4)) {
    const writer = new ByteWriter(256);
    writeRandomValue(writer, random, 2);
    return writer.toBytes();
  }
  const values: readonly Value[] = [
    null,
    true,
    -1,
    0,
    31,
    32,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
    2n ** 64n - 1n,
    '',
    'not a uuid',
    NIL_UUID,
    [],
    [0, 1, 2, 31],
    [32],
    new Map(),
    vclockOf({ 1: Number.MAX_SAFE_INTEGER }),
    vclockOf({ 31: 2 ** 40 }),
    vclockOf({ 32: 1 }),
    vclockOf({ 0: 9, 5: 1, 7: 0 }),
    new Map<Value, Value>([['a', 'b']]),
    new Map<Value, Value>([[1, -1]]),
    new Map<Value, Value>([[1, 2n ** 64n - 1n]]),
  ];
  const writer = new ByteWriter(64);
  encodeValue(writer, random.pick(values));
  return writer.toBytes();
}

/** The same with another value somewhere, a field less, or one twice. */
export function withWrongField(fields: Fields, random: SeededRandom): Fields {
  if (fields.length === 0) return [[random.below(0x60), drawWrongValue(random)]];
  const at = random.below(fields.length);
  const [key, value] = fields[at]!;
  const others = fields.filter((_, index) => index !== at);
  switch (random.below(4)) {
    case 0:
      return others;
    case 1:
      return [...fields, [key, random.chance(0.5) ? value : drawWrongValue(random)]];
    default:
      return fields.map((each, index) => (index === at ? [key, drawWrongValue(random)] : each));
  }
}

export type Answer = Readonly<{ type: number; bytes: Uint8Array }>;

/** The replica's end of a connection, which checks that what comes can be read. */
export class RawPeer {
  readonly answers: Answer[] = [];
  isClosed = false;
  readonly #stream: Stream;

  private constructor(stream: Stream) {
    this.#stream = stream;
    let greetingBytes = GREETING_BYTES;
    const header = new ResponseHeader();
    const decoder = new FrameDecoder((bytes, start, end) => {
      header.read(bytes, start, end);
      this.answers.push({ type: header.type, bytes: bytes.slice(start, end) });
    });
    const close = (): void => {
      this.isClosed = true;
    };
    stream.start({
      onData: (chunk) => {
        const skipped = Math.min(greetingBytes, chunk.length);
        greetingBytes -= skipped;
        decoder.push(chunk.slice(skipped));
      },
      onEnd: close,
      onDrain: () => undefined,
      onClose: close,
    });
  }

  static async connect(env: Env, host: string, port: number): Promise<RawPeer> {
    return new RawPeer(await env.network.connect({ kind: 'tcp', host, port }, 1000));
  }

  send(bytes: Uint8Array): void {
    if (!this.isClosed) this.#stream.write(bytes.slice());
  }

  close(): void {
    this.isClosed = true;
    this.#stream.destroy();
  }
}
