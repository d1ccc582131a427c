/** The tables of numbers: a number that stands twice in one of them is a slip of the pen. */
import { expect, test } from 'vitest';
import * as constants from './constants.ts';

const tables = Object.entries(constants).flatMap(([name, value]): [string, number[]][] =>
  typeof value === 'object' ? [[name, Object.values(value)]] : [],
);

test.each(tables)('%s has no number twice', (_name, numbers) => {
  expect(new Set(numbers).size).toBe(numbers.length);
});
