/** Beginnings: mistakes of configuration that are named, and servers that must not take writes yet. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectEqual, hasBothKinds, KINDS, MIXED_PAIRS, replicationOf, Servers } from './servers.ts';

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

describe.runIf(hasBothKinds)('mistakes', () => {
  it('two servers that name only each other wait, and say for what', async () => {
    const first = servers.add('first', 'picodata');
    const second = servers.add('second', 'picodata');
    first.launch({ configuration: replicationOf([second]), founds: true });
    second.launch({ configuration: replicationOf([first]) });
    const advice = /if it waits for this server, name each of them in its own `replication` too/;
    await Promise.all([first.waitForLog(advice), second.waitForLog(advice)]);
    await Promise.all([first.kill(), second.kill()]);
    // The advice helps.
    const configuration = replicationOf([first, second]);
    const [uuid, later] = ['00000001-aaaa-4000-8000-000000000000', '00000002-aaaa-4000-8000-000000000000'];
    first.launch({ configuration: `${configuration} instance_uuid = '${uuid}'`, founds: true });
    second.launch({ configuration: `${configuration} instance_uuid = '${later}'` });
    await Promise.all([first.started(), second.started()]);
    await expectEqual([first, second]);
  });

  it('two servers that were made members by two masters at once stop with the reason', async () => {
    const first = await servers.master('first', 'picodata');
    const second = servers.add('second', 'picodata');
    await second.start({ configuration: replicationOf([first, second]) });
    await first.eval(`box.cfg{ ${replicationOf([first, second])} }`);
    await first.follows();
    // As it happens when each of two newcomers is given another server of the set, and both come at once.
    await Promise.all([first.eval('box.cfg{ replication = {} }'), second.eval('box.cfg{ replication = {} }')]);
    const [third, fourth] = [servers.add('third', 'picodata'), servers.add('fourth', 'picodata')];
    await Promise.all([
      third.start({ configuration: replicationOf([first]) }),
      fourth.start({ configuration: replicationOf([second]) }),
    ]);
    const both = replicationOf([first, second]);
    for (const server of [first, second]) {
      await server.eval(`require('fiber').create(function() box.cfg{ ${both} } end)`);
      await server.waitForLog(
        /has stopped: Duplicate key exists in unique index 'primary' in space '_cluster' \(error 3\)/,
      );
      expect(server.log).toContain('newcomers should all be given the same list of masters');
      expect(await server.eval('return upstream().status')).toBe('stopped');
    }
  });

  it('a read-only server makes no replica set', async () => {
    for (const kind of KINDS) {
      const server = servers.add(`alone-${kind}`, kind);
      server.launch({ configuration: `${replicationOf([server])} read_only = true` });
      await server.waitForLog(/Trying to bootstrap a local read-only instance as master/);
      await server.ended();
    }
  });
});

describe.runIf(hasBothKinds).each(MIXED_PAIRS)('master %s, replica %s', (masterKind, replicaKind) => {
  it('a server that reaches too few masters is an orphan until it does', async () => {
    const master = await servers.master('master', masterKind);
    const away = servers.add('away', masterKind);
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: replicationOf([master]) });
    await replica.stop();
    const both = `${replicationOf([master, away])} replication_connect_timeout = 0.5,`;
    await replica.start({ configuration: both });
    await replica.until(`box.info.status == 'orphan' and box.info.ro`);
    await replica.follows();
    expect(replica.log).toMatch(/entering orphan mode/);
    const write = `local _, e = pcall(box.space.plain.replace, box.space.plain, {1, 'a'}) return type(e) == 'table' and 0 or e.code`;
    expect(await replica.eval(write)).toBe(7);
    // One is enough when it is said to be.
    await replica.stop();
    await replica.start({ configuration: `${both} replication_connect_quorum = 1` });
    await replica.until(`box.info.status == 'running' and not box.info.ro`);
    // And it leaves by itself when the other comes.
    await replica.stop();
    await replica.start({ configuration: both });
    await replica.until(`box.info.status == 'orphan'`);
    await away.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.until(`box.info.status == 'running' and not box.info.ro`);
    expect(replica.log).toMatch(/leaving orphan mode/);
    await replica.follows(2);
  });

  it('a fresh server without its masters gives up after the time for it', async () => {
    const nobody = servers.add('nobody', masterKind);
    const replica = servers.add('replica', replicaKind);
    replica.launch({ configuration: `${replicationOf([nobody])} replication_connect_timeout = 0.5` });
    await replica.waitForLog(/failed to connect to one or more replicas/);
    await replica.ended();
  });

  it('waits for nobody with a quorum of none', async () => {
    const nobody = servers.add('nobody', masterKind);
    const server = servers.add('server', replicaKind);
    const configuration = `${replicationOf([nobody])} replication_connect_quorum = 0, replication_connect_timeout = 1`;
    await server.start({ configuration, founds: true });
    expect(await server.json('{box.info.status, box.info.ro}')).toEqual(['running', false]);
  });

  it('a server without a log serves nobody', async () => {
    const master = await servers.master('master', masterKind, { configuration: `wal_mode = 'none'` });
    const replica = servers.add('replica', replicaKind);
    replica.launch({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.waitForLog(/Replication does not support wal_mode = 'none'/);
    await replica.ended();
  });

  it('follows no other replica set', async () => {
    const master = await servers.master('master', masterKind);
    const other = await servers.master('other', replicaKind);
    await other.eval(`box.space._cluster:insert{2, '${String(await master.eval('return box.info.uuid'))}'}`);
    await master.eval(`box.space._cluster:insert{2, '${String(await other.eval('return box.info.uuid'))}'}`);
    await other.eval(`box.cfg{ ${replicationOf([master])} }`);
    await other.until(`upstream() ~= nil and upstream().status == 'stopped'`);
    const [own, theirs] = [
      await other.eval('return box.info.cluster.uuid'),
      await master.eval('return box.info.cluster.uuid'),
    ];
    // Either side may be the one that sees it.
    expect([
      `Replica set UUID mismatch: expected ${String(own)}, got ${String(theirs)}`,
      `Replica set UUID mismatch: expected ${String(theirs)}, got ${String(own)}`,
    ]).toContain(await other.eval('return upstream().message'));
  });

  it('follows no master that does not know it', async () => {
    const master = await servers.master('master', masterKind);
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.follows();
    await replica.eval('box.cfg{ replication = {} }');
    await master.eval('box.space._cluster:delete(2)');
    await replica.eval(`box.cfg{ ${replicationOf([master])} }`);
    await replica.until(`upstream() ~= nil and upstream().status == 'stopped'`);
    const [uuid, set] = [await replica.eval('return box.info.uuid'), await master.eval('return box.info.cluster.uuid')];
    expect(await replica.eval('return upstream().message')).toBe(
      `Replica ${String(uuid)} is not registered with replica set ${String(set)}`,
    );
  });

  it('a second connection of the same replica waits until the first has ended', async () => {
    const master = await servers.master('master', masterKind);
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.follows();
    const twin = servers.add('twin', replicaKind);
    twin.takeFiles(replica);
    twin.launch({ configuration: `${replicationOf([master])} read_only = true` });
    await twin.reachable();
    await twin.until(`upstream() ~= nil and upstream().status == 'loading'`);
    expect(await twin.eval('return upstream().message')).toBe(
      `Incorrect value for option 'replication': duplicate connection with the same replica UUID`,
    );
    await replica.kill();
    await twin.follows();
    await expectEqual([master, twin]);
  });
});
