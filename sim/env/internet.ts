/**
 * The network between simulated machines: who listens where, which ways are blocked, how long bytes travel.
 *
 * A blocked way delays, as TCP repeats what was lost: what was sent arrives, in order, once the way is free again.
 * Connections being made over a blocked way time out.
 */
import { NetworkError, type Address, type Listener, type Network, type Stream } from '../../src/env/index.ts';
import type { SimulatedHost } from './host.ts';
import { connectStreams, type SimulatedStream } from './stream.ts';
import type { SimulatedThread } from './thread.ts';
import type { SimulatedWorld } from './world.ts';

const LOCAL_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const ANY_NAMES: ReadonlySet<string> = new Set(['0.0.0.0', '::', '', '*']);
const FIRST_FREE_PORT = 32_768;

type ListeningSocket = Readonly<{
  thread: SimulatedThread;
  isLocalOnly: boolean;
  onConnection: (stream: Stream) => void;
}>;

export class SimulatedInternet {
  readonly world: SimulatedWorld;
  #leastDelayMs = 0.1;
  #mostDelayMs = 2;
  #connectionNumber = 0;
  #nextPort = FIRST_FREE_PORT;
  /** By host and `unix:path` or `tcp:port`. */
  readonly #listening = new Map<string, ListeningSocket>();
  readonly #streams = new Set<SimulatedStream>();
  readonly #blocked = new Set<string>();
  /** Ways that take longer than others. */
  readonly #slow = new Map<string, Readonly<{ leastMs: number; mostMs: number }>>();

  constructor(world: SimulatedWorld) {
    this.world = world;
  }

  /** How long bytes travel between machines; within one it is a tenth of that. */
  setDelay(leastMs: number, mostMs: number): void {
    this.#leastDelayMs = leastMs;
    this.#mostDelayMs = mostMs;
  }

  /** Nothing passes from one machine to the other until `unblock`. Blocks one direction. */
  block(from: SimulatedHost, to: SimulatedHost): void {
    this.#blocked.add(wayOf(from, to));
  }

  /** Bytes take so long from one machine to the other, until `heal`. One direction. */
  slowDown(from: SimulatedHost, to: SimulatedHost, leastMs: number, mostMs: number): void {
    this.#slow.set(wayOf(from, to), { leastMs, mostMs });
  }

  unblock(from: SimulatedHost, to: SimulatedHost): void {
    this.#blocked.delete(wayOf(from, to));
    this.#wakeAll();
  }

  /** Nothing passes between machines of different groups, in both directions; machines in no group are alone. */
  partition(...groups: readonly (readonly SimulatedHost[])[]): void {
    const hosts = groups.flat();
    this.#blocked.clear();
    for (const from of hosts) {
      for (const to of hosts) {
        if (!groups.some((group) => group.includes(from) && group.includes(to))) this.block(from, to);
      }
    }
    this.#wakeAll();
  }

  /** Frees all ways, and makes them as fast as any. */
  heal(): void {
    this.#blocked.clear();
    this.#slow.clear();
    this.#wakeAll();
  }

