/**
 * A user's module in the instance: the key functions that it exports serve functional indexes from the first row on,
 * the procedures are registered, a function that it exports as
 * `onSchemaInit` is called before the data is read, and one exported as `default` or `start` once when it is there.
 * Both get the API that procedures have.
 */
import {
  createLocalApi,
  isKeyFunctionDefinition,
  isProcedureDefinition,
  type KeyFunctionDefinition,
  registerProcedure,
} from '../app/procedures/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { Env } from '../env/index.ts';
import { StartError } from './storage.ts';

export class Script {
  readonly #path: string;
  readonly #module: Readonly<Record<string, unknown>>;

  private constructor(path: string, module: Readonly<Record<string, unknown>>) {
    this.#path = path;
    this.#module = module;
  }

  /** Rejects with StartError, which names the file, for a module that cannot be loaded. */
  static async load(env: Env, path: string): Promise<Script> {
    try {
      return new Script(path, await env.scripts.importModule(env.files.absolute(path)));
    } catch (error) {
      throw startError(path, error);
    }
  }

  /** Key functions that the module exports. */
  keyFunctions(): readonly KeyFunctionDefinition[] {
    return Object.values(this.#module).filter(isKeyFunctionDefinition);
  }

  /** Throws StartError with what the module's function throws. */
  schemaInit(box: Box): void {
    const { onSchemaInit } = this.#module;
    if (typeof onSchemaInit !== 'function') return;
    try {
      onSchemaInit(createLocalApi(box, box.adminSession));
    } catch (error) {
      throw startError(this.#path, error);
    }
  }

  /** Rejects with StartError for a procedure whose name is taken, and with what the module's function throws. */
  async start(box: Box): Promise<void> {
    try {
      for (const exported of Object.values(this.#module)) {
        if (isProcedureDefinition(exported)) registerProcedure(box, exported);
      }
      const start = this.#module['start'] ?? this.#module['default'];
      if (typeof start === 'function') await start(createLocalApi(box, box.adminSession));
    } catch (error) {
      throw startError(this.#path, error);
    }
  }
}

function startError(path: string, error: unknown): StartError {
  return new StartError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
}
