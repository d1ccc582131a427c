/** MessagePack: checking decides, and what it accepts can be walked, decoded and encoded again. */
import { BoxError, ByteWriter, type SeededRandom } from '../../src/base/index.ts';
import { checkValue, decodeValue, encodeToBytes, skipValue } from '../../src/codec/msgpack/index.ts';
import { joined, mutated, randomBytes, writeRandomValue } from '../generate.ts';
import { hexOf, require, simpleTarget } from '../target.ts';

type Walk = (bytes: Uint8Array, position: number) => number;

/** The property with a walk of the caller's, so that it can be seen to find a wrong one. */
export function checkMsgpack(random: SeededRandom, skip: Walk): void {
  const bytes = drawBytes(random);
  const end = checkValue(bytes, 0, bytes.length);
  const behind = joined(bytes, randomBytes(random, 12));
  require(checkValue(behind, 0, bytes.length) === end, `bytes behind the end count: ${hexOf(bytes)}`);
  if (end < 0) return;
  require(end > 0 && end <= bytes.length, `a value ends at ${end}: ${hexOf(bytes)}`);
  require(skip(bytes, 0) === end, `skipped to ${skip(bytes, 0)}, checked to ${end}: ${hexOf(bytes)}`);
  const shorter = random.below(end);
  require(checkValue(bytes, 0, shorter) === -1, `the first ${shorter} bytes are a value: ${hexOf(bytes)}`);
  let encoded: Uint8Array;
  try {
    encoded = encodeToBytes(decodeValue(bytes, 0));
  } catch (error) {
    // A payload that its extension type does not allow; a value nested too deep; a decimal beyond what can be written.
    if (error instanceof BoxError || error instanceof TypeError) return;
    throw error;
  }
  const again = encodeToBytes(decodeValue(encoded, 0));
  require(hexOf(again) === hexOf(encoded), `decoded and encoded twice: ${hexOf(bytes)}`);
}

function drawBytes(random: SeededRandom): Uint8Array {
  if (random.chance(0.2)) return randomBytes(random, 40);
  const writer = new ByteWriter(64);
  writeRandomValue(writer, random, 4);
  return random.chance(0.4) ? writer.toBytes() : mutated(writer.toBytes(), random);
}

export const MSGPACK = simpleTarget('msgpack', { smokeCases: 30_000, longCases: 5_000_000 }, (random) =>
  checkMsgpack(random, skipValue),
);
