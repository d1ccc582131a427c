/** The library `clock`: times as numbers of seconds, and as whole nanoseconds in 64 bits. */
import type { Clock, ProcessControl } from '../../../env/index.ts';
import { Integer64 } from '../ffi/numbers.ts';
import { checkFunctionNamed } from './process.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import { allOf, plainFunction, suspendableFunction } from '../runtime/values.ts';

type ClockHost = Readonly<{ runtime: LuaRuntime; clock: Clock; process: ProcessControl }>;

export function createClockLibrary({ runtime, clock, process }: ClockHost): LuaTable {
  const library = new LuaTable();
  const processorSeconds = (): number => process.processorSeconds();
  const clocks: Record<string, () => number> = {
    time: () => clock.realtimeSeconds(),
    realtime: () => clock.realtimeSeconds(),
    monotonic: () => clock.monotonicMs() / 1000,
    proc: processorSeconds,
    // One thread runs all programs.
    thread: processorSeconds,
  };
  for (const [name, read] of Object.entries(clocks)) {
    library.setString(name, plainFunction(read));
    library.setString(
      `${name}64`,
      plainFunction(() => nanoseconds(read())),
    );
  }
  library.setString(
    'bench',
    suspendableFunction(function* (...values) {
      const code = checkFunctionNamed(values[0], "builtin/clock.lua:35: attempt to call local 'fun'");
      const start = processorSeconds();
      const results = allOf(yield* runtime.call(code, values.slice(1)));
      const table = new LuaTable([processorSeconds() - start]);
      results.forEach((value, at) => table.set(at + 2, value));
      return table;
    }),
  );
  return library;
}

function nanoseconds(seconds: number): Integer64 {
  // Microseconds are what a double holds of a date.
  return new Integer64(BigInt(Math.floor(seconds * 1e6)) * 1000n, true);
}
