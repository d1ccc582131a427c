/** What others asked to be called before the instance stops. */
import { LIMITS } from '../config/index.ts';
import type { ShutdownHook } from '../engine/box/index.ts';
import type { Env, Logger } from '../env/index.ts';

/** Calls the hooks, one after the other, and waits for them within LIMITS.shutdownHooksMs; their failures are logged. */
export async function runShutdownHooks(env: Env, log: Logger, hooks: readonly ShutdownHook[]): Promise<void> {
  if (hooks.length === 0) return;
  const hooksDone = callAll(log, hooks);
  const limit = new Promise<'late'>((resolve) => {
    const timer = env.timers.after(LIMITS.shutdownHooksMs, () => resolve('late'));
    void hooksDone.then(() => timer.cancel());
  });
  if ((await Promise.race([hooksDone, limit])) === 'late') {
    log.warn(`functions called before the stop took over ${LIMITS.shutdownHooksMs} ms: they are not waited for`);
  }
}

async function callAll(log: Logger, hooks: readonly ShutdownHook[]): Promise<'done'> {
  for (const hook of [...hooks]) {
    try {
      await hook();
    } catch (error) {
      log.error(`a function called before the stop failed: ${String(error)}`);
    }
  }
  return 'done';
}
