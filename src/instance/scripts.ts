/**
 * A user's script in the instance.
 *
 * Of a module the key functions that it exports serve functional indexes from the first row on, the procedures are
 * registered, a function that it exports as `onSchemaInit` is called before the data is read, and one exported as
 * `default` or `start` once when it is there. Both get the API that procedures have. A program in Lua runs once, as
 * admin, when the data is there.
 */
import {
  createLocalApi,
  isKeyFunctionDefinition,
  isProcedureDefinition,
  type KeyFunctionDefinition,
  registerProcedure,
} from '../app/procedures/index.ts';
import type { Box } from '../engine/box/index.ts';
import { readBytes } from '../app/lua/index.ts';
import { type Env, FileError } from '../env/index.ts';
import type { InstanceLua, LuaProgram } from './lua.ts';
import { StartError } from './storage.ts';

export interface Script {
  /** Key functions that it brings. */
  keyFunctions(): readonly KeyFunctionDefinition[];
  /** The schema is there and no data. Throws StartError with what the script throws. */
  schemaInit(box: Box): void;
  /** The data is there. Rejects with StartError, which has what the script throws. */
  start(box: Box): Promise<void>;
}

/** Rejects with StartError, which names the file, for a script that cannot be loaded. */
export function loadScript(env: Env, path: string, lua: InstanceLua): Promise<Script> {
  return path.endsWith('.lua') ? LuaScript.load(env, path, lua) : ModuleScript.load(env, path);
}

class LuaScript implements Script {
  readonly #path: string;
  readonly #program: LuaProgram;

  private constructor(path: string, program: LuaProgram) {
    this.#path = path;
    this.#program = program;
  }

  static load(env: Env, path: string, lua: InstanceLua): Promise<LuaScript> {
    try {
      return Promise.resolve(new LuaScript(path, lua.program(readSource(env, path), `@${path}`)));
    } catch (error) {
      return Promise.reject(startError(path, error));
    }
  }

  keyFunctions(): readonly KeyFunctionDefinition[] {
    return [];
  }

  schemaInit(): void {}

  async start(): Promise<void> {
    try {
      // Nobody is served yet: it may take its time.
      await this.#program(Infinity);
    } catch (error) {
      throw startError(this.#path, error);
    }
  }
}

/** Bytes as characters. */
function readSource(env: Env, path: string): string {
  try {
    return readBytes(env, path);
  } catch (error) {
    if (error instanceof FileError && error.code === 'ENOENT') throw new Error('No such file or directory');
    throw error;
  }
}

class ModuleScript implements Script {
  readonly #path: string;
  readonly #module: Readonly<Record<string, unknown>>;

  private constructor(path: string, module: Readonly<Record<string, unknown>>) {
    this.#path = path;
    this.#module = module;
  }

  static async load(env: Env, path: string): Promise<ModuleScript> {
    try {
      return new ModuleScript(path, await env.scripts.importModule(env.files.absolute(path)));
    } catch (error) {
      throw startError(path, error);
    }
  }

  keyFunctions(): readonly KeyFunctionDefinition[] {
    return Object.values(this.#module).filter(isKeyFunctionDefinition);
  }

  schemaInit(box: Box): void {
    const { onSchemaInit } = this.#module;
    if (typeof onSchemaInit !== 'function') return;
    try {
      onSchemaInit(createLocalApi(box, box.adminSession));
    } catch (error) {
      throw startError(this.#path, error);
    }
  }

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
  const text = error instanceof Error ? error.message : String(error);
  return new StartError(text.includes(`${path}:`) ? text : `${path}: ${text}`);
}
