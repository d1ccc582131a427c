/** Runs Lua programs here and on a real Tarantool, many to a process, and gives what each of them printed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeEnv } from '../../src/env/node/index.ts';
import { createLua, type LuaMachine } from '../../src/app/lua/index.ts';

const TIMEOUT_MS = 60_000;

export type Mode = 'run' | 'load';

/**
 * Runs, or only compiles, each program of the list `programs` with globals of its own; `report(number, text)` is told
 * what it printed, and the error that ended it.
 */
const DRIVER = `
local programs, mode, report = ...
local function clean(text)
  text = tostring(text):gsub('0x%x+', 'ADDRESS'):gsub('builtin#%d+', 'ADDRESS')
  -- Of a comparison with the result of another one LuaJIT shows a register that is not used any more.
  text = text:gsub('compare boolean with %w+', 'compare boolean')
  return text
end
for number, program in ipairs(programs) do
  local output = {}
  local function show(...)
    local texts = {}
    for i = 1, select('#', ...) do
      local isFine, text = pcall(tostring, (select(i, ...)))
      texts[i] = clean(text)
    end
    if #output < 200 then
      output[#output + 1] = table.concat(texts, '\\t'):sub(1, 400)
    end
  end
  local code, problem = loadstring(program, '=p')
  if not code then
    output[1] = problem
  elseif mode == 'run' then
    local fuel = 150
    local function tick()
      fuel = fuel - 1
      if fuel < 0 then
        error('out of fuel', 0)
      end
    end
    setfenv(code, setmetatable({ print = show, tick = tick }, { __index = _G }))
    show(pcall(code, 1, 'two', nil))
    debug.setmetatable(nil, nil)
  end
  report(number, table.concat(output, '\\n'))
end
`;

const PEER_MAIN = `
local programs, mode = dofile(arg[1])
local driver = loadstring([==[${DRIVER}]==], '=driver')
driver(programs, mode, function(number, text)
  print(number .. ' ' .. text:gsub('.', function(c) return ('%02x'):format(c:byte()) end))
end)
os.exit(0)
`;

export function hasPeer(): boolean {
  return spawnSync('tarantool', ['--version']).status === 0;
}

/** What each program printed on the real one; null for those that came to no end. */
export function runOnPeer(programs: readonly string[], mode: Mode): (string | null)[] {
  const directory = mkdtempSync(join(tmpdir(), 'fuzz-lua-'));
  try {
    writeFileSync(join(directory, 'main.lua'), PEER_MAIN);
    writeFileSync(
      join(directory, 'programs.lua'),
      `return {${programs.map(luaLiteral).join(',\n')}}, '${mode}'`,
      'latin1',
    );
    const { stdout } = spawnSync('tarantool', ['main.lua', 'programs.lua'], {
      cwd: directory,
      encoding: 'latin1',
      timeout: TIMEOUT_MS,
      maxBuffer: 1 << 30,
    });
    const results: (string | null)[] = programs.map(() => null);
    for (const line of stdout.split('\n')) {
      const match = /^(\d+) ([0-9a-f]*)$/.exec(line);
      if (match !== null) results[Number(match[1]) - 1] = Buffer.from(match[2]!, 'hex').toString('latin1');
    }
    return results;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The same here. */
export async function runHere(programs: readonly string[], mode: Mode): Promise<(string | null)[]> {
  const results: (string | null)[] = programs.map(() => null);
  const { machine } = createLua(createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } }), {
    writeOutput: (text) => {
      const match = /^(\d+) ([0-9a-f]*)\n$/.exec(text);
      if (match !== null) results[Number(match[1]) - 1] = Buffer.from(match[2]!, 'hex').toString('latin1');
    },
    scriptArguments: [],
    sliceLimitMs: TIMEOUT_MS,
  });
  await runDriver(machine, programs, mode);
  return results;
}

async function runDriver(machine: LuaMachine, programs: readonly string[], mode: Mode): Promise<void> {
  const text = `${PEER_MAIN.replace('dofile(arg[1])', '...').replace('os.exit(0)', '')}`;
  const list = machine.load(`return {${programs.map(luaLiteral).join(',\n')}}`, '=programs');
  const table = await machine.run('programs', null, list, []);
  await machine.run('driver', null, machine.load(text, '=main'), [Array.isArray(table) ? table[0] : table, mode]);
}

/** The text as a literal of Lua; every byte that is not plain is written by its number. */
function luaLiteral(text: string): string {
  const body = text.replace(/[^ !#-[\]-~]/g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, '0')}`);
  return `"${body}"`;
}
