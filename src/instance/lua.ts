/**
 * Lua beside an instance: made when somebody first needs it (a stored function, CALL, EVAL, a console), because most
 * starts do not.
 */
import { BoxConfiguration, type ConsoleSessions, createLua, LuaBox, type LuaMachine } from '../app/lua/index.ts';
import { LIMITS } from '../config/index.ts';
import type { FunctionCaller } from '../engine/box/index.ts';
import type { FunctionRuntime } from '../engine/catalog/index.ts';
import type { Env } from '../env/index.ts';
import { cfgValuesOf, changeInstance, instanceFacts, type LuaInstance } from './lua-configuration.ts';
import { TextConsoles } from './text-consoles.ts';
import type { InstanceOptions } from './options.ts';

type MadeLua = Readonly<{ machine: LuaMachine; consoles: ConsoleSessions; luaBox: LuaBox }>;

export class InstanceLua {
  readonly #env: Env;
  readonly #options: InstanceOptions;
  /** Where `print` goes: bytes as characters. */
  readonly #writeOutput: (text: string) => void;
  /** What `os.exit` does. */
  readonly #exit: (code: number) => void;
  #made: MadeLua | null = null;
  #instance: LuaInstance | null = null;
  #caller: FunctionCaller | null = null;
  #texts: TextConsoles | null = null;

  constructor(env: Env, options: InstanceOptions, writeOutput: (text: string) => void, exit: (code: number) => void) {
    this.#exit = exit;
    this.#env = env;
    this.#options = options;
    this.#writeOutput = writeOutput;
  }

  /** The bodies of `_func` in Lua. */
  get functionBodies(): FunctionRuntime {
    const luaBox = (): LuaBox => this.#make().luaBox;
    return {
      load: (definition) => {
        if (definition.language === 'LUA' && definition.body !== null) luaBox().functions.load(definition);
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

  async stop(): Promise<void> {
    await this.#texts?.stop();
  }

  #calls(): FunctionCaller {
    this.#make();
    return this.#caller!;
  }

  #make(): MadeLua {
    if (this.#made !== null) return this.#made;
    const { machine, consoles } = createLua(this.#env, {
      writeOutput: this.#writeOutput,
      scriptArguments: [],
      sliceLimitMs: LIMITS.fiberSliceMsMax,
      process: {
        environment: {},
        writeError: this.#writeOutput,
        readInput: () => Promise.resolve(new Uint8Array()),
        exit: this.#exit,
      },
    });
    this.#made = { machine, consoles, luaBox: new LuaBox(machine) };
    this.#texts = new TextConsoles(this.#env, this.#made, () => this.#instance?.box ?? null);
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
