/** The library `fiber`: making fibers, finding them, ending them, and time. */
import { checkString, typeError } from '../../runtime/arguments.ts';
import { UsageError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import { toNumber } from '../../runtime/types.ts';
import {
  allOf,
  LuaFunction,
  type LuaExecution,
  LuaUserdata,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import { Integer64 } from '../../ffi/numbers.ts';
import { Fiber, waitFor } from '../fiber.ts';
import { createChannelConstructor } from './channel.ts';
import { createCondConstructor } from './cond.ts';
import { type FiberHost, sleep, testCancel } from './context.ts';
import { errorObject } from './errors.ts';
import { fiberInformation, fiberTop } from './statistics.ts';

const NAME_BYTES_MAX = 255;

export function createFiberLibrary<Session>(host: FiberHost<Session>): LuaTable {
  const library = new LuaTable();
  const objects = new FiberObjects(host);
  const functions: Record<string, LuaFunction> = {
    ...objects.functions,
    ...creators(host, objects),
    ...waits(host),
    ...times(host),
    channel: createChannelConstructor(host),
    cond: createCondConstructor(host),
    info: plainFunction((options) => fiberInformation(host, options)),
    top: plainFunction(() => fiberTop(host)),
    top_enable: plainFunction(() => {
      host.scheduler.isTimed = true;
      return NO_VALUES;
    }),
    top_disable: plainFunction(() => {
      host.scheduler.isTimed = false;
      return NO_VALUES;
    }),
  };
  for (const [name, code] of Object.entries(functions)) library.setString(name, code);
  return library;
}

function creators<Session>(host: FiberHost<Session>, objects: FiberObjects<Session>): Record<string, LuaFunction> {
  const { runtime, scheduler } = host;
  const createFiber = (name: string, values: readonly LuaValue[]): Fiber<Session> => {
    const [code] = values;
    if (!(code instanceof LuaFunction)) throw new UsageError(`fiber.${name}(function, ...): bad arguments`);
    const creator = running(host);
    const execution = runtime.call(code, values.slice(1));
    const fiber = scheduler.create('lua', creator.session, execution, creator.sliceLimitMs);
    fiber.door = creator.door;
    return fiber;
  };
  return {
    create: plainFunction((...values) => {
      const fiber = createFiber('create', values);
      scheduler.start(fiber);
      return objects.of(fiber);
    }),
    new: plainFunction((...values) => {
      const fiber = createFiber('new', values);
      scheduler.schedule(fiber);
      return objects.of(fiber);
    }),
  };
}

function waits<Session>(host: FiberHost<Session>): Record<string, LuaFunction> {
  function* pause(delayMs: number): LuaExecution {
    yield* sleep(host, delayMs);
    testCancel(host);
    return NO_VALUES;
  }
  return {
    sleep: suspendableFunction((...values) => {
      const delay = toNumber(values[0]);
      if (delay === undefined) throw new UsageError('fiber.sleep(delay): bad arguments');
      return pause(delay * 1000);
    }),
    yield: suspendableFunction(() => pause(0)),
    testcancel: plainFunction(() => {
      testCancel(host);
      return NO_VALUES;
    }),
  };
}

function times<Session>({ clock }: FiberHost<Session>): Record<string, LuaFunction> {
  const microseconds = (seconds: number): Integer64 => new Integer64(BigInt(Math.floor(seconds * 1e6)), true);
  return {
    time: plainFunction(() => clock.realtimeSeconds()),
    time64: plainFunction(() => microseconds(clock.realtimeSeconds())),
    clock: plainFunction(() => clock.monotonicMs() / 1000),
    clock64: plainFunction(() => microseconds(clock.monotonicMs() / 1000)),
  };
}

function running<Session>({ scheduler }: FiberHost<Session>): Fiber<Session> {
  const fiber = scheduler.current;
  if (fiber === null) throw new UsageError('there is no fiber here');
  return fiber;
}

/** Fibers as Lua sees them. */
class FiberObjects<Session> {
  readonly #host: FiberHost<Session>;
  readonly #metatable = new LuaTable();
  /** What is a function of the library; most of it is a method too. */
  readonly functions: Readonly<Record<'self' | 'find' | 'kill' | FiberMethod, LuaFunction>>;

  constructor(host: FiberHost<Session>) {
    this.#host = host;
    const metatable = this.#metatable;
    this.functions = this.#createFunctions();
    const { set_joinable, join, id, name, status, cancel, wakeup } = this.functions;
    const methods = { set_joinable, join, id, name, status, cancel, wakeup };
    for (const [key, code] of Object.entries(methods)) metatable.setString(key, code);
    metatable.setString(
      'testcancel',
      plainFunction(() => (testCancel(host), NO_VALUES)),
    );
    metatable.setString('__metatable', 'fiber');
    metatable.setString(
      '__index',
      plainFunction((...values) => {
        if (values[1] !== 'storage') return metatable.get(values[1]);
        return (this.#living(values).storage ??= new LuaTable());
      }),
    );
    metatable.setString(
      '__tostring',
      plainFunction((...values) => `fiber: ${this.#living(values).id}`),
    );
    metatable.setString(
      '__serialize',
      plainFunction((...values) => {
        const fiber = this.#living(values);
        const result = new LuaTable();
        result.setString('id', fiber.id);
        result.setString('name', fiber.name);
        result.setString('status', fiber.status);
        return result;
      }),
    );
  }

  of(fiber: Fiber<Session>): LuaUserdata {
    return (fiber.object ??= new LuaUserdata(fiber, this.#metatable));
  }

  #createFunctions(): Record<'self' | 'find' | 'kill' | FiberMethod, LuaFunction> {
    const { scheduler } = this.#host;
    const cancel = plainFunction((...values) => {
      const fiber = this.#living(values);
      scheduler.cancel(fiber);
      if (fiber === scheduler.current) testCancel(this.#host);
      return NO_VALUES;
    });
    return {
      self: plainFunction(() => this.of(running(this.#host))),
      find: plainFunction((...values) => {
        if (values.length !== 1) throw new UsageError('fiber.find(id): bad arguments');
        const fiber = scheduler.fibers.get(toNumber(values[0]) ?? 0);
        return fiber === undefined ? undefined : this.of(fiber);
      }),
      id: plainFunction((...values) => (values.length === 0 ? running(this.#host) : this.#fiberOf(values, false)).id),
      name: plainFunction((...values) => this.#name(values)),
      status: plainFunction((...values) =>
        values.length === 0 ? running(this.#host).status : this.#fiberOf(values, false).status,
      ),
      cancel,
      kill: cancel,
      wakeup: plainFunction((...values) => {
        scheduler.wakeUp(this.#living(values));
        return NO_VALUES;
      }),
      set_joinable: plainFunction((...values) => {
        if (values.length !== 2) throw new UsageError('fiber.set_joinable(id, yesno): bad arguments');
        const fiber = this.#living(values);
        fiber.isJoinable = values[1] !== undefined && values[1] !== false;
        if (!fiber.isJoinable && fiber.outcome !== null) scheduler.forget(fiber);
        return NO_VALUES;
      }),
      join: suspendableFunction((...values) => this.#join(values)),
    };
  }

  *#join(values: readonly LuaValue[]): LuaExecution {
    const { runtime, scheduler } = this.#host;
    const fiber = this.#living(values);
    if (!fiber.isJoinable) throw new UsageError('the fiber is not joinable');
    if (fiber.outcome === null) {
      yield* waitFor<undefined>((wake) => {
        fiber.onEnd.push(() => wake({ value: undefined }));
        return undefined;
      }, 'none');
    }
    const { outcome } = fiber;
    if (outcome === null || fiber.status === 'dead') throw new UsageError('the fiber is dead');
    scheduler.forget(fiber);
    if ('error' in outcome) return [false, yield* errorObject(runtime, outcome.error)];
    return [true, ...allOf(outcome.result)];
  }

  /** `name([fiber], [new name, [options]])` */
  #name(values: readonly LuaValue[]): LuaValue | readonly LuaValue[] {
    const isOther = this.#isFiber(values[0]);
    const fiber = isOther ? this.#living(values) : running(this.#host);
    const rest = isOther ? 1 : 0;
    if (values.length === rest) return fiber.name;
    const name = checkString(values, rest + 1);
    const options = values[rest + 1];
    const mayCut = options instanceof LuaTable && options.getString('truncate') === true;
    if (name.length > NAME_BYTES_MAX && !mayCut) throw new UsageError('Fiber name is too long');
    fiber.name = name.slice(0, NAME_BYTES_MAX);
    return NO_VALUES;
  }

  /** The first argument: a fiber that has not ended, or the id of one. */
  #living(values: readonly LuaValue[]): Fiber<Session> {
    const fiber = this.#fiberOf(values, true);
    if (fiber.status === 'dead') throw new UsageError('the fiber is dead');
    return fiber;
  }

  #isFiber(value: LuaValue): value is LuaUserdata {
    return value instanceof LuaUserdata && value.payload instanceof Fiber;
  }

  #fiberOf(values: readonly LuaValue[], isIdTaken: boolean): Fiber<Session> {
    const [value] = values;
    if (this.#isFiber(value)) return value.payload as Fiber<Session>;
    if (isIdTaken && typeof value === 'number') {
      const fiber = this.#host.scheduler.fibers.get(value);
      if (fiber === undefined) throw new UsageError('the fiber is dead');
      return fiber;
    }
    throw typeError(value, 1, 'fiber', values.length === 0);
  }
}

type FiberMethod = 'set_joinable' | 'join' | 'id' | 'name' | 'status' | 'cancel' | 'wakeup';
