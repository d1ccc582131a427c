import { expect, it } from 'vitest';
import { SimulatedWorld } from '../../sim/env/index.ts';
import { AssertionError, boxError } from '../base/index.ts';
import type { CommandLine } from '../env/index.ts';
import { Lifetime } from './lifetime.ts';

function fixture() {
  const world = new SimulatedWorld(1);
  const host = world.addHost('one');
  const env = host.createEnv();
  const exits: number[] = [];
  let uncaught: (error: unknown) => void = () => undefined;
  const commandLine: CommandLine = {
    words: [],
    environment: {},
    scriptProgram: '',
    nodeVersion: 'v20.0.0',
    terminal: {
      isInteractive: false,
      isErrorScreen: false,
      screenColumns: null,
      writeOutput: () => undefined,
      writeError: () => undefined,
      openLineEditor: () => {
        throw new Error('not used');
      },
    },
    writeBytes: () => undefined,
    writeErrorBytes: () => undefined,
    readInput: () => Promise.resolve(new Uint8Array()),
    changeDirectory: () => undefined,
    isBackground: false,
    respawnInBackground: () => undefined,
    onUncaughtError: (handler) => (uncaught = handler),
    // The real one does not return.
    exit: ((code: number) => {
      exits.push(code);
      host.kill();
    }) as CommandLine['exit'],
  };
  const lifetime = new Lifetime(env, commandLine);
  const run = (durationMs: number): Promise<void> => world.run(world.nowMs + durationMs);
  const messages = (): string[] => host.log.map((record) => record.message);
  return { world, host, env, lifetime, exits, run, messages, uncaught: (error: unknown) => uncaught(error) };
}

const NEVER = new Promise<void>(() => undefined);

function instance(stop: () => Promise<void>, checkpoint: () => Promise<void> = () => Promise.resolve()) {
  return { stop, checkpoint };
}

it('a signal stops the instance, once, and ends with 0', async () => {
  const { host, lifetime, exits, run } = fixture();
  let stops = 0;
  let ends = 0;
  lifetime.onEnd = () => ends++;
  const isToRun = lifetime.started(
    instance(() => {
      stops++;
      return Promise.resolve();
    }),
  );
  host.signal('SIGTERM');
  await run(10);
  expect({ isToRun, stops, ends, exits }).toEqual({ isToRun: true, stops: 1, ends: 1, exits: [0] });
});

it('a second signal ends at once with 1', async () => {
  const { host, lifetime, exits, run } = fixture();
  lifetime.started(instance(() => NEVER));
  host.signal('SIGTERM');
  await run(1000);
  expect(exits).toEqual([]);
  host.signal('SIGINT');
  await run(10);
  expect(exits).toEqual([1]);
});

it('a signal while the instance starts ends without it after a while', async () => {
  const { host, exits, run, messages } = fixture();
  host.signal('SIGTERM');
  await run(1000);
  expect(exits).toEqual([]);
  expect(messages()).toContain('stopping: SIGTERM');
  await run(60_000);
  expect(exits).toEqual([0]);
});

it('an instance that starts behind the signal is stopped', async () => {
  const { host, lifetime, exits, run } = fixture();
  let stops = 0;
  host.signal('SIGTERM');
  await run(100);
  const isToRun = lifetime.started(
    instance(() => {
      stops++;
      return Promise.resolve();
    }),
  );
  await run(100);
  expect({ isToRun, stops, exits }).toEqual({ isToRun: false, stops: 1, exits: [0] });
});

it('a failure stops the instance and ends with 1', async () => {
  const { lifetime, exits, run, messages, uncaught } = fixture();
  lifetime.started(instance(() => Promise.resolve()));
  uncaught(boxError('WAL_IO'));
  await run(10);
  expect(exits).toEqual([1]);
  expect(messages()).toContain(boxError('WAL_IO').message);
});

it('a failure whose stop does not come to an end still ends', async () => {
  const { lifetime, exits, run } = fixture();
  lifetime.started(instance(() => NEVER));
  lifetime.fail(new Error('disk'));
  await run(60_000);
  expect(exits).toEqual([1]);
});

it('a broken invariant ends at once, without a stop', () => {
  const { lifetime, exits } = fixture();
  let stops = 0;
  lifetime.started(
    instance(() => {
      stops++;
      return NEVER;
    }),
  );
  lifetime.fail(new AssertionError('broken'));
  expect({ exits, stops }).toEqual({ exits: [1], stops: 0 });
});

it('SIGUSR1 makes a snapshot; its failure is told and nothing else', async () => {
  const { host, lifetime, exits, run, messages } = fixture();
  let snapshots = 0;
  host.signal('SIGUSR1');
  await run(10);
  lifetime.started(
    instance(
      () => NEVER,
      () => {
        snapshots++;
        return Promise.reject(boxError('CHECKPOINT_IN_PROGRESS'));
      },
    ),
  );
  host.signal('SIGUSR1');
  await run(10);
  expect(snapshots).toBe(1);
  expect(exits).toEqual([]);
  expect(messages().filter((message) => message.startsWith('SIGUSR1'))).toEqual([
    'SIGUSR1: no snapshot is made while the instance starts or stops',
    `SIGUSR1: the snapshot failed: ${boxError('CHECKPOINT_IN_PROGRESS').message}`,
  ]);
});
