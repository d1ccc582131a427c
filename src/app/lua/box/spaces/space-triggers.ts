/** Lua functions as triggers of spaces: `space:on_replace` and `space:before_replace`. */
import { boxError } from '../../../../base/index.ts';
import type { BeforeReplaceTrigger, ReplaceTrigger, Space } from '../../../../engine/memtx/index.ts';
import { runtimeError } from '../../runtime/errors.ts';
import { typeOf } from '../../runtime/types.ts';
import {
  firstOf,
  LuaCdata,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  plainFunction,
} from '../../runtime/values.ts';
import { byteStringOf } from '../byte-strings.ts';
import type { BoxContext } from '../context.ts';
import { TriggerList } from '../trigger-list.ts';
import { LuaTuple, type TupleFactory } from '../tuple/lua-tuple.ts';
import { spaceIdOf } from './arguments.ts';

type Kind = 'on_replace' | 'before_replace';

export class SpaceTriggers {
  readonly #context: BoxContext;
  readonly #factory: TupleFactory;
  /** What kind of statement is being executed. */
  readonly #operation: () => string;
  readonly #lists = new WeakMap<Space, Record<Kind, TriggerList>>();
  /** Spaces whose triggers `run_triggers(false)` has turned off. */
  readonly #silent = new WeakSet<Space>();

  constructor(context: BoxContext, factory: TupleFactory, operation: () => string) {
    this.#context = context;
    this.#factory = factory;
    this.#operation = operation;
  }

  /** The methods as they stand in each space's table. */
  method(kind: Kind): LuaFunction {
    const usage = `usage: space:${kind}(function | nil, [function | nil])`;
    return plainFunction((self, replacement, former): LuaResult => {
      let spaceId: number;
      try {
        spaceId = spaceIdOf(self, kind);
      } catch {
        throw runtimeError(usage);
      }
      const space = this.#context.box.catalog.space(spaceId);
      if (space === undefined) throw boxError('NO_SUCH_SPACE', String(spaceId));
      return this.#listsOf(space)[kind].change(replacement, former);
    });
  }

  setRunning(space: Space, isRunning: boolean): void {
    if (isRunning) this.#silent.delete(space);
    else this.#silent.add(space);
  }

  #listsOf(space: Space): Record<Kind, TriggerList> {
    let lists = this.#lists.get(space);
    if (lists === undefined) {
      const following = new Map<LuaFunction, ReplaceTrigger>();
      const deciding = new Map<LuaFunction, BeforeReplaceTrigger>();
      lists = {
        on_replace: new TriggerList({
          add: (code) => space.addTrigger(keep(following, code, this.#following(code))),
          remove: (code) => space.removeTrigger(take(following, code)),
        }),
        before_replace: new TriggerList({
          add: (code) => {
            this.#context.box.statements.writers.checkBeforeTrigger(space);
            space.addBeforeTrigger(keep(deciding, code, this.#deciding(code)));
          },
          remove: (code) => space.removeBeforeTrigger(take(deciding, code)),
        }),
      };
      this.#lists.set(space, lists);
    }
    return lists;
  }

  #following(code: LuaFunction): ReplaceTrigger {
    return (space, oldTuple, newTuple) => {
      if (this.#silent.has(space)) return;
      const factory = this.#factory;
      const old = factory.ofAddress(space, oldTuple);
      const next = factory.ofAddress(space, newTuple);
      this.#run(code, [old, next, byteStringOf(space.name), this.#operationOf(old, next)]);
    };
  }

  #deciding(code: LuaFunction): BeforeReplaceTrigger {
    return (space, old, next) => {
      if (this.#silent.has(space)) return next;
      const oldTuple = this.#tuple(space, old);
      const newTuple = this.#tuple(space, next);
      const operation = this.#operationOf(oldTuple, newTuple);
      const result = this.#run(code, [oldTuple, newTuple, byteStringOf(space.name), operation]);
      if (result instanceof Array && result.length === 0) return next;
      return decided(firstOf(result), { oldTuple, newTuple, old, next });
    };
  }

  /** On behalf of whoever makes the statement. */
  #run(code: LuaFunction, values: LuaValue[]): LuaResult {
    return this.#context.runNow(code, values, this.#context.box.statements.actor);
  }

  /** Statements that are not Lua's say nothing of their kind but what they do. */
  #operationOf(old: LuaValue, next: LuaValue): string {
    const known = this.#operation();
    if (known !== '') return known;
    return next === undefined ? 'DELETE' : old === undefined ? 'INSERT' : 'REPLACE';
  }

  #tuple(space: Space, bytes: Uint8Array | null): LuaTuple | undefined {
    return bytes === null ? undefined : this.#factory.copy(bytes, 0, bytes.length, space.format);
  }
}

type Decision = Readonly<{
  oldTuple: LuaTuple | undefined;
  newTuple: LuaTuple | undefined;
  old: Uint8Array | null;
  next: Uint8Array | null;
}>;

/** The very bytes that were given mean no objection, or no change. */
function decided(result: LuaValue, { oldTuple, newTuple, old, next }: Decision): Uint8Array | null {
  if (result instanceof LuaTuple) {
    if (result === newTuple) return next;
    return result === oldTuple ? old : result.bytes.slice(result.start, result.start + result.size);
  }
  if (result === undefined || (result instanceof LuaCdata && result.isNull)) return null;
  throw boxError('BEFORE_REPLACE_RET', typeOf(result));
}

function keep<Trigger>(known: Map<LuaFunction, Trigger>, code: LuaFunction, trigger: Trigger): Trigger {
  known.set(code, trigger);
  return trigger;
}

function take<Trigger>(known: Map<LuaFunction, Trigger>, code: LuaFunction): Trigger {
  const trigger = known.get(code)!;
  known.delete(code);
  return trigger;
}
