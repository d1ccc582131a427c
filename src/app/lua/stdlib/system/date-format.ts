/** Calendar times as `os.date` and `os.time` have them, and C's `strftime` in the locale "C". */
import { dateOfDays, dayOfWeek, dayOfYear, daysOfDate } from '../../values/calendar.ts';

const DAY_SECONDS = 86_400;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
] as const;

export type BrokenDownTime = Readonly<{
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** From 0, a Sunday. */
  weekday: number;
  /** From 1. */
  yearDay: number;
  /** Seconds since the epoch. */
  epochSeconds: number;
  /** Seconds that it is ahead of universal time; null if it is meant to be universal time. */
  offsetSeconds: number | null;
}>;

/** `offsetSeconds` is null for universal time. */
export function breakDown(epochSeconds: number, offsetSeconds: number | null): BrokenDownTime {
  const whole = Math.floor(epochSeconds) + (offsetSeconds ?? 0);
  const days = Math.floor(whole / DAY_SECONDS);
  const seconds = whole - days * DAY_SECONDS;
  const date = dateOfDays(days);
  return {
    ...date,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    weekday: dayOfWeek(days),
    yearDay: dayOfYear(date),
    epochSeconds: Math.floor(epochSeconds),
    offsetSeconds,
  };
}

export type TimeFields = Readonly<{
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}>;

/** Seconds since the epoch if the fields were universal time; each may be outside of its range. */
export function secondsOfFields({ year, month, day, hour, minute, second }: TimeFields): number {
  const years = year + Math.floor((month - 1) / 12);
  const monthOfYear = ((((month - 1) % 12) + 12) % 12) + 1;
  const days = daysOfDate(years, monthOfYear, 1) + day - 1;
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

function padded(value: number, width = 2, filler = '0'): string {
  return String(value).padStart(width, filler);
}

/** Week of the year; weeks begin at this weekday, those before the first one are 0. */
function weekOfYear({ yearDay, weekday }: BrokenDownTime, firstWeekday: number): number {
  return Math.floor((yearDay - 1 + 7 - ((weekday - firstWeekday + 7) % 7)) / 7);
}

/** Year and week of ISO 8601: the week of a Thursday belongs to the Thursday's year. */
function isoWeek(time: BrokenDownTime): readonly [year: number, week: number] {
  const days = daysOfDate(time.year, time.month, time.day);
  const thursday = days - ((time.weekday + 6) % 7) + 3;
  const { year } = dateOfDays(thursday);
  return [year, Math.floor((thursday - daysOfDate(year, 1, 1)) / 7) + 1];
}

function offsetText({ offsetSeconds }: BrokenDownTime): string {
  const minutes = Math.round(Math.abs(offsetSeconds ?? 0) / 60);
  const sign = (offsetSeconds ?? 0) < 0 ? '-' : '+';
  return sign + padded(Math.floor(minutes / 60)) + padded(minutes % 60);
}

function zoneName(time: BrokenDownTime): string {
  if (time.offsetSeconds === null) return 'GMT';
  return time.offsetSeconds === 0 ? 'UTC' : offsetText(time);
}

type Conversion = (time: BrokenDownTime) => string;

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  a: ({ weekday }) => WEEKDAYS[weekday]!.slice(0, 3),
  A: ({ weekday }) => WEEKDAYS[weekday]!,
  b: ({ month }) => MONTHS[month - 1]!.slice(0, 3),
  B: ({ month }) => MONTHS[month - 1]!,
  c: (time) => formatTime('%a %b %e %H:%M:%S %Y', time),
  C: ({ year }) => padded(Math.floor(year / 100)),
  d: ({ day }) => padded(day),
  D: (time) => formatTime('%m/%d/%y', time),
  e: ({ day }) => padded(day, 2, ' '),
  F: (time) => formatTime('%Y-%m-%d', time),
  g: (time) => padded(isoWeek(time)[0] % 100),
  G: (time) => String(isoWeek(time)[0]),
  h: (time) => formatTime('%b', time),
  H: ({ hour }) => padded(hour),
  I: ({ hour }) => padded(hour % 12 || 12),
  j: ({ yearDay }) => padded(yearDay, 3),
  k: ({ hour }) => padded(hour, 2, ' '),
  l: ({ hour }) => padded(hour % 12 || 12, 2, ' '),
  m: ({ month }) => padded(month),
  M: ({ minute }) => padded(minute),
  n: () => '\n',
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  P: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  r: (time) => formatTime('%I:%M:%S %p', time),
  R: (time) => formatTime('%H:%M', time),
  s: ({ epochSeconds }) => String(epochSeconds),
  S: ({ second }) => padded(second),
  t: () => '\t',
  T: (time) => formatTime('%H:%M:%S', time),
  u: ({ weekday }) => String(weekday || 7),
  U: (time) => padded(weekOfYear(time, 0)),
  V: (time) => padded(isoWeek(time)[1]),
  w: ({ weekday }) => String(weekday),
  W: (time) => padded(weekOfYear(time, 1)),
  x: (time) => formatTime('%m/%d/%y', time),
  X: (time) => formatTime('%H:%M:%S', time),
  y: ({ year }) => padded(((year % 100) + 100) % 100),
  Y: ({ year }) => String(year),
  z: offsetText,
  Z: zoneName,
  '%': () => '%',
};

/** `strftime`; the modifiers E and O mean nothing in this locale, and what is no conversion stays as it is. */
export function formatTime(format: string, time: BrokenDownTime): string {
  return format.replace(/%[EO]?([a-zA-Z%])/g, (found, letter: string) => {
    const conversion = Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter] : undefined;
    return conversion === undefined ? found : conversion(time);
  });
}
