/** One server follows another, of the other kind or of its own, whatever is written meanwhile. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectEqual, hasBothKinds, PAIRS, replicationOf, Servers } from './servers.ts';

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

describe.runIf(hasBothKinds).each(PAIRS)('master %s, replica %s', (masterKind, replicaKind) => {
  it('a member joins and follows while everything is written', async () => {
    const master = await servers.master('master', masterKind);
    await master.eval('start_work(1)');
    await master.works();
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.follows();
    await master.works();
    await Promise.all([master.eval('box.snapshot()'), replica.eval('box.snapshot()')]);
    await master.works();
    expect(await master.eval('return stop_work()')).toBe('done');
    await expectEqual([master, replica]);
    expect(await replica.json('{box.info.id, box.info.ro, box.info.status}')).toEqual([2, true, 'running']);
    // What is local stays where it was written; that there is such a space does not.
    expect(await master.eval('return box.space.own:len() > 0 and box.space.passing:len() > 0')).toBe(true);
    expect(await replica.json('{box.space.own:len(), box.space.passing:len()}')).toEqual([0, 0]);
    await replica.eval(`box.space.own:insert{1, 'here'} box.space.passing:insert{1, 'here'}`);
    await replica.stop();
    await replica.start();
    await replica.follows();
    expect(await replica.json('{box.space.own:select(), box.space.passing:len()}')).toEqual([[[1, 'here']], 0]);
    await expectEqual([master, replica]);
  });

  it('an anonymous replica does the same, and is no member', async () => {
    const master = await servers.master('master', masterKind);
    await master.eval('start_work(1)');
    await master.works();
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true, replication_anon = true` });
    await replica.follows();
    await master.works();
    await replica.eval('box.snapshot()');
    await master.works();
    expect(await master.eval('return stop_work()')).toBe('done');
    await expectEqual([master, replica]);
    expect(await replica.eval('return box.info.id == nil or box.info.id == 0')).toBe(true);
    expect(await master.json('{box.space._cluster:len(), box.info.replication_anon.count}')).toEqual([1, 1]);
    await replica.eval(`box.space.own:insert{1, 'here'} box.space.passing:insert{1, 'here'}`);
    expect(
      await replica.eval('local _, e = pcall(box.space.plain.insert, box.space.plain, {1, "a"}) return e.code'),
    ).toBe(7);
    await replica.stop();
    await master.eval('box.space.plain:insert{1, "while it is away"}');
    await replica.start();
    await replica.follows();
    await expectEqual([master, replica]);
    expect(await replica.json('box.space.own:select()')).toEqual([[1, 'here']]);
  });

  it('both write, each what is its own', async () => {
    const first = await servers.master('first', masterKind);
    const second = servers.add('second', replicaKind);
    await second.start({ configuration: replicationOf([first, second]) });
    await first.eval(`box.cfg{ ${replicationOf([first, second])} }`);
    await first.follows();
    await first.eval('start_work(1)');
    await second.eval('start_work(2)');
    await Promise.all([first.works(), second.works()]);
    await Promise.all([first.eval('box.snapshot()'), second.eval('box.snapshot()')]);
    await Promise.all([first.works(), second.works()]);
    expect([await first.eval('return stop_work()'), await second.eval('return stop_work()')]).toEqual(['done', 'done']);
    await expectEqual([first, second]);
  });
});
