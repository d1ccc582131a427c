/** `box.ctl`, `box.once`, `box.snapshot`, `box.backup` and `box.watch`: what concerns the instance as a whole. */
import { BoxError, boxError, defined, ERROR_TABLE } from '../../../base/index.ts';
import type { Box, InstanceControl } from '../../../engine/box/index.ts';
import { SYSTEM_SPACE } from '../../../engine/catalog/index.ts';
import { waitFor, waitForPromise } from '../fibers/fiber.ts';
import { checkNumber } from '../runtime/arguments.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import {
  LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import type { LuaMachine } from '../lua-machine.ts';
import { byteStringOf, textOf } from './byte-strings.ts';
import type { BoxContext } from './context.ts';
import type { SchemaRows } from './schema/schema-rows.ts';
import { TriggerList } from './trigger-list.ts';

const POLL_MS = 10;
const PRIMARY = 0;

/** What there is before the database: waiting for it. */
export function createEarlyControlLibrary(machine: LuaMachine, box: () => Box | null): LuaTable {
  const wait = (isReadOnly: boolean): LuaFunction =>
    suspendableFunction(function* (...values) {
      const timeoutSeconds = values[0] === undefined ? Infinity : checkNumber(values, 1);
      const deadlineMs = machine.env.clock.monotonicMs() + timeoutSeconds * 1000;
      let seen = box();
      for (;;) {
        const current = box();
        // A database begins read-only, and may be writable before anybody has looked.
        const hasBegun = seen === null && current !== null;
        if (hasBegun && isReadOnly) break;
        seen = current;
        if (current !== null && current.statements.isReadOnly === isReadOnly) break;
        if (machine.env.clock.monotonicMs() >= deadlineMs) throw timedOut();
        yield* pause(machine);
      }
      return NO_VALUES;
    });
  return tableOf({ wait_ro: wait(true), wait_rw: wait(false) });
}

/** `onSchemaInit` is filled before there is an engine, and called by whoever starts one. */
export function createControlLibrary(context: BoxContext, onSchemaInit: TriggerList): LuaTable {
  const { box } = context;
  const library = createEarlyControlLibrary(context.machine, () => box);
  library.setString('on_schema_init', triggerFunction(onSchemaInit));
  library.setString('on_shutdown', triggerFunction(shutdownTriggers(context)));
  const asking = (ask: (control: InstanceControl) => Promise<void>): LuaFunction =>
    suspendableFunction(function* () {
      yield* waitForPromise(ask(defined(box.control, 'the instance around the engine')));
      return NO_VALUES;
    });
  library.setString(
    'promote',
    asking((control) => control.promote()),
  );
  library.setString(
    'demote',
    asking((control) => control.demote()),
  );
  library.setString(
    'clear_synchro_queue',
    asking((control) => control.clearSynchroQueue()),
  );
  library.setString(
    'is_recovery_finished',
    plainFunction(() => !box.statements.isRecovering),
  );
  return library;
}

/** As the system names it, without the words of error 78. */
function timedOut(): BoxError {
  return new BoxError(ERROR_TABLE.SYSTEM.code, 'timed out', { type: 'TimedOut' });
}

export function triggerFunction(list: TriggerList): LuaFunction {
  return plainFunction((replacement, former) => list.change(replacement, former));
}

function* pause(machine: LuaMachine): Generator<object, void, unknown> {
  yield* waitFor<undefined>((wake) => {
    const timer = machine.env.timers.after(POLL_MS, () => wake({ value: undefined }));
    return () => timer.cancel();
  });
}

/** Each trigger runs in a fiber of its own and is waited for as long as the instance waits for its hooks. */
function shutdownTriggers({ box, machine }: BoxContext): TriggerList {
  const registered = new Map<LuaFunction, () => Promise<void>>();
  return new TriggerList({
    add: (code) => {
      const hook = async (): Promise<void> => {
        await machine.run('shutdown', box.adminSession, code, [], Infinity);
      };
      registered.set(code, hook);
      box.onShutdown.unshift(hook);
    },
    remove: (code) => {
      const at = box.onShutdown.indexOf(registered.get(code)!);
      if (at >= 0) box.onShutdown.splice(at, 1);
    },
  });
}

