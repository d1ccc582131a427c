/**
 * Consoles that scripts start, beside a real Tarantool's: the same lines go to `console.start()` here and there, and what
 * is printed must be the same, but for the prompts and lines that 2.6.0 shows also where nobody sees them. They connect to
 * servers of both kinds.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PICODATA = join(import.meta.dirname, '..', '..', 'bin', 'picodata');
const TIMEOUT_MS = 30_000;
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (!hasTarantool) console.log('test/lua/console-scripts: skipped, there is no tarantool on this machine');

type Command = readonly [command: string, ...words: string[]];
const REAL: Command = ['tarantool'];
const OURS: Command = [PICODATA, 'tarantool'];

const SERVER = `
box.cfg{log_level = 1, log = 'log.txt', listen = 'unix/:./iproto.sock'}
box.schema.user.create('ann', {password = 'pass'})
box.schema.user.grant('ann', 'super')
answer = 42
require('console').on_start(function() hello = 'started' end)
require('console').listen(require('fio').cwd() .. '/console.sock')
require('fio').open('ready', {'O_CREAT'}):close()
`;

const START = `
local console = require('console')
console.on_start(function(self) print('starts', type(self), self.running) end)
console.on_client_disconnect(function(self) print('is back', self.running) end)
console.start()
print('after')
os.exit(3)
`;

class Server {
  readonly directory = mkdtempSync(join(tmpdir(), 'picodata-console-'));
  readonly #process: ChildProcess;

  constructor([command, ...words]: Command) {
    writeFileSync(join(this.directory, 'init.lua'), SERVER);
    this.#process = spawn(command, [...words, 'init.lua'], { cwd: this.directory, stdio: 'ignore' });
  }

  async ready(): Promise<void> {
    for (let tries = 0; !existsSync(join(this.directory, 'ready')); tries++) {
      if (tries === 400) throw new Error('the server does not start');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  close(): void {
    this.#process.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** 2.6.0 shows prompts, and the lines behind them. */
function withoutPrompts(output: string, lines: readonly string[]): readonly string[] {
  const shown: string[] = [];
  let next = 0;
  for (const line of output.split('\n')) {
    const [, rest] = /^(?:[^\s>]+| +)> (.*)$/.exec(line) ?? [];
    if (rest !== undefined && rest === lines[next]) next++;
    else if ((rest ?? line) !== '') shown.push(rest ?? line);
  }
  return shown;
}

