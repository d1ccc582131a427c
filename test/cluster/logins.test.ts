/** How servers come in: passwords and rights that are not there yet, are taken away, and come back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectEqual, hasBothKinds, MIXED_PAIRS, replicationOf, Servers } from './servers.ts';

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

describe.runIf(hasBothKinds).each(MIXED_PAIRS)('master %s, replica %s', (masterKind, replicaKind) => {
  it('a fresh replica waits for its user, password and rights, one after the other', async () => {
    const master = await servers.master('master', masterKind);
    const replica = servers.add('replica', replicaKind);
    replica.launch({ configuration: `${replicationOf([master], 'later:word')} read_only = true` });
    await replica.waitForLog(/User 'later' is not found/);
    await master.eval(`box.schema.user.create('later', { password = 'another' })`);
    await replica.waitForLog(/Incorrect password supplied for user 'later'/);
    await master.eval(`box.schema.user.passwd('later', 'word')`);
    await replica.waitForLog(/Read access to universe '' is denied for user 'later'/);
    await master.eval(`box.schema.user.grant('later', 'read', 'universe')`);
    // A Tarantool logs an error once as long as its code stays the same.
    if (replicaKind === 'picodata') {
      await replica.waitForLog(/Write access to space '_cluster' is denied for user 'later'/);
    }
    await master.eval(`box.schema.user.grant('later', 'write', 'space', '_cluster')`);
    await replica.started();
    await replica.follows();
    await expectEqual([master, replica]);
  });

  it('a replica shows what is wrong, and follows again when it is mended', async () => {
    const master = await servers.master('master', masterKind);
    const replica = servers.add('replica', replicaKind);
    await replica.start({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.follows();
    const mistakes: readonly (readonly [string, string, string])[] = [
      [
        `box.schema.user.passwd('replicator', 'another')`,
        `Incorrect password supplied for user 'replicator'`,
        `box.schema.user.passwd('replicator', 'replicating')`,
      ],
      [
        `box.schema.user.revoke('replicator', 'replication')`,
        `Read access to universe '' is denied for user 'replicator'`,
        `box.schema.user.grant('replicator', 'replication')`,
      ],
      [
        `box.schema.user.disable('replicator')`,
        `Session access to universe '' is denied for user 'replicator'`,
        `box.schema.user.enable('replicator')`,
      ],
    ];
    for (const [mistake, message, remedy] of mistakes) {
      await master.eval(mistake);
      await expectEqual([master, replica]);
      await replica.stop();
      replica.launch();
      await replica.reachable();
      await replica.until(`upstream() ~= nil and upstream().status == 'loading'`);
      expect(await replica.json('upstream().message')).toBe(message);
      await master.eval(remedy);
      await replica.started();
      await replica.follows();
      await replica.until(`box.info.status == 'running'`);
      await expectEqual([master, replica]);
    }
  });
});
