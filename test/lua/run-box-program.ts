/**
 * Runs a Lua file inside an instance with a directory of its own: `tsx test/lua/run-box-program.ts FILE.lua [ARG]...`.
 * `box` is configured already, so the same file runs on a Tarantool that has called `box.cfg{}`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LuaBox } from '../../src/app/lua/box/index.ts';
import { createLua } from '../../src/app/lua/index.ts';
import { LuaTable } from '../../src/app/lua/runtime/table.ts';
import { createNodeEnv } from '../../src/env/node/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance } from '../../src/instance/index.ts';

const MEMORY_BYTES = 256 * 1024 * 1024;

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: run-box-program.ts FILE.lua [ARG]...');
const env = createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } });
const { machine } = createLua(env, {
  writeOutput: (text) => process.stdout.write(Buffer.from(text, 'latin1')),
  scriptArguments: [file, ...rest],
  sliceLimitMs: Infinity,
});
const luaBox = new LuaBox(machine);
const dataDir = mkdtempSync(join(tmpdir(), 'lua-box-'));
process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));
const walMode = process.env['WAL_MODE'] === 'none' ? 'none' : 'write';
const options = {
  ...DEFAULT_INSTANCE_OPTIONS,
  dataDir,
  listen: null,
  walMode,
  memtxMemoryBytes: MEMORY_BYTES,
} as const;
const instance = await Instance.start(env, options, {
  functionBodies: luaBox.functions,
  onFailure: (error) => {
    throw error;
  },
});
const configuration = new LuaTable();
configuration.setString('memtx_memory', MEMORY_BYTES);
luaBox.install(instance.box, {
  configuration,
  waitsForLog: walMode !== 'none',
  facts: { status: () => 'running', listen: () => null, replicaId: () => 1, sections: {} },
});
let status = 0;
try {
  const source = readFileSync(file, 'latin1');
  await machine.run('main', instance.box.adminSession, machine.load(source, `@${file}`), rest);
} catch (error) {
  const trace = process.env['TRACE'] === undefined ? '' : String((error as Error).stack);
  process.stderr.write(`${machine.errorText(error)}\n${trace}\n`);
  status = 1;
}
await instance.stop();
process.exit(status);
