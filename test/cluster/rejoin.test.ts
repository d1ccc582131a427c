/** Servers that get their data anew: too far behind to follow, or cut off while they joined. */
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  expectEqual,
  forgetful,
  hasBothKinds,
  type Kind,
  KINDS,
  passSnapshots,
  pause,
  replicationOf,
  type Server,
  Servers,
} from './servers.ts';

const FETCHED_ANEW = /this instance is too far behind: .* its data are fetched anew from .*master\.sock/;
const GETTING = /getting the data from/;
/** Who it is, and what it has for itself. */
const LOCAL_ROWS = `(function()
  local rows = {}
  for _, row in box.space.own:pairs() do table.insert(rows, row) end
  return { box.info.id, box.info.uuid, box.info.vclock[0] or 0, rows }
end)()`;
/** Enough to be cut off, or killed, in the middle of. */
const BIG = `
  box.cfg{ checkpoint_count = 1 }
  box.schema.space.create('big'):create_index('primary')
  for first = 1, 200000, 1000 do
    box.begin()
    for key = first, first + 999 do box.space.big:insert{ key, ('x'):rep(250) } end
    box.commit()
  end
`;
const ROOM = 'memtx_memory = 256 * 1024 * 1024,';

let servers: Servers;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(() => servers.close());

type Left = Readonly<{ master: Server; replica: Server; local: unknown }>;

/** Lua for the master, before its replica comes and when it has gone, and for the replica between; options of the replica. */
type Meanwhile = Readonly<{ first?: string; onReplica?: string; afterwards?: string; options?: string }>;

/** A replica with rows of its own in a local space, which is stopped until its master has forgotten it. */
async function leftBehind(kind: Kind, meanwhile: Meanwhile = {}): Promise<Left> {
  const { first = '', onReplica = '', afterwards = '', options = '' } = meanwhile;
  const master = await servers.master('master', kind, { configuration: ROOM });
  await master.eval(first);
  const replica = servers.add('replica', 'picodata');
  await replica.start({ configuration: `${ROOM} ${options} ${replicationOf([master])} read_only = true` });
  await replica.follows();
  await replica.eval(`for key = 1, 50 do box.space.own:replace{ key, 'mine', { key } } end box.space.own:delete(7)`);
  await replica.eval(onReplica);
  const local = await replica.json(LOCAL_ROWS);
  await replica.kill();
  await master.eval(afterwards);
  await master.stop();
  await master.start({ configuration: `${forgetful(kind)} ${ROOM}` });
  await passSnapshots(master);
  await master.eval(`box.space.plain:replace{ 1, 'later' }`);
  return { master, replica, local };
}

/** It follows with all that its master has, and all that only it has; also after another start. */
async function expectHealed({ master, replica, local }: Left): Promise<void> {
  for (const isAgain of [false, true]) {
    await replica.follows();
    await expectEqual([master, replica]);
    expect(await replica.json(LOCAL_ROWS)).toEqual(local);
    expect(await replica.eval('return box.space.passing:len()')).toBe(0);
    if (isAgain) return;
    await replica.kill();
    await master.eval('start_work(1)');
    await master.works(30);
    expect(await master.eval('return stop_work()')).toBe('done');
    await replica.start();
    expect(replica.log).not.toMatch(FETCHED_ANEW);
  }
}

function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from).filter((each) => /\.(?:snap|xlog)$/.test(each))) {
    cpSync(join(from, name), join(to, name));
  }
}

