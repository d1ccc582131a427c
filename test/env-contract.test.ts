/** What both implementations of the ports promise, tested on both. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../src/base/index.ts';
import {
  CryptoError,
  FileError,
  type Address,
  type Env,
  type Listener,
  type Stream,
  type StreamHandlers,
  type WorkerMessage,
} from '../src/env/index.ts';
import { HARNESSES, type Harness } from './fixtures/env-harness.ts';

const utf8 = new TextEncoder();
const QUIET: StreamHandlers = {
  onData: () => undefined,
  onEnd: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FileError && error.errno > 0) return error.code;
    throw error;
  }
  return 'none';
}

function randomBytes(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new SeededRandom(seed).fill(bytes);
  return bytes;
}

/** A promise and how to fulfil it. */
function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

describe.each(HARNESSES)('the ports: $name', ({ open }) => {
  let harness: Harness;
  let env: Env;
  const inDirectory = (name: string): string => env.files.join(harness.directory, name);

  beforeEach(async () => {
    harness = await open();
    env = harness.env;
  });
  afterEach(() => harness.close());

  describe('cryptography', () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

    it('digests, with and without a key', () => {
      expect(hex(env.crypto.digest('sha1', utf8.encode('abc')))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
      const key = new Uint8Array(20).fill(0x0b);
      // The first case of RFC 4231.
      expect(hex(env.crypto.hmac('sha224', key, utf8.encode('Hi There')))).toBe(
        '896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22',
      );
      expect(() => env.crypto.digest('md4', key)).toThrow(CryptoError);
    });

    it('derives keys', () => {
      const derived = env.crypto.pbkdf2(utf8.encode('passwd'), utf8.encode('salt'), 1, 8);
      // RFC 7914, section 11.
      expect(hex(derived)).toBe('55ac046e56e3089f');
    });

    it('decrypts what it has encrypted, and refuses what it has not', () => {
      const key = randomBytes(1, 32);
      const vector = randomBytes(2, 16);
      const text = randomBytes(3, 1000);
      const encrypt = env.crypto.cipher('aes-256-cbc', 'encrypt', key, vector);
      const encrypted = [encrypt.update(text), encrypt.final()];
      const decrypt = env.crypto.cipher('aes-256-cbc', 'decrypt', key, vector);
      const parts = [...encrypted.map((bytes) => decrypt.update(bytes)), decrypt.final()];
      expect(hex(Buffer.concat(parts))).toBe(hex(text));
      const damaged = env.crypto.cipher('aes-256-cbc', 'decrypt', key, vector);
      damaged.update(text.subarray(0, 15));
      expect(() => damaged.final()).toThrow(CryptoError);
    });
  });

  describe('files', () => {
    it('keep what was written, at any position', () => {
      const path = inDirectory('a');
      const file = env.files.open(path, 'create');
      file.write(utf8.encode('..hello.'), 2, 5, 3);
      expect(file.sizeBytes()).toBe(8);
      file.sync();
      file.close();
      file.close();
      expect(codeOf(() => file.sync())).toBe('EBADF');
      const again = env.files.open(path, 'update');
      const target = new Uint8Array(10);
      expect(again.read(target, 1, 9, 0)).toBe(8);
      expect([...target]).toEqual([0, 0, 0, 0, ...utf8.encode('hello'), 0]);
      expect(again.read(target, 0, 5, 8)).toBe(0);
      again.truncate(4);
      again.truncate(6);
      expect(again.read(target, 0, 10, 0)).toBe(6);
      expect([...target.subarray(0, 6)]).toEqual([0, 0, 0, 0x68, 0, 0]);
      again.close();
    });

    it('fail with the names of the system', () => {
      const { files } = env;
      files.open(inDirectory('file'), 'create').close();
      files.makeDirectories(inDirectory('x/y'));
      files.makeDirectories(inDirectory('x/y'));
      expect(codeOf(() => files.open(inDirectory('file'), 'create'))).toBe('EEXIST');
      expect(codeOf(() => files.open(inDirectory('none'), 'read'))).toBe('ENOENT');
      expect(codeOf(() => files.open(inDirectory('none/none'), 'update'))).toBe('ENOENT');
      expect(codeOf(() => files.open(inDirectory('x'), 'read'))).toBe('EISDIR');
      expect(codeOf(() => files.open(inDirectory('x'), 'update'))).toBe('EISDIR');
      expect(codeOf(() => files.open('a\0b', 'read'))).toBe('EINVAL');
      expect(codeOf(() => files.list(inDirectory('none')))).toBe('ENOENT');
      expect(codeOf(() => files.list(inDirectory('file')))).toBe('ENOTDIR');
      expect(codeOf(() => files.remove(inDirectory('none')))).toBe('ENOENT');
      expect(codeOf(() => files.remove(inDirectory('x')))).toBe('ENOTEMPTY');
      expect(codeOf(() => files.rename(inDirectory('none'), inDirectory('b')))).toBe('ENOENT');
      expect(codeOf(() => files.makeDirectories(inDirectory('file')))).toBe('EEXIST');
      expect(codeOf(() => files.makeDirectories(inDirectory('file/sub')))).toBe('ENOTDIR');
      expect(codeOf(() => files.syncDirectory(inDirectory('none')))).toBe('ENOENT');
      const readOnly = files.open(inDirectory('file'), 'read');
      expect(codeOf(() => readOnly.write(Uint8Array.of(1), 0, 1, 0))).toBe('EBADF');
      expect(codeOf(() => readOnly.truncate(0))).toBe('EINVAL');
      readOnly.close();
    });

    it('list, describe, rename and remove', () => {
      const { files } = env;
      for (const name of ['b', 'a', 'C']) files.open(inDirectory(name), 'create').close();
      expect(files.list(harness.directory)).toEqual(['C', 'a', 'b']);
      expect(files.status(inDirectory('none'))).toBeNull();
      expect(files.status(inDirectory('a/below'))).toBeNull();
      expect(files.status(harness.directory)?.kind).toBe('directory');
      const before = files.status(inDirectory('a'));
      expect(before).toMatchObject({ kind: 'file', sizeBytes: 0 });
      expect(Math.abs((before?.modifiedSeconds ?? 0) - env.clock.realtimeSeconds())).toBeLessThan(60);
      files.rename(inDirectory('a'), inDirectory('b'));
      files.syncDirectory(harness.directory);
      expect(files.status(inDirectory('b'))?.inode).toBe(before?.inode);
      files.remove(inDirectory('b'));
      files.makeDirectories(inDirectory('d'));
      files.remove(inDirectory('d'));
      expect(files.list(harness.directory)).toEqual(['C']);
      expect(files.freeBytes(harness.directory)).toBeGreaterThan(0);
      expect(files.join('/a', '../b', 'c')).toBe('/b/c');
      expect(files.absolute('/a/../b')).toBe('/b');
    });

    it('lock a directory once', () => {
      const lock = env.files.lockDirectory(harness.directory);
      expect(lock).not.toBeNull();
      expect(env.files.lockDirectory(harness.directory)).toBeNull();
      lock?.release();
      lock?.release();
      const again = env.files.lockDirectory(harness.directory);
      expect(again).not.toBeNull();
      again?.release();
      expect(codeOf(() => env.files.lockDirectory(inDirectory('none')))).toBe('ENOENT');
    });
  });

  describe('time', () => {
    it('goes on, in the order of the delays', async () => {
      const order: string[] = [];
      const started = env.clock.monotonicMs();
      const done = deferred<null>();
      env.timers.after(40, () => done.resolve(null));
      env.timers.after(20, () => order.push('20'));
      env.timers.after(1, () => order.push('1'));
      env.timers.after(3, () => order.push('cancelled')).cancel();
      env.timers.endOfTurn(() => order.push('end of turn'));
      order.push('now');
      await harness.settle(done.promise);
      expect(order[0]).toBe('now');
      expect(order.slice(1).sort()).toEqual(['1', '20', 'end of turn']);
      expect(order.indexOf('1')).toBeLessThan(order.indexOf('20'));
      expect(env.clock.monotonicMs()).toBeGreaterThan(started);
    });

    it('repeats until it is cancelled, also from inside', async () => {
      let count = 0;
      const timer = env.timers.every(2, () => {
        count++;
        if (count === 3) timer.cancel();
      });
      await harness.settle(env.timers.sleep(100));
      expect(count).toBe(3);
    });

    it('lets timers run between slices of work', async () => {
      let isOver = false;
      let slices = 0;
      env.timers.after(5, () => {
        isOver = true;
      });
      const work = async (): Promise<void> => {
        while (!isOver) {
          slices++;
          await new Promise<void>((resolve) => env.timers.nextTurn(resolve));
        }
      };
      await harness.settle(work());
      expect(slices).toBeGreaterThan(1);
    });

    it('ends a turn with what its end has led to, before the next events', async () => {
      const order: string[] = [];
      const done = deferred<null>();
      env.timers.after(1, () => {
        env.timers.nextTurn(() => {
          env.timers.nextTurn(() => {
            order.push('next turn');
            done.resolve(null);
          });
        });
        env.timers.endOfTurn(() => {
          void Promise.resolve().then(() => {
            order.push('promise');
            env.timers.endOfTurn(() => order.push('answer'));
          });
          order.push('end');
        });
      });
      await harness.settle(done.promise);
      expect(order).toEqual(['end', 'promise', 'answer', 'next turn']);
    });

    it('waits for delays beyond the range of a timer of Node', async () => {
      let isEarly = false;
      const timer = env.timers.after(2 ** 31 + 5, () => {
        isEarly = true;
      });
      await harness.settle(env.timers.sleep(20));
      expect(isEarly).toBe(false);
      timer.cancel();
    });
  });

  describe('network', () => {
    async function pair(address: Address): Promise<{ listener: Listener; near: Stream; far: Stream }> {
      const accepted = deferred<Stream>();
      const listener = await harness.settle(env.network.listen(address, accepted.resolve));
      const near = await harness.settle(env.network.connect(listener.address, 5000));
      return { listener, near, far: await harness.settle(accepted.promise) };
    }
    const tcp = (): Address => ({ kind: 'tcp', host: 'localhost', port: 0 });

    it('carries bytes in both directions, whole and in order', async () => {
      const { listener, near, far } = await pair(tcp());
      const sent = randomBytes(7, 1_500_000);
      const received: Buffer[] = [];
      const done = deferred<number>();
      let written = 0;
      far.start({ ...QUIET, onData: (chunk) => far.write(chunk.slice()), onEnd: () => far.end() });
      near.start({
        ...QUIET,
        onData: (chunk) => received.push(Buffer.from(chunk)),
        onEnd: () => done.resolve(Buffer.concat(received).length),
      });
      const random = new SeededRandom(3);
      for (let position = 0; position < sent.length;) {
        const length = 1 + random.below(100_000);
        const order = position;
        near.write(sent.subarray(position, position + length), () => {
          expect(order).toBeGreaterThanOrEqual(written);
          written = order;
        });
        position += length;
      }
      near.end();
      expect(await harness.settle(done.promise)).toBe(sent.length);
      expect(Buffer.compare(Buffer.concat(received), sent)).toBe(0);
      expect(written).toBeGreaterThan(0);
      await harness.settle(listener.close());
    });

    it('names peers as box.session.peer does', async () => {
      const { listener, near, far } = await pair(tcp());
      expect(far.peer).toMatch(/^(127\.0\.0\.1|\[::1\]):\d+$/);
      expect(near.peer).toMatch(/:\d+$/);
      const unix = await pair({ kind: 'unix', path: inDirectory('socket') });
      expect(unix.far.peer).toBe('unix/:(socket)');
      for (const stream of [near, unix.near]) stream.destroy();
      for (const stream of [far, unix.far]) stream.destroy();
      await harness.settle(listener.close());
      await harness.settle(unix.listener.close());
    });

    it('holds a sender up while the receiver pauses, and tells when it is through', async () => {
      const { listener, near, far } = await pair(tcp());
      let receivedBytes = 0;
      const drained = deferred<number>();
      far.start({ ...QUIET, onData: (chunk) => (receivedBytes += chunk.length) });
      far.pause();
      near.start({ ...QUIET, onDrain: () => drained.resolve(near.queuedBytes) });
      const bytes = new Uint8Array(1 << 20);
      let queuedBytes = 0;
      for (let count = 0; count < 64; count++) queuedBytes = near.write(bytes);
      expect(queuedBytes).toBe(near.queuedBytes);
      await harness.settle(env.timers.sleep(50));
      expect(near.queuedBytes).toBeGreaterThan(0);
      expect(receivedBytes).toBeLessThan(64 << 20);
      far.resume();
      expect(await harness.settle(drained.promise)).toBe(0);
      near.destroy();
      far.destroy();
      await harness.settle(listener.close());
    });

    it('runs the callbacks of writes once, in order and before the close, when the connection is destroyed', async () => {
      const { listener, near, far } = await pair(tcp());
      far.start(QUIET);
      far.pause();
      const order: number[] = [];
      const closed = deferred<number>();
      near.start({ ...QUIET, onClose: (error) => closed.resolve(error === null ? order.length : -1) });
      const bytes = new Uint8Array(1 << 20);
      for (let count = 0; count < 40; count++) near.write(bytes, () => order.push(count));
      expect(order).toEqual([]);
      await harness.settle(env.timers.sleep(20));
      near.destroy();
      near.write(bytes, () => order.push(40));
      const before = order.length;
      expect(before).toBeLessThan(40);
      expect(await harness.settle(closed.promise)).toBe(41);
      expect(order).toEqual(Array.from({ length: 41 }, (_, index) => index));
      far.destroy();
      await harness.settle(listener.close());
    });

    it('closes each direction by itself', async () => {
      const { listener, near, far } = await pair(tcp());
      const received: string[] = [];
      const closes: unknown[] = [];
      const done = deferred<null>();
      const onClose = (error: unknown): void => {
        closes.push(error);
        if (closes.length === 2) done.resolve(null);
      };
      near.start({ ...QUIET, onData: (chunk) => received.push(Buffer.from(chunk).toString()), onClose });
      far.start({
        ...QUIET,
        onEnd: () => {
          far.write(utf8.encode('after your end'));
          far.end();
        },
        onClose,
      });
      near.end();
      await harness.settle(done.promise);
      expect(received.join('')).toBe('after your end');
      expect(closes).toEqual([null, null]);
      await harness.settle(listener.close());
    });

    it('tells the other end of a destroyed one', async () => {
      const { listener, near, far } = await pair(tcp());
      const gone = deferred<string>();
      far.start({
        ...QUIET,
        onEnd: () => gone.resolve('end'),
        onClose: (error) => gone.resolve(error?.code ?? 'null'),
      });
      near.destroy();
      expect(['end', 'ECONNRESET']).toContain(await harness.settle(gone.promise));
      far.destroy();
      await harness.settle(listener.close());
    });

    it('refuses where nobody listens and where somebody does', async () => {
      const { listener, near, far } = await pair(tcp());
      const { address } = listener;
      const taken = harness.settle(env.network.listen(address, () => undefined));
      await expect(taken).rejects.toMatchObject({ name: 'NetworkError', code: 'EADDRINUSE' });
      await harness.settle(listener.close());
      const refused = harness.settle(env.network.connect(address, 5000));
      await expect(refused).rejects.toMatchObject({ name: 'NetworkError', code: 'ECONNREFUSED' });
      // A connection outlives the listener that accepted it.
      const heard = deferred<number>();
      far.start({ ...QUIET, onData: (chunk) => heard.resolve(chunk.length) });
      near.write(Uint8Array.of(1));
      expect(await harness.settle(heard.promise)).toBe(1);
      near.destroy();
      far.destroy();
      const again = await harness.settle(env.network.listen(address, () => undefined));
      await harness.settle(again.close());
    });
  });

  describe('workers', () => {
    it('answer in order, take what is transferred, and end after the last message', async () => {
      const messages: WorkerMessage[] = [];
      const failures: Error[] = [];
      const worker = env.workers.start(
        'log',
        { file: inDirectory('made') },
        { onMessage: (message) => messages.push(message), onFailure: (error) => failures.push(error) },
      );
      const bytes = Uint8Array.of(1, 2, 3);
      worker.post([1, { two: null }]);
      worker.post(bytes, [bytes.buffer]);
      expect(bytes.length).toBe(0);
      for (let index = 0; index < 50; index++) worker.post(index);
      expect(messages).toEqual([]);
      await harness.settle(worker.stop());
      await harness.settle(worker.stop());
      expect(failures).toEqual([]);
      expect(messages.slice(0, 3)).toEqual([
        inDirectory('made'),
        { echo: [1, { two: null }], hasClock: true },
        { bytes: Uint8Array.of(2, 3, 4) },
      ]);
      expect(messages.slice(3)).toEqual([
        ...Array.from({ length: 50 }, (_, index) => ({ echo: index, hasClock: true })),
        'stopped',
      ]);
      const made = env.files.open(inDirectory('made'), 'read');
      const count = new Uint8Array(1);
      made.read(count, 0, 1, 0);
      made.close();
      expect(count[0]).toBe(52);
    });

    it('tell of their failure once', async () => {
      const failures: string[] = [];
      const failed = deferred<null>();
      const worker = env.workers.start(
        'log',
        { file: inDirectory('made') },
        {
          onMessage: () => undefined,
          onFailure: (error) => {
            failures.push(error.message);
            failed.resolve(null);
          },
        },
      );
      worker.post('fail');
      await harness.settle(failed.promise);
      worker.post('into the void');
      await harness.settle(worker.stop());
      expect(failures).toEqual(['asked to fail']);
    });
  });

  it('digests and compression are the known ones', () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const parts = [utf8.encode('a'), utf8.encode('bc')];
    expect(hex(env.crypto.sha1(...parts))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(hex(env.crypto.md5(...parts))).toBe('900150983cd24fb0d6963f7d28e17f72');
    expect(hex(env.crypto.sha256(...parts))).toMatch(
      /^ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad$/,
    );
    const content = randomBytes(4, 10_000);
    const packed = env.compression.zstdCompress(content, 3);
    expect(hex(packed.subarray(0, 4))).toBe('28b52ffd');
    expect(hex(env.compression.zstdDecompress(packed, 10_000))).toBe(hex(content));
    expect(() => env.compression.zstdDecompress(packed, 9_999)).toThrow();
  });

  it('randomness fills and varies', () => {
    const bytes = new Uint8Array(64);
    env.random.fill(bytes);
    expect(new Set(bytes).size).toBeGreaterThan(8);
    const numbers = Array.from({ length: 1000 }, () => env.random.uint32());
    expect(new Set(numbers).size).toBeGreaterThan(990);
    expect(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32)).toBe(true);
  });

  it('a script that is not there is refused', async () => {
    await expect(harness.settle(env.scripts.importModule(inDirectory('none.mjs')))).rejects.toThrow(
      'Cannot find module',
    );
  });
});
