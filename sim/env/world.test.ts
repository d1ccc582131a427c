import { describe, expect, it } from 'vitest';
import type { Stream, WorkerMessage } from '../../src/env/index.ts';
import { SimulatedWorld, type SimulatedHost } from './index.ts';

type History = { readonly trace: string[]; readonly digest: string; readonly log: readonly unknown[] };

/** Two machines that talk, write and lose power: all kinds of events. */
async function runBusyWorld(seed: number): Promise<History> {
  const trace: string[] = [];
  const world = new SimulatedWorld(seed, { onTrace: (atMs, what) => trace.push(`${atMs} ${what}`) });
  world.registerWorkerEntry('log', (env, channel) => {
    channel.onMessage((message: WorkerMessage) => {
      const file = env.files.open('/wal', 'update');
      file.write(message as Uint8Array, 0, (message as Uint8Array).length, file.sizeBytes());
      file.sync();
      file.close();
      channel.post(env.clock.monotonicMs());
    });
  });
  const [server, client] = [world.addHost('server'), world.addHost('client')];
  bootServer(server);
  bootClient(client);
  await world.run(200);
  server.crash();
  await world.run(400);
  bootServer(server);
  client.freeze(100);
  await world.run(2000);
  return { trace, digest: world.traceDigest(), log: [...server.log, ...client.log] };
}

function bootServer(host: SimulatedHost): void {
  const env = host.createEnv();
  const worker = env.workers.start('log', null, {
    onMessage: (message) => env.log.write('info', 'worker', String(message)),
    onFailure: (error) => host.world.fail(error),
  });
  const accept = (stream: Stream): void => {
    stream.start({
      onData: (chunk) => {
        const bytes = chunk.slice();
        worker.post(bytes);
        stream.write(bytes);
      },
      onEnd: () => stream.end(),
      onDrain: () => undefined,
      onClose: (error) => env.log.write('info', 'server', 'closed', { code: error?.code ?? 'none' }),
    });
  };
  void env.network.listen({ kind: 'tcp', host: 'server', port: 3301 }, accept);
}

function bootClient(host: SimulatedHost): void {
  const env = host.createEnv();
  const serve = async (): Promise<void> => {
    for (;;) {
      try {
        const stream = await env.network.connect({ kind: 'tcp', host: 'server', port: 3301 }, 50);
        await new Promise<void>((resolve) => {
          stream.start({
            onData: (chunk) =>
              env.log.write('info', 'client', 'data', { size: chunk.length, at: env.clock.realtimeSeconds() }),
            onEnd: () => undefined,
            onDrain: () => undefined,
            onClose: () => resolve(),
          });
          const bytes = new Uint8Array(env.random.uint32() % 5000);
          env.random.fill(bytes);
          stream.write(bytes);
          env.timers.after(env.random.uint32() % 30, () => stream.end());
          env.timers.after(60, () => stream.destroy());
        });
      } catch (error) {
        env.log.write('warn', 'client', String(error));
        await env.timers.sleep(5);
      }
    }
  };
  void serve();
}