describe.runIf(hasBothKinds).each(KINDS)('behind a master %s, a replica that was away for too long', (kind) => {
  it('begins anew at its next start, and keeps its local rows', async () => {
    const left = await leftBehind(kind);
    const { replica } = left;
    copyFiles(replica.directory, join(replica.directory, 'before'));
    await replica.start();
    expect(replica.log).toMatch(FETCHED_ANEW);
    expect(replica.files('snap').length).toBe(1);
    await expectHealed(left);
    // As if it had been killed when the new snapshot was there, and the old files too.
    await replica.stop();
    copyFiles(join(replica.directory, 'before'), replica.directory);
    await replica.start();
    expect(replica.log).not.toMatch(FETCHED_ANEW);
    await expectHealed(left);
  });

  it('stays as it is when the new data do not fit, and tries again at the next start', async () => {
    const left = await leftBehind(kind, { afterwards: BIG });
    const { master, replica } = left;
    const before = [replica.files('snap'), replica.files('xlog')];
    replica.launch({ configuration: `memtx_memory = 32 * 1024 * 1024, ${replicationOf([master])} read_only = true` });
    await replica.ended();
    expect(replica.log).toMatch(FETCHED_ANEW);
    expect(replica.log).toMatch(/Failed to allocate/);
    expect([replica.files('snap'), replica.files('xlog')]).toEqual(before);
    await replica.start({ configuration: `${ROOM} ${replicationOf([master])} read_only = true` });
    await expectHealed(left);
  });

  it('has its triggers for what comes anew', async () => {
    const left = await leftBehind(kind);
    const { master, replica } = left;
    await replica.start({
      configuration: `${ROOM} ${replicationOf([master])} read_only = true`,
      before: `
        box.ctl.on_schema_init(function()
          seen, kept = {}, 0
          box.space._space:on_replace(function(old, definition)
            if old ~= nil or definition == nil then return end
            seen[definition[3]] = box.session.type()
            if definition[3] ~= 'own' then return end
            box.on_commit(function()
              box.space.own:on_replace(function() kept = kept + 1 end)
            end)
          end)
        end)
      `,
    });
    expect(await replica.json('{seen.plain, kept}')).toEqual(['applier', 49]);
    await expectHealed(left);
  });

  it('loses nothing when it is killed meanwhile', async () => {
    const left = await leftBehind(kind, { afterwards: BIG });
    const { replica } = left;
    const before = [replica.files('snap'), replica.files('xlog')];
    replica.launch();
    await replica.waitForLog(GETTING);
    await replica.kill();
    expect([replica.files('snap'), replica.files('xlog')]).toEqual(before);
    replica.launch();
    const isWriting = (): boolean => readdirSync(replica.directory).some((name) => name.endsWith('.inprogress'));
    while (!isWriting() && !/the script has ended/.test(replica.log)) await pause(1);
    await replica.kill();
    await replica.start();
    await expectHealed(left);
  });

  it('keeps its data if there are some that nobody else has', async () => {
    const { master, replica, local } = await leftBehind(kind);
    await replica.start({ configuration: ROOM });
    await replica.eval(`box.space.plain:replace{ 2, 'only here' }`);
    await replica.stop();
    await replica.start({ configuration: `${ROOM} ${replicationOf([master])} replication_connect_timeout = 1` });
    expect(replica.log).toMatch(/too far behind: .* it has rows that they have not: its data stay as they are/);
    await replica.until(`upstream() ~= nil and upstream().status == 'stopped'`);
    expect(await replica.json('{box.info.status, box.space.plain:get(2)}')).toEqual(['orphan', [2, 'only here']]);
    expect(await replica.json(LOCAL_ROWS)).toEqual(local);
  });

  it('takes no data of another replica set', async () => {
    const other = await servers.master('other', 'picodata');
    const replica = servers.add('replica', 'picodata');
    await replica.start({ configuration: `${replicationOf([other])} read_only = true` });
    await replica.follows();
    await replica.stop();
    const before = [replica.files('snap'), replica.files('xlog')];
    const master = await servers.master('master', kind);
    await passSnapshots(master);
    await master.stop();
    await master.start({ configuration: forgetful(kind) });
    await passSnapshots(master);
    replica.launch({ configuration: `${replicationOf([master])} read_only = true` });
    await replica.ended();
    expect(replica.log).toMatch(FETCHED_ANEW);
    expect(replica.log).toMatch(/Replica set UUID mismatch/);
    expect([replica.files('snap'), replica.files('xlog')]).toEqual(before);
  });

  it('begins anew without being a member, too', async () => {
    const left = await leftBehind(kind, { options: 'replication_anon = true,' });
    await left.replica.start();
    expect(left.replica.log).toMatch(FETCHED_ANEW);
    await expectHealed(left);
    expect(await left.master.eval('return box.space._cluster:len()')).toBe(1);
  });

  it('says which local rows have no place any more', async () => {
    const left = await leftBehind(kind, {
      first: `
        for _, name in ipairs{ 'gone', 'changed' } do
          box.schema.space.create(name, { is_local = true }):create_index('primary')
        end
      `,
      onReplica: `
        for key = 1, 9 do box.space.gone:insert{ key } box.space.changed:insert{ key, key % 3 == 0 and 'three' or key } end
      `,
      afterwards: `
        box.space.gone:drop()
        box.space.changed:format{ { 'id', 'unsigned' }, { 'number', 'unsigned' } }
      `,
    });
    const { replica } = left;
    await replica.start();
    expect(replica.log).toContain(`9 rows of the local space 'gone' are lost: there is no such local space any more`);
    expect(replica.log).toMatch(/3 of 9 rows of the local space 'changed' are lost: Tuple field 2 .*type/);
    expect(await replica.json('box.space.changed:len()')).toBe(6);
    await expectHealed(left);
  });
});

describe.runIf(hasBothKinds).each(KINDS)('a join of a master %s', (kind) => {
  it('ends the start if the data do not fit', async () => {
    const master = await servers.master('master', kind, { configuration: ROOM });
    await master.eval(BIG);
    const replica = servers.add('replica', 'picodata');
    replica.launch({ configuration: `memtx_memory = 32 * 1024 * 1024, ${replicationOf([master])} read_only = true` });
    await replica.ended();
    expect(replica.log).toMatch(/Failed to allocate/);
    expect(replica.log).not.toContain('asked for anew');
  });

  it('begins anew when the master dies in the middle of it', async () => {
    const master = await servers.master('master', kind, { configuration: ROOM });
    await master.eval(BIG);
    const replica = servers.add('replica', 'picodata');
    replica.launch({ configuration: `${ROOM} ${replicationOf([master])} read_only = true` });
    await replica.waitForLog(GETTING);
    await master.kill();
    await replica.waitForLog(/master\.sock has not given all data: .*; they are asked for anew/);
    await master.start();
    await replica.started();
    await replica.follows();
    await expectEqual([master, replica]);
    expect(await replica.eval('return box.space.big:len()')).toBe(200_000);
  });
});
