/** The library `box.error`: raising and making errors, the last error, and the numbers by name. */
import { BoxError, ERROR_TABLE, type ErrorName } from '../../../../base/index.ts';
import { LuaError, runtimeError } from '../../runtime/errors.ts';
import { captureFrames } from '../../runtime/stack.ts';
import { LuaTable } from '../../runtime/table.ts';
import { numberToText, rawToText, typeOf } from '../../runtime/types.ts';
import {
  LuaCdata,
  LuaFunction,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import type { LuaRuntime } from '../../runtime/runtime.ts';
import { textOf } from '../byte-strings.ts';
import { builtinError } from '../builtin-error.ts';
import type { ErrorRegistry } from './error-registry.ts';
import { LuaBoxError } from './lua-box-error.ts';

const NEW_USAGE = 'Usage: box.error.new(code, args) or box.error.new(type, args)';
/** Of codes: later versions have more, which 2.6.0 does not name. */
const CODES_BY_NUMBER = new Map<number, ErrorName>(
  (Object.keys(ERROR_TABLE) as ErrorName[]).map((name) => [ERROR_TABLE[name].code, name]),
);

/** `numbersMax`: the first number that is not shown by name. */
export function createErrorLibrary(errors: ErrorRegistry, runtime: LuaRuntime, numbersMax: number): LuaTable {
  const library = new LuaTable();
  for (const name of Object.keys(ERROR_TABLE) as ErrorName[]) {
    const { code } = ERROR_TABLE[name];
    if (code < numbersMax) library.setString(name, code);
  }
  addMethods(errors, runtime);
  const metatable = new LuaTable();
  metatable.setString(
    '__call',
    plainFunction((_library, ...values) => {
      if (values.length === 0) {
        if (errors.last === null) return NO_VALUES;
        throw errors.raise(errors.last);
      }
      throw errors.raise(makeError(errors, values, 'box.error(): bad arguments'));
    }),
  );
  const index = new LuaTable();
  metatable.setString('__index', index);
  library.metatable = metatable;
  index.setString(
    'last',
    plainFunction(() => errors.last ?? undefined),
  );
  index.setString(
    'clear',
    plainFunction((...values) => {
      if (values.length > 0) throw runtimeError('box.error.clear(): bad arguments');
      errors.last = null;
      return NO_VALUES;
    }),
  );
  index.setString(
    'new',
    plainFunction((...values) => makeError(errors, values, NEW_USAGE)),
  );
  index.setString(
    'set',
    plainFunction((...values) => {
      const [error] = values;
      if (values.length === 0) throw runtimeError('Usage: box.error.set(error)');
      if (!(error instanceof LuaBoxError)) {
        throw runtimeError(`Invalid argument #1 (error expected, got ${typeOf(error)})`);
      }
      errors.last = error;
      return NO_VALUES;
    }),
  );
  library.setString('injection', injections());
  return library;
}

/** Faults that only a server built for tests can have. */
function injections(): LuaTable {
  const table = new LuaTable();
  for (const name of ['get', 'set', 'info']) {
    table.setString(
      name,
      plainFunction(() => (name === 'info' ? new LuaTable() : `error: can't find error injection`)),
    );
  }
  return table;
}

/** An error of the arguments: a table of its fields, a number with the text's arguments, or a type with a text. */
function makeError(errors: ErrorRegistry, values: readonly LuaValue[], usage: string): LuaBoxError {
  const [first, ...rest] = values;
  if (first instanceof LuaBoxError) return first;
  if (first instanceof LuaTable) return errors.make(errorOfTable(first));
  if (typeof first === 'number') return errors.make(errorOfCode(first, rest, NEW_USAGE));
  if (typeof first !== 'string' || rest.length === 0) throw runtimeError(usage);
  const [template, ...parameters] = rest;
  return errors.make(customError(first, 0, formatted(rawToText(template), parameters)));
}

function errorOfTable(table: LuaTable): BoxError {
  const code = table.getString('code');
  const reason = table.getString('reason');
  const type = table.getString('type');
  const message = typeof reason === 'string' ? textOf(reason) : '';
  const number = typeof code === 'number' ? code : 0;
  return typeof type === 'string' ? customError(type, number, message) : new BoxError(number, message);
}

function customError(type: string, code: number, message: string): BoxError {
  return new BoxError(code, textOf(message), { type: 'CustomError', fields: { custom_type: textOf(type) } });
}

function errorOfCode(code: number, parameters: readonly LuaValue[], usage: string): BoxError {
  const name = CODES_BY_NUMBER.get(code);
  if (name === undefined) return new BoxError(code, ERROR_TABLE.UNKNOWN.template);
  const { template } = ERROR_TABLE[name];
  if (parameters.length === 0 && template.includes('%')) throw runtimeError(usage);
  return new BoxError(code, textOf(formatted(template, parameters)));
}

const DIRECTIVE = /%(?:\.\*s|-?\d*(?:\.\d+)?(?:ll|l|z)?[sducxifg%])/g;

/** `string.format` with the directives of messages. Throws as it does for arguments that are missing. */
function formatted(template: string, parameters: readonly LuaValue[]): string {
  let next = 0;
  return template.replace(DIRECTIVE, (directive) => {
    if (directive === '%%') return '%';
    if (next >= parameters.length) {
      throw new LuaError(`bad argument #${next + 2} to '?' (no value)`, captureFrames());
    }
    const value = parameters[next++];
    return typeof value === 'number' ? numberToText(value) : rawToText(value);
  });
}

function addMethods(errors: ErrorRegistry, runtime: LuaRuntime): void {
  const { methods } = errors;
  const self = (value: LuaValue, usage: string): LuaBoxError => {
    if (value instanceof LuaBoxError) return value;
    throw runtimeError(`Usage: ${usage}`);
  };
  methods.set(
    'unpack',
    plainFunction((error) => self(error, 'error:unpack()').unpack()),
  );
  methods.set(
    'raise',
    plainFunction((error) => {
      throw errors.raise(self(error, 'error:raise()'));
    }),
  );
  methods.set(
    '__serialize',
    plainFunction((error) => self(error, 'error:__serialize()').message),
  );
  methods.set(
    'match',
    suspendableFunction(function* (error, ...values) {
      const { message } = self(error, 'error:match(pattern)');
      const library = runtime.stringMetatable?.getString('__index');
      const match = library instanceof LuaTable ? library.getString('match') : undefined;
      return yield* runtime.call(match instanceof LuaFunction ? match : undefined, [message, ...values]);
    }),
  );
  methods.set(
    'set_prev',
    plainFunction((error, previous) => {
      const isNone = previous === undefined || (previous instanceof LuaCdata && previous.isNull);
      if (!isNone && !(previous instanceof LuaBoxError)) {
        throw builtinError('error.lua', 138, 'Usage: error1:set_prev(error2)');
      }
      const target = self(error, 'error1:set_prev(error2)');
      const cause = previous instanceof LuaBoxError ? previous : null;
      for (let at = cause; at !== null; at = at.previous) {
        if (at === target) throw builtinError('error.lua', 143, 'Cycles are not allowed');
      }
      target.previous = cause;
      return NO_VALUES;
    }),
  );
}
