/**
 * `fiber.channel`: a queue of values between fibers. Who puts into a full one waits for a reader, and who gets from an
 * empty one for a writer; those who wait are served in the order in which they came.
 */
import { typeError } from '../../runtime/arguments.ts';
import { UsageError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import { toNumber } from '../../runtime/types.ts';
import { type LuaFunction, LuaUserdata, type LuaValue, NO_VALUES } from '../../runtime/values.ts';
import { plainFunction, suspendableFunction } from '../../runtime/values.ts';
import { type FiberHost, testCancel, Waiters } from './context.ts';

type Writer = { readonly value: LuaValue; isTaken: boolean };
type Reader = { value: LuaValue; isServed: boolean };

class Channel<Session> {
  readonly size: number;
  readonly readers = new Waiters<Reader>();
  readonly writers = new Waiters<Writer>();
  readonly #host: FiberHost<Session>;
  readonly #values: LuaValue[] = [];
  isClosed = false;

  constructor(host: FiberHost<Session>, size: number) {
    this.#host = host;
    this.size = size;
  }

  get count(): number {
    return this.#values.length;
  }

  /** False if there was no room in time, or the channel is closed. */
  *put(value: LuaValue, timeoutMs: number): Generator<object, boolean, unknown> {
    if (this.isClosed) return false;
    const reader = this.readers.wakeFirst();
    if (reader !== undefined) {
      reader.value = value;
      reader.isServed = true;
      return true;
    }
    if (this.#values.length < this.size) {
      this.#values.push(value);
      return true;
    }
    const writer: Writer = { value, isTaken: false };
    const deadlineMs = this.#host.clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = this.#leftMs(timeoutMs, deadlineMs);
      if (leftMs <= 0) return false;
      yield* this.writers.wait(this.#host, leftMs, writer);
      if (writer.isTaken) return true;
      if (this.isClosed) return false;
      // Woken by somebody else, with a place that may have become free meanwhile.
    }
  }

  /** Nil if nothing came in time, or the channel is closed. */
  *get(timeoutMs: number): Generator<object, LuaValue, unknown> {
    if (this.isClosed) return undefined;
    if (this.#values.length > 0) {
      const value = this.#values.shift();
      const writer = this.writers.wakeFirst();
      if (writer !== undefined) this.#values.push(take(writer));
      return value;
    }
    const writer = this.writers.wakeFirst();
    if (writer !== undefined) return take(writer);
    const reader: Reader = { value: undefined, isServed: false };
    const deadlineMs = this.#host.clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = this.#leftMs(timeoutMs, deadlineMs);
      if (leftMs <= 0) return undefined;
      yield* this.readers.wait(this.#host, leftMs, reader);
      if (reader.isServed) return reader.value;
      if (this.isClosed) return undefined;
    }
  }

  /** What was put and not got is lost. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#values.length = 0;
    this.readers.wakeAll();
    this.writers.wakeAll();
  }

  /** Time that is left to wait. Throws if the fiber was cancelled. */
  #leftMs(timeoutMs: number, deadlineMs: number): number {
    testCancel(this.#host);
    return timeoutMs === Infinity ? Infinity : Math.min(timeoutMs, deadlineMs - this.#host.clock.monotonicMs());
  }
}

function take(writer: Writer): LuaValue {
  writer.isTaken = true;
  return writer.value;
}

/** The function `fiber.channel`. */
export function createChannelConstructor<Session>(host: FiberHost<Session>): LuaFunction {
  const metatable = new LuaTable();
  metatable.setString('__metatable', 'fiber.channel');
  metatable.setString('__index', metatable);
  for (const [name, code] of Object.entries(channelMethods())) metatable.setString(name, code);
  return plainFunction((...values) => {
    const size = values[0] === undefined ? 0 : toNumber(values[0]);
    if (size === undefined) throw new UsageError('fiber.channel(size): bad arguments');
    if (size < 0) throw new UsageError('fiber.channel(size): negative size');
    return new LuaUserdata(new Channel(host, Math.trunc(size)), metatable);
  });
}

function channelMethods(): Record<string, LuaFunction> {
  const getter = (name: string, read: (channel: Channel<unknown>) => LuaValue): LuaFunction =>
    plainFunction((...values) => read(channelOf(values, `${name}()`)));
  return {
    __tostring: plainFunction((...values) => {
      const channel = channelOf(values, 'tostring()');
      return `channel: ${channel.isClosed ? 'closed' : channel.count}`;
    }),
    put: suspendableFunction(function* (...values) {
      const timeout = timeoutOf(values[2]);
      if (values.length < 2 || timeout === null) throw new UsageError('usage: channel:put(var [, timeout])');
      return yield* channelOf(values, 'put(var [, timeout])').put(values[1], timeout * 1000);
    }),
    get: suspendableFunction(function* (...values) {
      const timeout = timeoutOf(values[1]);
      if (values.length < 1 || timeout === null) throw new UsageError('usage: channel:get([timeout])');
      return yield* channelOf(values, 'get([timeout])').get(timeout * 1000);
    }),
    close: plainFunction((...values) => {
      channelOf(values, 'close()').close();
      return NO_VALUES;
    }),
    is_closed: getter('is_closed', ({ isClosed }) => isClosed),
    count: getter('count', ({ count }) => count),
    size: getter('size', ({ size }) => size),
    is_empty: getter('is_empty', ({ count }) => count === 0),
    is_full: getter('is_full', ({ count, size }) => count >= size),
    has_readers: getter('has_readers', ({ readers }) => !readers.isEmpty),
    has_writers: getter('has_writers', ({ writers }) => !writers.isEmpty),
  };
}

/** Seconds, Infinity if absent; null for what is no timeout. */
function timeoutOf(value: LuaValue): number | null {
  if (value === undefined) return Infinity;
  const timeout = toNumber(value);
  return timeout === undefined || timeout < 0 ? null : timeout;
}

function channelOf(values: readonly LuaValue[], usage: string): Channel<unknown> {
  const [value] = values;
  if (values.length === 0) throw new UsageError(`usage: channel:${usage}`);
  if (!(value instanceof LuaUserdata) || !(value.payload instanceof Channel)) {
    throw typeError(value, 1, 'fiber.channel');
  }
  return value.payload as Channel<unknown>;
}
