/** Groups of real processes: what goes through the log, who belongs to them, and which directories they take back. */
import { cpSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BoxError, connect, startInstance, StartError, type StartOptions, type Value } from '../../src/index.ts';
import { freePort, temporaryDirectory } from '../support/child-server.ts';
import { Group, type Member, PROPERTY, until } from '../support/group.ts';
import { findPicodata } from '../support/picodata-server.ts';

const isBuilt = findPicodata() !== null;
if (!isBuilt) console.log('test/cluster/consensus.test.ts: skipped, without the build');

const COMPACTED_ENTRIES_MAX = 20;

let group: Group;

/** One that does not lead. */
async function follower(): Promise<Member> {
  const leader = await group.leader();
  return group.running.find((member) => member !== leader)!;
}

async function codeOf(request: Promise<unknown>): Promise<number> {
  const error = await request.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof BoxError) return error.code;
  throw new Error(`no BoxError, but ${String(error)}`);
}

async function putMany(member: Member, count: number): Promise<number> {
  let last = 0;
  for (let number = 1; number <= count; number++) last = await member.put(`key ${number % 7}`, number);
  return last;
}

describe.runIf(isBuilt).each([['open', 'open'] as const, ['a cookie', { cookie: 'open sesame' }] as const])(
  'three members, trust: %s',
  (_, trust) => {
    beforeAll(async () => {
      group = await Group.start(3, { trust });
    });
    afterAll(() => group.close());

    it('have what was put on any of them', async () => {
      let last = 0;
      for (const member of group.members) last = await member.put(`by ${member.id}`, member.id);
      await group.applied(last);
      const expected = new Map(group.members.map(({ id }) => [`by ${id}`, id]));
      for (const member of group.members) expect(await member.properties()).toEqual(expected);
    });

    it('have what was acknowledged when a follower confirms a read', async () => {
      const [leader, reader] = [await group.leader(), await follower()];
      for (let number = 1; number <= 20; number++) {
        const index = await leader.put('counter', number);
        const found = await reader.read('counter');
        expect(found.value).toBe(number);
        expect(found.index).toBeGreaterThanOrEqual(index);
      }
    });

    it('swap only what nobody has changed since', async () => {
      const [one, other] = [await group.leader(), await follower()];
      await one.put('shared', 'first');
      const { index } = await other.read('shared');
      const swap = (member: Member, value: string): Promise<unknown> =>
        member.raft('compareAndSwap', { kind: 'replace', space: PROPERTY, tuple: ['shared', value] }, { index });
      await swap(other, 'second');
      expect(await codeOf(swap(one, 'third'))).toBe(10007);
      expect(await codeOf(swap(other, 'third'))).toBe(10007);
      expect((await one.read('shared')).value).toBe('second');
    });

    it('swap only if keys that they relied on are as they were', async () => {
      const member = await follower();
      await member.put('limit', 5);
      const { index } = await member.read('limit');
      const bound = { kind: 'included', key: ['limit'] };
      const reserve = (key: string, since: number): Promise<unknown> =>
        member.raft(
          'compareAndSwap',
          { kind: 'insert', space: PROPERTY, tuple: [key, 1] },
          { index: since, ranges: [{ space: PROPERTY, keyMin: bound, keyMax: bound }] },
        );
      await member.put('something else', 1);
      await reserve('seat 1', index);
      await member.put('limit', 4);
      expect(await codeOf(reserve('seat 2', index))).toBe(10007);
      await reserve('seat 2', (await member.read('limit')).index);
    });

    it('come to the same error where an operation cannot be done', async () => {
      const insert = { kind: 'insert', space: PROPERTY, tuple: ['once', 1] };
      await group.member(1).raft('propose', insert);
      for (const member of group.members) {
        await expect(member.raft('propose', insert)).rejects.toThrow(
          `Duplicate key exists in unique index 'primary' in space '${PROPERTY}'`,
        );
      }
    });

    it('do all of a batch or nothing', async () => {
      const member = await follower();
      const put = (key: string): unknown => ({ kind: 'insert', space: PROPERTY, tuple: [key, 1] });
      const batch = (...keys: readonly string[]): Promise<unknown> =>
        member.raft('propose', { kind: 'batch', operations: keys.map(put) } as never);
      await batch('a', 'b');
      await expect(batch('c', 'b')).rejects.toThrow('Duplicate key');
      expect((await member.read('c')).value).toBeNull();
      expect((await member.read('a')).value).toBe(1);
    });

    it('hand the lead over, and go on', async () => {
      const before = await group.leader();
      const next = await follower();
      await before.raft('transferLeadership', next.id);
      expect((await next.status()).role).toBe('leader');
      const last = await before.put('after the transfer', true);
      await group.applied(last);
      expect(await group.leader()).toBe(next);
    });

    it('have the same log', async () => {
      await group.applied((await group.member(1).status()).lastIndex);
      const logs = await Promise.all(
        group.members.map(async (member) => (await member.connection()).select('_raft_log', [], { limit: 10_000 })),
      );
      expect(logs[0]!.length).toBeGreaterThan(20);
      expect(logs[1]).toEqual(logs[0]);
      expect(logs[2]).toEqual(logs[0]);
    });

    it('take no changes of their spaces but through the log', async () => {
      const connection = await group.member(1).connection();
      for (const [space, tuple] of [
        [PROPERTY, ['key', 1]],
        ['_raft_log', [0, 1, 1, null, null]],
        ['_raft_state', ['term', 0]],
      ] as const) {
        await expect(connection.replace(space, tuple), space).rejects.toThrow(
          `Write access to space '${space}' is denied`,
        );
      }
      const stateBefore = await connection.select('_raft_state', []);
      await expect(connection.delete('_raft_state', ['term'])).rejects.toThrow(BoxError);
      for (const id of [516, 518, 519]) {
        const denied = `Alter access to space '${id}' is denied`;
        await expect(connection.replace('_truncate', [id, 1])).rejects.toThrow(denied);
        await expect(connection.delete('_index', [id, 0])).rejects.toThrow(denied);
        await expect(connection.update('_space', [id], [['=', 6, []]])).rejects.toThrow(denied);
      }
      expect(await connection.select('_raft_state', [])).toEqual(stateBefore);
      // One member alone must not make something else of what all do.
      const code = `box.space.${PROPERTY}:before_replace(function() end)`;
      await expect(connection.eval(code)).rejects.toThrow('does not support before_replace triggers');
    });
  },
);

