/** Servers that are killed, stopped and started again while others write. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectEqual, hasBothKinds, MIXED_PAIRS, replicationOf, type Server, Servers } from './servers.ts';

const ROUNDS = 3;

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

/** A master whose worker writes, and a replica that follows. */
async function pair(masterKind: Parameters<Servers['master']>[1], replicaKind: typeof masterKind): Promise<Server[]> {
  const master = await servers.master('master', masterKind, { configuration: 'wal_max_size = 30000' });
  await master.eval('start_work(1)');
  const replica = servers.add('replica', replicaKind);
  await replica.start({ configuration: `${replicationOf([master])} read_only = true, wal_max_size = 30000` });
  await replica.follows();
  return [master, replica];
}

describe.runIf(hasBothKinds).each(MIXED_PAIRS)('master %s, replica %s', (masterKind, replicaKind) => {
  it('a replica is killed again and again under writes', async () => {
    const [master, replica] = (await pair(masterKind, replicaKind)) as [Server, Server];
    for (let round = 0; round < ROUNDS; round++) {
      await master.works(60);
      await replica.kill();
      await master.works(60);
      if (round === 1) await master.eval('box.snapshot()');
      await replica.start();
      await replica.follows();
    }
    expect(await master.eval('return stop_work()')).toBe('done');
    await expectEqual([master, replica]);
  });

  it('a master is killed again and again while it writes', async () => {
    const [master, replica] = (await pair(masterKind, replicaKind)) as [Server, Server];
    for (let round = 0; round < ROUNDS; round++) {
      await master.works(60);
      await master.kill();
      await replica.until(`upstream().status == 'disconnected'`);
      expect(await replica.eval('return upstream().message')).toBeTypeOf('string');
      if (round === 1) await replica.eval('box.snapshot()');
      await master.start();
      await master.eval('start_work(1)');
      await replica.follows();
    }
    await master.works(60);
    expect(await master.eval('return stop_work()')).toBe('done');
    await expectEqual([master, replica]);
  });

  it('both are killed, and each in turn waits for the other', async () => {
    const [master, replica] = (await pair(masterKind, replicaKind)) as [Server, Server];
    await master.works(60);
    await Promise.all([master.kill(), replica.kill()]);
    replica.launch({ configuration: `${replicationOf([master])} read_only = true, replication_connect_timeout = 0.5` });
    await replica.started();
    expect(await replica.json('{box.info.status, upstream() == nil or upstream().status}')).toContain('orphan');
    await master.start();
    await replica.until(`box.info.status == 'running'`);
    await replica.follows();
    await master.eval('start_work(1)');
    await master.works(60);
    expect(await master.eval('return stop_work()')).toBe('done');
    await expectEqual([master, replica]);
  });

  it('two that write are killed in turn, and keep what they wrote', async () => {
    const first = await servers.master('first', masterKind);
    const second = servers.add('second', replicaKind);
    const configuration = `${replicationOf([first, second])} replication_connect_quorum = 1, replication_connect_timeout = 2`;
    await second.start({ configuration });
    await first.stop();
    await first.start({ configuration });
    const all = [first, second] as const;
    for (const [at, server] of all.entries()) {
      await server.until('not box.info.ro');
      await server.eval(`start_work(${at + 1})`);
    }
    for (let round = 0; round < ROUNDS; round++) {
      const at = round % 2;
      const [killed, other] = [all[at]!, all[1 - at]!];
      await Promise.all([killed.works(60), other.works(60)]);
      await killed.kill();
      await other.works(60);
      await killed.start();
      await killed.until('not box.info.ro');
      await killed.eval(`start_work(${at + 1})`);
    }
    await Promise.all(all.map((server) => server.works(60)));
    for (const server of all) expect(await server.eval('return stop_work()')).toBe('done');
    await expectEqual(all);
  });
});
