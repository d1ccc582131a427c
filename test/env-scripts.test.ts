import { describe, expect, it } from 'vitest';
import { createNodeEnv } from '../src/env/node/index.ts';

const { scripts } = createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } });

describe('a context of JavaScript', () => {
  const { isIncomplete, isValid } = scripts.createContext({});

  it.each([
    'f(1,',
    'f(1',
    'f(g(1)',
    'f(\n1\n',
    'f(1 // comment',
    '{',
    '[1,',
    '`text',
    '`${a',
    '/* comment',
    'if (a',
    '1 +',
    'x => {',
    'f(x => {',
    'f(x => {\n  g(1',
    'class A {',
    'let x =',
    'a ? b',
  ])('%j can become a program', (text) => {
    expect(isIncomplete(text)).toBe(true);
    expect(isValid(text)).toBe(false);
  });

  it.each(['f(a b)', 'f(1 2\n', 'a b', '"text', '/text', ')', '1 2', 'let let', '}{', 'f(1))'])('%j cannot', (text) => {
    expect(isIncomplete(text)).toBe(false);
    expect(isValid(text)).toBe(false);
  });

  it.each(['', '1', 'f(1)', '{ a: 1 }', 'let x = 1; x', '// comment', '`${a}`'])('%j is one', (text) => {
    expect(isIncomplete(text)).toBe(false);
    expect(isValid(text)).toBe(true);
  });
});

it('a context keeps what was declared, has what it was given, and nothing else of the host', () => {
  const context = scripts.createContext({ given: 20 });
  context.evaluate('const one = 1; let two = 2; function three() { return 3 }');
  expect(context.evaluate('one + two + three() + given')).toBe(26);
  expect(context.evaluate('typeof process + typeof require + typeof setTimeout')).toBe('undefinedundefinedundefined');
  expect(scripts.createContext({}).evaluate('typeof one + typeof given')).toBe('undefinedundefined');
});

it('what a text throws comes out, and the context goes on', () => {
  const context = scripts.createContext({});
  expect(() => context.evaluate('throw new Error("mine")')).toThrow('mine');
  expect(() => context.evaluate('1 +')).toThrow(SyntaxError);
  expect(context.evaluate('1 + 1')).toBe(2);
});