describe('the simulated world', () => {
  it('repeats itself from the seed, and differs with another', async () => {
    const first = await runBusyWorld(42);
    const second = await runBusyWorld(42);
    const other = await runBusyWorld(43);
    expect(first.trace.length).toBeGreaterThan(500);
    expect(second).toEqual(first);
    expect(other.digest).not.toBe(first.digest);
  });

  it('runs promise continuations between events', async () => {
    const world = new SimulatedWorld(1);
    const env = world.addHost('one').createEnv();
    const order: string[] = [];
    const chain = async (name: string): Promise<void> => {
      await env.timers.sleep(1);
      for (let step = 0; step < 30; step++) await Promise.resolve();
      order.push(name);
    };
    void chain('a');
    void chain('b');
    env.timers.after(1, () => order.push('c'));
    await world.run(10);
    expect(order).toEqual(['a', 'b', 'c']);
    expect(world.nowMs).toBe(10);
  });

  it('ends a run by what nobody caught, with seed and time', async () => {
    const world = new SimulatedWorld(7);
    const env = world.addHost('one').createEnv();
    env.timers.after(5, () => {
      throw new Error('lost');
    });
    await expect(world.run(100)).rejects.toThrow(/seed 7, 5 ms, one#1 main timer/);
    env.timers.after(1, () => env.process.abort('broken invariant'));
    await expect(world.run(200)).rejects.toThrow('one#1 main: broken invariant');
    expect(world.host('one')?.isRunning).toBe(false);
  });

  it('ends a run that goes on without end', async () => {
    const world = new SimulatedWorld(1, { eventLimit: 1000 });
    const env = world.addHost('one').createEnv();
    const again = (): void => env.timers.endOfTurn(again);
    again();
    await expect(world.run(1e9)).rejects.toThrow('limit of events');
  });

  it('does nothing for an instance that was killed', async () => {
    const world = new SimulatedWorld(3);
    const host = world.addHost('one');
    const env = host.createEnv();
    let calls = 0;
    env.timers.every(1, () => calls++);
    env.timers.endOfTurn(() => calls++);
    void env.timers.sleep(5).then(() => calls++);
    void env.network.listen({ kind: 'tcp', host: 'one', port: 1 }, () => calls++).then(() => calls++);
    host.kill();
    env.log.write('error', 'zombie', 'unheard');
    env.files.open('/ghost', 'create').close();
    env.timers.after(1, () => calls++);
    await world.run(100);
    expect(calls).toBe(0);
    expect(host.log).toEqual([]);
    expect(host.createEnv().files.status('/ghost')).toBeNull();
  });

  it('lets a slow disk and a frozen machine hold up their own threads only', async () => {
    const world = new SimulatedWorld(5);
    const [slow, quick] = [world.addHost('slow'), world.addHost('quick')];
    const order: string[] = [];
    const slowEnv = slow.createEnv();
    const quickEnv = quick.createEnv();
    slow.faults.add({ operations: ['sync'], probability: 1, effect: { kind: 'slow', leastMs: 50, mostMs: 60 } });
    slowEnv.timers.after(10, () => order.push(`slow ${slowEnv.clock.monotonicMs() >= 50}`));
    quickEnv.timers.after(10, () => order.push('quick'));
    const file = slowEnv.files.open('/a', 'create');
    file.sync();
    expect(slowEnv.clock.monotonicMs()).toBeGreaterThanOrEqual(50);
    quickEnv.timers.after(200, () => order.push('quick late'));
    slowEnv.timers.after(100, () => order.push('slow late'));
    slow.freeze(500);
    await world.run(1000);
    expect(order).toEqual(['quick', 'quick late', 'slow true', 'slow late']);
  });
});

describe('the simulated network', () => {
  it('delays over a blocked way, in order, and lets new connections time out', async () => {
    const world = new SimulatedWorld(11);
    const [near, far] = [world.addHost('near'), world.addHost('far')];
    const [nearEnv, farEnv] = [near.createEnv(), far.createEnv()];
    const received: number[] = [];
    void farEnv.network.listen({ kind: 'tcp', host: '0.0.0.0', port: 3301 }, (stream) =>
      stream.start({
        onData: (chunk) => received.push(...chunk),
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      }),
    );
    await world.run(1);
    let stream: Stream | null = null;
    void nearEnv.network.connect({ kind: 'tcp', host: 'far', port: 3301 }, 1000).then((made) => (stream = made));
    expect(await world.runUntil(() => stream !== null, 1000)).toBe(true);
    world.internet.partition([near], [far]);
    for (let value = 0; value < 50; value++) (stream as Stream | null)?.write(Uint8Array.of(value));
    let code = '';
    nearEnv.network.connect({ kind: 'tcp', host: 'far', port: 3301 }, 300).catch((error: { code: string }) => {
      code = error.code;
    });
    await world.run(5000);
    expect(received).toEqual([]);
    expect(code).toBe('ETIMEDOUT');
    world.internet.heal();
    await world.run(6000);
    expect(received).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('is silent about a machine without power, and resets after it came back', async () => {
    const world = new SimulatedWorld(12);
    const [near, far] = [world.addHost('near'), world.addHost('far')];
    const nearEnv = near.createEnv();
    void far.createEnv().network.listen({ kind: 'tcp', host: 'far', port: 3301 }, () => undefined);
    await world.run(1);
    const closes: string[] = [];
    let made: Stream | null = null;
    void nearEnv.network.connect({ kind: 'tcp', host: 'far', port: 3301 }, 1000).then((stream) => {
      made = stream;
      stream.start({
        onData: () => undefined,
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: (error) => closes.push(error?.code ?? 'none'),
      });
    });
    await world.run(100);
    far.crash();
    (made as Stream | null)?.write(Uint8Array.of(1));
    await world.run(10_000);
    expect(closes).toEqual([]);
    far.createEnv();
    (made as Stream | null)?.write(Uint8Array.of(1));
    await world.run(20_000);
    expect(closes).toEqual(['ECONNRESET']);
  });

  it('spoils chunks after the call and reads written bytes late', async () => {
    const world = new SimulatedWorld(13);
    const env = world.addHost('one').createEnv();
    const kept: Uint8Array[] = [];
    let made: Stream | null = null;
    void env.network
      .listen({ kind: 'unix', path: '/socket' }, (stream) =>
        stream.start({
          onData: (chunk) => kept.push(chunk),
          onEnd: () => undefined,
          onDrain: () => undefined,
          onClose: () => undefined,
        }),
      )
      .then(() => env.network.connect({ kind: 'unix', path: '/socket' }, 100))
      .then((stream) => (made = stream));
    await world.runUntil(() => made !== null, 1000);
    for (let count = 0; count < 20; count++) (made as Stream | null)?.write(Uint8Array.of(1, 2, 3));
    await world.run(1000);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.flatMap((chunk) => [...chunk]).every((byte) => byte === 0xee)).toBe(true);
  });
});
