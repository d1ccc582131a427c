/** Runs a Lua file with the product's Lua, without a database: `tsx test/lua/run-program.ts FILE.lua [ARG]...`. */
import { readFileSync, writeSync } from 'node:fs';
import { createLua, LuaBox } from '../../src/app/lua/index.ts';
import { plainFunction } from '../../src/app/lua/runtime/values.ts';
import { createNodeEnv } from '../../src/env/node/index.ts';

/** At once, for a program may end the process behind it; a pipe that is full is waited for. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  let position = 0;
  while (position < bytes.length) {
    try {
      position += writeSync(descriptor, bytes, position);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: run-program.ts FILE.lua [ARG]...');
const { machine } = createLua(createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } }), {
  writeOutput: (text) => writeAll(1, text),
  scriptArguments: [file, ...rest],
  sliceLimitMs: Infinity,
  process: {
    environment: process.env,
    writeError: (text) => writeAll(2, text),
    readInput: () => Promise.resolve(readFileSync(0)),
    exit: (code) => process.exit(code),
  },
});
// Errors are those of `box`, also where it is not configured.
new LuaBox(machine).installUnconfigured(plainFunction(() => undefined));
try {
  await machine.run('main', null, machine.load(readFileSync(file, 'latin1'), `@${file}`), rest);
  process.exit(0);
} catch (error) {
  const stack = process.env['TRACE'] === undefined ? '' : String((error as Error).stack);
  writeAll(2, `${machine.errorText(error)}\n${stack}\n`);
  process.exit(1);
}
