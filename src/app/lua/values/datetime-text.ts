/** Datetimes as text in any format of C's `strftime`, and back; `%f` stands for a fraction of the second. */
import { Datetime } from '../../../codec/msgpack/index.ts';
import { daysInMonth } from './calendar.ts';
import { datetimeOf, type LocalTime, localTime, offsetText } from './datetime.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const SHORT_NAME = 3;
const FRACTION_DIGITS = 9;

function pad(value: number, width = 2, fill = '0'): string {
  return String(value).padStart(width, fill);
}

function clockHour(hour: number): number {
  return hour % 12 === 0 ? 12 : hour % 12;
}

/** Week of the year with weeks that begin on a Sunday (0) or Monday (1). */
function weekOfYear({ dayOfYear, weekday }: LocalTime, firstDay: 0 | 1): number {
  return Math.floor((dayOfYear - 1 + 7 - ((weekday - 1 - firstDay + 7) % 7)) / 7);
}

type Formatter = (time: LocalTime, value: Datetime) => string;

const COMPOSITES: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  '+': '%a %b %e %H:%M:%S %Z %Y',
  v: '%e-%b-%Y',
};

const FORMATTERS: Readonly<Record<string, Formatter>> = {
  a: (time) => DAYS[time.weekday - 1]!.slice(0, SHORT_NAME),
  A: (time) => DAYS[time.weekday - 1]!,
  b: (time) => MONTHS[time.month - 1]!.slice(0, SHORT_NAME),
  B: (time) => MONTHS[time.month - 1]!,
  h: (time) => MONTHS[time.month - 1]!.slice(0, SHORT_NAME),
  C: (time) => pad(Math.floor(time.year / 100)),
  d: (time) => pad(time.day),
  e: (time) => pad(time.day, 2, ' '),
  H: (time) => pad(time.hour),
  I: (time) => pad(clockHour(time.hour)),
  j: (time) => pad(time.dayOfYear, 3),
  k: (time) => pad(time.hour, 2, ' '),
  l: (time) => pad(clockHour(time.hour), 2, ' '),
  m: (time) => pad(time.month),
  M: (time) => pad(time.minute),
  n: () => '\n',
  p: (time) => (time.hour < 12 ? 'AM' : 'PM'),
  s: (_time, value) => String(value.seconds),
  S: (time) => pad(time.second),
  t: () => '\t',
  u: (time) => String(time.weekday === 1 ? 7 : time.weekday - 1),
  U: (time) => pad(weekOfYear(time, 0)),
  w: (time) => String(time.weekday - 1),
  W: (time) => pad(weekOfYear(time, 1)),
  y: (time) => pad(((time.year % 100) + 100) % 100),
  Y: (time) => pad(time.year, 4),
  z: (time) => offsetText(time.offsetMinutes, '+0000'),
  Z: () => '',
  '%': () => '%',
};

export function formatDatetime(value: Datetime, format: string): string {
  const time = localTime(value);
  return format.replace(/%(\d?)([A-Za-z%+])/g, (directive, width: string, letter: string) => {
    if (letter === 'f')
      return pad(time.nanosecond, FRACTION_DIGITS).slice(0, width === '' ? FRACTION_DIGITS : Number(width));
    const composite = COMPOSITES[letter];
    if (composite !== undefined) return formatDatetime(value, composite);
    return FORMATTERS[letter]?.(time, value) ?? directive;
  });
}

export type ParsedDatetime = Readonly<{ value: Datetime; length: number }>;

const ISO =
  /^(?<year>[+-]?\d{4,})-?(?:(?<month>\d\d)-?(?<day>\d\d))(?:[T ](?<hour>\d\d)(?::?(?<minute>\d\d)(?::?(?<second>\d\d)(?:[.,](?<fraction>\d{1,9})\d*)?)?)?)?/;
const COMPACT_ISO =
  /^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)(?:[T ](?<hour>\d\d)(?<minute>\d\d)?(?<second>\d\d)?(?:[.,](?<fraction>\d{1,9})\d*)?)?/;
const ZONE = /^(?: ?(?:(?<utc>[Zz]|UTC|GMT)|(?<sign>[+-])(?<hours>\d\d):?(?<minutes>\d\d)?))/;

/** A text of ISO 8601 or RFC 3339, as far as it is one; null if it does not begin with a date. */
export function parseIsoDatetime(text: string, defaultOffset: number): ParsedDatetime | null {
  const match = (text.length >= 8 && /^\d{8}/.test(text) ? COMPACT_ISO : ISO).exec(text);
  if (match === null) return null;
  const groups = match.groups!;
  const zone = groups['hour'] === undefined ? null : ZONE.exec(text.slice(match[0].length));
  const parts: TimeParts = {
    year: Number(groups['year']),
    month: Number(groups['month']),
    day: Number(groups['day']),
    hour: Number(groups['hour'] ?? 0),
    minute: Number(groups['minute'] ?? 0),
    second: Number(groups['second'] ?? 0),
    nanosecond: fractionOf(groups['fraction'] ?? ''),
    offsetMinutes: zone === null ? defaultOffset : offsetOf(zone.groups!),
  };
  return isValid(parts) ? { value: datetimeOf(parts), length: match[0].length + (zone?.[0].length ?? 0) } : null;
}

