/**
 * Lua beside an instance: made when somebody first needs it (a stored function, CALL, EVAL, a console), because most
 * starts do not.
 */
import { BoxConfiguration, type ConsoleSessions, createLua, LuaBox, type LuaMachine } from '../app/lua/index.ts';
import { fromByteText } from '../base/index.ts';
import { LIMITS } from '../config/index.ts';
import type { FunctionCaller } from '../engine/box/index.ts';
import type { FunctionRuntime } from '../engine/catalog/index.ts';
import type { Env } from '../env/index.ts';
import { cfgValuesOf, changeInstance, instanceFacts, type LuaInstance } from './lua-configuration.ts';
import { StartError } from './storage.ts';
import { TextConsoles } from './text-consoles.ts';
import type { InstanceOptions } from './options.ts';

/** What Lua reaches outside of the instance. */
export type LuaSurroundings = Readonly<{
  /** Where `print` goes: bytes as characters. */
  writeOutput: (text: string) => void;
  /** What `os.exit` does. */
  exit: (code: number) => void;
  /** Characters of a line on the screen that output goes to; null where there is none. */
  screenColumns: () => number | null;
}>;

/** Runs a program to its end; milliseconds that it may run without waiting. */
export type LuaProgram = (sliceLimitMs?: number) => Promise<void>;

type MadeLua = Readonly<{ machine: LuaMachine; consoles: ConsoleSessions; luaBox: LuaBox }>;

export class InstanceLua {
  readonly #env: Env;
  readonly #options: InstanceOptions;
  readonly #surroundings: LuaSurroundings;
  readonly #texts: TextConsoles;
  #made: MadeLua | null = null;
  #instance: LuaInstance | null = null;
  #caller: FunctionCaller | null = null;

  constructor(env: Env, options: InstanceOptions, surroundings: LuaSurroundings) {
    this.#env = env;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#texts = new TextConsoles(
      env,
      () => this.#make(),
      () => this.#instance?.box ?? null,
    );
  }

  /** The bodies of `_func` in Lua. */
  get functionBodies(): FunctionRuntime {
    const luaBox = (): LuaBox => this.#make().luaBox;
    return {
      load: (definition) => {
        if (definition.language !== 'LUA' || definition.body === null) return;
        // Every directory has some, which were checked when they were made: they are compiled when they are called, and no
        // start waits for Lua.
        if (this.#made !== null || this.#instance !== null) luaBox().functions.load(definition);
      },
      unload: (id) => this.#made?.luaBox.functions.unload(id),
      compileKeyFunction: (definition) =>
        definition.language === 'LUA' ? luaBox().functions.compileKeyFunction(definition) : null,
    };
  }

  /** The engine is there: CALL and EVAL reach Lua from now on. */
  attach(instance: LuaInstance): void {
    this.#instance = instance;
    if (this.#made !== null) this.#install(instance);
    instance.box.functionCaller = {
      call: (...call) => this.#calls().call(...call),
      evaluate: (...call) => this.#calls().evaluate(...call),
    };
  }

  /** Makes Lua if it is not there yet. */
  get machine(): LuaMachine {
    return this.#make().machine;
  }

  get consoles(): ConsoleSessions {
    return this.#make().consoles;
  }

  /** A text, bytes as characters, that runs as admin. Throws, and the program rejects with, an Error in Lua's words. */
  program(source: string, chunkName: string): LuaProgram {
    const { machine } = this;
    const inWords = (error: unknown): Error => new Error(fromByteText(machine.errorText(error)));
    try {
      const code = machine.load(source, chunkName);
      return async (sliceLimitMs) => {
        try {
          await machine.run('script', this.#instance?.box.adminSession ?? null, code, [], sliceLimitMs);
        } catch (error) {
          throw inWords(error);
        }
      };
    } catch (error) {
      throw inWords(error);
    }
  }

  /** Opens a text console on a Unix socket. Rejects with StartError. */
  async openAdminSocket(path: string): Promise<void> {
    try {
      await this.#texts.listen({ kind: 'unix', path });
    } catch (error) {
      throw new StartError(`the admin socket cannot be opened: ${error instanceof Error ? error.message : path}`);
    }
  }

  async stop(): Promise<void> {
    await this.#texts.stop();
  }

  #calls(): FunctionCaller {
    this.#make();
    return this.#caller!;
  }

  #make(): MadeLua {
    if (this.#made !== null) return this.#made;
    const { writeOutput, exit, screenColumns } = this.#surroundings;
    const { machine, consoles } = createLua(this.#env, {
      writeOutput,
      screenColumns,
      scriptArguments: [],
      sliceLimitMs: LIMITS.fiberSliceMsMax,
      process: {
        environment: {},
        writeError: writeOutput,
        readInput: () => Promise.resolve(new Uint8Array()),
        exit,
      },
    });
    this.#made = { machine, consoles, luaBox: new LuaBox(machine) };
    consoles.doors = { listen: (address) => this.#texts.listen(address), start: null };
    if (this.#instance !== null) this.#install(this.#instance);
    return this.#made;
  }

  #install(instance: LuaInstance): void {
    const { luaBox } = this.#make();
    const configuration = new BoxConfiguration({
      start: () => Promise.resolve(),
      change: (name, value) => changeInstance(instance, name, value),
    });
    const { calls } = luaBox.install(instance.box, {
      configuration: configuration.alreadyRunning(cfgValuesOf(this.#options, instance.addresses)),
      waitsForLog: this.#options.walMode !== 'none',
      facts: instanceFacts(instance),
    });
    this.#caller = calls;
  }
}
