/** What a master keeps of its log, for whom, and what a replica is told that needs what is gone. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectEqual, forgetful, hasBothKinds, MIXED_PAIRS, passSnapshots, replicationOf, Servers } from './servers.ts';

const GAP = /Missing \.xlog file between LSN \d+ \{[\d:, ]+\} and \d+ \{[\d:, ]+\}/;

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

describe.runIf(hasBothKinds).each(MIXED_PAIRS)('master %s, replica %s', (masterKind, replicaKind) => {
  it('a replica that is away for several snapshots finds all that it needs', async () => {
    const master = await servers.master('master', masterKind, { configuration: 'checkpoint_count = 1' });
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.follows();
    await expectEqual([master, replica]);
    await replica.kill();
    const before = master.files('xlog').length;
    await passSnapshots(master);
    expect(master.files('snap').length).toBe(1);
    expect(master.files('xlog').length).toBeGreaterThan(before);
    await replica.start();
    await replica.follows();
    await expectEqual([master, replica]);
    // What it has acknowledged is needed no more, once that is seen.
    await passSnapshots(master);
    await master.until(`#require('fio').glob('*.xlog') <= 3`);
  });

  it('a replica that is behind what is kept stops, and says why', async () => {
    const master = await servers.master('master', masterKind);
    const replica = servers.add('replica', replicaKind);
    const masters = replicationOf([master]);
    await replica.start({ configuration: `${masters} read_only = true` });
    await replica.follows();
    await replica.eval('box.cfg{ replication = {} }');
    await master.stop();
    await master.start({ configuration: forgetful(masterKind) });
    await passSnapshots(master);
    // A Tarantool 2.6.0 sees that files are missing when there is a later one.
    await master.eval(`box.space.plain:replace{1, 'later'}`);
    await replica.eval(`box.cfg{ ${masters} }`);
    await replica.until(`upstream() ~= nil and upstream().status == 'stopped'`);
    expect(await replica.eval('return upstream().message')).toMatch(GAP);
    expect(await replica.json('{box.info.status, box.info.ro}')).toEqual(['orphan', true]);
    expect(replica.log).toMatch(GAP);
    // At its next start it begins anew.
    await replica.stop();
    await replica.start();
    await replica.follows();
    await expectEqual([master, replica]);
  });

  it('a member that was unregistered is not waited for, and is told so', async () => {
    const master = await servers.master('master', masterKind, { configuration: 'checkpoint_count = 1' });
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.follows();
    await replica.stop();
    expect(await master.eval('return #box.info.gc().consumers')).toBe(1);
    await master.eval('box.space._cluster:delete(2)');
    expect(await master.eval('return #box.info.gc().consumers')).toBe(0);
    await passSnapshots(master);
    await master.until(`#require('fio').glob('*.xlog') <= 2`);
    replica.launch();
    await replica.waitForLog(/is too old|is too far behind/);
  });

  it('who lost the end of its log gets back from others what it wrote', async () => {
    const other = await servers.master('other', masterKind);
    const forgetting = servers.add('forgetting', replicaKind);
    const masters = replicationOf([other, forgetting]);
    await forgetting.start({ configuration: masters });
    await other.stop();
    await other.start({ configuration: `${masters} replication_connect_quorum = 1` });
    await forgetting.until('not box.info.ro');
    await forgetting.eval('start_work(2)');
    await forgetting.works(40);
    const copy = join(forgetting.directory, 'copy');
    mkdirSync(copy);
    for (const name of [...forgetting.files('snap'), ...forgetting.files('xlog')]) {
      cpSync(join(forgetting.directory, name), join(copy, name));
    }
    await forgetting.works(40);
    expect(await forgetting.eval('return stop_work()')).toBe('done');
    await expectEqual([other, forgetting]);
    await forgetting.kill();
    for (const name of [...forgetting.files('snap'), ...forgetting.files('xlog')]) {
      rmSync(join(forgetting.directory, name));
    }
    cpSync(copy, forgetting.directory, { recursive: true });
    await forgetting.start();
    await forgetting.until('not box.info.ro');
    await expectEqual([other, forgetting]);
    await forgetting.eval('start_work(2)');
    await forgetting.works(40);
    expect(await forgetting.eval('return stop_work()')).toBe('done');
    await expectEqual([other, forgetting]);
  });
});

describe.runIf(hasBothKinds)('a restarted picodata', () => {
  it('keeps its log until members have said what they need', async () => {
    const master = await servers.master('master', 'picodata', { configuration: 'checkpoint_count = 1' });
    const replica = servers.add('replica', 'tarantool');
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.follows();
    await replica.stop();
    await master.stop();
    await master.start();
    await passSnapshots(master);
    await replica.start();
    await replica.follows();
    await expectEqual([master, replica]);
    expect(replica.log).not.toContain('rebootstrap');
  });

  it('tells a Tarantool at its start when it has to begin anew, which it does', async () => {
    const master = await servers.master('master', 'picodata');
    const replica = servers.add('replica', 'tarantool');
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.follows();
    await replica.stop();
    await master.stop();
    await master.start({ configuration: forgetful('picodata') });
    await passSnapshots(master);
    await replica.start();
    expect(replica.log).toContain('replica is too old, initiating rebootstrap');
    await replica.follows();
    await expectEqual([master, replica]);
  });
});
