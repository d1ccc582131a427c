/**
 * A Lua program as Tarantool's own command runs it: texts one after the other in one Lua, where `box.cfg` starts a
 * database. It goes on while the database runs or fibers live.
 */
import { type ConsoleSessions, createLua, type LuaMachine } from '../../app/lua/index.ts';
import { bytesOfByteText } from '../../base/index.ts';
import type { Session } from '../../engine/box/index.ts';
import type { CommandLine, Env } from '../../env/index.ts';
import { Console, LuaLanguage } from '../../server/console/index.ts';
import { TextConsoles } from '../text-consoles.ts';
import { type EngineHandlers, TarantoolEngine } from './engine.ts';

const CONSOLE_NAME = 'tarantool';
const IDLE_LOOK_MS = 20;

export class TarantoolProgram {
  readonly machine: LuaMachine;
  readonly consoles: ConsoleSessions;
  readonly #env: Env;
  readonly #commandLine: CommandLine;
  readonly #engine: TarantoolEngine;
  readonly #texts: TextConsoles;
  #console: Console | null = null;

  /** `scriptArguments`: the script's name, then what is given to it. */
  constructor(env: Env, commandLine: CommandLine, scriptArguments: readonly string[], handlers: EngineHandlers) {
    this.#env = env;
    this.#commandLine = commandLine;
    const { machine, consoles } = createLua(env, {
      writeOutput: (text) => commandLine.writeBytes(bytesOfByteText(text)),
      scriptArguments,
      screenColumns: () => commandLine.terminal.screenColumns,
      sliceLimitMs: Infinity,
      process: {
        environment: commandLine.environment,
        writeError: (text) => commandLine.writeErrorBytes(bytesOfByteText(text)),
        readInput: () => commandLine.readInput(),
        program: commandLine.scriptProgram,
        exit: (code) => void this.stop().finally(() => commandLine.exit(code)),
      },
    });
    this.machine = machine;
    this.consoles = consoles;
    this.#engine = new TarantoolEngine(env, this.machine, commandLine, handlers);
    this.#engine.install();
    this.#texts = new TextConsoles(
      env,
      () => this,
      () => this.#engine.box,
    );
    consoles.doors = { listen: (address) => this.#texts.listen(address), start: () => this.runConsole() };
  }

  /** Of a console, as admin; null before the database runs. */
  get session(): Session | null {
    return this.#engine.session;
  }

  /** Runs a text, bytes as characters. Rejects with what it throws. */
  async run(source: string, chunkName: string, values: readonly string[]): Promise<void> {
    await this.machine.run('main', null, this.machine.load(source, chunkName), values);
  }

  /** A console on the terminal. Resolves when the person has quit. */
  async runConsole(): Promise<void> {
    const language = new LuaLanguage(this, () => this.session);
    const console = new Console({
      terminal: this.#commandLine.terminal,
      name: CONSOLE_NAME,
      languages: new Map([['lua', language]]),
    });
    this.#console = console;
    await console.run();
    this.#console = null;
  }

  /** Resolves when there is neither a database nor a fiber any more. */
  async untilIdle(): Promise<void> {
    while (this.#engine.isRunning || this.machine.scheduler.fibers.size > 0) {
      await this.#env.timers.sleep(IDLE_LOOK_MS);
    }
  }

  async stop(): Promise<void> {
    this.machine.state.flushFiles();
    this.#console?.close();
    await this.#texts.stop();
    await this.#engine.stop();
  }
}
