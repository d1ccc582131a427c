/**
 * `box.cfg`: a function until the first call, which starts the engine; then a table of the options as they are, which
 * takes changes when it is called.
 * Invariants: (1) the engine starts once; (2) a change that fails leaves the options as they were, except those that were
 * changed before it in the order of the call.
 */
import { AssertionError, BoxError, toByteText } from '../../../base/index.ts';
import { checkTable } from '../runtime/arguments.ts';
import { LuaError, runtimeError } from '../runtime/errors.ts';
import { captureFrames } from '../runtime/stack.ts';
import { LuaTable } from '../runtime/table.ts';
import { type LuaFunction, type LuaValue, NO_VALUES, plainFunction, suspendableFunction } from '../runtime/values.ts';
import { waitForPromise } from '../fibers/fiber.ts';
import { CFG_OPTIONS, type CfgValues } from './cfg-options.ts';
import { checkedOptions } from './cfg-check.ts';

/** These go by what others say, those that are given with them among them. */
const APPLIED_LAST: readonly string[] = ['replication', 'replication_anon', 'read_only'];

/** Starts the engine and applies changes; `instance` fills it. Values are those of `CFG_OPTIONS`, checked. */
export interface EngineControl {
  /** Resolves when the database is ready and `box` is in place. Rejects with an Error that says what failed. */
  start(values: CfgValues): Promise<void>;
  /** Applies a change. Rejects with an Error; the value stays as it was then. */
  change(name: string, value: LuaValue): Promise<void>;
}

export class BoxConfiguration {
  readonly #control: EngineControl;
  readonly #values = new Map<string, LuaValue>();
  /** What Lua sees; made by the first call. */
  readonly table = new LuaTable();
  #state: 'fresh' | 'starting' | 'running' = 'fresh';

  constructor(control: EngineControl) {
    this.#control = control;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** The function `box.cfg`; `onRunning` is called after the first call has succeeded. */
  callable(onRunning: () => void): LuaFunction {
    const apply = (given: LuaTable): Generator<object, void, unknown> => this.#apply(checkedOptions(given), onRunning);
    return suspendableFunction(function* (...values) {
      yield* apply(values[0] === undefined ? new LuaTable() : checkTable(values, 1));
      return NO_VALUES;
    });
  }

  /** For an engine that was started by others, with these values: the table at once. */
  alreadyRunning(values: CfgValues): LuaTable {
    this.#state = 'running';
    for (const [name, { initial }] of Object.entries(CFG_OPTIONS)) this.#show(name, values.get(name) ?? initial);
    return this.running(this.callable(() => undefined));
  }

  /** The options as a read-only table that can be called with changes. */
  running(apply: LuaFunction): LuaTable {
    const metatable = new LuaTable();
    metatable.setString(
      '__newindex',
      plainFunction(() => {
        throw runtimeError('Attempt to modify a read-only table');
      }),
    );
    metatable.setString(
      '__call',
      suspendableFunction((_self, ...values) => apply.suspendable!(...values)),
    );
    this.table.metatable = metatable;
    return this.table;
  }

  *#apply(given: CfgValues, onRunning: () => void): Generator<object, void, unknown> {
    if (this.#state === 'starting') throw runtimeError('box.cfg is already being called');
    if (this.#state === 'fresh') {
      const all = new Map<string, LuaValue>();
      for (const [name, { initial }] of Object.entries(CFG_OPTIONS)) all.set(name, given.get(name) ?? initial);
      this.#state = 'starting';
      try {
        yield* waitForPromise(this.#control.start(all));
      } catch (error) {
        this.#state = 'fresh';
        throw asProgramError(error);
      }
      this.#state = 'running';
      for (const [name, value] of all) this.#show(name, value);
      onRunning();
      return;
    }
    const place = (name: string): number => APPLIED_LAST.indexOf(name);
    const inOrder = [...given].sort(([first], [second]) => place(first) - place(second));
    for (const [name, value] of inOrder) yield* this.#change(name, value);
  }

  *#change(name: string, value: LuaValue): Generator<object, void, unknown> {
    if (isSame(this.#values.get(name), value)) return;
    if (CFG_OPTIONS[name]?.isDynamic !== true) throw runtimeError(`Can't set option '${name}' dynamically`);
    try {
      yield* waitForPromise(this.#control.change(name, value));
    } catch (error) {
      throw asProgramError(error);
    }
    this.#show(name, value);
  }

  #show(name: string, value: LuaValue): void {
    this.#values.set(name, value);
    this.table.setString(name, value);
  }
}

function isSame(value: LuaValue, other: LuaValue): boolean {
  if (!(value instanceof LuaTable && other instanceof LuaTable)) return value === other;
  return value.length() === other.length() && value.array.every((each, at) => each === other.array[at]);
}

/** What failed, as a program can catch it. */
function asProgramError(error: unknown): unknown {
  if (error instanceof LuaError || error instanceof BoxError || !(error instanceof Error)) return error;
  return error instanceof AssertionError ? error : new LuaError(toByteText(error.message), captureFrames());
}
