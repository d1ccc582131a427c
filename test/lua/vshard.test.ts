/**
 * vshard's own Lua, unchanged, on this engine: two replica sets of one storage each are bootstrapped, and a router's calls
 * are answered. `VSHARD_LUA` is the directory that holds the folder `vshard`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/child-server.ts';

const PICODATA = join(import.meta.dirname, '..', '..', 'bin', 'picodata');
const LIBRARY = process.env['VSHARD_LUA'];
const ROUTER_TIMEOUT_MS = 60_000;

const directory = mkdtempSync(join(tmpdir(), 'picodata-vshard-'));
const storages: ChildProcess[] = [];
afterAll(() => {
  for (const storage of storages) storage.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

function uuid(kind: number, number: number): string {
  return `aaaaaaaa-0000-4000-a000-0000000000${kind}${number}`;
}

function program(ports: readonly number[]): string {
  const sets = ports.map((port, at) => {
    const storage = `['${uuid(1, at + 1)}'] = {uri = 'storage:storage@127.0.0.1:${port}', name = 's${at + 1}', master = true}`;
    return `['${uuid(0, at + 1)}'] = {replicas = {${storage}}}`;
  });
  return `
package.path = '${LIBRARY}/?.lua;${LIBRARY}/?/init.lua;' .. package.path
local directory, port, own = arg[1], tonumber(arg[2]), arg[3]
local cfg = {bucket_count = 100, sharding = {${sets.join(', ')}}}
vshard = require('vshard')
if own == nil then
    box.cfg{memtx_dir = directory, wal_dir = directory, log_level = 'error'}
    vshard.router.cfg(cfg)
    while not vshard.router.bootstrap({timeout = 10, if_not_bootstrapped = true}) do require('fiber').sleep(0.1) end
    for key = 1, 10 do assert(vshard.router.callrw(key * 10, 'put', {key}, {timeout = 10})) end
    local sum = 0
    for key = 1, 10 do sum = sum + vshard.router.callro(key * 10, 'get', {key}, {timeout = 10})[1] end
    print('sum', sum)
    os.exit(0)
end
cfg.listen, cfg.memtx_dir, cfg.wal_dir, cfg.log_level = '127.0.0.1:' .. port, directory, directory, 'error'
vshard.storage.cfg(cfg, own)
box.schema.user.grant('storage', 'super', nil, nil, {if_not_exists = true})
box.schema.space.create('kv', {if_not_exists = true}):create_index('primary', {if_not_exists = true})
function put(key) return box.space.kv:replace{key} end
function get(key) return box.space.kv:get(key) end
`;
}

describe("vshard's Lua runs unchanged", () => {
  it('bootstraps two storages and routes calls', { timeout: 2 * ROUTER_TIMEOUT_MS }, async (context) => {
    if (LIBRARY === undefined) context.skip('VSHARD_LUA does not say where vshard is');
    const ports = [await freePort(), await freePort()];
    const script = join(directory, 'vshard.lua');
    writeFileSync(script, program(ports));
    const words = (name: string, ...rest: readonly string[]): string[] => {
      mkdirSync(join(directory, name));
      return ['tarantool', script, join(directory, name), ...rest];
    };
    ports.forEach((port, at) => {
      storages.push(spawn(PICODATA, words(`s${at + 1}`, String(port), uuid(1, at + 1)), { stdio: 'ignore' }));
    });
    const router = spawnSync(PICODATA, words('router', '0'), { encoding: 'utf8', timeout: ROUTER_TIMEOUT_MS });
    expect(router.stdout).toBe('sum\t55\n');
  });
});
