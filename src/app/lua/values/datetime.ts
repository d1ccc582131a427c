/** Points in time and spans of calendar time as values of Lua, with the arithmetic of Tarantool 2.10. */
import type { ByteWriter } from '../../../base/index.ts';
import {
  Datetime,
  encodeExtension,
  Interval,
  type IntervalAdjust,
  type IntervalFields,
} from '../../../codec/msgpack/index.ts';
import { memberError } from '../ffi/member-error.ts';
import { runtimeError } from '../runtime/errors.ts';
import {
  type ArithmeticOperator,
  LuaCdata,
  type LuaFunction,
  type LuaValue,
  type SerializedCdata,
} from '../runtime/values.ts';
import { dateOfDays, dayOfWeek, dayOfYear, daysInMonth, daysOfDate } from './calendar.ts';

const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_HOUR = 3_600;
const SECONDS_PER_MINUTE = 60;
const NANOSECONDS_PER_SECOND = 1_000_000_000;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;
const NANOSECONDS_PER_MICROSECOND = 1_000;
const DAYS_PER_WEEK = 7;
const MONTHS_PER_YEAR = 12;

/** A datetime as its clock and calendar show it, in its own zone. */
export type LocalTime = Readonly<{
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  /** 1 for Sunday. */
  weekday: number;
  /** 1 to 366. */
  dayOfYear: number;
  offsetMinutes: number;
}>;

