/** `fiber.info` and `fiber.top`. */
import { UsageError } from '../../runtime/errors.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import type { FiberHost } from './context.ts';

/** All fibers by id. The memory is that of the whole state: fibers have no stacks of their own here. */
export function fiberInformation<Session>({ scheduler, usedBytes }: FiberHost<Session>, options: LuaValue): LuaTable {
  const result = new LuaTable();
  const withBacktrace = !(options instanceof LuaTable) || isWanted(options, 'backtrace') || isWanted(options, 'bt');
  for (const fiber of scheduler.fibers.values()) {
    const memory = tableOf({ total: usedBytes(), used: 0 });
    const entry = tableOf({ fid: fiber.id, name: fiber.name, csw: fiber.switches, memory });
    entry.setString('time', fiber.spent.totalMs / 1000);
    if (withBacktrace) entry.setString('backtrace', new LuaTable());
    result.set(fiber.id, entry);
  }
  return result;
}

function isWanted(options: LuaTable, name: string): boolean {
  const value = options.getString(name);
  return value !== undefined && value !== false;
}

/** Shares of the time in percent: of the last turn, and since times are taken. */
export function fiberTop<Session>({ scheduler }: FiberHost<Session>): LuaTable {
  if (!scheduler.isTimed) throw new UsageError('fiber.top() is disabled. Enable it with fiber.top_enable() first');
  const fibers = [...scheduler.fibers.values()];
  const sum = (read: (fiber: (typeof fibers)[number]) => number): number =>
    fibers.reduce((total, fiber) => total + read(fiber), 0) || 1;
  const turnMs = sum(({ spent }) => spent.turnMs);
  const totalMs = sum(({ spent }) => spent.totalMs);
  const cpu = new LuaTable();
  for (const { id, name, spent } of fibers) {
    const shares = { instant: (spent.turnMs / turnMs) * 100, average: (spent.totalMs / totalMs) * 100 };
    cpu.setString(`${id}/${name}`, tableOf({ ...shares, time: spent.totalMs / 1000 }));
  }
  return tableOf({ cpu, cpu_misses: 0 });
}