describe.runIf(isBuilt)('a group with a cookie', () => {
  beforeAll(async () => {
    group = await Group.start(3, { trust: { cookie: 'open sesame' } });
  });
  afterAll(() => group.close());

  it.each(['.proc_raft_interact', '.proc_raft_testify', '.proc_raft_propose', '.proc_raft_snapshot_next_chunk'])(
    'lets no guest call %s',
    async (procedure) => {
      const guest = await connect(group.member(1).address);
      await expect(guest.call(procedure, [])).rejects.toThrow(
        `Execute access to function '${procedure}' is denied for user 'guest'`,
      );
      guest.close();
    },
  );

  it('refuses what is no batch of messages, and goes on', async () => {
    const service = await group.member(1).connection();
    expect(await codeOf(service.call('.proc_raft_interact', [new Uint8Array([0xc1])]))).toBe(20);
    expect(await codeOf(service.call('.proc_raft_interact', ['text']))).toBe(1);
    await group.member(1).put('still', 'there');
  });
});

describe.runIf(isBuilt)('members that come and go', () => {
  afterEach(() => group.close());

  it('one joins as a learner, votes, and leaves', async () => {
    group = await Group.start(3);
    await putMany(group.member(1), 10);
    const joining = await group.join(4);
    await joining.start();
    const { id, address } = joining;
    const change = (kind: string): Promise<unknown> =>
      group.member(1).raft('changeMembership', { changes: [{ kind, id, address }] });
    await change('add-learner');
    await group.applied(await group.member(1).put('with a learner', 1));
    expect(await joining.properties()).toEqual(await group.member(1).properties());
    expect(await joining.status()).toMatchObject({ voters: [1, 2, 3], learners: [4], role: 'follower' });
    await change('add-voter');
    expect((await group.member(1).status()).voters).toEqual([1, 2, 3, 4]);
    // Three of four are a majority, two are not.
    await group.member(3).kill();
    await joining.put('by a voter', 1);
    await group.member(3).start();
    await change('remove');
    await joining.stop();
    await group.applied(await group.member(2).put('without it', 1));
    expect((await group.member(3).status()).voters).toEqual([1, 2, 3]);
  });

  it('several change at once, through a joint configuration', async () => {
    group = await Group.start(3);
    const leader = await group.leader();
    const joining = await group.join(4);
    await joining.start();
    const leaving = group.members.find((member) => member !== leader)!;
    await leader.raft('changeMembership', {
      changes: [
        { kind: 'add-voter', id: 4, address: joining.address },
        { kind: 'remove', id: leaving.id },
      ],
    });
    await leaving.stop();
    const voters = [1, 2, 3, 4].filter((id) => id !== leaving.id);
    await until(
      async () => !(await leader.status()).isJoint,
      () => group.logs(),
    );
    expect((await leader.status()).voters).toEqual(voters);
    await group.applied(await leader.put('after', 1));
    expect((await joining.status()).voters).toEqual(voters);
  });

  it('the last voter cannot be removed, nor one be added without an address', async () => {
    group = await Group.start(1);
    const [only] = group.members as [Member];
    expect(await codeOf(only.raft('changeMembership', { changes: [{ kind: 'remove', id: 1 }] }))).toBe(10027);
    await expect(only.raft('changeMembership', { changes: [{ kind: 'add-voter', id: 2 }] })).rejects.toThrow(
      'member 2 needs an address',
    );
    await only.put('still', 1);
  });

  it.each<[string, string, Value, number]>([
    [
      'an entry that is too large',
      'propose',
      { kind: 'replace', space: PROPERTY, tuple: ['a', 'x'.repeat(2 ** 20)] },
      110,
    ],
    ['a space of users', 'propose', { kind: 'replace', space: '_space', tuple: ['a', 1] }, 10009],
    ['no operation', 'propose', { kind: 'upsert', space: PROPERTY, tuple: ['a', 1] }, 10010],
    ['member 0', 'changeMembership', { changes: [{ kind: 'add-voter', id: 0, address: 'zero:1' }] }, 1],
    ['an address that is none', 'changeMembership', { changes: [{ kind: 'add-voter', id: 2, address: 'two' }] }, 1],
    ['a change that is none', 'changeMembership', { changes: [{ kind: 'promote', id: 2, address: 'two:2' }] }, 1],
    ['a leader that is no voter', 'transferLeadership', 9, 1],
  ])('%s is refused, and the group is as before', async (_, method, argument, code) => {
    group = await Group.start(1);
    const [only] = group.members as [Member];
    // Behind the leader's own first entry.
    await only.put('before', 1);
    const before = await only.status();
    expect(await codeOf(only.raft(method, argument))).toBe(code);
    expect(await only.status()).toEqual(before);
    await only.put('still', 1);
  });

  it('without a majority nothing is acknowledged, and nothing is lost when it is back', async () => {
    group = await Group.start(3);
    const last = await putMany(group.member(1), 30);
    await group.applied(last);
    const [one, two, three] = group.members as [Member, Member, Member];
    await Promise.all([two.kill(), three.stop()]);
    const put = one.raft('propose', { kind: 'replace', space: PROPERTY, tuple: ['lonely', 1] }, { timeoutMs: 1500 });
    expect([77, 78, 10018]).toContain(await codeOf(put));
    expect([78, 10018]).toContain(await codeOf(one.raft('readIndex', { timeoutMs: 500 })));
    await Promise.all([two.start(), three.start()]);
    await group.leader();
    for (const member of group.members) expect((await member.read('key 2')).value).toBe(30);
  });

  it('all are stopped, and have everything when they are started again', async () => {
    group = await Group.start(3);
    await putMany(group.member(2), 30);
    const before = await group.member(2).properties();
    const { term } = await group.member(2).status();
    await Promise.all(group.members.map((member) => member.stop()));
    await Promise.all(group.members.map((member) => member.start()));
    await group.leader();
    for (const member of group.members) {
      await member.read('key 1');
      expect(await member.properties()).toEqual(before);
      expect((await member.status()).term).toBeGreaterThanOrEqual(term);
    }
  });

  it('one that was away for longer than the log reaches is filled by a snapshot', async () => {
    group = await Group.start(3, { raft: { logEntriesMax: COMPACTED_ENTRIES_MAX, snapshotChunkBytes: 64 } });
    const away = await follower();
    const leader = await group.leader();
    await leader.put('deleted later', 1);
    await group.applied(await leader.put('kept', 1));
    await away.stop();
    await leader.raft('propose', { kind: 'delete', space: PROPERTY, key: ['deleted later'] });
    const { lastIndex } = await leader.status();
    await putMany(leader, 5 * COMPACTED_ENTRIES_MAX);
    expect((await leader.status()).firstIndex).toBeGreaterThan(lastIndex);
    await away.start();
    await away.waitForLog(/filled by a snapshot/);
    await away.read('kept');
    expect(await away.properties()).toEqual(await leader.properties());
    expect((await away.properties()).has('deleted later')).toBe(false);
    await away.stop();
    await away.start();
    await group.applied(await leader.put('after', 1));
    expect(await away.properties()).toEqual(await leader.properties());
  });

  it('one that was away finds a leader that has moved to another address', async () => {
    group = await Group.start(3);
    const [away, other, moved] = group.members as [Member, Member, Member];
    await group.applied(await away.put('before', 1));
    await away.stop();
    const address = `127.0.0.1:${await freePort()}`;
    await other.raft('changeMembership', { changes: [{ kind: 'add-voter', id: moved.id, address }] });
    await moved.stop();
    moved.address = address;
    await moved.start();
    const isLed = async (): Promise<boolean> => {
      const leader = await group.leader();
      if (leader !== moved) await leader.raft('transferLeadership', moved.id);
      return leader === moved;
    };
    await until(isLed, () => group.logs());
    await group.applied(await putMany(moved, 10));
    // Who was away needs the snapshot, which is fetched from where the leader is.
    for (const member of [other, moved]) await member.raft('compact');
    await away.start();
    await group.applied(await moved.put('after', 1));
    await group.applied(await away.put('by who was away', 1));
    expect((await away.status()).leaderId).toBe(moved.id);
  });

  it('more than the memory may hold is refused, and what is there can be deleted', async () => {
    group = await Group.start(1);
    const [only] = group.members as [Member];
    const value = 'x'.repeat(900_000);
    let count = 0;
    for (let code = 0; code === 0; count++) {
      code = await only.put(`key ${count}`, value).then(
        () => 0,
        (error: unknown) => (error instanceof BoxError ? error.code : -1),
      );
      expect([0, 10027]).toContain(code);
    }
    expect(count).toBeGreaterThan(40);
    await only.stop();
    await only.start();
    expect(await codeOf(only.put('one more', value))).toBe(10027);
    for (let key = 0; key < 5; key++) {
      await only.raft('propose', { kind: 'delete', space: PROPERTY, key: [`key ${key}`] });
    }
    await only.put('in their place', value);
    const { applied, lastIndex } = await only.status();
    expect(applied).toBe(lastIndex);
  });

  it('the log is compacted on demand, and a swap that relies on what has gone is refused', async () => {
    group = await Group.start(3);
    const leader = await group.leader();
    const { index } = await leader.read('nothing');
    const last = await putMany(leader, 10);
    const firstIndex = Number(await leader.raft('compact'));
    expect(firstIndex).toBe(last + 1);
    const operation = { kind: 'replace', space: PROPERTY, tuple: ['swapped', 1] };
    expect(await codeOf(leader.raft('compareAndSwap', operation, { index }))).toBe(10005);
    await leader.raft('compareAndSwap', operation, { index: last });
    await group.applied((await leader.status()).lastIndex);
  });
});

