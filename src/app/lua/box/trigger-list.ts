/** Lists of triggers as programs change them: `list(new, old)`, alike for spaces, sessions, transactions and `box.ctl`. */
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { LuaCdata, LuaFunction, type LuaResult, type LuaValue, NO_VALUES } from '../runtime/values.ts';

/** How a list is kept by whoever calls its triggers. */
export type TriggerKeeper = Readonly<{
  /** Adds a trigger, which will be called before the older ones. */
  add: (trigger: LuaFunction) => void;
  remove: (trigger: LuaFunction) => void;
}>;

/** Triggers in the order in which they were added. */
export class TriggerList {
  readonly functions: LuaFunction[] = [];
  readonly #keeper: TriggerKeeper | null;

  /** Without a keeper the list itself is what is called. */
  constructor(keeper: TriggerKeeper | null = null) {
    this.#keeper = keeper;
  }

  /**
   * Without arguments the list as a table; else `replacement` is added and `former` taken away, either may be nil. Throws
   * LuaError for what is no function and for a former trigger that is not there.
   */
  change(replacement: LuaValue, former: LuaValue): LuaResult {
    const added = optionalFunction(replacement);
    const removed = optionalFunction(former);
    if (added === null && removed === null) return new LuaTable([...this.functions]);
    if (removed !== null) this.#remove(removed);
    if (added === null) return NO_VALUES;
    this.functions.push(added);
    this.#keeper?.add(added);
    return added;
  }

  #remove(trigger: LuaFunction): void {
    const at = this.functions.indexOf(trigger);
    if (at < 0) throw runtimeError('trigger reset: Trigger is not found');
    this.functions.splice(at, 1);
    this.#keeper?.remove(trigger);
  }
}

function optionalFunction(value: LuaValue): LuaFunction | null {
  if (value === undefined || (value instanceof LuaCdata && value.isNull)) return null;
  if (value instanceof LuaFunction) return value;
  throw runtimeError('trigger reset: incorrect arguments');
}
