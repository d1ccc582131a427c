/** Numbers as C's `printf` writes them, with flags, width and precision; ties are rounded away from zero, as LuaJIT does. */

export type FormatSpecification = Readonly<{
  isLeft: boolean;
  hasSign: boolean;
  hasSpace: boolean;
  isAlternate: boolean;
  hasZeros: boolean;
  width: number;
  /** Null if none is given. */
  precision: number | null;
  /** The conversion's letter. */
  letter: string;
}>;

/** Puts a text without a sign into the field; zeros go between the prefix and the digits. */
function inField(
  specification: FormatSpecification,
  sign: string,
  digits: string,
  mayHaveZeros = specification.hasZeros,
): string {
  const { isLeft, width } = specification;
  const room = width - sign.length - digits.length;
  if (room <= 0) return sign + digits;
  if (isLeft) return sign + digits + ' '.repeat(room);
  return mayHaveZeros ? sign + '0'.repeat(room) + digits : ' '.repeat(room) + sign + digits;
}

/** Text in the field, cut to the precision. */
export function formatText(specification: FormatSpecification, text: string): string {
  const { precision } = specification;
  return inField(specification, '', precision === null ? text : text.slice(0, precision), false);
}

function signOf({ hasSign, hasSpace }: FormatSpecification, isNegative: boolean): string {
  return isNegative ? '-' : hasSign ? '+' : hasSpace ? ' ' : '';
}

/** `%d` and `%i`; the value is within 64 bits. */
export function formatSigned(specification: FormatSpecification, value: bigint | number): string {
  const isNegative = value < 0;
  const digits = String(isNegative ? -value : value);
  return formatDigits(specification, signOf(specification, isNegative), Object.is(value, -0) ? '0' : digits);
}

/** `%u`, `%o`, `%x` and `%X`; the value is not negative. */
export function formatUnsigned(specification: FormatSpecification, value: bigint | number): string {
  const { isAlternate, letter, precision } = specification;
  switch (letter) {
    case 'o': {
      const digits = value.toString(8);
      const needsZero = isAlternate && !digits.startsWith('0') && (precision ?? 0) <= digits.length;
      return formatDigits(specification, '', needsZero ? `0${digits}` : digits);
    }
    case 'x':
      return formatDigits(specification, isAlternate && Number(value) !== 0 ? '0x' : '', value.toString(16));
    case 'X':
      return formatDigits(
        specification,
        isAlternate && Number(value) !== 0 ? '0X' : '',
        value.toString(16).toUpperCase(),
      );
    default:
      return formatDigits(specification, '', String(value));
  }
}

function formatDigits(specification: FormatSpecification, prefix: string, digits: string): string {
  const { precision, hasZeros } = specification;
  const shown = precision === 0 && digits === '0' ? '' : precision === null ? digits : digits.padStart(precision, '0');
  return inField(specification, prefix, shown, hasZeros && precision === null);
}

/** `%e %f %g %a` and their capitals. */
export function formatFloat(specification: FormatSpecification, value: number): string {
  const { letter } = specification;
  const isNegative = value < 0 || Object.is(value, -0);
  const sign = signOf(specification, isNegative);
  const isCapital = letter < 'a';
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? 'nan' : 'inf';
    return inField(specification, sign, isCapital ? text.toUpperCase() : text, false);
  }
  const magnitude = Math.abs(value);
  let text: string;
  switch (letter.toLowerCase()) {
    case 'e':
      text = exponential(magnitude, specification.precision ?? 6, specification.isAlternate);
      break;
    case 'f':
      text = fixed(magnitude, specification.precision ?? 6, specification.isAlternate);
      break;
    case 'g':
      text = general(magnitude, specification.precision ?? 6, specification.isAlternate);
      break;
    default:
      return formatHexadecimal(specification, sign, magnitude);
  }
  return inField(specification, sign, isCapital ? text.toUpperCase() : text);
}

/** From here on `toFixed` shows exponents. */
const FIXED_MAX = 1e21;

function fixed(value: number, precision: number, keepsPoint: boolean): string {
  const text =
    value < FIXED_MAX
      ? value.toFixed(precision)
      : `${BigInt(value)}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`;
  return keepsPoint && precision === 0 ? `${text}.` : text;
}

function exponential(value: number, precision: number, keepsPoint: boolean): string {
  const [mantissa, exponent] = value.toExponential(precision).split('e') as [string, string];
  const point = keepsPoint && precision === 0 ? '.' : '';
  return `${mantissa}${point}e${exponent[0]!}${exponent.slice(1).padStart(2, '0')}`;
}

function general(value: number, givenPrecision: number, isAlternate: boolean): string {
  const precision = givenPrecision || 1;
  const exponent = value === 0 ? 0 : Number(value.toExponential(precision - 1).split('e')[1]);
  const isShort = exponent < -4 || exponent >= precision;
  const text = isShort
    ? exponential(value, precision - 1, isAlternate)
    : fixed(value, precision - 1 - exponent, isAlternate);
  if (isAlternate) return text;
  const [digits, rest] = text.split('e') as [string, string | undefined];
  const short = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
  return rest === undefined ? short : `${short}e${rest}`;
}

const MANTISSA_BITS = 52n;
const MANTISSA_DIGITS = 13;
const EXPONENT_BIAS = 1023;

function formatHexadecimal(specification: FormatSpecification, sign: string, magnitude: number): string {
  const { precision, isAlternate, letter } = specification;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, magnitude);
  const bits = view.getBigUint64(0);
  let exponent = Number(bits >> MANTISSA_BITS);
  let mantissa = bits & ((1n << MANTISSA_BITS) - 1n);
  if (exponent !== 0) mantissa |= 1n << MANTISSA_BITS;
  else if (mantissa !== 0n) {
    exponent = 1;
    while (mantissa >> MANTISSA_BITS === 0n) {
      mantissa <<= 1n;
      exponent--;
    }
  }
  let power = magnitude === 0 ? 0 : exponent - EXPONENT_BIAS;
  if (precision !== null && precision < MANTISSA_DIGITS) {
    const dropped = BigInt(4 * (MANTISSA_DIGITS - precision));
    mantissa = ((mantissa + (1n << (dropped - 1n))) >> dropped) << dropped;
    if (mantissa >> (MANTISSA_BITS + 1n) !== 0n) {
      mantissa >>= 1n;
      power++;
    }
  }
  const whole = String(mantissa >> MANTISSA_BITS);
  const digits = (mantissa & ((1n << MANTISSA_BITS) - 1n)).toString(16).padStart(MANTISSA_DIGITS, '0');
  const fraction = precision === null ? digits.replace(/0+$/, '') : digits.slice(0, precision).padEnd(precision, '0');
  const point = fraction !== '' || isAlternate ? '.' : '';
  const text = `${whole}${point}${fraction}p${power < 0 ? '-' : '+'}${Math.abs(power)}`;
  const isCapital = letter === 'A';
  return inField(specification, `${sign}${isCapital ? '0X' : '0x'}`, isCapital ? text.toUpperCase() : text);
}
