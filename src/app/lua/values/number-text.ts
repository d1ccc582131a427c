/** Numbers as `%.{precision}g` prints them. */

/** Up to so many digits: Tarantool takes a larger precision, and none, for this one. */
export const PRECISION_MAX = 14;

export function formatGeneral(value: number, precision: number): string {
  const [mantissa, exponentText] = value.toExponential(precision - 1).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= precision) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${withoutTrailingZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  return withoutTrailingZeros(value.toFixed(precision - 1 - exponent));
}

function withoutTrailingZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

const UINT64_LIMIT = 2 ** 64;
const INT64_LIMIT = 2 ** 63;

/** Whole numbers of 64 bits in full, others with so many digits. `notANumber` stands for what is none. */
export function serializedNumber(value: number, precision: number, notANumber: string): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '0' : String(value);
  if (Number.isNaN(value)) return notANumber;
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Number.isInteger(value) && value < UINT64_LIMIT && value >= -INT64_LIMIT) return String(BigInt(value));
  return formatGeneral(value, precision < 1 || precision > PRECISION_MAX ? PRECISION_MAX : precision);
}
