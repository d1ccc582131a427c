/** Runs a Lua file with the product's Lua, without a database: `tsx test/lua/run-program.ts FILE.lua [ARG]...`. */
import { readFileSync } from 'node:fs';
import { createLua, LuaBox } from '../../src/app/lua/index.ts';
import { plainFunction } from '../../src/app/lua/runtime/values.ts';
import { createNodeEnv } from '../../src/env/node/index.ts';

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: run-program.ts FILE.lua [ARG]...');
const { machine } = createLua(createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } }), {
  writeOutput: (text) => process.stdout.write(Buffer.from(text, 'latin1')),
  scriptArguments: [file, ...rest],
  sliceLimitMs: Infinity,
  process: {
    environment: process.env,
    writeError: (text) => process.stderr.write(Buffer.from(text, 'latin1')),
    readInput: () => Promise.resolve(readFileSync(0)),
    exit: (code) => process.exit(code),
  },
});
// Errors are those of `box`, also where it is not configured.
new LuaBox(machine).installUnconfigured(plainFunction(() => undefined));
try {
  await machine.run('main', null, machine.load(readFileSync(file, 'latin1'), `@${file}`), rest);
  // What is still queued would be lost at the exit.
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(0);
} catch (error) {
  process.stderr.write(
    `${machine.errorText(error)}\n${process.env['TRACE'] === undefined ? '' : String((error as Error).stack)}\n`,
  );
  process.exit(1);
}
