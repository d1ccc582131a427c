/** Synchronous spaces, promotion by hand, and elections, among servers of this product: a real 2.6.0 knows no terms. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectEqual, hasBothKinds, replicationOf, type Server, Servers, until } from './servers.ts';

const TIMEOUTS = 'replication_synchro_timeout = 1, election_timeout = 1,';

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

const uuidOf = (at: number): string => `0000000${at}-bbbb-4000-8000-000000000000`;

async function replicaSet(mode: 'off' | 'candidate'): Promise<readonly [Server, Server, Server]> {
  const all = [
    servers.add('one', 'picodata'),
    servers.add('two', 'picodata'),
    servers.add('three', 'picodata'),
  ] as const;
  for (const [at, server] of all.entries()) {
    const configuration = `instance_uuid = '${uuidOf(at + 1)}', election_mode = '${mode}', ${TIMEOUTS} ${replicationOf(all)}`;
    server.launch({ configuration, founds: at === 0 });
  }
  await Promise.all(all.map((server) => server.started()));
  await Promise.all(all.map((server) => server.follows(2)));
  return all;
}

async function makeSynchronousSpace(owner: Server): Promise<void> {
  await owner.eval(`box.schema.space.create('accounts', {is_sync = true}):create_index('pk')`);
}

async function ids(server: Server): Promise<unknown> {
  return server.json(`box.space.accounts:pairs():map(function(tuple) return tuple[1] end):totable()`);
}

/** Where a replica stops to follow, it has nothing to say. */
async function silence(replicas: readonly Server[]): Promise<void> {
  await Promise.all(replicas.map((replica) => replica.eval('box.cfg{replication = {}}')));
}

/** Resolves with the one that all take for the leader. */
async function leaderOf(all: readonly Server[]): Promise<Server> {
  const states = async (): Promise<readonly unknown[]> =>
    Promise.all(all.map((server) => server.json('{box.info.election.leader, box.info.id, box.info.ro}')));
  let seen: readonly unknown[] = [];
  const agreed = async (): Promise<boolean> => {
    seen = await states();
    const [leader] = seen[0] as readonly [number];
    const isOne = seen.every((state) => (state as readonly [number])[0] === leader);
    const writers = seen.filter((state) => (state as readonly [number, number, boolean])[2] === false);
    return isOne && leader !== 0 && writers.length === 1;
  };
  await until(agreed, async () => `no leader: ${JSON.stringify(seen)}\n${all.map(({ log }) => log).join('\n')}`);
  return all[seen.findIndex((state) => (state as readonly [number, number, boolean])[2] === false)]!;
}

