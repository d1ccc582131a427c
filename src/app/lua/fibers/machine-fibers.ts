/** The fibers of a machine, as libraries that wait work with them. */
import type { FiberSession, LuaMachine } from '../lua-machine.ts';
import type { FiberHost } from './library/context.ts';

export type LuaFiberHost = FiberHost<FiberSession>;

export function fiberHostOf({ env, state, scheduler }: LuaMachine): LuaFiberHost {
  const usedBytes = (): number => env.process.memoryUsage().heapBytes;
  return { runtime: state.runtime, scheduler, clock: env.clock, usedBytes };
}
