/** Puts the libraries of the system into a Lua state, as packages that `require` finds. */
import { fiberHostOf } from '../fibers/machine-fibers.ts';
import type { LuaMachine } from '../lua-machine.ts';
import { LuaTable } from '../runtime/table.ts';
import type { LuaValue } from '../runtime/values.ts';
import { createChecks } from './checks.ts';
import { createClockLibrary } from './clock.ts';
import { createErrnoLibrary, SystemErrors } from './errno.ts';
import { createFioLibrary } from './fio.ts';
import { createLogLibrary } from './log.ts';
import { createPopenLibrary } from './popen.ts';
import { createTarantoolLibrary, createTitleLibrary } from './process.ts';
import { createUserLibrary, UserDatabase } from './users.ts';

/** Gives where failures of the system are remembered, for `errno()`. */
export function installSystemLibraries(machine: LuaMachine): SystemErrors {
  const { env, state, scheduler } = machine;
  const { runtime, loaded } = state;
  const errors = new SystemErrors(runtime);
  const users = new UserDatabase(env.fileSystem);
  const member = (library: string, name: string) => (): LuaValue => {
    const table = loaded.getString(library);
    return table instanceof LuaTable ? table.getString(name) : undefined;
  };
  const log = {
    runtime,
    sink: env.log,
    fiberName: () => scheduler.current?.name ?? 'lua',
    format: member('string', 'format'),
    encode: member('json', 'encode'),
  };
  const processHost = { clock: env.clock, process: env.process, scriptName: machine.options.scriptArguments[0] };
  const nowSeconds = (): number => env.clock.realtimeSeconds();
  loaded.setString('checks', createChecks({ runtime, globals: state.globals }));
  loaded.setString('errno', createErrnoLibrary(errors));
  loaded.setString('clock', createClockLibrary({ runtime, clock: env.clock, process: env.process }));
  loaded.setString('log', createLogLibrary(log));
  loaded.setString('fio', createFioLibrary({ runtime, fileSystem: env.fileSystem, errors, users, nowSeconds }));
  loaded.setString(
    'pwd',
    createUserLibrary(users, () => env.process.userId()),
  );
  loaded.setString('title', createTitleLibrary(processHost));
  loaded.setString('tarantool', createTarantoolLibrary(processHost));
  loaded.setString('popen', createPopenLibrary({ processes: env.processes, fibers: fiberHostOf(machine), errors }));
  return errors;
}
