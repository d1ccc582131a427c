/** An instance inside a program that follows a Tarantool: options, triggers in TypeScript, what it tells. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalApi, type RunningInstance, startInstance } from '../../src/index.ts';
import { temporaryDirectory } from '../support/child-server.ts';
import { hasBothKinds, REPLICATOR, type Server, Servers, until } from './servers.ts';

let servers: Servers;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let instance: RunningInstance | null = null;

beforeEach(async () => {
  servers = await Servers.open();
  directory = await temporaryDirectory('embedded');
});
afterEach(async () => {
  await instance?.stop();
  instance = null;
  await servers.close();
  await directory.remove();
});

async function follow(master: Server, isAnonymous: boolean, onSchemaInit: (api: LocalApi) => void): Promise<void> {
  const sources = [`${REPLICATOR}@unix/:${master.socket}`];
  instance = await startInstance({
    dataDir: join(directory.path, 'data'),
    readOnly: true,
    replication: { sources, isAnonymous, timeoutMs: 300 },
    onSchemaInit,
  });
}

async function caughtUp(master: Server): Promise<void> {
  const lsn = Number(await master.eval('return box.info.lsn'));
  await until(
    () => Promise.resolve((instance?.information.vclock[1] ?? 0) >= lsn),
    () => Promise.resolve(`the instance stays behind: ${JSON.stringify(instance?.information)}`),
  );
}

describe.runIf(hasBothKinds).each([false, true])('an instance in a program, anonymous: %s', (isAnonymous) => {
  it('follows, and leaves out what it does not need', async () => {
    const master = await servers.master('master', 'tarantool');
    await master.eval(`box.schema.space.create('unneeded'):create_index('primary') box.space.unneeded:insert{1}`);
    let skipped = 0;
    const types = new Set<string>();
    const ignore = (api: LocalApi): void => {
      api.space('_space').onReplace((old, definition) => {
        if (old !== null || definition?.[2] !== 'unneeded') return;
        api.transaction.onCommit(() => {
          api.space('unneeded').beforeReplace((oldRow) => {
            types.add(api.sessionType);
            if (api.sessionType !== 'applier') return undefined;
            skipped++;
            return oldRow;
          });
        });
      });
    };
    await follow(master, isAnonymous, ignore);
    await master.eval(`box.space.unneeded:insert{2} box.space.plain:insert{1, 'a'} box.space.unneeded:insert{3}`);
    await caughtUp(master);
    expect([skipped, [...types]]).toEqual([3, ['applier']]);
    expect(instance?.api.space('unneeded').length).toBe(0);
    expect(instance?.api.space('plain').select()).toEqual([[1, 'a']]);
    await instance?.stop();
    await master.eval(`box.space.unneeded:insert{4} box.space.plain:insert{2, 'b'}`);
    await follow(master, isAnonymous, ignore);
    await caughtUp(master);
    expect(skipped).toBe(4);
    expect(instance?.api.space('unneeded').length).toBe(0);
    const { replication, isReadOnly, replicasetUuid, instanceUuid } = instance!.information;
    expect([isReadOnly, replicasetUuid]).toEqual([true, await master.eval('return box.info.cluster.uuid')]);
    expect(replication).toMatchObject({ ownId: isAnonymous ? 0 : 2, isOrphan: false });
    expect(replication.replicas[0]?.upstream).toMatchObject({ status: 'follow', message: null });
    expect(replication.replicas.some(({ uuid }) => uuid === instanceUuid)).toBe(!isAnonymous);
    await instance?.durable();
  });
});
