import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Completion, LineEvent, Terminal } from '../../src/env/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance } from '../../src/instance/index.ts';
import { Console, JavaScriptLanguage } from '../../src/server/console/index.ts';
import { createTestEnv } from '../support/node-env.ts';

const END: LineEvent = { kind: 'end' };

const dataDir = mkdtempSync(join(tmpdir(), 'picodata-console-'));
let instance: Instance;
beforeAll(async () => {
  const options = { ...DEFAULT_INSTANCE_OPTIONS, dataDir, listen: null };
  const onFailure = (error: Error): void => {
    throw error;
  };
  instance = await Instance.start(createTestEnv(), options, { onFailure });
});
afterAll(async () => {
  await instance.stop();
  rmSync(dataDir, { recursive: true });
});

type Completer = (line: string) => Completion | Promise<Completion>;
type Session = Readonly<{ output: string; prompts: readonly string[]; complete: Completer }>;

/** Types the lines into a console of its own. */
async function type(...lines: readonly (string | LineEvent)[]): Promise<Session> {
  let output = '';
  let complete: Completer = () => ({ prefix: '', words: [] });
  const prompts: string[] = [];
  const left = lines.map((line): LineEvent => (typeof line === 'string' ? { kind: 'line', text: line } : line));
  const terminal: Terminal = {
    isInteractive: true,
    isErrorScreen: true,
    screenColumns: null,
    writeOutput: (text) => (output += text),
    writeError: () => undefined,
    openLineEditor: (completer) => {
      complete = completer;
      return {
        read: (prompt) => {
          prompts.push(prompt);
          return Promise.resolve(left.shift() ?? END);
        },
        close: () => undefined,
      };
    },
  };
  const { box, env } = instance;
  const sessions = box.sessions.count;
  const session = box.sessions.open('repl', '', box.adminSession.user);
  const write = (text: string): void => terminal.writeOutput(text);
  const information = (): unknown => ({ name: 'i1' });
  const language = new JavaScriptLanguage({ box, session, scripts: env.scripts, write, information });
  await new Console({ terminal, name: 'picodata', languages: new Map([['js', language]]) }).run();
  box.sessions.close(session);
  expect(box.sessions.count).toBe(sessions);
  return { output, prompts, complete };
}

async function outputOf(...lines: readonly (string | LineEvent)[]): Promise<string> {
  return (await type(...lines)).output;
}

it('expressions are printed as Tarantool prints them', async () => {
  expect(
    await outputOf('1 + 1', '"text"', '[1, "a", null]', 'undefined', '({a: 1})', '{b: 2}', '{ let c = 3; c }'),
  ).toBe(
    "---\n- 2\n...\n---\n- text\n...\n---\n- [1, 'a', null]\n...\n---\n...\n---\n- a: 1\n...\n---\n- b: 2\n...\n---\n- 3\n...\n",
  );
});

it('declarations last, lines are joined until they make a program', async () => {
  const { output, prompts } = await type('const twice = (x) => {', '  return 2 * x', '}', 'twice(', '21', ')', '');
  expect(output).toBe('---\n...\n---\n- 42\n...\n');
  expect(prompts.map((prompt) => prompt.trim())).toEqual([
    'picodata>',
    '>',
    '>',
    'picodata>',
    '>',
    '>',
    'picodata>',
    'picodata>',
  ]);
});

it('spaces are made, written and read', async () => {
  const output = await outputOf(
    'schema.createSpace("users", { format: [{ name: "id", type: "unsigned" }] })',
    'schema.createIndex("users", "primary", { parts: ["id"] })',
    'space("users").insert([1, "Ann", new Uint8Array([1])])',
    'space("users").insert([2, "Bob", new Map([[1, 2]])])',
    'space("users").select()',
    'space("users").insert([1, "Ann"])',
    'atomic(() => { space("users").insert([3]); throw new Error("not so") })',
    'atomic(async () => 1)',
    'space("users").length',
    'space("nobody")',
  );
  expect(output.split('...\n').slice(2)).toEqual([
    "---\n- [1, 'Ann', !!binary AQ==]\n",
    "---\n- [2, 'Bob', {1: 2}]\n",
    "---\n- - [1, 'Ann', !!binary AQ==]\n  - [2, 'Bob', {1: 2}]\n",
    "---\n- error: Duplicate key exists in unique index 'primary' in space 'users'\n",
    '---\n- error: not so\n',
    '---\n- error: Transaction has been aborted by a fiber yield\n',
    '---\n- 2\n',
    "---\n- error: Space 'nobody' does not exist\n",
    '',
  ]);
});

it('promises are waited for', async () => {
  expect(await outputOf('Promise.resolve(7)', 'await Promise.resolve(8)', 'Promise.reject(new TypeError("t"))')).toBe(
    "---\n- 7\n...\n---\n- 8\n...\n---\n- error: 'TypeError: t'\n...\n",
  );
  await outputOf('snapshot()');
});

it('errors end nothing but their text', async () => {
  expect(await outputOf('nothing', '1 2', 'throw null', 'throw "text"', '1')).toBe(
    "---\n- error: 'ReferenceError: nothing is not defined'\n...\n" +
      "---\n- error: 'SyntaxError: Unexpected number'\n...\n" +
      "---\n- error: 'null'\n...\n---\n- error: text\n...\n---\n- 1\n...\n",
  );
});

it('commands begin with a backslash', async () => {
  expect(await outputOf('\\help')).toContain("space('users')");
  expect(await outputOf('help')).toBe(await outputOf('\\h'));
  expect(await outputOf('\\set language js', '\\set language')).toBe('---\n- true\n...\n---\n- js\n...\n');
  expect(await outputOf('\\set language perl')).toContain("Invalid language ''perl''");
  expect(await outputOf('\\nothing')).toContain('Invalid command \\nothing');
  expect(await outputOf('\\quit', '1')).toBe('');
  expect(await outputOf('\\q', '1')).toBe('');
});

it('an interrupt drops what was typed', async () => {
  const { output, prompts } = await type('f(', { kind: 'interrupt', hadText: false }, '1');
  expect(output).toBe('---\n- 1\n...\n');
  expect(prompts[2]?.trim()).toBe('picodata>');
  expect(await outputOf({ kind: 'interrupt', hadText: false })).toContain('\\quit');
});

it('print and info', async () => {
  expect(await outputOf('print(1, [2])', 'info()')).toBe(
    '---\n- 1\n...\n---\n- [2]\n...\n---\n...\n---\n- name: i1\n...\n',
  );
});

it('names are completed', async () => {
  const { complete } = await type();
  expect(await complete('at')).toEqual({ prefix: 'at', words: ['atomic'] });
  expect(await complete('1 + spa')).toEqual({ prefix: 'spa', words: ['space'] });
  expect(await complete('\\q')).toEqual({ prefix: '\\q', words: ['\\quit'] });
  expect((await complete('space("_clu')).words).toEqual(['_cluster']);
  expect(await complete("space('_cluster').sel")).toEqual({ prefix: 'sel', words: ['select'] });
  expect((await complete("space('nobody').sel")).words).toEqual([]);
  expect((await complete('"at')).words).toEqual([]);
});
