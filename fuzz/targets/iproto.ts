/** Packets and requests: any chunking gives the same packets, and no packet throws or leads out of its bytes. */
import { BoxError, ByteWriter, type SeededRandom } from '../../src/base/index.ts';
import { FrameDecoder, RequestDecoder } from '../../src/codec/iproto/index.ts';
import { mandatoryKeys } from '../../src/engine/box/index.ts';
import { chunksOf, joined, mutated, randomBytes } from '../generate.ts';
import { drawBody, drawFrame } from '../requests.ts';
import { hexOf, require, simpleTarget } from '../target.ts';

const PACKET_BYTES_MAX = 5000;

type Cut = Readonly<{ packets: readonly string[]; error: string | null }>;

function cut(chunks: readonly Uint8Array[]): Cut {
  const packets: string[] = [];
  const decoder = new FrameDecoder(
    (bytes, start, end) => packets.push(hexOf(bytes.subarray(start, end))),
    PACKET_BYTES_MAX,
  );
  try {
    for (const chunk of chunks) decoder.push(chunk);
    require(decoder.heldBytes <= PACKET_BYTES_MAX + 9, `holds ${decoder.heldBytes} bytes`);
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    return { packets, error: error.message };
  }
  return { packets, error: null };
}

export const FRAMES = simpleTarget('frames', { smokeCases: 6000, longCases: 1_000_000 }, (random) => {
  const frames = Array.from({ length: random.below(5) }, () =>
    random.chance(0.7) ? drawFrame(random) : mutated(drawFrame(random), random, 2),
  );
  const bytes = random.chance(0.1) ? randomBytes(random, 100) : joined(...frames);
  const whole = cut(bytes.length === 0 ? [] : [bytes]);
  const chunked = cut(chunksOf(bytes, random));
  require(JSON.stringify(whole) === JSON.stringify(chunked), `chunking matters: ${hexOf(bytes)}`);
});

const request = new RequestDecoder();

export const REQUESTS = simpleTarget('requests', { smokeCases: 30_000, longCases: 5_000_000 }, checkRequest);

function checkRequest(random: SeededRandom): void {
  const writer = new ByteWriter(128);
  const type = drawBody(writer, random);
  const packet = mutated(writer.toBytes(), random);
  const margin = random.below(10);
  const bytes = joined(randomBytes(random, 9).subarray(0, margin), packet, randomBytes(random, 9));
  const start = bytes.length === 0 ? 0 : bytes.indexOf(packet[0] ?? 0);
  const end = Math.min(bytes.length, start + packet.length);
  if (request.decodeHeader(bytes, start, end) !== null) return;
  const keys = mandatoryKeys(random.chance(0.5) ? type : request.type) ?? [];
  if (request.decodeBody(keys) !== null) return;
  for (const position of [request.keyPosition, request.tuplePosition, request.operationsPosition]) {
    require(position < end &&
      (position < 0 || position >= start), `position ${position} of ${start}..${end}: ${hexOf(bytes)}`);
  }
  require(request.tupleEnd <= end && request.operationsEnd <= end, `an end beyond the packet: ${hexOf(bytes)}`);
}