/** What a script with a console prints for the lines; SERVER in them is the server's directory. */
function typed([command, ...words]: Command, lines: readonly string[], server: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'picodata-script-'));
  try {
    writeFileSync(join(directory, 'start.lua'), START);
    const result = spawnSync(command, [...words, 'start.lua'], {
      cwd: directory,
      input: lines.map((line) => `${line.replaceAll('SERVER', server)}\n`).join(''),
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    });
    const known = lines.map((line) => line.replaceAll('SERVER', server));
    const shown = withoutPrompts(result.stdout, known);
    return [...shown, `ended with ${result.status}`]
      .join('\n')
      .replaceAll(server, 'SERVER')
      .replaceAll(/0x[0-9a-f]+/g, '0x');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const CONVERSATIONS: Readonly<Record<string, readonly string[]>> = {
  'lines, output, delimiter': [
    '1 + 1',
    'print(5)',
    'x =',
    '5',
    '\\set output lua',
    '{a = x}',
    'require("console").eos()',
    'require("console").delimiter(";")',
    'return',
    '7;',
    'require("console").delimiter();',
    'require("console").delimiter("");',
    'require("console").delimiter(5)',
    'require("console").ac(false)',
    'require("console").eval("8")',
    'require("console").start()',
    '\\quit',
    'never()',
  ],
  'connections that fail': [
    "require('console').connect()",
    "require('console').connect({})",
    "require('console').connect('foo')",
    "require('console').connect('unix/:/nowhere/at.all')",
    "require('console').connect('ann:bad@unix/:SERVER/iproto.sock')",
    "require('console').connect('guest@unix/:SERVER/iproto.sock')",
    "local ok, e = pcall(require('console').connect, '/nowhere/at.all') return type(e), e.code",
    '1',
  ],
  'over iproto': [
    "require('console').connect('ann:pass@unix/:SERVER/iproto.sock')",
    'answer, hello, box.session.user(), box.session.type()',
    'y =',
    '6',
    'y',
    "error('boo')",
    '\\set output lua',
    'y, {1}',
    '\\quit',
    'y',
    '\\set output yaml',
    'nobody.there',
  ],
  'over iproto, until the server ends it': [
    "require('console').connect('ann:pass@unix/:SERVER/iproto.sock', {connect_timeout = 5})",
    'answer',
    "require('net.box').self:eval('return 1')",
    'for _, id in ipairs{box.session.id()} do box.session.su("ann") end',
  ],
  'over a text console': [
    "require('console').connect('SERVER/console.sock')",
    'answer, hello, box.session.user(), box.session.type()',
    'y =',
    '6',
    'y',
    "error('boo')",
    '\\set output lua',
    'y, {1}',
    '\\set output nothing',
    'y',
    '\\quit',
    'y',
    '1 + 1',
  ],
};

describe.runIf(hasTarantool)('consoles of scripts answer as those of Tarantool', () => {
  const servers = { 'a Tarantool': null as Server | null, 'a Picodata': null as Server | null };
  beforeAll(async () => {
    servers['a Tarantool'] = new Server(REAL);
    servers['a Picodata'] = new Server(OURS);
    for (const server of Object.values(servers)) await server?.ready();
  });
  afterAll(() => {
    for (const server of Object.values(servers)) server?.close();
  });

  for (const [name, lines] of Object.entries(CONVERSATIONS)) {
    it(name, { timeout: 4 * TIMEOUT_MS }, () => {
      const expected = typed(REAL, lines, servers['a Tarantool']!.directory);
      expect(typed(OURS, lines, servers['a Tarantool']!.directory)).toBe(expected);
      expect(typed(OURS, lines, servers['a Picodata']!.directory)).toBe(expected);
      expect(typed(REAL, lines, servers['a Picodata']!.directory)).toBe(expected);
    });
  }

  it('console.listen opens consoles, says what is wrong, and closes them', { timeout: 2 * TIMEOUT_MS }, () => {
    const program = `
      local console = require('console')
      local fio = require('fio')
      local path = fio.cwd() .. '/c.sock'
      local listener = console.listen(path)
      local name = listener:name()
      print(name.host, name.port == path, name.family, name.type, name.protocol, fio.path.exists(path))
      print((tostring(select(2, pcall(console.listen, path))):gsub('/%S+/c.sock', 'PATH')))
      print(listener:close(), fio.path.exists(path))
      for _, uri in ipairs({'unix/:/nowhere/at.all', 'foo', '127.0.0.1', '127.0.0.1:x'}) do print(pcall(console.listen, uri)) end
      local other = console.listen('127.0.0.1:0')
      local place = other:name()
      local socket = require('socket').tcp_connect(place.host, place.port)
      print(#socket:read(128))
      socket:write('1 + 1\\n')
      print(socket:read('...\\n'))
      print(place.host, type(place.port), other:close())
      os.exit(0)`;
    const run = ([command, ...words]: Command): string => {
      const directory = mkdtempSync(join(tmpdir(), 'picodata-script-'));
      writeFileSync(join(directory, 'listen.lua'), program);
      const options = { cwd: directory, encoding: 'utf8', timeout: TIMEOUT_MS } as const;
      const { stdout, status } = spawnSync(command, [...words, 'listen.lua'], options);
      rmSync(directory, { recursive: true, force: true });
      return `${stdout}${status}`;
    };
    expect(run(OURS)).toBe(run(REAL));
  });
});
