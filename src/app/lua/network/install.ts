/** Puts the libraries that reach other machines and other programs into a Lua state. */
import { fiberHostOf } from '../fibers/machine-fibers.ts';
import type { LuaMachine } from '../lua-machine.ts';
import type { SystemErrors } from '../system/errno.ts';
import { createHttpClientLibrary } from './http-client.ts';
import { createSocketLibrary } from './socket.ts';

/** The numbers of the first descriptors belong to the standard streams. */
const FIRST_DESCRIPTOR = 10;

export function installNetworkLibraries(machine: LuaMachine, errors: SystemErrors): void {
  const { env, state } = machine;
  const { runtime, loaded } = state;
  const fibers = fiberHostOf(machine);
  let descriptor = FIRST_DESCRIPTOR;
  const nextDescriptor = (): number => descriptor++;
  const { network, resolver } = env;
  loaded.setString('socket', createSocketLibrary({ runtime, fibers, network, resolver, nextDescriptor, errors }));
  loaded.setString('http.client', createHttpClientLibrary({ http: env.http, fileSystem: env.fileSystem }));
}
