/** Puts `net.box` into a Lua state; it needs what `box` knows of tuples. */
import type { BoxFoundation } from '../../box/foundation.ts';
import { fiberHostOf } from '../../fibers/machine-fibers.ts';
import { createNetBoxLibrary } from './library.ts';

export function installNetBox({ machine, runtime, codec, factory }: BoxFoundation): void {
  const { env, state, log } = machine;
  const library = createNetBoxLibrary({
    env,
    runtime,
    fibers: fiberHostOf(machine),
    codec,
    factory,
    globals: state.globals,
    warn: (text) => log.warn(text),
  });
  state.loaded.setString('net.box', library);
}
