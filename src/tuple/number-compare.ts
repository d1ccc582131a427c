/**
 * Order of numbers across all their encodings (int, uint, float, double, decimal), read straight from the bytes.
 * It is a total order: NaN is below every other number and equal to itself, -0 equals 0, integers compare exactly over
 * the whole 64-bit range. Against a decimal, a double below 2^53 counts as the shortest decimal that names it, so that
 * decimal 0.1 equals double 0.1, as users expect and Tarantool does; that keeps the order of doubles among themselves.
 * Nothing is allocated unless a decimal meets a number of another encoding that rounds to the same double.
 */
import {
  compareDecimalPayloads,
  Decimal,
  decimalPayloadToNumber,
  KIND,
  KIND_OF_BYTE,
  payloadLength,
  payloadStart,
  readBigInt,
  readNumber,
} from '../codec/msgpack/index.ts';

const EXACT_BELOW = 2 ** 53;

/** The number at `position` rounded to a double. Rounding keeps the order: never x < y with rounded x > rounded y. */
export function roundedNumber(bytes: Uint8Array, position: number): number {
  if (KIND_OF_BYTE[bytes[position]!] !== KIND.extension) return readNumber(bytes, position);
  return decimalPayloadToNumber(bytes, payloadStart(bytes, position), payloadLength(bytes, position));
}

/** Compares integers of any width and sign. */
export function compareIntegers(aBytes: Uint8Array, a: number, bBytes: Uint8Array, b: number): number {
  const aRounded = readNumber(aBytes, a);
  const bRounded = readNumber(bBytes, b);
  if (aRounded !== bRounded) return aRounded < bRounded ? -1 : 1;
  if (aRounded < EXACT_BELOW && aRounded > -EXACT_BELOW) return 0;
  // Both have eight bytes and one sign, so that their two's complements order as the numbers do.
  for (let index = 1; index <= 8; index++) {
    const difference = aBytes[a + index]! - bBytes[b + index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Compares numbers of any encoding. */
export function compareNumbers(aBytes: Uint8Array, a: number, bBytes: Uint8Array, b: number): number {
  const aKind = KIND_OF_BYTE[aBytes[a]!]!;
  const bKind = KIND_OF_BYTE[bBytes[b]!]!;
  if (aKind <= KIND.signed && bKind <= KIND.signed) return compareIntegers(aBytes, a, bBytes, b);
  if (aKind === KIND.extension && bKind === KIND.extension) {
    return compareDecimalPayloads(
      aBytes,
      payloadStart(aBytes, a),
      payloadLength(aBytes, a),
      bBytes,
      payloadStart(bBytes, b),
      payloadLength(bBytes, b),
    );
  }
  const aRounded = roundedNumber(aBytes, a);
  const bRounded = roundedNumber(bBytes, b);
  if (aRounded < bRounded) return -1;
  if (aRounded > bRounded) return 1;
  if (aRounded !== bRounded) return (bRounded !== bRounded ? 1 : 0) - (aRounded !== aRounded ? 1 : 0);
  if (aKind === KIND.extension || bKind === KIND.extension) return compareAsDecimals(aBytes, a, bBytes, b);
  if (aKind >= KIND.float && bKind >= KIND.float) return 0;
  if (aRounded < EXACT_BELOW && aRounded > -EXACT_BELOW) return 0;
  // A subtraction, because the negation of an equal pair would be minus zero, which is not 0 to everybody.
  return aKind >= KIND.float ? 0 - compareWholeDouble(bBytes, b, aRounded) : compareWholeDouble(aBytes, a, bRounded);
}

/** Compares an integer with a double of the same rounded value, of magnitude 2^53 to 2^64: so the double is whole. */
function compareWholeDouble(bytes: Uint8Array, position: number, double: number): number {
  const highDouble = Math.floor(double / 0x100000000);
  const lowDouble = double - highDouble * 0x100000000;
  const isSigned = bytes[position] === 0xd3;
  const high = uint32(bytes, position + 1);
  const signedHigh = isSigned ? high | 0 : high;
  if (signedHigh !== highDouble) return signedHigh < highDouble ? -1 : 1;
  return uint32(bytes, position + 5) - lowDouble;
}

function uint32(bytes: Uint8Array, position: number): number {
  return (
    ((bytes[position]! << 24) | (bytes[position + 1]! << 16) | (bytes[position + 2]! << 8) | bytes[position + 3]!) >>> 0
  );
}

function compareAsDecimals(aBytes: Uint8Array, a: number, bBytes: Uint8Array, b: number): number {
  return toDecimal(aBytes, a).compare(toDecimal(bBytes, b));
}

/** The finite number at `position` as the decimal that it counts as. */
function toDecimal(bytes: Uint8Array, position: number): Decimal {
  switch (KIND_OF_BYTE[bytes[position]!]) {
    case KIND.extension:
      return Decimal.fromPayload(bytes, payloadStart(bytes, position), payloadLength(bytes, position));
    case KIND.unsigned:
    case KIND.signed:
      return new Decimal(readBigInt(bytes, position), 0);
    default: {
      const value = readNumber(bytes, position);
      if (Math.abs(value) >= EXACT_BELOW) return new Decimal(BigInt(value), 0);
      return Decimal.fromShortest(value);
    }
  }
}