/** `box.once(key, function, ...)`: calls the function once in the life of the data. */
export function onceFunction(context: BoxContext, rows: SchemaRows): LuaFunction {
  return suspendableFunction(function* (key, code, ...values) {
    if (typeof key !== 'string' || !(code instanceof LuaFunction)) {
      throw boxError('ILLEGAL_PARAMS', 'Usage: box.once(key, func, ...)');
    }
    const mark = `once${key}`;
    if (rows.get(SYSTEM_SPACE.schema, [mark], PRIMARY) !== undefined) return NO_VALUES;
    rows.replace(SYSTEM_SPACE.schema, [mark]);
    yield* context.durable();
    return yield* context.runtime.call(code, values);
  });
}

export function snapshotFunction(context: BoxContext): LuaFunction {
  const { box } = context;
  return suspendableFunction(function* () {
    if (box.control === null) throw runtimeError('the instance does not run yet');
    yield* waitForPromise(box.control.snapshot(), 'none');
    return 'ok';
  });
}

export function createBackupLibrary({ box }: BoxContext): LuaTable {
  const library = new LuaTable();
  library.setString(
    'start',
    plainFunction((...values) => {
      const checkpointsBack = values[0] === undefined ? 0 : checkNumber(values, 1);
      if (checkpointsBack < 0) throw runtimeError('invalid checkpoint index');
      return new LuaTable([...(box.control?.startBackup(checkpointsBack) ?? [])].map(byteStringOf));
    }),
  );
  library.setString(
    'stop',
    plainFunction(() => {
      box.control?.stopBackup();
      return NO_VALUES;
    }),
  );
  return library;
}

/** `box.broadcast` and `box.watch`. */
export function watchFunctions(context: BoxContext): Record<string, LuaFunction> {
  const { box, codec } = context;
  return {
    broadcast: plainFunction((key, value) => {
      if (typeof key !== 'string') throw boxError('ILLEGAL_PARAMS', 'Usage: box.broadcast(key, value)');
      if (key.startsWith('box.')) throw boxError('ILLEGAL_PARAMS', "System event can't be overriden");
      const writer = context.borrow();
      try {
        codec.write(writer, value);
        box.broadcasts.announce(textOf(key), value === undefined ? null : writer.toBytes());
      } finally {
        context.giveBack(writer);
      }
      return NO_VALUES;
    }),
    watch: plainFunction((key, code): LuaResult => {
      if (typeof key !== 'string' || !(code instanceof LuaFunction)) {
        throw boxError('ILLEGAL_PARAMS', 'Usage: box.watch(key, function)');
      }
      return watch(context, key, code);
    }),
  };
}

/** Calls the function with the value as it is, and again whenever it changes; one call at a time. */
function watch(context: BoxContext, key: string, code: LuaFunction): LuaTable {
  const { box, machine, codec } = context;
  const name = textOf(key);
  let isRunning = false;
  let isStale = false;
  let isOpen = true;
  const value = (): LuaValue => {
    const bytes = box.broadcasts.value(name);
    return bytes === null ? undefined : codec.read(bytes, 0);
  };
  const notify = (): void => {
    isStale = true;
    if (isRunning || !isOpen) return;
    isRunning = true;
    machine.env.timers.endOfTurn(() => {
      isStale = false;
      const end = (): void => {
        isRunning = false;
        if (isStale) notify();
      };
      machine.run('watcher', box.adminSession, code, [key, value()], Infinity).then(end, (error: unknown) => {
        box.onTriggerFailure(error);
        end();
      });
    });
  };
  box.broadcasts.listen(name, notify);
  notify();
  const handle = new LuaTable();
  handle.setString(
    'unregister',
    plainFunction(() => {
      isOpen = false;
      box.broadcasts.unlisten(name, notify);
      return NO_VALUES;
    }),
  );
  return handle;
}
