/** Packages that a real Tarantool does not bring along, by what their documents promise. */
import { describe, expect, it } from 'vitest';
import { createLua, LuaBox } from '../../src/app/lua/index.ts';
import { createNodeEnv } from '../../src/env/node/index.ts';

/** What the program prints, line by line. */
async function printed(program: string): Promise<readonly string[]> {
  let output = '';
  const { machine } = createLua(createNodeEnv({ log: { level: 'fatal', format: 'plain', destination: 'stderr' } }), {
    writeOutput: (text) => (output += text),
    scriptArguments: [],
    sliceLimitMs: Infinity,
    process: {
      environment: {},
      writeError: () => undefined,
      readInput: () => Promise.resolve(Buffer.alloc(0)),
      exit: (code) => {
        throw new Error(`the program left with ${code}`);
      },
    },
  });
  new LuaBox(machine);
  await machine.run('main', null, machine.load(program, '@program.lua'), []);
  return output.split('\n').slice(0, -1);
}

describe('checks', () => {
  const BEGINNING = `
    local checks = require('checks')
    local function try(f, ...)
        local arguments = {...}
        local is_ok, result = pcall(function() local value = f(unpack(arguments, 1, table.maxn(arguments))) return value end)
        print(is_ok, result)
    end
  `;

  it('takes what is of the type, and names the argument that is not', async () => {
    const program = `${BEGINNING}
      local function f(a, b) checks('number', '?string') return a end
      try(f, 1) try(f, 1, 'x') try(f, 'x') try(f, 1, 2) try(f)
    `;
    expect(await printed(program)).toEqual([
      'true\t1',
      'true\t1',
      'false\tprogram.lua:5: bad argument #1 to f (number expected, got string)',
      'false\tprogram.lua:5: bad argument #2 to f (?string expected, got number)',
      'false\tprogram.lua:5: bad argument #1 to f (number expected, got nil)',
    ]);
  });

  it('knows alternatives, metatypes, checkers of the program and its own', async () => {
    const program = `${BEGINNING}
      checkers = {positive = function(value) return type(value) == 'number' and value > 0 end}
      local function f(value) checks('table|boolean') return 'table' end
      local function g(value) checks('positive') return 'positive' end
      local function h(value) checks('point') return 'point' end
      local function k(value) checks('uint64') return 'uint64' end
      local function l(value) checks('?') return 'anything' end
      try(f, true) try(f, 1) try(g, 1) try(g, -1) try(h, setmetatable({}, {__type = 'point'})) try(h, {})
      try(k, 5) try(k, 5ULL) try(k, -5) try(l) try(l, {})
    `;
    expect((await printed(program)).map((line) => line.replace(/program.lua:\d+: /, ''))).toEqual([
      'true\ttable',
      'false\tbad argument #1 to f (table|boolean expected, got number)',
      'true\tpositive',
      'false\tbad argument #1 to f (positive expected, got number)',
      'true\tpoint',
      'false\tbad argument #1 to f (point expected, got table)',
      'true\tuint64',
      'true\tuint64',
      'false\tbad argument #1 to f (uint64 expected, got number)',
      'true\tanything',
      'true\tanything',
    ]);
  });

  it('looks into options, and refuses those that are not described', async () => {
    const program = `${BEGINNING}
      local function f(options) checks({timeout = '?number', deep = {name = '?string'}}) return 'ok' end
      try(f) try(f, {timeout = 1, deep = {name = 'x'}}) try(f, {timeout = 'x'}) try(f, {other = 1})
      try(f, {deep = {name = 1}}) try(f, 5)
    `;
    expect((await printed(program)).map((line) => line.replace(/program.lua:\d+: /, ''))).toEqual([
      'true\tok',
      'true\tok',
      'false\tbad argument options.timeout to f (?number expected, got string)',
      'false\tunexpected argument options.other to f',
      'false\tbad argument options.deep.name to f (?string expected, got number)',
      'false\tbad argument #1 to f (?table expected, got number)',
    ]);
  });
});

describe('errors', () => {
  it('makes objects that say what, where and of which class', async () => {
    const program = `
      local errors = require('errors')
      local MyError = errors.new_class('MyError')
      local err = MyError:new('bad %s %d', 'thing', 5)
      print(err.err, err.class_name, err.file, err.line, errors.is_error_object(err), errors.is_error_object({}))
      print((tostring(err):gsub('\\n.*', '')), err.stack:match('^stack traceback:') ~= nil)
      print(errors.new('Other', 'text').class_name, errors.new_class('MyError') == MyError)
    `;
    expect(await printed(program)).toEqual([
      'bad thing 5\tMyError\tprogram.lua\t4\ttrue\tfalse',
      'MyError: bad thing 5\ttrue',
      'Other\ttrue',
    ]);
  });

  it('turns exceptions into objects, and leaves those that are ones', async () => {
    const program = `
      local errors = require('errors')
      local MyError = errors.new_class('MyError')
      local err = MyError:new('mine')
      print(MyError:pcall(function(...) return ... end, 1, nil, 3))
      local result, caught = MyError:pcall(function() error('boom', 0) end)
      print(result, caught.err, caught.class_name)
      print(select(2, errors.pcall('Other', function() error(err) end)) == err)
      print(MyError:assert(1, 2), pcall(MyError.assert, MyError, true))
      local _, raised = pcall(MyError.assert, MyError, nil, 'not %s', 'so')
      print(raised.err, errors.is_error_object(raised))
    `;
    expect(await printed(program)).toEqual([
      '1\tnil\t3',
      'nil\tboom\tMyError',
      'true',
      '1\ttrue\ttrue',
      'not so\ttrue',
    ]);
  });
});