describe.runIf(isBuilt)('a directory', () => {
  afterEach(() => group.close());

  const copyOf = (member: Member): string => `${member.directory}.copy`;
  const copy = (member: Member): void => cpSync(member.directory, copyOf(member), { recursive: true });
  /** The copy takes the place of the directory, with another inode. */
  const restore = (member: Member): void => {
    rmSync(member.directory, { recursive: true });
    renameSync(copyOf(member), member.directory);
  };

  it('that was copied, and has lost nothing, is taken back', async () => {
    group = await Group.start(3);
    await group.applied(await putMany(group.member(1), 20));
    const moved = await follower();
    await moved.stop();
    copy(moved);
    restore(moved);
    await moved.start();
    await moved.waitForLog(/the directory .* was moved or restored: the other voters are asked/);
    await moved.waitForLog(/raft I> member \d leads/);
    await group.applied(await moved.put('after the move', 1));
    // Trusted by now: nobody is asked again.
    await moved.stop();
    await moved.start();
    await group.applied(await moved.put('after the next start', 1));
    expect(moved.log).not.toContain('was moved');
  });

  it('that is older than what the member has acknowledged is refused, with advice', async () => {
    group = await Group.start(3);
    const restored = await follower();
    await group.applied(await putMany(group.member(1), 20));
    // While it runs, as a backup that knows nothing of it would.
    copy(restored);
    await group.applied(await putMany(restored, 20));
    await restored.stop();
    restore(restored);
    restored.launch();
    await restored.ended();
    expect(restored.log).toMatch(/it may have acknowledged entry \d+ of term \d+ to member \d, and ends with \d+/);
    expect(restored.log).toContain(
      `expel member ${restored.id}, and let this instance join anew with an empty directory and another id`,
    );
    await (await group.leader()).put('the others go on', 1);
  });

  it('that is older than what the member has written while it led is refused', async () => {
    group = await Group.start(3);
    const leader = await group.leader();
    copy(leader);
    await group.applied(await putMany(leader, 20));
    await leader.kill();
    await group.leaderOf(group.running);
    restore(leader);
    leader.launch();
    await leader.ended();
    expect(leader.log).toMatch(/it may have told others more than they remember, and is behind member \d/);
    // It stays so, unless somebody knows better.
    leader.launch();
    await leader.ended();
    expect(leader.log).toMatch(/it may have told others more than they remember/);
    await leader.start({ raft: { trustsDirectory: true } });
    await leader.waitForLog(/trustsDirectory: .* is taken for whole/);
    await group.applied(await leader.put('vouched for', 1));
  });

  it('that a backup was put back into is refused, with the inode that it had', async () => {
    group = await Group.start(3);
    const restored = await follower();
    copy(restored);
    await group.applied(await putMany(restored, 20));
    await restored.stop();
    const { ino } = statSync(restored.directory);
    for (const name of readdirSync(restored.directory)) rmSync(join(restored.directory, name), { recursive: true });
    for (const name of readdirSync(copyOf(restored)))
      cpSync(join(copyOf(restored), name), join(restored.directory, name), { recursive: true });
    expect(statSync(restored.directory).ino).toBe(ino);
    restored.launch();
    await restored.ended();
    expect(restored.log).toMatch(/was moved or restored: the other voters are asked/);
    expect(restored.log).toMatch(/it may have acknowledged entry \d+ of term \d+ to member \d, and ends with \d+/);
  });

  it('that is a copy of one in use is refused', async () => {
    group = await Group.start(3);
    const original = await follower();
    await original.stop();
    copy(original);
    await original.start();
    await group.applied(await original.put('before the copy is started', 1));
    const twin = await group.join(original.id);
    for (let start = 0; start < 3; start++) {
      twin.launch({ dataDir: copyOf(original) });
      await twin.ended();
      expect(twin.log).toMatch(/member \d knows it from another directory, or from another start/);
    }
    await group.applied(await original.put('after it', 1));
  });

  it('that was copied while it is in use, and nothing was written since, is refused', async () => {
    group = await Group.start(3);
    const original = await follower();
    copy(original);
    rmSync(join(copyOf(original), 'picodata.lock'));
    const twin = await group.join(original.id);
    twin.launch({ dataDir: copyOf(original) });
    await twin.ended();
    expect(twin.log).toMatch(/member \d hears another instance of member \d/);
    await group.applied(await original.put('after it', 1));
  });

  it('that was left for its copy is refused, for the others have believed the copy', async () => {
    group = await Group.start(3);
    const original = await follower();
    await original.stop();
    copy(original);
    await original.start({ dataDir: copyOf(original) });
    await original.waitForLog(/was moved or restored: the other voters are asked/);
    await original.waitForLog(/raft I> member \d leads/);
    await original.stop();
    // As often as somebody who starts it anew tries.
    for (let start = 0; start < 3; start++) {
      original.launch({ dataDir: original.directory });
      await original.ended();
      expect(original.log).toMatch(/lives in another directory, or was started later; if member \d runs in another/);
    }
    await (await group.leaderOf(group.members.filter(({ id }) => id !== original.id))).put('the others go on', 1);
  });

  it('and its copy that are started at the same time do not both take part', async () => {
    group = await Group.start(3);
    const original = await follower();
    await original.stop();
    copy(original);
    const twin = await group.join(original.id);
    twin.launch({ dataDir: copyOf(original) });
    original.launch();
    await Promise.race([twin.ended(), original.ended()]);
    await (await group.leaderOf(group.members.filter(({ id }) => id !== original.id))).put('the others go on', 1);
  });

  it('that is empty is refused under an id that was in use, and another id takes its place', async () => {
    group = await Group.start(3);
    const wiped = await follower();
    await group.applied(await putMany(group.member(1), 20));
    await wiped.stop();
    rmSync(wiped.directory, { recursive: true });
    wiped.launch();
    await wiped.ended();
    expect(wiped.log).toMatch(/member \d knows it from another directory, or from another start/);
    const replacement = await group.join(4);
    await replacement.start();
    const leader = await group.leaderOf(group.members.filter((member) => member !== wiped));
    await leader.raft('changeMembership', {
      changes: [
        { kind: 'remove', id: wiped.id },
        { kind: 'add-voter', id: 4, address: replacement.address },
      ],
    });
    await group.applied(await leader.put('as many as before', 1));
    expect(await replacement.properties()).toEqual(await leader.properties());
  });

  it('of one member cannot be used by another', async () => {
    group = await Group.start(3);
    const stopped = await follower();
    await stopped.stop();
    const { address } = stopped;
    const members = group.founders().map((member) => (member.address === address ? { id: 9, address } : member));
    const options: StartOptions = { dataDir: stopped.directory, trust: 'open', raft: { id: 9, members } };
    await expect(startInstance(options)).rejects.toThrow(`is the directory of member ${stopped.id}, not 9`);
  });
});

