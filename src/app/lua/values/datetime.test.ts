import { describe, expect, it } from 'vitest';
import { Datetime, Interval } from '../../../codec/msgpack/index.ts';
import { addInterval, datetimeText, DatetimeValue, IntervalValue } from './datetime.ts';
import { formatDatetime, parseIsoDatetime, parseOffset, parseWithFormat } from './datetime-text.ts';

/** 2022-01-31T10:05:01.123+0300 */
const JANUARY = new Datetime(1_643_612_701, 123_000_000, 180);

describe('datetimes', () => {
  it('print with as much of a fraction as there is', () => {
    expect(datetimeText(JANUARY)).toBe('2022-01-31T10:05:01.123+0300');
    expect(datetimeText(new Datetime(0))).toBe('1970-01-01T00:00:00Z');
    expect(datetimeText(new Datetime(-1, 1, -90))).toBe('1969-12-31T22:29:59.000000001-0130');
  });

  it('read what they print', () => {
    for (const value of [JANUARY, new Datetime(0), new Datetime(1_700_000_000, 5_000, -720)]) {
      const text = datetimeText(value);
      const parsed = parseIsoDatetime(text, 0);
      expect(parsed).toEqual({ value, length: text.length });
    }
    expect(parseIsoDatetime('2022-02-30', 0)).toBeNull();
    expect(parseIsoDatetime('20220131T100000Z', 0)?.value.seconds).toBe(1_643_623_200);
  });

  it('add months as the calendar counts them', () => {
    const month = (adjust: 0 | 1 | 2): string =>
      datetimeText(addInterval(JANUARY, new Interval({ month: 1, adjust }), 1));
    expect(month(1)).toBe('2022-02-28T10:05:01.123+0300');
    expect(month(0)).toBe('2022-03-03T10:05:01.123+0300');
    const february = addInterval(JANUARY, new Interval({ month: 1, adjust: 1 }), 1);
    expect(datetimeText(addInterval(february, new Interval({ month: 1, adjust: 2 }), 1))).toBe(
      '2022-03-31T10:05:01.123+0300',
    );
  });

  it('are formatted and read by directives', () => {
    const format = '%d/%m/%Y %I:%M:%S %p %z';
    const text = formatDatetime(JANUARY, format);
    expect(text).toBe('31/01/2022 10:05:01 AM +0300');
    expect(parseWithFormat(text, format, 0)?.value).toEqual(new Datetime(JANUARY.seconds, 0, 180));
    expect(parseWithFormat('31/13/2022', '%d/%m/%Y', 0)).toBeNull();
    expect(formatDatetime(JANUARY, '%j %a %b %3f %%')).toBe('031 Mon Jan 123 %');
  });

  it('know offsets', () => {
    expect(['Z', '+03:00', '-0130', '+05', 'x'].map(parseOffset)).toEqual([0, 180, -90, 300, null]);
  });

  it('differ by intervals', () => {
    const difference = new DatetimeValue(JANUARY).arithmetic(
      'sub',
      new DatetimeValue(JANUARY),
      new DatetimeValue(new Datetime(1_643_612_701 - 3_600, 123_000_000, 180)),
    );
    expect(difference).toBeInstanceOf(IntervalValue);
    expect((difference as IntervalValue).toText()).toBe('+1 hours');
  });
});
