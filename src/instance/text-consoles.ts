/** Text consoles that a Lua program opens with `console.listen`, and their end with the instance. */
import type { LuaInstallation } from '../app/lua/index.ts';
import { TARANTOOL_VERSION } from '../base/index.ts';
import { formatAddress, parseAddress } from '../client/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { Env } from '../env/index.ts';
import { TextDoor } from '../server/console/index.ts';

export class TextConsoles {
  readonly #door: TextDoor;

  constructor(env: Env, lua: LuaInstallation, box: () => Box | null) {
    this.#door = new TextDoor({ network: env.network, box, lua: () => lua, version: TARANTOOL_VERSION });
    lua.consoles.doors = {
      listen: (address) => this.listen(address),
      start: () => Promise.reject(new Error('console.start() needs a terminal')),
    };
  }

  /** Rejects with NetworkError or BoxError. */
  async listen(address: string): Promise<string> {
    return formatAddress(await this.#door.listen(parseAddress(address)));
  }

  async stop(): Promise<void> {
    await this.#door.stop();
  }
}
