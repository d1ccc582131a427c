import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateOfDays, dayOfWeek, dayOfYear, daysInMonth, daysOfDate } from './calendar.ts';

const MS_PER_DAY = 86_400_000;
/** What JavaScript's own calendar reaches. */
const DAYS = fc.integer({ min: -100_000_000, max: 100_000_000 });

describe('the calendar', () => {
  it('agrees with that of JavaScript', () => {
    fc.assert(
      fc.property(DAYS, (days) => {
        const date = new Date(days * MS_PER_DAY);
        expect(dateOfDays(days)).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        });
        expect(dayOfWeek(days)).toBe(date.getUTCDay());
      }),
    );
  });

  it('gives the day of a date back', () => {
    fc.assert(
      fc.property(DAYS, (days) => {
        const { year, month, day } = dateOfDays(days);
        expect(daysOfDate(year, month, day)).toBe(days);
      }),
    );
  });

  it('knows leap years', () => {
    expect([1900, 2000, 2023, 2024].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 28, 29]);
    expect(dayOfYear({ year: 2024, month: 12, day: 31 })).toBe(366);
  });
});