function fractionOf(digits: string): number {
  return Number(digits.padEnd(FRACTION_DIGITS, '0').slice(0, FRACTION_DIGITS));
}

function offsetOf(groups: Readonly<Record<string, string | undefined>>): number {
  if (groups['utc'] !== undefined) return 0;
  const minutes = Number(groups['hours']) * 60 + Number(groups['minutes'] ?? 0);
  return groups['sign'] === '-' ? -minutes : minutes;
}

/** Minutes of a text such as `+03:00` or `Z`, null if it is none. */
export function parseOffset(text: string): number | null {
  const match = ZONE.exec(text);
  return match === null || match[0].length !== text.length ? null : offsetOf(match.groups!);
}

type TimeParts = {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  offsetMinutes: number;
};

function isValid(time: TimeParts): boolean {
  if (time.month < 1 || time.month > 12 || time.day < 1 || time.day > daysInMonth(time.year, time.month)) return false;
  return time.hour < 24 && time.minute < 60 && time.second < 61;
}

type Reader = Readonly<{ pattern: string; apply: (time: TimeParts, text: string) => void }>;

const READERS: Readonly<Record<string, Reader>> = {
  Y: { pattern: '[+-]?\\d{1,7}', apply: (time, text) => void (time.year = Number(text)) },
  y: {
    pattern: '\\d{1,2}',
    apply: (time, text) => void (time.year = Number(text) + (Number(text) < 69 ? 2000 : 1900)),
  },
  m: { pattern: '\\d{1,2}', apply: (time, text) => void (time.month = Number(text)) },
  d: { pattern: '\\d{1,2}', apply: (time, text) => void (time.day = Number(text)) },
  e: { pattern: ' ?\\d{1,2}', apply: (time, text) => void (time.day = Number(text)) },
  H: { pattern: '\\d{1,2}', apply: (time, text) => void (time.hour = Number(text)) },
  I: { pattern: '\\d{1,2}', apply: (time, text) => void (time.hour = Number(text) % 12) },
  p: { pattern: '[AaPp][Mm]', apply: (time, text) => void (time.hour += /^p/i.test(text) ? 12 : 0) },
  M: { pattern: '\\d{1,2}', apply: (time, text) => void (time.minute = Number(text)) },
  S: { pattern: '\\d{1,2}', apply: (time, text) => void (time.second = Number(text)) },
  f: { pattern: '\\d{1,9}', apply: (time, text) => void (time.nanosecond = fractionOf(text)) },
  z: {
    pattern: '(?:[Zz]|[+-]\\d{2}:?(?:\\d{2})?)',
    apply: (time, text) => void (time.offsetMinutes = parseOffset(text) ?? 0),
  },
  b: nameReader(MONTHS, (time, index) => void (time.month = index + 1)),
  B: nameReader(MONTHS, (time, index) => void (time.month = index + 1)),
  h: nameReader(MONTHS, (time, index) => void (time.month = index + 1)),
  a: nameReader(DAYS, () => undefined),
  A: nameReader(DAYS, () => undefined),
  n: { pattern: '\\s+', apply: () => undefined },
  t: { pattern: '\\s+', apply: () => undefined },
  '%': { pattern: '%', apply: () => undefined },
};

function nameReader(names: readonly string[], apply: (time: TimeParts, index: number) => void): Reader {
  return {
    pattern: names.map((name) => `${name}|${name.slice(0, SHORT_NAME)}`).join('|'),
    apply: (time, text) =>
      apply(
        time,
        names.findIndex((name) => name.slice(0, SHORT_NAME).toLowerCase() === text.slice(0, SHORT_NAME).toLowerCase()),
      ),
  };
}

/** A text in a format of `strptime`; null if it does not fit. */
export function parseWithFormat(text: string, format: string, defaultOffset: number): ParsedDatetime | null {
  const time: TimeParts = {
    year: 1970,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    offsetMinutes: defaultOffset,
  };
  let rest = text;
  let epoch: number | null = null;
  const expanded = format.replace(/%([cDFrRTxXv])/g, (_directive, letter: string) => COMPOSITES[letter]!);
  for (const [, letter, literal] of expanded.matchAll(/%([A-Za-z%])|([^%]+)/g)) {
    if (literal !== undefined) {
      if (!rest.startsWith(literal)) return null;
      rest = rest.slice(literal.length);
    } else if (letter === 's') {
      const digits = /^-?\d+/.exec(rest)?.[0];
      if (digits === undefined) return null;
      epoch = Number(digits);
      rest = rest.slice(digits.length);
    } else {
      const reader = READERS[letter!];
      const found = reader === undefined ? undefined : new RegExp(`^(?:${reader.pattern})`, 'i').exec(rest)?.[0];
      if (reader === undefined || found === undefined) return null;
      reader.apply(time, found);
      rest = rest.slice(found.length);
    }
  }
  if (!isValid(time)) return null;
  const value = epoch === null ? datetimeOf(time) : new Datetime(epoch, time.nanosecond, time.offsetMinutes);
  return { value, length: text.length - rest.length };
}