describe('an instance in a program', () => {
  it('tells triggers of what all members change alike, and asks none', async () => {
    const { path, remove } = await temporaryDirectory('group');
    const address = `127.0.0.1:${await freePort()}`;
    const raft = { id: 1, members: [{ id: 1, address }] };
    const instance = await startInstance({ dataDir: path, listen: address, trust: 'open', raft });
    try {
      const space = instance.api.space(PROPERTY);
      expect(() => space.beforeReplace((old) => old)).toThrow('does not support before_replace triggers');
      const seen: unknown[] = [];
      instance.api.schema.createSpace('log');
      instance.api.schema.createIndex('log', 'primary', { parts: [[0, 'unsigned']] });
      space.onReplace((old, next) => {
        seen.push([old, next]);
        instance.api.space('log').insert([seen.length]);
        if (seen.length === 2) throw new Error("this is nobody else's affair");
      });
      for (const value of [1, 2, 3]) {
        await instance.raft.propose({ kind: 'replace', space: PROPERTY, tuple: ['a', value] });
      }
      expect(space.get(['a'])).toEqual(['a', 3]);
      expect(seen).toEqual([
        [null, ['a', 1]],
        [
          ['a', 1],
          ['a', 2],
        ],
        [
          ['a', 2],
          ['a', 3],
        ],
      ]);
      // What the one that failed had done is undone.
      expect(instance.api.space('log').select()).toEqual([[1], [3]]);
    } finally {
      await instance.stop();
      await remove();
    }
  });
});

