/** What servers say of replication, the same on either kind, and options that change while it runs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  expectEqual,
  hasBothKinds,
  type Kind,
  KINDS,
  MIXED_PAIRS,
  replicationOf,
  type Server,
  Servers,
} from './servers.ts';

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

type Information = Readonly<Record<string, Readonly<{ id?: number; upstream?: object; downstream?: object }>>>;

async function replicationSeenBy(server: Server): Promise<Information> {
  return (await server.json('box.info.replication')) as Information;
}

const number = expect.any(Number) as number;
const text = expect.any(String) as string;

describe.runIf(hasBothKinds).each(MIXED_PAIRS)('master %s, replica %s', (masterKind, replicaKind) => {
  /** Later versions tell it, and this project does. */
  const lagOf = (kind: string): object => (kind === 'picodata' ? { lag: number } : {});

  it('tells who follows whom, and how it goes', async () => {
    const master = await servers.master('master', masterKind);
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    const anonymous = servers.add('anonymous', replicaKind);
    await anonymous.start({ configuration: `${replicationOf([master])} read_only = true, replication_anon = true` });
    await Promise.all([replica.follows(), anonymous.follows()]);
    await expectEqual([master, replica, anonymous]);
    const [masterUuid, replicaUuid, anonymousUuid] = await Promise.all(
      [master, replica, anonymous].map(async (server) => String(await server.eval('return box.info.uuid'))),
    );
    const lsn = Number(await master.eval('return box.info.lsn'));
    await master.until('box.info.replication[2].downstream.vclock[1] == box.info.lsn');
    const downstream = { status: 'follow', idle: number, vclock: { 1: lsn }, ...lagOf(masterKind) };
    expect(await replicationSeenBy(master)).toEqual({
      1: { id: 1, uuid: masterUuid, lsn },
      2: { id: 2, uuid: replicaUuid, lsn: 0, downstream },
    });
    const peer = `replicator@unix/:${master.socket}`;
    const upstream = { status: 'follow', idle: number, lag: number, peer };
    const seenByReplicas = { id: 1, uuid: masterUuid, lsn, upstream };
    expect(await replicationSeenBy(replica)).toEqual({ 1: seenByReplicas, 2: { id: 2, uuid: replicaUuid, lsn: 0 } });
    expect(await replicationSeenBy(anonymous)).toEqual({ 1: seenByReplicas, 2: { id: 2, uuid: replicaUuid, lsn: 0 } });
    expect(await master.json('{box.info.replication_anon.count, box.info.replication_anon()}')).toEqual([
      1,
      { [anonymousUuid!]: { id: 0, uuid: anonymousUuid, lsn: 0, downstream } },
    ]);
    await replica.eval('box.snapshot()');
    const vclock = { 1: lsn };
    const checkpoints = [{ references: [], vclock: {}, signature: 0 }];
    const name = `replica ${replicaUuid!}`;
    expect(await master.json('box.info.gc()')).toMatchObject({
      vclock: {},
      signature: 0,
      checkpoint_is_in_progress: false,
      checkpoints,
      consumers: [{ name, vclock: { 1: number }, signature: number }],
    });
    expect(await replica.json('{#box.info.gc().consumers, box.info.cluster.uuid}')).toEqual([
      0,
      await master.eval('return box.info.cluster.uuid'),
    ]);
    expect(await master.json('box.info.vclock')).toEqual(vclock);
    await replica.kill();
    await master.until(`box.info.replication[2].downstream.status == 'stopped'`);
    expect((await replicationSeenBy(master))['2']?.downstream).toEqual({
      status: 'stopped',
      message: expect.stringContaining('unexpected EOF when reading from socket') as string,
      system_message: 'Broken pipe',
    });
    await master.kill();
    await anonymous.until(`upstream().status == 'disconnected'`);
    await anonymous.until(`upstream().system_message == 'Connection refused'`);
    expect((await replicationSeenBy(anonymous))['1']?.upstream).toEqual({
      status: 'disconnected',
      idle: number,
      lag: number,
      peer,
      message: text,
      system_message: 'Connection refused',
    });
  });

  it('hands the writing over: read_only and replication change while it runs', async () => {
    const first = await servers.master('first', masterKind);
    const second = servers.add('second', replicaKind);
    await second.start({ configuration: `${replicationOf([first])} read_only = true` });
    await second.follows();
    await first.eval('start_work(1)');
    await first.works();
    expect(await first.eval('return stop_work()')).toBe('done');
    await first.eval('box.cfg{ read_only = true }');
    await expectEqual([first, second]);
    await second.eval('box.cfg{ replication = {} }');
    expect(await second.json('{upstreams("follow"), upstream() == nil}')).toEqual([0, true]);
    await second.eval('box.cfg{ read_only = false }');
    await first.eval(`box.cfg{ ${replicationOf([second])} }`);
    await first.follows();
    await second.eval('start_work(2)');
    await second.works();
    expect(await second.eval('return stop_work()')).toBe('done');
    await expectEqual([first, second]);
    expect(await first.json('{box.info.ro, box.info.status}')).toEqual([true, 'running']);
  });

  it('an anonymous replica becomes a member, and may write', async () => {
    const master = await servers.master('master', masterKind);
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true, replication_anon = true` });
    await replica.follows();
    await master.eval('start_work(1)');
    await master.works(60);
    await replica.eval('box.cfg{ replication_anon = false }');
    await replica.follows();
    expect(await replica.eval('return box.info.id')).toBe(2);
    expect(await master.json('{box.space._cluster:len(), box.info.replication_anon.count}')).toEqual([2, 0]);
    await master.works(60);
    expect(await master.eval('return stop_work()')).toBe('done');
    await replica.eval('box.cfg{ read_only = false }');
    await master.eval(`require('fiber').create(function() box.cfg{ ${replicationOf([replica])} } end)`);
    await master.follows();
    await Promise.all([master.until('not box.info.ro'), replica.until('not box.info.ro')]);
    await Promise.all([master.eval('start_work(1)'), replica.eval('start_work(2)')]);
    await Promise.all([master.works(60), replica.works(60)]);
    expect([await master.eval('return stop_work()'), await replica.eval('return stop_work()')]).toEqual([
      'done',
      'done',
    ]);
    await expectEqual([master, replica]);
    await replica.stop();
    await replica.start({ configuration: replicationOf([master]) });
    await replica.follows();
    await master.until(`upstreams('follow') == 1`);
    await expectEqual([master, replica]);
  });

  it('an anonymous replica of two masters becomes a member once', async () => {
    const first = await servers.master('first', masterKind);
    const second = servers.add('second', masterKind);
    await second.start({ configuration: replicationOf([first]) });
    await first.eval(`box.cfg{ ${replicationOf([second])} }`);
    await Promise.all([first.follows(), second.follows()]);
    const replica = servers.add('replica', replicaKind);
    const configuration = `${replicationOf([first, second])} read_only = true, replication_anon = true`;
    await replica.start({ configuration });
    await replica.follows(2);
    await replica.eval('box.cfg{ replication_anon = false }');
    await replica.follows(2);
    await expectEqual([first, second, replica]);
    expect(await replica.json('{box.info.id, box.space._cluster:len()}')).toEqual([3, 3]);
  });
});

describe.runIf(hasBothKinds)('options of replication', () => {
  /** What comes of changes, one after the other, on a server that is a master. */
  async function outcomes(kind: Kind): Promise<unknown> {
    const server = await servers.master(kind, kind);
    const changes = [
      'replication_anon = true',
      'replication = { SELF, SELF }',
      'replication = SELF',
      'replication = {}',
      "replication = '@@'",
      "replication = { 'nonsense' }",
      'replication_timeout = 0',
      'replication_connect_timeout = -1',
      'replication_connect_quorum = -1',
      'replication_sync_lag = 0',
      'replication_sync_timeout = -1',
      'replication_skip_conflict = 1',
      'read_only = true',
      'replication_anon = true',
      'read_only = false',
      "replication = { '/nobody' }, replication_connect_timeout = 0.3",
      'replication = {}',
    ];
    const seen: unknown[] = [];
    for (const change of changes) {
      const configuration = change.replaceAll('SELF', server.uri());
      const error = await server.eval(`local _, e = pcall(box.cfg, { ${configuration} }) return tostring(e)`);
      const [isReadOnly, status] = (await server.json('{box.info.ro, box.info.status}')) as readonly unknown[];
      seen.push(error === 'nil' ? [change, isReadOnly, status] : [change, error]);
    }
    expect(await server.eval('return upstream() == nil')).toBe(true);
    return seen;
  }

  it('are refused and taken alike', async () => {
    expect(await outcomes('picodata')).toEqual(await outcomes('tarantool'));
  });

  it('of an anonymous replica keep it one until it is told otherwise', async () => {
    const master = await servers.master('master', 'tarantool');
    for (const kind of KINDS) {
      const replica = servers.add(`replica-${kind}`, kind);
      replica.launch({ configuration: `${replicationOf([master])} replication_anon = true` });
      await replica.waitForLog(/'replication_anon': the value may be set to true only when the instance is read-only/);
      await replica.ended();
      await replica.start({ configuration: `${replicationOf([master])} replication_anon = true, read_only = true` });
      expect(await replica.eval('return tostring(select(2, pcall(box.cfg, { read_only = false })))')).toBe(
        `Incorrect value for option 'read_only': the value may be set to false only when replication_anon is false`,
      );
      await replica.eval('box.cfg{ read_only = false, replication_anon = false }');
      expect(await replica.json('{box.info.ro, box.info.id > 1}')).toEqual([false, true]);
    }
  });
});
