/** What a Lua program can do to its host: nothing that does not end. */
import { describe, expect, it } from 'vitest';
import * as vm from 'node:vm';
import { FiberTermination, LuaError } from './runtime/errors.ts';
import { allOf, type LuaValue } from './runtime/values.ts';
import { LuaState } from './state.ts';

type Clock = { nowMs: number; heapShare: number };

function createState(clock: Clock = { nowMs: 0, heapShare: 0 }): LuaState {
  return new LuaState({
    compileScript: (source, name) =>
      vm.compileFunction(`return ${source}`, [], { filename: name, columnOffset: -7 })() as unknown,
    nowMs: () => clock.nowMs++,
    heapShare: () => clock.heapShare,
    usedKilobytes: () => 1,
    print: () => undefined,
    readFile: () => '',
    randomSeed: 1,
  });
}

function run(state: LuaState, text: string): readonly LuaValue[] {
  const step = state.runtime.call(state.loader.load(text, '=program', state.globals), []).next();
  if (step.done !== true) throw new Error('the program waits');
  return allOf(step.value);
}

describe('LuaState', () => {
  it.each([
    ['a loop', 'while true do end'],
    ['a loop that catches errors', 'while true do pcall(function() while true do end end) end'],
    ['a numeric loop', 'for i = 1, math.huge do end'],
    ['a repeat', 'repeat until false'],
    ['a goto', '::again:: goto again'],
    ['tail calls', 'local function f() return f() end f()'],
    [
      'a recursion that branches',
      'local function f(n) if n == 0 then return 1 end return f(n - 1) + f(n - 1) end f(60)',
    ],
    ['coroutines', 'while true do coroutine.wrap(function() end)() end'],
  ])('ends %s at the limit of its slice', (_name, text) => {
    const state = createState();
    state.runtime.budget.start(20);
    expect(() => run(state, text)).toThrow(FiberTermination);
  });

  it('ends a program that takes too much memory', () => {
    const clock = { nowMs: 0, heapShare: 0.95 };
    const state = createState(clock);
    state.runtime.budget.start(Infinity);
    expect(() => run(state, 'local t = {} while true do t[#t + 1] = {} end')).toThrow('not enough memory');
  });

  it('lets programs survive what they can catch', () => {
    const state = createState();
    expect(run(state, 'local function f() return 1 + f() end return pcall(f)')).toEqual([
      false,
      'program:1: stack overflow',
    ]);
    expect(run(state, "return pcall(function() return ('x'):rep(2^30 - 1) .. '' end)")[0]).toBe(false);
    expect(run(state, 'return 1')).toEqual([1]);
  });

  it('runs tail calls without a stack', () => {
    const state = createState();
    expect(run(state, 'local function f(n) if n == 0 then return 7 end return f(n - 1) end return f(200000)')).toEqual([
      7,
    ]);
  });

  it('keeps strings, globals and random numbers of two states apart', () => {
    const [first, second] = [createState(), createState()];
    run(first, "x = 1; string.added = 1; getmetatable('').__index = function() return 5 end");
    expect(run(second, "return x, string.added, ('').y")).toEqual([undefined, undefined, undefined]);
    expect(run(first, 'math.random() return math.random()')).not.toEqual(run(second, 'return math.random()'));
  });

  it('gives the value of an error and where it was raised', () => {
    const state = createState();
    try {
      run(state, 'local function f()\n error("here")\nend\nf()');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(LuaError);
      const { value, frames } = error as LuaError;
      expect(value).toBe('program:2: here');
      expect(frames.map(({ line, chunk }) => [chunk?.shortName ?? 'host', line])).toEqual([
        ['host', -1],
        ['program', 2],
        ['program', 4],
      ]);
    }
  });

  it('forgets no function that still runs, and knows functions by their level', () => {
    const state = createState();
    expect(run(state, 'local function f() return debug.getinfo(1, "f").func end local g = f() return g == f')).toEqual([
      true,
    ]);
    expect(run(state, 'local function f() setfenv(2, {y = 5}) end f() return y')).toEqual([5]);
  });
});
