/** Checks of what is given to `box.cfg`, in Tarantool's words. */
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { typeOf } from '../runtime/types.ts';
import type { LuaError } from '../runtime/errors.ts';
import { LuaCdata, type LuaValue } from '../runtime/values.ts';
import { combinationProblem, valueProblem } from './cfg-values.ts';
import { CFG_OPTIONS, type CfgOption, type CfgValues, logLevelName } from './cfg-options.ts';

const WAL_MODES: readonly LuaValue[] = ['none', 'write', 'fsync'];

export function cfgError(name: string, problem: string): LuaError {
  return runtimeError(`Incorrect value for option '${name}': ${problem}`);
}

/** The given options, each known and of its type; nil counts as not given. Throws LuaError. */
export function checkedOptions(given: LuaTable): CfgValues {
  const values = new Map<string, LuaValue>();
  let entry = given.next(undefined);
  while (entry !== null && entry !== undefined) {
    const [key, value] = entry;
    const name = String(key);
    const option = Object.hasOwn(CFG_OPTIONS, name) ? CFG_OPTIONS[name] : undefined;
    if (option === undefined) throw cfgError(name, 'unexpected option');
    // As nil, the empty text stands for the default.
    const isUnset = value === '' || (value instanceof LuaCdata && value.isNull);
    if (!isUnset) checkType(name, option, value);
    const isMode = name === 'wal_mode' && typeof value === 'string';
    if (isUnset) values.set(name, option.initial);
    else if (isMode) values.set(name, value.toLowerCase());
    else values.set(name, name === 'replication' ? addressesOf(value) : value);
    entry = given.next(key);
  }
  checkValues(values);
  return values;
}

/** A list, or addresses in one text, as a list of texts of its own: what is done to the former changes nothing. */
function addressesOf(value: LuaValue): LuaTable {
  const addresses = value instanceof LuaTable ? value.array : String(value).split(',');
  return new LuaTable(addresses.map((address) => String(address).trim()));
}

function checkType(name: string, { type }: CfgOption, value: LuaValue): void {
  const types = type.split(', ');
  if (types.includes(typeOf(value))) return;
  throw cfgError(name, types.length === 1 ? `should be of type ${type}` : `should be one of types ${type}`);
}

function checkValues(values: CfgValues): void {
  const mode = values.get('wal_mode');
  if (mode !== undefined && !WAL_MODES.includes(mode)) throw cfgError('wal_mode', String(mode));
  const level = values.get('log_level');
  if (typeof level === 'string' && logLevelName(level) === null) {
    throw cfgError('log_level', 'expected crit,warn,info,debug,syserror,verbose,fatal,error');
  }
  if (typeof level === 'number' && logLevelName(level) === null) throw cfgError('log_level', 'must be from 0 to 7');
  const format = values.get('log_format');
  if (format !== undefined && format !== 'json' && format !== 'plain') {
    throw cfgError('log_format', 'expected json,plain');
  }
  for (const [name, value] of values) {
    const problem = valueProblem(name, value);
    if (problem !== null) throw cfgError(name, problem);
  }
  const combination = combinationProblem(values);
  if (combination !== null) throw cfgError(combination.name, combination.problem);
  for (const [name, value] of values) refuseLater(name, value);
}

/** What a user would rely on and is not there yet is named, instead of being passed over. */
function refuseLater(name: string, value: LuaValue): void {
  const option = CFG_OPTIONS[name];
  if (option?.effect !== 'later' || value === option.initial) return;
  throw cfgError(name, 'this version does not support it');
}
