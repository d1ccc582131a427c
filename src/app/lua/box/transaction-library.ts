/** `box.begin`, `box.commit` and their like, over the transactions of fibers. */
import type { TransactionChange, TransactionTrigger } from '../../../engine/txn/index.ts';
import { LuaError, runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import {
  allOf,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import type { BoxContext } from './context.ts';
import type { LuaTransactions, Moment } from './lua-transactions.ts';
import { TriggerList } from './trigger-list.ts';
import type { LuaTuple, TupleFactory } from './tuple/lua-tuple.ts';

type TriggerKind = 'onCommit' | 'onRollback';

export function transactionFunctions(context: BoxContext, factory: TupleFactory): Record<string, LuaFunction> {
  const { transactions } = context;
  const moments = new WeakMap<LuaTable, Moment>();
  return {
    begin: plainFunction(() => {
      transactions.begin();
      return NO_VALUES;
    }),
    commit: suspendableFunction(function* () {
      yield* transactions.commit();
      return NO_VALUES;
    }),
    rollback: plainFunction(() => {
      transactions.rollback();
      return NO_VALUES;
    }),
    is_in_txn: plainFunction(() => transactions.isOpen),
    savepoint: plainFunction(() => {
      const token = new LuaTable();
      moments.set(token, transactions.savepoint());
      return token;
    }),
    rollback_to_savepoint: plainFunction((token) => {
      const moment = token instanceof LuaTable ? moments.get(token) : undefined;
      if (moment === undefined) throw runtimeError('Usage: box.rollback_to_savepoint(savepoint)');
      transactions.rollbackTo(moment);
      return NO_VALUES;
    }),
    on_commit: plainFunction((...values) => changeTriggers(context, factory, 'onCommit', values)),
    on_rollback: plainFunction((...values) => changeTriggers(context, factory, 'onRollback', values)),
    atomic: atomic(context, transactions),
  };
}

/** `box.atomic(function, ...)`: all of what the function does, or, if it throws, nothing. */
function atomic({ runtime }: BoxContext, transactions: LuaTransactions): LuaFunction {
  return suspendableFunction(function* (code, ...values) {
    const callable = runtime.callable(code, '');
    transactions.begin();
    let result: LuaResult;
    try {
      result = yield* runtime.call(callable, values);
    } catch (error) {
      transactions.rollback();
      throw error instanceof LuaError && typeof error.value === 'string' ? runtimeError(error.value) : error;
    }
    yield* transactions.commit();
    return allOf(result);
  });
}

function changeTriggers(
  context: BoxContext,
  factory: TupleFactory,
  kind: TriggerKind,
  values: readonly LuaValue[],
): LuaResult {
  const { transactions } = context;
  const name = kind === 'onCommit' ? 'on_commit' : 'on_rollback';
  if (!transactions.isOpen) {
    throw runtimeError(`Usage inside a transaction: box.${name}([function | nil, [function | nil]])`);
  }
  const list = transactions.listOf(kind, () => {
    const registered = new Map<LuaFunction, TransactionTrigger>();
    return new TriggerList({
      add: (code) => {
        const trigger = triggerOf(context, factory, kind, code);
        registered.set(code, trigger);
        transactions.addTrigger(kind, trigger);
      },
      remove: (code) => transactions.removeTrigger(kind, registered.get(code)!),
    });
  });
  return list.change(values[0], values[1]);
}

/** What it throws is logged: the transaction is over. */
function triggerOf(
  context: BoxContext,
  factory: TupleFactory,
  kind: TriggerKind,
  code: LuaFunction,
): TransactionTrigger {
  return (changes) => {
    const ordered = kind === 'onCommit' ? changes : changes.toReversed();
    const iterate = plainFunction(() => [changeStep(context, factory, ordered), undefined, 0]);
    try {
      context.runNow(code, [iterate]);
    } catch (error) {
      context.box.onTriggerFailure(error);
    }
  };
}

/** A step of `for number, old, new, space_id in iterator()`. */
function changeStep({ box }: BoxContext, factory: TupleFactory, changes: readonly TransactionChange[]): LuaFunction {
  return plainFunction((_state, number) => {
    const at = typeof number === 'number' ? number : 0;
    const change = changes[at];
    if (change === undefined) return NO_VALUES;
    const tuple = (bytes: Uint8Array | null): LuaTuple | undefined => {
      const format = box.catalog.space(change.spaceId)?.format ?? null;
      return bytes === null ? undefined : factory.copy(bytes, 0, bytes.length, format);
    };
    return [at + 1, tuple(change.old), tuple(change.next), change.spaceId];
  });
}
