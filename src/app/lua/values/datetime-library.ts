/** The library `datetime` of Tarantool 2.10. Zones are offsets from UTC; names of zones are not known. */
import { Datetime, Interval, type IntervalAdjust, type IntervalFields } from '../../../codec/msgpack/index.ts';
import type { Clock } from '../../../env/index.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { typeOf } from '../runtime/types.ts';
import { type LuaFunction, type LuaValue, plainFunction } from '../runtime/values.ts';
import { daysInMonth } from './calendar.ts';
import {
  addInterval,
  adjustOf,
  type CivilTime,
  datetimeOf,
  DatetimeValue,
  datetimeText,
  DEFAULT_ADJUST,
  defineDatetimeMethods,
  INTERVAL_FIELDS,
  IntervalValue,
  localTime,
} from './datetime.ts';
import {
  formatDatetime,
  parseIsoDatetime,
  parseOffset,
  parseWithFormat,
  type ParsedDatetime,
} from './datetime-text.ts';

const NANOSECONDS_PER_SECOND = 1_000_000_000;
const YEAR_MAX = 5_879_611;
const YEAR_MIN = -5_879_610;
const OFFSET_MIN = -720;
const OFFSET_MAX = 840;
const LAST_DAY = -1;

function numberAt(table: LuaTable, name: string): number | undefined {
  const value = table.getString(name);
  if (value === undefined) return undefined;
  if (value instanceof Integer64) return Number(value.value);
  if (typeof value !== 'number') throw runtimeError(`number expected for '${name}', but received ${typeOf(value)}`);
  return value;
}

function inRange(name: string, value: number | undefined, least: number, most: number): number | undefined {
  if (value === undefined || (value >= least && value <= most)) return value;
  throw runtimeError(`value ${value} of ${name} is out of allowed range [${least}, ${most}]`);
}

/** Nanoseconds of `nsec`, `usec` or `msec`; only one may be given. */
function subsecond(table: LuaTable): number | undefined {
  const given = (['nsec', 'usec', 'msec'] as const).filter((name) => table.getString(name) !== undefined);
  if (given.length > 1) throw runtimeError('only one of nsec, usec or msecs may be defined simultaneously');
  const [name] = given;
  if (name === undefined) return undefined;
  const scale = { nsec: 1, usec: 1_000, msec: 1_000_000 }[name];
  const value = inRange(name, numberAt(table, name), 0, NANOSECONDS_PER_SECOND / scale - 1);
  return Math.floor((value ?? 0) * scale);
}

function offsetAt(table: LuaTable): number | undefined {
  const value = table.getString('tzoffset');
  if (table.getString('tz') !== undefined) throw runtimeError('time zones by name are not supported, use tzoffset');
  if (value === undefined) return undefined;
  const minutes = typeof value === 'string' ? parseOffset(value) : numberAt(table, 'tzoffset');
  if (minutes === null) throw runtimeError(`invalid time-zone format ${String(value)}`);
  return inRange('tzoffset', minutes, OFFSET_MIN, OFFSET_MAX);
}

const DATE_NAMES = ['year', 'month', 'day'];
const CLOCK_NAMES = ['hour', 'min', 'sec'];

/** A datetime with the fields of a table in the place of its own. */
function withFields(base: Datetime, table: LuaTable): Datetime {
  const has = (names: readonly string[]): boolean => names.some((name) => table.getString(name) !== undefined);
  const nanosecond = subsecond(table);
  const offsetMinutes = offsetAt(table) ?? base.offsetMinutes;
  const timestamp = numberAt(table, 'timestamp');
  if (timestamp !== undefined) {
    if (has(DATE_NAMES)) throw runtimeError('timestamp is not allowed if year/month/day provided');
    if (has(CLOCK_NAMES)) throw runtimeError('timestamp is not allowed if hour/min/sec provided');
    return fromTimestamp(timestamp, nanosecond, offsetMinutes);
  }
  const own = localTime(base);
  const year = inRange('year', numberAt(table, 'year'), YEAR_MIN, YEAR_MAX) ?? own.year;
  const month = inRange('month', numberAt(table, 'month'), 1, 12) ?? own.month;
  const time: CivilTime = {
    year,
    month,
    day: dayAt(table, year, month) ?? Math.min(own.day, daysInMonth(year, month)),
    hour: inRange('hour', numberAt(table, 'hour'), 0, 23) ?? own.hour,
    minute: inRange('min', numberAt(table, 'min'), 0, 59) ?? own.minute,
    second: inRange('sec', numberAt(table, 'sec'), 0, 60) ?? own.second,
    nanosecond: nanosecond ?? own.nanosecond,
    offsetMinutes,
  };
  return datetimeOf(time);
}

function fromTimestamp(timestamp: number, nanosecond: number | undefined, offsetMinutes: number): Datetime {
  const seconds = Math.floor(timestamp);
  if (nanosecond !== undefined) {
    if (seconds !== timestamp) {
      throw runtimeError('only integer values allowed in timestamp if nsec, usec, or msecs provided');
    }
    return new Datetime(seconds, nanosecond, offsetMinutes);
  }
  return new Datetime(seconds, Math.floor((timestamp - seconds) * NANOSECONDS_PER_SECOND), offsetMinutes);
}