  /** Breaks all connections between two machines; both sides see a reset. */
  breakConnections(left: SimulatedHost, right: SimulatedHost): void {
    for (const stream of [...this.#streams]) {
      const isBetween =
        (stream.host === left && stream.peerHost === right) || (stream.host === right && stream.peerHost === left);
      if (isBetween) stream.breakDown('ECONNRESET');
    }
  }

  isBlocked(from: SimulatedHost, to: SimulatedHost): boolean {
    return from !== to && this.#blocked.has(wayOf(from, to));
  }

  delayMs(from: SimulatedHost, to: SimulatedHost): number {
    const slow = this.#slow.get(wayOf(from, to));
    if (slow !== undefined) return this.world.randomDelayMs(slow.leastMs, slow.mostMs);
    const share = from === to ? 0.1 : 1;
    return this.world.randomDelayMs(this.#leastDelayMs * share, this.#mostDelayMs * share);
  }

  nextConnectionNumber(): number {
    return ++this.#connectionNumber;
  }

  addStream(stream: SimulatedStream): void {
    this.#streams.add(stream);
  }

  removeStream(stream: SimulatedStream): void {
    this.#streams.delete(stream);
  }

  /** Open connection ends of a thread. */
  streamsOf(thread: SimulatedThread): readonly SimulatedStream[] {
    return [...this.#streams].filter((stream) => stream.thread === thread);
  }

  /** The Network port of one boot of a machine. */
  createNetwork(host: SimulatedHost, thread: SimulatedThread): Network {
    return {
      listen: (address, onConnection) => this.#listen(host, thread, address, onConnection),
      connect: (address, timeoutMs) => this.#connect(host, thread, address, timeoutMs),
    };
  }

  #listen(
    host: SimulatedHost,
    thread: SimulatedThread,
    address: Address,
    onConnection: (stream: Stream) => void,
  ): Promise<Listener> {
    return new Promise((resolve, reject) => {
      thread.schedule(0, 'listen', () => {
        const bound = address.kind === 'tcp' && address.port === 0 ? { ...address, port: this.#nextPort++ } : address;
        const key = keyOf(host, bound);
        if (this.#listening.get(key)?.thread.isAlive === true) {
          reject(new NetworkError('EADDRINUSE', `listen EADDRINUSE: address already in use ${describe(bound)}`));
          return;
        }
        if (bound.kind === 'tcp' && !isOwnName(host, bound.host)) {
          reject(new NetworkError('EADDRNOTAVAIL', `listen EADDRNOTAVAIL: address not available ${describe(bound)}`));
          return;
        }
        const isLocalOnly = bound.kind === 'unix' || LOCAL_NAMES.has(bound.host);
        const socket: ListeningSocket = { thread, isLocalOnly, onConnection };
        this.#listening.set(key, socket);
        resolve({
          address: bound,
          close: () => {
            if (this.#listening.get(key) === socket) this.#listening.delete(key);
            return new Promise((resolveClose) => {
              thread.schedule(0, 'listener closed', resolveClose);
            });
          },
        });
      });
    });
  }

  #connect(host: SimulatedHost, thread: SimulatedThread, address: Address, timeoutMs: number): Promise<Stream> {
    return new Promise((resolve, reject) => {
      let isSettled = false;
      const settle = (finish: () => void): void => {
        if (isSettled) return;
        isSettled = true;
        if (timer !== null) timer.isCancelled = true;
        finish();
      };
      const fail = (code: string): void =>
        settle(() => reject(new NetworkError(code, `connect ${code} ${describe(address)}`)));
      const timer = thread.schedule(timeoutMs, 'connect timeout', () => fail('ETIMEDOUT'));
      const target = address.kind === 'unix' || LOCAL_NAMES.has(address.host) ? host : this.world.host(address.host);
      if (target === undefined) {
        thread.schedule(this.delayMs(host, host), 'name not found', () => fail('ENOTFOUND'));
        return;
      }
      const label = `connect ${host.name}>${target.name}`;
      this.world.schedule(this.world.nowMs + this.delayMs(host, target), label, null, () => {
        // A machine without power, and a blocked way, answer nothing.
        if (isSettled || !thread.isAlive || !target.isUp || this.isBlocked(host, target)) return;
        const backMs = this.delayMs(target, host);
        const socket = this.#listening.get(keyOf(target, address));
        if (socket?.thread.isAlive !== true || (socket.isLocalOnly && target !== host)) {
          const code = address.kind === 'unix' && socket === undefined ? 'ENOENT' : 'ECONNREFUSED';
          thread.schedule(backMs, 'connect refused', () => fail(code));
          return;
        }
        const [here, there] = this.#makeConnection(host, thread, target, socket.thread, address);
        socket.thread.schedule(0, 'connection', () => socket.onConnection(there));
        thread.schedule(backMs, 'connected', () => {
          if (isSettled) here.destroy();
          else settle(() => resolve(here));
        });
      });
    });
  }

  #makeConnection(
    host: SimulatedHost,
    thread: SimulatedThread,
    target: SimulatedHost,
    targetThread: SimulatedThread,
    address: Address,
  ): readonly [SimulatedStream, SimulatedStream] {
    const isUnix = address.kind === 'unix';
    const ownName = target === host ? '127.0.0.1' : host.name;
    return connectStreams(
      this,
      { host, thread, peer: describe(address) },
      { host: target, thread: targetThread, peer: isUnix ? 'unix/:(socket)' : `${ownName}:${this.#nextPort++}` },
    );
  }

  #wakeAll(): void {
    for (const stream of [...this.#streams]) stream.wake();
  }
}

function wayOf(from: SimulatedHost, to: SimulatedHost): string {
  return `${from.name}>${to.name}`;
}

function keyOf(host: SimulatedHost, address: Address): string {
  return address.kind === 'unix' ? `${host.name} unix:${address.path}` : `${host.name} tcp:${address.port}`;
}

function isOwnName(host: SimulatedHost, name: string): boolean {
  return LOCAL_NAMES.has(name) || ANY_NAMES.has(name) || name === host.name;
}

function describe(address: Address): string {
  return address.kind === 'unix' ? `unix/:${address.path}` : `${address.host}:${address.port}`;
}
