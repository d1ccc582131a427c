import { expect, it } from 'vitest';
import { SimulatedWorld } from '../../sim/env/index.ts';
import { Logger } from '../env/index.ts';
import { Watchdog } from './watchdog.ts';

function fixture() {
  const world = new SimulatedWorld(1);
  const host = world.addHost('one');
  const env = host.createEnv();
  const watchdog = new Watchdog(env.clock, env.timers, new Logger(env.log, 'watchdog'));
  watchdog.start();
  return { world, host, watchdog };
}

it('a thread that is free is not spoken of', async () => {
  const { world, host, watchdog } = fixture();
  await world.run(60_000);
  expect(host.log).toEqual([]);
  expect(watchdog.held).toEqual({ count: 0, longestMs: 0 });
});

it('a hold is warned of with its length', async () => {
  const { world, host, watchdog } = fixture();
  await world.run(1000);
  host.freeze(500);
  await world.run(2000);
  const [record] = host.log;
  expect(record).toMatchObject({ level: 'warn', module: 'watchdog' });
  expect(record?.message).toMatch(/held for (49|50)\d ms/);
  expect(watchdog.held.count).toBe(1);
});

it('many holds are one line in a while, with the longest', async () => {
  const { world, host, watchdog } = fixture();
  for (let second = 1; second <= 30; second++) {
    await world.run(second * 1000);
    host.freeze(second === 7 ? 300 : 50);
  }
  await world.run(60_000);
  expect(watchdog.held.count).toBe(30);
  expect(host.log.length).toBeLessThan(6);
  expect(host.log.some(({ message }) => /up to (29|30)\d ms/.test(message))).toBe(true);
});

it('after the stop nothing is measured', async () => {
  const { world, host, watchdog } = fixture();
  watchdog.stop();
  host.freeze(500);
  await world.run(2000);
  expect(host.log).toEqual([]);
});
