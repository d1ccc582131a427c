/** What the instance does with Lua beside running programs: calls by name, evaluation, stored bodies, and triggers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InstalledBox, LuaBox } from '../../src/app/lua/box/index.ts';
import { createLua } from '../../src/app/lua/index.ts';
import { createLocalApi } from '../../src/app/procedures/index.ts';
import { ByteWriter, userId } from '../../src/base/index.ts';
import { decodeValue, encodeToBytes, skipValue, type Value } from '../../src/codec/msgpack/index.ts';
import type { FunctionSettled, Session } from '../../src/engine/box/index.ts';
import { createNodeEnv } from '../../src/env/node/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance } from '../../src/instance/index.ts';

const GUEST = 0;

type Running = Readonly<{ instance: Instance; installed: InstalledBox }>;

async function start(dataDir: string): Promise<Running> {
  const env = createNodeEnv({ log: { level: 'fatal', format: 'plain', destination: 'stderr' } });
  const { machine } = createLua(env, { writeOutput: () => undefined, scriptArguments: [], sliceLimitMs: Infinity });
  const luaBox = new LuaBox(machine);
  const instance = await Instance.start(
    env,
    { ...DEFAULT_INSTANCE_OPTIONS, dataDir, listen: null },
    {
      functionBodies: luaBox.functions,
      onFailure: (error) => {
        throw error;
      },
    },
  );
  const installed = luaBox.install(instance.box, {
    configuration: undefined,
    waitsForLog: true,
    facts: { status: () => 'running', listen: () => null, replicaId: () => 1, sections: {} },
  });
  return { instance, installed };
}

/** The values that a call gives, decoded. */
function resultsOf(begin: (settled: FunctionSettled) => void): Promise<readonly Value[]> {
  return new Promise((resolve, reject) => {
    begin((outcome) => {
      if ('error' in outcome) {
        reject(outcome.error);
        return;
      }
      const output = new ByteWriter(64);
      const values: Value[] = [];
      let count: number;
      try {
        count = outcome.results.write(output, false);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      for (let position = 0; values.length < count; position = skipValue(output.bytes, position)) {
        values.push(decodeValue(output.bytes, position));
      }
      resolve(values);
    });
  });
}

describe('Lua inside an instance', () => {
  let dataDir: string;
  let running: Running;
  let admin: Session;

  const evaluate = (text: string, session = admin): Promise<readonly Value[]> =>
    resultsOf((settled) => running.installed.calls.evaluate(session, text, encodeToBytes([]), 0, settled, null));
  const call = (name: string, args: readonly Value[], session = admin): Promise<readonly Value[]> =>
    resultsOf((settled) => running.installed.calls.call(session, name, encodeToBytes(args), 0, settled, null));

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'lua-calls-'));
    running = await start(dataDir);
    admin = running.instance.box.adminSession;
  });

  afterEach(async () => {
    await running.instance.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('calls functions by name, through packages, and as methods', async () => {
    await evaluate(`
      function add(a, b) return a + b, 'done' end
      package_a = {b = {c = function(...) return select('#', ...) end}}
      object = {value = 7}
      function object:read(more) return self.value + more end
    `);
    expect(await call('add', [1, 2])).toEqual([3, 'done']);
    expect(await call('package_a.b.c', [1, 2, 3])).toEqual([3]);
    expect(await call('object:read', [1])).toEqual([8]);
    await expect(call('nothing.here', [])).rejects.toMatchObject({ code: 33 });
    await expect(call('object:missing', [])).rejects.toMatchObject({ code: 33 });
  });

  it('gives the caller what a function throws', async () => {
    await expect(evaluate("error('boo')")).rejects.toMatchObject({ code: 32, message: 'eval:1: boo' });
    await expect(evaluate("box.error{code = 1234, reason = 'why'}")).rejects.toMatchObject({ code: 1234 });
    await expect(evaluate('box.space._space:get{1, 2}')).rejects.toMatchObject({ code: 19 });
    await expect(evaluate('return )')).rejects.toMatchObject({ code: 32 });
    await expect(evaluate('return print')).rejects.toMatchObject({ code: 32 });
  });

  it('undoes a transaction that a function leaves open', async () => {
    await evaluate("box.schema.space.create('t'):create_index('pk')");
    await expect(evaluate('box.begin() box.space.t:insert{1}')).rejects.toMatchObject({ code: 30 });
    expect(await evaluate('return box.space.t:len()')).toEqual([0]);
  });

  it('runs with the rights of the session, and gives set-uid functions those of their owner', async () => {
    const { box } = running.instance;
    const guest = box.sessions.open('binary', '', box.access.credentialsOf(userId(GUEST)));
    await evaluate(`
      box.schema.space.create('t'):create_index('pk')
      box.space.t:insert{1, 'one'}
      function read() return box.space.t:get(1) end
    `);
    await expect(call('read', [], guest)).rejects.toMatchObject({ code: 42 });
    await evaluate("box.schema.func.create('read') box.schema.user.grant('guest', 'execute', 'function', 'read')");
    await expect(call('read', [], guest)).rejects.toMatchObject({ code: 42 });
    await evaluate(`
      box.schema.func.drop('read')
      box.schema.func.create('read', {setuid = true})
      box.schema.user.grant('guest', 'execute', 'function', 'read')
    `);
    expect(await call('read', [], guest)).toEqual([[1, 'one']]);
  });

  it('keeps functional indexes by bodies in Lua over a restart', async () => {
    await evaluate(`
      box.schema.func.create('double', {
        body = 'function(tuple) return {tuple[2] * 2} end', is_deterministic = true, is_sandboxed = true
      })
      local space = box.schema.space.create('t')
      space:create_index('pk')
      space:create_index('doubled', {func = 'double', parts = {{1, 'unsigned'}}})
      for key = 1, 10 do space:insert{key, key * 3} end
    `);
    await running.instance.stop();
    running = await start(dataDir);
    admin = running.instance.box.adminSession;
    expect(await evaluate('return box.space.t.index.doubled:get(24)[1]')).toEqual([4]);
    await expect(evaluate("box.space.t:insert{11, 'x'}")).rejects.toMatchObject({ code: 198 });
  });

  it('runs Lua triggers on changes of others, and fails the change of a trigger that waits', async () => {
    await evaluate(`
      space = box.schema.space.create('t')
      space:create_index('pk')
      seen = {}
      space:on_replace(function(old, new) seen[#seen + 1] = new[1] end)
    `);
    const api = createLocalApi(running.instance.box, admin);
    api.space('t').insert([5]);
    expect(await evaluate('return #seen, seen[1]')).toEqual([1, 5]);
    await evaluate("space:on_replace(function() require('fiber').sleep(0.001) end)");
    expect(() => api.space('t').insert([6])).toThrow(/yield/);
    expect(api.space('t').get(6)).toBeNull();
  });

  it('sees the schema that others change', async () => {
    await evaluate("known = box.schema.space.create('t')");
    const api = createLocalApi(running.instance.box, admin);
    api.schema.createIndex('t', 'pk', { parts: [[0, 'unsigned']] });
    api.schema.createSpace('other');
    expect(await evaluate('return box.space.t == known, known.index.pk.name, box.space.other.name')).toEqual([
      true,
      'pk',
      'other',
    ]);
    api.schema.dropSpace('t');
    expect(await evaluate('return box.space.t, box.space.other.name')).toEqual([null, 'other']);
  });
});
