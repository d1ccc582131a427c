/** Text consoles of a Lua: the one of the command line, those that programs open with `console.listen`, and their end. */
import type { ConsoleListener, LuaInstallation } from '../app/lua/index.ts';
import { TARANTOOL_VERSION } from '../base/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { Address, Env } from '../env/index.ts';
import { TextDoor } from '../server/console/index.ts';

export class TextConsoles {
  readonly #door: TextDoor;

  /** `lua` is asked for when somebody connects. */
  constructor(env: Env, lua: () => LuaInstallation, box: () => Box | null) {
    this.#door = new TextDoor({ network: env.network, box, lua, version: TARANTOOL_VERSION });
  }

  /** Rejects with NetworkError. */
  listen(address: Address): Promise<ConsoleListener> {
    return this.#door.listen(address);
  }

  async stop(): Promise<void> {
    await this.#door.stop();
  }
}
