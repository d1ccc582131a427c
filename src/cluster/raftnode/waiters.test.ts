import { expect, it } from 'vitest';
import { boxError } from '../../base/index.ts';
import { Waiters } from './waiters.ts';

const FOREVER = 1e9;

/** The outcomes of promises, in the order in which they come. */
function watch(outcomes: string[], name: string, promise: Promise<unknown>): void {
  promise.then(
    (result) => outcomes.push(`${name} ${String(result)}`),
    (error: unknown) => outcomes.push(`${name} ${String(error)}`),
  );
}

const turn = (): Promise<void> => Promise.resolve().then(() => undefined);

it('all who wait for the same hear of it, and nobody else', async () => {
  const [waiters, outcomes] = [new Waiters<string>(), [] as string[]];
  watch(outcomes, 'one', waiters.add(5, FOREVER));
  watch(outcomes, 'two', waiters.add(5, FOREVER));
  watch(outcomes, 'three', waiters.add(6, FOREVER));
  expect([...waiters.keys(), waiters.size]).toEqual([5, 6, 3]);
  waiters.resolve(5, 'five');
  waiters.resolve(4, 'four');
  await turn();
  expect(outcomes).toEqual(['one five', 'two five']);
  waiters.rejectAll(boxError('TIMEOUT'));
  await turn();
  expect(outcomes.at(-1)).toBe('three BoxError: Timeout exceeded');
  expect(waiters.size).toBe(0);
});

it('each has a deadline of its own', async () => {
  const [waiters, outcomes] = [new Waiters<string>(), [] as string[]];
  watch(outcomes, 'patient', waiters.add(1, 200));
  watch(outcomes, 'hasty', waiters.add(1, 100));
  waiters.expire(99, () => boxError('TIMEOUT'));
  await turn();
  expect(outcomes).toEqual([]);
  waiters.expire(100, () => boxError('TIMEOUT'));
  await turn();
  expect([outcomes, waiters.size]).toEqual([['hasty BoxError: Timeout exceeded'], 1]);
  waiters.resolve(1, 'at last');
  await turn();
  expect(outcomes.at(-1)).toBe('patient at last');
  expect([...waiters.keys(), waiters.size]).toEqual([0]);
});

it('one is rejected by what it waits for', async () => {
  const [waiters, outcomes] = [new Waiters<string>(), [] as string[]];
  watch(outcomes, 'one', waiters.add(1, FOREVER));
  waiters.reject(1, boxError('TIMEOUT'));
  await turn();
  expect(outcomes).toEqual(['one BoxError: Timeout exceeded']);
});
