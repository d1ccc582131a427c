/**
 * The first half of a start: the iproto door opens as soon as the engine is there, if masters are to be asked for the data,
 * because they ask in their turn; until the data are there it answers VOTE and refuses the rest as loading.
 */
import { TARANTOOL_VERSION } from '../base/index.ts';
import type { ListenAddress } from '../config/index.ts';
import type { Box } from '../engine/box/index.ts';
import type { Address, Env } from '../env/index.ts';
import type { Replication } from '../replication/index.ts';
import { IprotoServer } from '../server/iproto/index.ts';
import type { InstanceOptions } from './options.ts';
import type { Storage, StorageHandlers } from './storage.ts';

export type Opening = Readonly<{ storage: Storage; server: IprotoServer; addresses: readonly Address[] }>;

/**
 * `open` opens the storage and calls back when its engine is there, and when it makes another one. Rejects as it does, and
 * with NetworkError.
 */
export async function openDoors(
  env: Env,
  options: InstanceOptions,
  replication: Replication,
  onFailure: (error: unknown) => void,
  open: (handlers: Pick<StorageHandlers, 'onEngine' | 'onEngineRenewed'>) => Promise<Storage>,
): Promise<Opening> {
  let server: IprotoServer | null = null;
  const addresses: Address[] = [];
  const onEngine = async (box: Box, instanceUuid: string): Promise<void> => {
    replication.useEngine(box);
    server = new IprotoServer(env, box, {
      instanceUuid,
      version: TARANTOOL_VERSION,
      netMessagesMax: options.netMsgMax,
      replication,
      onFailure,
    });
    if (options.replication.sources.length === 0) return;
    if (options.listen !== null) addresses.push(await server.listen(addressOf(options.listen)));
    await replication.begin();
  };
  const onEngineRenewed = (box: Box): void => {
    replication.useEngine(box);
    server?.useBox(box);
  };
  const stop = async (): Promise<void> => {
    await replication.stop();
    await server?.stop();
  };
  try {
    const storage = await open({ onEngine, onEngineRenewed });
    return { storage, server: server!, addresses };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function addressOf(listen: ListenAddress | Address): Address {
  return 'kind' in listen ? listen : { kind: 'tcp', ...listen };
}