function dayAt(table: LuaTable, year: number, month: number): number | undefined {
  const day = numberAt(table, 'day');
  if (day === undefined) return undefined;
  const last = daysInMonth(year, month);
  if (day === LAST_DAY) return last;
  inRange('day', day, 1, 31);
  if (day > last) throw runtimeError(`invalid number of days ${day} in month ${month} for ${year}`);
  return day;
}

const EPOCH = new Datetime(0);

function checkDatetime(value: LuaValue): DatetimeValue {
  if (value instanceof DatetimeValue) return value;
  throw runtimeError(`expected datetime, but received ${typeOf(value)}`);
}

/** An interval, or a table of its fields. */
function intervalOf(value: LuaValue): Interval {
  if (value instanceof IntervalValue) return value.value;
  if (value === undefined) return new Interval({ adjust: DEFAULT_ADJUST });
  if (!(value instanceof LuaTable)) throw runtimeError(`expected interval or table, but received ${typeOf(value)}`);
  const fields: Record<string, number> = {};
  for (const [name, field] of Object.entries(INTERVAL_FIELDS)) {
    const number = numberAt(value, name);
    if (number !== undefined) fields[field] = Math.trunc(number);
  }
  const nanosecond = intervalNanoseconds(value);
  if (nanosecond !== undefined) fields['nanosecond'] = nanosecond;
  const adjust = value.getString('adjust');
  const kind: IntervalAdjust = adjust === undefined ? DEFAULT_ADJUST : adjustOf(adjust);
  return new Interval({ ...fields, adjust: kind } as IntervalFields);
}

function intervalNanoseconds(table: LuaTable): number | undefined {
  const given = (['nsec', 'usec', 'msec'] as const).filter((name) => table.getString(name) !== undefined);
  if (given.length > 1) throw runtimeError('only one of nsec, usec or msecs may be defined simultaneously');
  const [name] = given;
  return name === undefined
    ? undefined
    : (numberAt(table, name) ?? 0) * { nsec: 1, usec: 1_000, msec: 1_000_000 }[name];
}

function totable(value: Datetime): LuaTable {
  const time = localTime(value);
  return tableOf({
    year: time.year,
    month: time.month,
    day: time.day,
    hour: time.hour,
    min: time.minute,
    sec: time.second,
    nsec: time.nanosecond,
    wday: time.weekday,
    yday: time.dayOfYear,
    isdst: false,
    tzoffset: time.offsetMinutes,
  });
}

const METHODS: ReadonlyMap<string, LuaFunction> = new Map([
  [
    'format',
    plainFunction((self, format) => {
      const { value } = checkDatetime(self);
      if (format === undefined) return datetimeText(value);
      if (typeof format !== 'string') throw runtimeError(`expected string, but received ${typeOf(format)}`);
      return formatDatetime(value, format);
    }),
  ],
  ['totable', plainFunction((self) => totable(checkDatetime(self).value))],
  [
    'set',
    plainFunction((self, fields) => {
      const datetime = checkDatetime(self);
      if (!(fields instanceof LuaTable)) throw runtimeError(`expected table, but received ${typeOf(fields)}`);
      datetime.value = withFields(datetime.value, fields);
      return datetime;
    }),
  ],
  ['add', changeBy(1)],
  ['sub', changeBy(-1)],
]);

function changeBy(sign: 1 | -1): LuaFunction {
  return plainFunction((self, interval) => {
    const datetime = checkDatetime(self);
    datetime.value = addInterval(datetime.value, intervalOf(interval), sign);
    return datetime;
  });
}

function parse(text: LuaValue, options: LuaValue): ParsedDatetime | null {
  if (typeof text !== 'string') throw runtimeError(`expected string, but received ${typeOf(text)}`);
  const table = options instanceof LuaTable ? options : new LuaTable();
  const offset = offsetAt(table) ?? 0;
  const format = table.getString('format');
  if (format === undefined || format === 'iso8601' || format === 'rfc3339') return parseIsoDatetime(text, offset);
  if (typeof format !== 'string') throw runtimeError(`expected string, but received ${typeOf(format)}`);
  return parseWithFormat(text, format, offset);
}

export function createDatetimeLibrary(clock: Clock): LuaTable {
  defineDatetimeMethods(METHODS);
  const interval = tableOf({
    new: plainFunction((fields) => new IntervalValue(intervalOf(fields))),
    is_interval: plainFunction((value) => value instanceof IntervalValue),
  });
  return tableOf({
    new: plainFunction((fields) => {
      if (fields === undefined) return new DatetimeValue(EPOCH);
      if (!(fields instanceof LuaTable)) throw runtimeError(`expected table, but received ${typeOf(fields)}`);
      return new DatetimeValue(withFields(EPOCH, fields));
    }),
    now: plainFunction(() => new DatetimeValue(fromTimestamp(clock.realtimeSeconds(), undefined, 0))),
    parse: plainFunction((text, options) => {
      const parsed = parse(text, options);
      if (parsed === null) throw runtimeError(`could not parse '${String(text)}'`);
      return [new DatetimeValue(parsed.value), parsed.length];
    }),
    is_datetime: plainFunction((value) => value instanceof DatetimeValue),
    interval,
  });
}