describe('an instance is not started', () => {
  const members = [
    { id: 1, address: '127.0.0.1:1' },
    { id: 2, address: '127.0.0.1:2' },
  ];
  const raft = { id: 1, members };

  it.each<[string, StartOptions, string]>([
    ['that is not among its members', { raft: { id: 3, members } }, 'raft: members: this instance (id 3) is not among'],
    ['with an id that is none', { raft: { id: 0, members } }, 'raft: id must be a positive integer, not 0'],
    [
      'with one id for two members',
      { raft: { id: 1, members: [...members, { id: 2, address: '127.0.0.1:3' }] } },
      'raft: members: an id stands there twice (1, 2, 2)',
    ],
    ['that keeps no log', { raft, walMode: 'none' }, 'raft: a member keeps its log on disk, so walMode cannot be none'],
    ['that trusts nobody', { raft, trust: 'stored' }, "raft: members have to trust each other: trust must be 'open'"],
    [
      'with elections faster than heartbeats',
      { raft: { ...raft, heartbeatTicks: 5, electionTicks: 5 } },
      'raft: electionTicks (5) must be more than heartbeatTicks (5)',
    ],
    ['with no time', { raft: { ...raft, tickMs: 0 } }, 'raft: tickMs must be a positive integer, not 0'],
  ])('%s', async (_, options, message) => {
    const { path, remove } = await temporaryDirectory('group');
    try {
      const start = startInstance({ dataDir: path, trust: 'open', ...options });
      await expect(start).rejects.toThrow(StartError);
      await expect(startInstance({ dataDir: path, trust: 'open', ...options })).rejects.toThrow(message);
    } finally {
      await remove();
    }
  });

  it('and has no consensus without the option', async () => {
    const { path, remove } = await temporaryDirectory('group');
    const instance = await startInstance({ dataDir: path });
    try {
      expect(() => instance.raft).toThrow("consensus does not run here: the instance was started without 'raft'");
    } finally {
      await instance.stop();
      await remove();
    }
  });
});