describe('synchronous spaces', () => {
  it('confirm what a quorum has, and roll back what none takes, everywhere', async () => {
    const [one, two, three] = await replicaSet('off');
    await one.eval('box.ctl.promote()');
    await makeSynchronousSpace(one);
    await one.eval('box.space.accounts:insert{1}');
    await expectEqual([one, two, three]);
    expect(await ids(two)).toEqual([1]);
    await expect(two.eval('box.space.accounts:insert{2}')).rejects.toThrow('read-only');

    await silence([two, three]);
    const [isDone, text] = (await one.json(
      `(function() local ok, err = pcall(box.space.accounts.insert, box.space.accounts, {2}) return {ok, tostring(err)} end)()`,
    )) as readonly [boolean, string];
    expect([isDone, text]).toEqual([false, 'Quorum collection for a synchronous transaction is timed out']);
    expect(await ids(one)).toEqual([1]);
    expect(await one.json('box.info.synchro.queue.len')).toBe(0);

    for (const replica of [two, three]) await replica.eval(`box.cfg{${replicationOf([one, two, three])}}`);
    await one.eval('box.space.accounts:insert{3}');
    await expectEqual([one, two, three]);
    expect(await ids(three)).toEqual([1, 3]);
  });

  it('lose nothing that was acknowledged when their owner is lost for good', async () => {
    const [one, two, three] = await replicaSet('off');
    await one.eval('box.ctl.promote()');
    await makeSynchronousSpace(one);
    for (let id = 1; id <= 20; id++) await one.eval(`box.space.accounts:insert{${id}}`);
    await one.kill();
    const further = (await two.eval('return box.info.vclock[1]')) as number;
    const owner = further >= Number(await three.eval('return box.info.vclock[1]')) ? two : three;
    await owner.eval('box.ctl.promote()');
    expect(await ids(owner)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    await owner.eval('box.space.accounts:insert{21}');
    await expectEqual([two, three]);
  });

  it('come back from the log and from a snapshot, with the term of their owner', async () => {
    const [one, two, three] = await replicaSet('off');
    await one.eval('box.ctl.promote()');
    await makeSynchronousSpace(one);
    await one.eval('box.space.accounts:insert{1}');
    await expectEqual([one, two, three]);
    await two.eval('box.snapshot()');
    await two.stop();
    await one.eval('box.space.accounts:insert{2}');
    await two.start();
    await two.follows(2);
    await expectEqual([one, two, three]);
    expect(
      await two.json('{box.info.synchro.queue.owner, box.info.synchro.queue.term, box.info.election.term}'),
    ).toEqual([1, 2, 2]);
  });

  it('refuse promotion while a member is unknown', async () => {
    const one = await servers.master('one', 'picodata');
    await one.eval(`box.space._cluster:insert{2, '${uuidOf(2)}'}`);
    await expect(one.eval('box.ctl.promote()')).rejects.toThrow('replica 2, the version of which is not known yet');
  });

  it('can be promoted without a member that is lost, once somebody was', async () => {
    const [one, two, three] = await replicaSet('off');
    await one.eval('box.ctl.promote()');
    await expectEqual([one, two, three]);
    await three.kill();
    await two.stop();
    // Of one of the others it hears nothing any more, and so knows no version of it.
    const connection = 'replication_connect_quorum = 2, replication_connect_timeout = 1,';
    await two.start({ configuration: `${connection} ${TIMEOUTS} ${replicationOf([one, two, three])}` });
    await two.eval('box.ctl.promote()');
    await two.until('not box.info.ro');
    expect(await two.json('box.info.synchro.queue.owner == box.info.id')).toBe(true);
  });

  it.runIf(hasBothKinds)(
    'refuse promotion and elections beside a member older than 2.10, and clear the queue',
    async () => {
      const master = await servers.master('master', 'picodata');
      const replica = servers.add('replica', 'tarantool');
      await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
      await replica.follows();
      const refusal = 'replica 2, which runs a version older than 2.10';
      await expect(master.eval('box.ctl.promote()')).rejects.toThrow(refusal);
      await expect(master.eval('box.ctl.demote()')).rejects.toThrow(refusal);
      await expect(master.eval(`box.cfg{election_mode = 'candidate'}`)).rejects.toThrow(refusal);
      expect(await master.json('{box.cfg.election_mode, box.info.ro}')).toEqual(['off', false]);
      await master.eval('box.ctl.clear_synchro_queue()');
      await expectEqual([master, replica]);
    },
  );
});

describe('elections', () => {
  it('choose one leader, another when it is killed, and take the old one back', async () => {
    const all = await replicaSet('candidate');
    const first = await leaderOf(all);
    await makeSynchronousSpace(first);
    for (let id = 1; id <= 10; id++) await first.eval(`box.space.accounts:insert{${id}}`);
    await first.kill();
    const others = all.filter((server) => server !== first);
    const second = await leaderOf(others);
    expect(await ids(second)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
    await second.eval('box.space.accounts:insert{11}');
    await first.start();
    await Promise.all(all.map((server) => server.follows(2)));
    await expectEqual(all);
    expect(await leaderOf(all)).toBe(second);
  });
});
