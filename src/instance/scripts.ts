/**
 * Runs a user's module in the instance: the procedures that it exports are registered, and a function that it exports as
 * `default` or `start` is called once with the API that procedures have.
 */
import { createLocalApi, isProcedureDefinition, registerProcedure } from '../app/procedures/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { Env } from '../env/index.ts';
import { StartError } from './storage.ts';

/** Rejects with StartError, which names the file, for a module that cannot be loaded or that fails. */
export async function loadScript(env: Env, box: Box, path: string): Promise<void> {
  try {
    const module = await env.scripts.importModule(env.files.absolute(path));
    for (const exported of Object.values(module)) {
      if (isProcedureDefinition(exported)) registerProcedure(box, exported);
    }
    const start = module['start'] ?? module['default'];
    if (typeof start === 'function') await start(createLocalApi(box, box.adminSession));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`${path}: ${reason}`);
  }
}