export function localTime({ seconds, nanoseconds, offsetMinutes }: Datetime): LocalTime {
  const local = seconds + offsetMinutes * SECONDS_PER_MINUTE;
  const days = Math.floor(local / SECONDS_PER_DAY);
  const rest = local - days * SECONDS_PER_DAY;
  const date = dateOfDays(days);
  return {
    ...date,
    hour: Math.floor(rest / SECONDS_PER_HOUR),
    minute: Math.floor((rest % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE),
    second: rest % SECONDS_PER_MINUTE,
    nanosecond: nanoseconds,
    weekday: dayOfWeek(days) + 1,
    dayOfYear: dayOfYear(date),
    offsetMinutes,
  };
}

export type CivilTime = Pick<
  LocalTime,
  'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond' | 'offsetMinutes'
>;

export function datetimeOf(time: CivilTime): Datetime {
  const days = daysOfDate(time.year, time.month, time.day);
  const ofDay = time.hour * SECONDS_PER_HOUR + time.minute * SECONDS_PER_MINUTE + time.second;
  const seconds = days * SECONDS_PER_DAY + ofDay - time.offsetMinutes * SECONDS_PER_MINUTE;
  return new Datetime(seconds, time.nanosecond, time.offsetMinutes);
}

/** With nanoseconds below a second carried over. */
function normalized(seconds: number, nanoseconds: number, offsetMinutes: number): Datetime {
  const carried = Math.floor(nanoseconds / NANOSECONDS_PER_SECOND);
  return new Datetime(seconds + carried, nanoseconds - carried * NANOSECONDS_PER_SECOND, offsetMinutes);
}

/** The datetime so much later; with sign -1 earlier. Years and months come first, as the calendar counts them. */
export function addInterval(value: Datetime, { fields }: Interval, sign: 1 | -1): Datetime {
  const time = localTime(value);
  const months = sign * (fields.year * MONTHS_PER_YEAR + fields.month);
  const moved =
    months === 0 ? value : datetimeOf({ ...time, ...addMonths(time, months, fields.adjust as IntervalAdjust) });
  const days = fields.week * DAYS_PER_WEEK + fields.day;
  const seconds =
    days * SECONDS_PER_DAY + fields.hour * SECONDS_PER_HOUR + fields.minute * SECONDS_PER_MINUTE + fields.second;
  return normalized(moved.seconds + sign * seconds, moved.nanoseconds + sign * fields.nanosecond, value.offsetMinutes);
}

function addMonths(
  { year, month, day }: Pick<LocalTime, 'year' | 'month' | 'day'>,
  months: number,
  adjust: IntervalAdjust,
): Pick<LocalTime, 'year' | 'month' | 'day'> {
  const total = year * MONTHS_PER_YEAR + (month - 1) + months;
  const newYear = Math.floor(total / MONTHS_PER_YEAR);
  const newMonth = total - newYear * MONTHS_PER_YEAR + 1;
  const last = daysInMonth(newYear, newMonth);
  if (adjust === LAST && day === daysInMonth(year, month)) return { year: newYear, month: newMonth, day: last };
  if (adjust === EXCESS) return dateOfDays(daysOfDate(newYear, newMonth, day));
  return { year: newYear, month: newMonth, day: Math.min(day, last) };
}

function intervalBetween(left: Datetime, right: Datetime): Interval {
  const one = localTime(left);
  const two = localTime(right);
  return new Interval({
    year: one.year - two.year,
    month: one.month - two.month,
    day: one.day - two.day,
    hour: one.hour - two.hour,
    minute: one.minute - two.minute - (left.offsetMinutes - right.offsetMinutes),
    second: one.second - two.second,
    nanosecond: one.nanosecond - two.nanosecond,
    adjust: DEFAULT_ADJUST,
  });
}

/** Days that the month does not have become its last one. */
export const DEFAULT_ADJUST: IntervalAdjust = 1;
const EXCESS: IntervalAdjust = 0;
const LAST: IntervalAdjust = 2;

function combined(left: Interval, right: Interval, sign: 1 | -1): Interval {
  const sum: Record<string, number> = {};
  for (const name of INTERVAL_NAMES) sum[name] = left.fields[name] + sign * right.fields[name];
  return new Interval({ ...sum, adjust: left.fields.adjust as IntervalAdjust } as IntervalFields);
}

const INTERVAL_NAMES = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second', 'nanosecond'] as const;

/** Methods that every datetime of a Lua state has. */
export type DatetimeMethods = ReadonlyMap<string, LuaFunction>;

export class DatetimeValue extends LuaCdata {
  override readonly typeName = 'struct datetime';
  /** Changed by `set`, `add` and `sub` only. */
  value: Datetime;

  constructor(value: Datetime) {
    super();
    this.value = value;
  }

  override toText(): string {
    return datetimeText(this.value);
  }

  override index(key: LuaValue): LuaValue {
    const read = typeof key === 'string' ? FIELD_READERS[key] : undefined;
    if (read !== undefined) return read(this.value);
    const method = typeof key === 'string' ? methods.get(key) : undefined;
    if (method === undefined) throw memberError(this.typeName, key);
    return method;
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }

  override equals(other: LuaValue): boolean {
    return other instanceof DatetimeValue && other.value.compare(this.value) === 0;
  }

  override compare(other: LuaValue): number | undefined {
    return other instanceof DatetimeValue ? this.value.compare(other.value) : undefined;
  }

  override arithmetic(operator: ArithmeticOperator, left: LuaValue, right: LuaValue): LuaValue {
    if (left instanceof DatetimeValue && right instanceof DatetimeValue) {
      return operator === 'sub' ? new IntervalValue(intervalBetween(left.value, right.value)) : undefined;
    }
    if (operator === 'add') {
      const [date, span] = left instanceof DatetimeValue ? [left, right] : [right, left];
      if (date instanceof DatetimeValue && span instanceof IntervalValue) {
        return new DatetimeValue(addInterval(date.value, span.value, 1));
      }
    }
    if (operator === 'sub' && left instanceof DatetimeValue && right instanceof IntervalValue) {
      return new DatetimeValue(addInterval(left.value, right.value, -1));
    }
    return undefined;
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    encodeExtension(writer, this.value);
    return true;
  }

  override serialized(): SerializedCdata {
    return { text: this.toText() };
  }
}

/** Filled by the library once; functions without state, so that all Lua states may share them. */
const methods = new Map<string, LuaFunction>();

export function defineDatetimeMethods(functions: DatetimeMethods): void {
  for (const [name, code] of functions) methods.set(name, code);
}

const FIELD_READERS: Readonly<Record<string, (value: Datetime) => LuaValue>> = {
  epoch: (value) => value.seconds,
  timestamp: (value) => value.seconds + value.nanoseconds / NANOSECONDS_PER_SECOND,
  nsec: (value) => value.nanoseconds,
  usec: (value) => Math.floor(value.nanoseconds / NANOSECONDS_PER_MICROSECOND),
  msec: (value) => Math.floor(value.nanoseconds / NANOSECONDS_PER_MILLISECOND),
  year: (value) => localTime(value).year,
  month: (value) => localTime(value).month,
  day: (value) => localTime(value).day,
  hour: (value) => localTime(value).hour,
  min: (value) => localTime(value).minute,
  sec: (value) => localTime(value).second,
  wday: (value) => localTime(value).weekday,
  yday: (value) => localTime(value).dayOfYear,
  isdst: () => false,
  tzoffset: (value) => value.offsetMinutes,
  tzindex: (value) => value.zoneIndex,
  tz: () => '',
};

/** `2022-01-31T10:00:00.123+0300`. */
export function datetimeText(value: Datetime): string {
  const time = localTime(value);
  const pad = (number: number, width = 2): string => String(number).padStart(width, '0');
  const year = time.year < 0 ? `-${pad(-time.year, 4)}` : pad(time.year, 4);
  const date = `${year}-${pad(time.month)}-${pad(time.day)}`;
  const clock = `${pad(time.hour)}:${pad(time.minute)}:${pad(time.second)}`;
  return `${date}T${clock}${fractionText(time.nanosecond)}${offsetText(time.offsetMinutes, 'Z')}`;
}

/** Three, six or nine digits, whichever tell all. */
function fractionText(nanoseconds: number): string {
  if (nanoseconds === 0) return '';
  const digits = String(nanoseconds).padStart(9, '0');
  return `.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}`;
}

/** `+0300`; `zero` if there is no offset. */
export function offsetText(offsetMinutes: number, zero: string): string {
  if (offsetMinutes === 0) return zero;
  const minutes = Math.abs(offsetMinutes);
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0');
  return `${offsetMinutes < 0 ? '-' : '+'}${hours}${String(minutes % 60).padStart(2, '0')}`;
}

const ADJUST_NAMES = ['excess', 'none', 'last'] as const;

/** Lua's names of an interval's fields. */
export const INTERVAL_FIELDS: Readonly<Record<string, (typeof INTERVAL_NAMES)[number]>> = {
  year: 'year',
  month: 'month',
  week: 'week',
  day: 'day',
  hour: 'hour',
  min: 'minute',
  sec: 'second',
  nsec: 'nanosecond',
};

/** The number of `excess`, `none` or `last`. Throws LuaError for other words. */
export function adjustOf(name: LuaValue): IntervalAdjust {
  const index = ADJUST_NAMES.findIndex((known) => known === name);
  if (index < 0) throw runtimeError(`unexpected adjust '${String(name)}': none, last or excess expected`);
  return index as IntervalAdjust;
}

export class IntervalValue extends LuaCdata {
  override readonly typeName = 'struct interval';
  readonly value: Interval;

  constructor(value: Interval) {
    super();
    this.value = value;
  }

  override toText(): string {
    return intervalText(this.value);
  }

  override index(key: LuaValue): LuaValue {
    if (key === 'adjust') return ADJUST_NAMES[this.value.fields.adjust];
    const name = typeof key === 'string' ? INTERVAL_FIELDS[key] : undefined;
    if (name !== undefined) return this.value.fields[name];
    throw memberError(this.typeName, key);
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }

  override equals(other: LuaValue): boolean {
    return (
      other instanceof IntervalValue &&
      INTERVAL_NAMES.every((name) => this.value.fields[name] === other.value.fields[name])
    );
  }

  override arithmetic(operator: ArithmeticOperator, left: LuaValue, right: LuaValue): LuaValue {
    if (left instanceof DatetimeValue || right instanceof DatetimeValue) {
      const date = left instanceof DatetimeValue ? left : (right as DatetimeValue);
      return date.arithmetic(operator, left, right);
    }
    if (!(left instanceof IntervalValue) || !(right instanceof IntervalValue)) return undefined;
    if (operator !== 'add' && operator !== 'sub') return undefined;
    return new IntervalValue(combined(left.value, right.value, operator === 'add' ? 1 : -1));
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    encodeExtension(writer, this.value);
    return true;
  }

  override serialized(): SerializedCdata {
    return { text: this.toText() };
  }
}

/** `+1 years, 2 months`. */
function intervalText({ fields }: Interval): string {
  const parts = INTERVAL_NAMES.filter((name) => fields[name] !== 0).map((name, index) => {
    const sign = index === 0 && fields[name] > 0 ? '+' : '';
    return `${sign}${fields[name]} ${name}s`;
  });
  return parts.length === 0 ? '0 seconds' : parts.join(', ');
}
