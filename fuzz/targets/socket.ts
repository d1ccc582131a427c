/**
 * A server process of its own and real sockets: frames of all kinds, connections closed at any moment. The process must
 * go on to serve, and its memory must not grow without end. Skipped without a build.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SeededRandom } from '../../src/base/index.ts';
import { joined, mutated, randomBytes } from '../generate.ts';
import { drawFrame } from '../requests.ts';
import { Finding, require, type FuzzTarget } from '../target.ts';

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const PROGRAM = join(PROJECT, 'bin', 'picodata');
const START_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 20_000;
const POLL_MS = 20;
const FRAMES_PER_CONNECTION = 100;
const GREETING_BYTES = 128;
const PING = Uint8Array.of(0xce, 0, 0, 0, 5, 0x82, 0x00, 0x40, 0x01, 0x07);
/** Far more than the server needs, far less than a leak of every frame would make. */
const RESIDENT_BYTES_MAX = 1024 * 1024 * 1024;

export const SOCKET: FuzzTarget = {
  name: 'socket',
  smokeCases: 10_000,
  longCases: 500_000,
  run: async (random, cases, onCase) => {
    if (!existsSync(join(PROJECT, 'dist', 'cli.js'))) {
      console.log('fuzz: the target socket is skipped: there is no dist/cli.js');
      return;
    }
    const directory = await mkdtemp(join(tmpdir(), 'fuzz-'));
    const port = await freePort();
    const server = startServer(directory, port);
    try {
      await untilServing(server, port);
      for (let done = 0; done < cases; done += FRAMES_PER_CONNECTION) {
        onCase(done);
        await disturb(random, port, Math.min(FRAMES_PER_CONNECTION, cases - done));
        require(server.child.exitCode === null, `the server has ended:\n${server.log()}`);
        if ((done / FRAMES_PER_CONNECTION) % 20 === 19) await untilServing(server, port);
      }
      await untilServing(server, port);
      const residentBytes = residentBytesOf(server.child.pid ?? 0);
      require(residentBytes < RESIDENT_BYTES_MAX, `the server has grown to ${residentBytes} bytes`);
    } finally {
      server.child.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    }
  },
};

type Server = Readonly<{ child: ChildProcess; log: () => string }>;

function startServer(directory: string, port: number): Server {
  const args = ['run', '--listen', `127.0.0.1:${port}`, '--data-dir', directory, '--wal-max-size', '1M'];
  const child = spawn(PROGRAM, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill('SIGKILL'));
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Uint8Array) => {
      log = (log + Buffer.from(chunk).toString()).slice(-8192);
    });
  }
  return { child, log: () => log };
}

/** Until a PING is answered on a new connection. */
async function untilServing(server: Server, port: number): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (server.child.exitCode !== null) throw new Finding(`the server has ended:\n${server.log()}`);
    if (Date.now() > deadlineMs) throw new Finding(`the server does not answer:\n${server.log()}`);
    if (await isAnswering(port)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = 0;
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => finish(false));
    socket.on('connect', () => socket.write(PING));
    socket.on('data', (chunk: Uint8Array) => {
      received += chunk.length;
      if (received > GREETING_BYTES) finish(true);
    });
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
  });
}

/** One connection: frames in pieces, then an end of any kind. What the server says is read, or sometimes not. */
async function disturb(random: SeededRandom, port: number, frames: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    socket.on('error', () => undefined);
  });
  socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
  if (random.chance(0.9)) socket.resume();
  for (let left = frames; left > 0 && socket.writable; left -= 10) {
    const bytes = joined(...Array.from({ length: Math.min(10, left) }, () => drawBytes(random)));
    await write(socket, bytes, ended);
  }
  if (random.chance(0.5)) socket.destroy();
  else {
    socket.resume();
    socket.end();
  }
  await ended;
}

function drawBytes(random: SeededRandom): Uint8Array {
  if (random.chance(0.01)) return randomBytes(random, 200);
  return random.chance(0.9) ? drawFrame(random) : mutated(drawFrame(random), random);
}

function write(socket: Socket, bytes: Uint8Array, ended: Promise<void>): Promise<void> {
  const written = new Promise<void>((resolve) => {
    socket.write(bytes, () => resolve());
  });
  return Promise.race([written, ended]);
}

function residentBytesOf(pid: number): number {
  const file = `/proc/${pid}/statm`;
  if (!existsSync(file)) return 0;
  return Number(readFileSync(file, 'utf8').split(' ')[1]) * 4096;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('a listening socket has no port'));
      });
    });
  });
}
