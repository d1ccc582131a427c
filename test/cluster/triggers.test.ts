/**
 * Triggers of a replica on what arrives: rows that are left out, definitions that are changed on their way. The same
 * scripts run on either kind, and must come to the same.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasBothKinds, type Kind, replicationOf, type Server, Servers } from './servers.ts';

/** Ignores every change of one space that arrives from a master, and counts them. */
const IGNORING = `
  skipped = 0
  types = {}
  local function ignore(old, new)
    local kind = box.session.type()
    types[kind] = true
    if kind == 'applier' then
      skipped = skipped + 1
      return old
    end
    return new
  end
  local function watch(old, new)
    if old == nil and new[3] == 'unneeded' then
      box.on_commit(function()
        box.space.unneeded:before_replace(ignore)
      end)
    end
  end
  box.ctl.on_schema_init(function()
    box.space._space:on_replace(watch)
  end)
`;

/** Changes a field of a space's definition as its row reaches the replica. */
function changing(space: string, update: string): string {
  return `
    box.ctl.on_schema_init(function()
      box.space._space:before_replace(function(old, new)
        if old == nil and new ~= nil and new[3] == '${space}' then
          return new:update{ ${update} }
        end
      end)
    end)
  `;
}

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

/** The replica has all that the master wrote. */
async function caughtUp(master: Server, replica: Server): Promise<void> {
  await replica.until(`box.info.vclock[1] == ${String(await master.eval('return box.info.vclock[1]'))}`);
}

async function ignoring(masterKind: Kind, kind: Kind): Promise<unknown> {
  const seen: unknown[] = [];
  const master = await servers.master(`master-of-${kind}`, masterKind);
  await master.eval(`box.schema.space.create('unneeded'):create_index('primary')
    for key = 1, 10 do box.space.unneeded:insert{key} end`);
  const replica = servers.add(`replica-${kind}`, kind);
  const look = async (): Promise<void> => {
    await caughtUp(master, replica);
    seen.push(await replica.json(`{box.space.unneeded:len(), box.space.plain:len(), skipped, types}`));
  };
  await replica.start({ before: IGNORING, configuration: `${replicationOf([master])} read_only = true` });
  await look();
  await master.eval(`box.space.unneeded:insert{11} box.space.unneeded:delete(1) box.space.unneeded:replace{2, 'b'}
    box.space.unneeded:update(3, {{'!', 2, 'c'}}) box.space.unneeded:upsert({4}, {{'!', 2, 'd'}}) box.space.plain:insert{1, 'a'}
    box.begin() box.space.unneeded:insert{12} box.space.plain:insert{2, 'b'} box.space.unneeded:insert{13} box.commit()`);
  await look();
  await replica.stop();
  await replica.start();
  await look();
  await master.eval('box.space.unneeded:insert{14}');
  await look();
  await replica.eval('box.snapshot()');
  await replica.kill();
  await master.eval(`box.space.unneeded:insert{15} box.space.plain:insert{3, 'c'}`);
  await replica.start();
  await look();
  return seen;
}

async function changed(masterKind: Kind, kind: Kind): Promise<unknown> {
  const seen: unknown[] = [];
  const master = await servers.master(`master-of-${kind}`, masterKind);
  const replica = servers.add(`replica-${kind}`, kind);
  const before = changing('far', `{'=', 3, 'near'}`) + changing('kept', `{'=', 6, { group_id = 1 }}`);
  await replica.start({ before, configuration: `${replicationOf([master])} read_only = true` });
  await master.eval(`box.schema.space.create('far'):create_index('primary') box.space.far:insert{1, 'over there'}
    box.schema.space.create('kept'):create_index('primary')`);
  const look = async (): Promise<void> => {
    await caughtUp(master, replica);
    const expression = '{box.space.far == nil, box.space.near:select(), box.space.kept.is_local}';
    seen.push(await replica.json(expression));
  };
  await look();
  await replica.eval(`box.space.kept:insert{1, 'of the replica'}`);
  await replica.stop();
  await master.eval(`box.space.far:insert{2, 'meanwhile'}`);
  await replica.start();
  await look();
  seen.push(await replica.json('box.space.kept:select()'));
  return seen;
}

describe.runIf(hasBothKinds)('triggers on a replica', () => {
  it('leave out what comes for a space, and go on after restarts', async () => {
    const [ours, real] = [await ignoring('tarantool', 'picodata'), await ignoring('picodata', 'tarantool')];
    expect(ours).toEqual(real);
    expect((ours as readonly (readonly unknown[])[]).map((each) => each.slice(0, 3))).toEqual([
      [0, 0, 10],
      [0, 2, 15],
      [0, 2, 0],
      [0, 2, 1],
      [0, 3, 1],
    ]);
  });

  it('change definitions on their way', async () => {
    const [ours, real] = [await changed('tarantool', 'picodata'), await changed('picodata', 'tarantool')];
    expect(ours).toEqual(real);
  });

  it('cannot ask for an engine that is not there: the replica stops until they are gone', async () => {
    const master = await servers.master('master', 'tarantool');
    const replica = servers.add('replica', 'picodata');
    const configuration = `${replicationOf([master])} read_only = true`;
    await replica.start({ before: changing('huge', `{'=', 4, 'vinyl'}`), configuration });
    await replica.follows();
    await master.eval(`box.schema.space.create('huge'):create_index('primary') box.space.huge:insert{1}`);
    await replica.until(`upstream().status == 'stopped'`);
    expect(await replica.eval('return upstream().message')).toBe(`Space engine 'vinyl' does not exist`);
    expect(replica.log).toMatch(
      /the definition of space 'huge', cannot be applied: Space engine 'vinyl' does not exist/,
    );
    await replica.stop();
    await replica.start({ configuration });
    await caughtUp(master, replica);
    expect(await replica.json('box.space.huge:select()')).toEqual([[1]]);
  });
});
