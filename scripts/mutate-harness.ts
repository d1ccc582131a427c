/**
 * What the tests of a pure room use of vitest, for `mutate.ts`: they run at once, in order, and the first that fails ends
 * the process. Starting the real one takes longer than most mutants live.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';

type Row = unknown;

const afterwards: (() => void)[] = [];

export function describe(_name: string, body: () => void): void {
  afterwards.length = 0;
  body();
  for (const each of afterwards) each();
}

export function test(_name: string, body: () => void): void {
  body();
}
test.each =
  <Each extends Row>(rows: readonly Each[]) =>
  (_name: string, body: (row: Each) => void): void => {
    for (const row of rows) body(row);
  };
export const it = test;

export function afterAll(body: () => void): void {
  afterwards.push(body);
}

export function expect(
  actual: unknown,
): ReturnType<typeof expectations> & Readonly<{ not: ReturnType<typeof negated> }> {
  return { ...expectations(actual), not: negated(actual) };
}

function expectations(actual: unknown) {
  return {
    toBe: (expected: unknown) => strictEqual(actual, expected),
    toBeNull: () => strictEqual(actual, null),
    toBeUndefined: () => strictEqual(actual, undefined),
    toEqual: (expected: unknown) => deepStrictEqual(actual, expected),
    toMatchObject: (expected: unknown) => deepStrictEqual(likeness(actual, expected), expected),
    toContain: (expected: unknown) => ok(Array.isArray(actual) && actual.includes(expected)),
    toBeGreaterThan: (expected: number) => ok(Number(actual) > expected),
    toThrow: (expected: RegExp | string) => ok(throws(actual, expected)),
  };
}

function negated(actual: unknown) {
  return {
    toBe: (expected: unknown) => ok(actual !== expected),
    toThrow: () => ok(typeof actual === 'function' && actual() !== null),
  };
}

function throws(action: unknown, expected: RegExp | string): boolean {
  try {
    if (typeof action === 'function') action();
    return false;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return typeof expected === 'string' ? text.includes(expected) : expected.test(text);
  }
}

/** The part of `actual` that `expected` speaks of. */
function likeness(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return actual.map((each: unknown, place) => likeness(each, expected[place]));
  }
  if (!isObject(actual) || !isObject(expected) || Object.getPrototypeOf(expected) !== Object.prototype) return actual;
  return Object.fromEntries(Object.entries(expected).map(([key, each]) => [key, likeness(actual[key], each)]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
