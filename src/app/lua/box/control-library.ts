/** `box.ctl`, `box.once`, `box.snapshot`, `box.backup` and `box.watch`: what concerns the instance as a whole. */
import { BoxError, boxError, ERROR_TABLE } from '../../../base/index.ts';
import { SYSTEM_SPACE } from '../../../engine/catalog/index.ts';
import { waitFor, waitForPromise } from '../fibers/fiber.ts';
import { checkNumber } from '../runtime/arguments.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import {
  LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { byteStringOf, textOf } from './byte-strings.ts';
import type { BoxContext } from './context.ts';
import type { SchemaRows } from './schema/schema-rows.ts';
import { TriggerList } from './trigger-list.ts';

const POLL_MS = 10;
const PRIMARY = 0;

/** `onSchemaInit` is filled before there is an engine, and called by whoever starts one. */
export function createControlLibrary(context: BoxContext, onSchemaInit: TriggerList): LuaTable {
  const { box, machine } = context;
  const library = new LuaTable();
  const wait = (isReadOnly: boolean): LuaFunction =>
    suspendableFunction(function* (...values) {
      const timeoutSeconds = values[0] === undefined ? Infinity : checkNumber(values, 1);
      const deadlineMs = machine.env.clock.monotonicMs() + timeoutSeconds * 1000;
      while (box.statements.isReadOnly !== isReadOnly) {
        if (machine.env.clock.monotonicMs() >= deadlineMs) throw timedOut();
        yield* pause(context);
      }
      return NO_VALUES;
    });
  library.setString('wait_ro', wait(true));
  library.setString('wait_rw', wait(false));
  library.setString('on_schema_init', triggerFunction(onSchemaInit));
  library.setString('on_shutdown', triggerFunction(shutdownTriggers(context)));
  const nothing = plainFunction(() => NO_VALUES);
  for (const name of ['clear_synchro_queue', 'promote', 'demote']) library.setString(name, nothing);
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

function* pause({ machine }: BoxContext): Generator<object, void, unknown> {
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
