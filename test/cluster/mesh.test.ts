/** Sets of more than two servers of both kinds: all follow all, and chains. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectEqual, hasBothKinds, type Kind, replicationOf, type Server, Servers } from './servers.ts';

/** The first has the smallest uuid, so it makes the replica set. */
const MESHES: readonly (readonly Kind[])[] = [
  ['picodata', 'picodata', 'tarantool'],
  ['tarantool', 'picodata', 'picodata'],
];
const CHAINS: readonly (readonly Kind[])[] = [
  ['picodata', 'tarantool', 'picodata'],
  ['tarantool', 'picodata', 'tarantool'],
];

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

const uuidOf = (at: number): string => `0000000${at}-aaaa-4000-8000-000000000000`;

/** Servers that know each other and themselves, all started at once over empty directories. */
async function bootstrapMesh(kinds: readonly Kind[]): Promise<readonly Server[]> {
  const all = kinds.map((kind, at) => servers.add(`server${at + 1}`, kind));
  for (const [at, server] of all.entries()) {
    const configuration = `instance_uuid = '${uuidOf(at + 1)}', ${replicationOf(all)}`;
    server.launch({ configuration, founds: at === 0 });
  }
  await Promise.all(all.map((server) => server.started()));
  return all;
}

/** Changes options without waiting, as the others have to follow meanwhile. */
function configuredAside(configuration: string): string {
  return `require('fiber').create(function() box.cfg{ ${configuration} } end)`;
}

async function everybodyFollows(all: readonly Server[]): Promise<void> {
  await Promise.all(all.map((server) => server.follows(all.length - 1)));
  await Promise.all(all.map((server) => server.until(`box.info.status == 'running' and not box.info.ro`)));
}

async function everybodyWorks(all: readonly Server[]): Promise<void> {
  await Promise.all(all.map((server, at) => server.eval(`start_work(${at + 1})`)));
  await Promise.all(all.map((server) => server.works(80)));
}

async function everybodyStops(all: readonly Server[]): Promise<void> {
  for (const server of all) expect(await server.eval('return stop_work()')).toBe('done');
}

describe.runIf(hasBothKinds).each(MESHES)('a mesh of %s, %s and %s', (...kinds) => {
  it('is made at once, takes writes everywhere, and comes back after a restart of all', async () => {
    const all = await bootstrapMesh(kinds);
    const [first] = all as [Server];
    await everybodyFollows(all);
    await expectEqual(all);
    const members = (await first.json('box.space._cluster:select()')) as readonly (readonly [number, string])[];
    expect(members[0]).toEqual([1, uuidOf(1)]);
    expect(members.map(([, uuid]) => uuid).sort()).toEqual([1, 2, 3].map(uuidOf));
    await first.eval('prepare_work()');
    await expectEqual(all);
    await everybodyWorks(all);
    await everybodyStops(all);
    await expectEqual(all);
    await Promise.all(all.map((server) => server.stop()));
    for (const server of all) server.launch();
    await Promise.all(all.map((server) => server.started()));
    await everybodyFollows(all);
    await everybodyWorks(all);
    await Promise.all(all.map((server) => server.kill()));
    for (const server of all) server.launch();
    await Promise.all(all.map((server) => server.started()));
    await everybodyFollows(all);
    await everybodyWorks(all);
    await everybodyStops(all);
    await expectEqual(all);
  });

  it('stops at a conflict, or goes on if it is told to', async () => {
    const all = await bootstrapMesh(kinds);
    const [first] = all as [Server];
    await everybodyFollows(all);
    await first.eval('prepare_work()');
    await expectEqual(all);
    await Promise.all(all.map((server) => server.eval('box.cfg{ replication = {} }')));
    await Promise.all(all.map((server, at) => server.eval(`box.space.plain:insert{ 1, 'of server ${at + 1}' }`)));
    for (const server of all) {
      await server.eval(configuredAside(`${replicationOf(all)} replication_sync_timeout = 1`));
    }
    for (const server of all) {
      await server.until(`upstreams('stopped') == 2`);
      expect(Object.values((await server.json('messages()')) as object)).toEqual([
        `Duplicate key exists in unique index 'primary' in space 'plain'`,
        `Duplicate key exists in unique index 'primary' in space 'plain'`,
      ]);
    }
    await Promise.all(
      all.map((server) => server.eval('box.cfg{ replication = {}, replication_skip_conflict = true }')),
    );
    for (const server of all) {
      await server.eval(configuredAside(replicationOf(all)));
    }
    await everybodyFollows(all);
    // Each keeps its own, and what comes later arrives everywhere.
    for (const [at, server] of all.entries()) {
      await server.eval(`box.space.plain:insert{ ${100 + at}, 'after it' }`);
      expect(await server.eval('return box.space.plain:get(1)[2]')).toBe(`of server ${at + 1}`);
    }
    for (const server of all) await server.until(`box.space.plain:count(100, { iterator = 'ge' }) == 3`);
    await first.eval(`box.space.plain:replace{ 1, 'of all' }`);
    await expectEqual(all);
  });
});

describe.runIf(hasBothKinds).each(CHAINS)('a chain of %s, %s and %s', (...kinds) => {
  it('hands on what the first writes, while the middle one comes and goes', async () => {
    const first = await servers.master('first', kinds[0]!);
    const middle = servers.add('middle', kinds[1]!);
    const last = servers.add('last', kinds[2]!);
    await first.eval('start_work(1)');
    await middle.start({ configuration: replicationOf([first]) });
    await last.start({ configuration: `${replicationOf([middle])} read_only = true` });
    await last.follows();
    await first.works(60);
    await middle.kill();
    await first.works(60);
    await middle.start();
    await last.follows();
    await first.works(60);
    expect(await first.eval('return stop_work()')).toBe('done');
    // Whom the middle one made a member, the first one does not know.
    await expectEqual([first, middle, last], 1);
    await expectEqual([middle, last]);
    expect(await last.json('box.info.id')).toBe(3);
    // What an anonymous one has, others that are anonymous can get there.
    const anonymous = servers.add('anonymous', kinds[1]!);
    const behind = servers.add('behind', kinds[0]!);
    await anonymous.start({ configuration: `${replicationOf([last])} read_only = true, replication_anon = true` });
    await behind.start({ configuration: `${replicationOf([anonymous])} read_only = true, replication_anon = true` });
    await first.eval(`box.space.plain:replace{ 1, 'to the end' }`);
    await expectEqual([first, middle, last, anonymous, behind], 1);
  });
});
