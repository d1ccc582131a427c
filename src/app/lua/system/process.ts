/** The libraries `title` and `tarantool`: how this process is shown, and what it says of itself. */
import { SOFTWARE_VERSION } from '../../../base/index.ts';
import type { Clock, ProcessControl } from '../../../env/index.ts';

import { LuaTable, tableOf } from '../runtime/table.ts';
import { typeOf } from '../runtime/types.ts';
import { type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';
import { textOf } from '../box/byte-strings.ts';
import { isTruthy, usageError } from './module.ts';

/** A value that is to be called; `attempt` begins the message if it cannot be. */
export function checkFunctionNamed(value: LuaValue, attempt: string): LuaValue {
  const type = typeOf(value);
  if (type === 'function' || type === 'table' || type === 'userdata' || type === 'cdata') return value;
  throw usageError(`${attempt} (a ${type} value)`);
}

type ProcessHost = Readonly<{ clock: Clock; process: ProcessControl; scriptName: string | undefined }>;

export function createTitleLibrary({ process, scriptName }: ProcessHost): LuaTable {
  const parts = {
    interpretor_name: 'tarantool',
    script_name: (scriptName ?? '').replace(/^.*\//, ''),
    status: '',
    custom_title: '',
  };
  type Part = keyof typeof parts;
  const isPart = (key: LuaValue): key is Part => typeof key === 'string' && key in parts;
  let title = '';
  const update = (): void => {
    const name = [parts.interpretor_name, parts.script_name].filter((part) => part !== '').join(' ');
    const status = parts.status === '' ? '' : ` <${parts.status}>`;
    title = `${name}${status}${parts.custom_title === '' ? '' : `: ${parts.custom_title}`}`;
    process.setTitle(textOf(title));
  };
  return tableOf({
    get: plainFunction(() => [title, tableOf(parts)]),
    update: plainFunction((values) => {
      if (typeof values === 'string') parts.custom_title = values;
      if (values instanceof LuaTable) {
        for (const key of Object.keys(parts)) {
          const value = values.getString(key);
          if (isPart(key) && typeof value === 'string') parts[key] = value;
        }
        const isQuiet = isTruthy(values.getString('__defer_update'));
        if (isQuiet) return NO_VALUES;
      }
      update();
      return NO_VALUES;
    }),
  });
}

export function createTarantoolLibrary({ clock, process }: ProcessHost): LuaTable {
  const startMs = clock.monotonicMs();
  return tableOf({
    version: SOFTWARE_VERSION,
    package: 'Tarantool',
    build: tableOf({ target: 'JavaScript', options: '', compiler: '', flags: '', mod_format: 'so' }),
    pid: plainFunction(() => process.pid),
    uptime: plainFunction(() => (clock.monotonicMs() - startMs) / 1000),
  });
}
