/** What only the implementation on Node has: lock files, socket files, log files and processes. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNodeEnv, createWorkerEnv, packageRoot, type LogOptions } from '../src/env/node/index.ts';

let bundles: string;
let directory: string;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  bundles = fs.mkdtempSync(join(packageRoot(), 'node_modules', '.cache', 'env-'));
  const fixtures = join(packageRoot(), 'test', 'fixtures');
  await build({
    entryPoints: ['lock', 'abort', 'zstd'].map((name) => join(fixtures, `${name}-process.ts`)),
    outdir: bundles,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
});
afterAll(() => fs.rmSync(bundles, { recursive: true, force: true }));
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'picodata-env-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  fs.rmSync(directory, { recursive: true, force: true });
});

type Locker = Readonly<{ child: ChildProcessWithoutNullStreams; nextLine: () => Promise<string> }>;

async function startLocker(): Promise<Locker> {
  const child = spawn(process.execPath, [join(bundles, 'lock-process.mjs'), directory]);
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  expect(await nextLine()).toBe('ready');
  return { child, nextLine };
}

async function lock(locker: Locker): Promise<string> {
  locker.child.stdin.write('go\n');
  return locker.nextLine();
}

describe('the lock of a directory', () => {
  it('belongs to one process, and to the next one when that is dead', async () => {
    const [first, second] = [await startLocker(), await startLocker()];
    expect(await lock(first)).toBe('locked');
    expect(await lock(second)).toBe('refused');
    expect(createWorkerEnv().files.lockDirectory(directory)).toBeNull();
    const ended = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await ended;
    const held = createWorkerEnv().files.lockDirectory(directory);
    expect(held).not.toBeNull();
    expect(fs.readdirSync(directory)).toEqual(['picodata.lock']);
    held?.release();
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  it.each([
    ['of a dead process', '999999999 1 x\n'],
    ['of another process with a number used again', `${process.pid} 1 x\n`],
    ['that a power cut left empty', ''],
    ['that is none', 'no lock at all'],
  ])('is taken over by one of many at the same time: a file %s', async (_, content) => {
    fs.writeFileSync(join(directory, 'picodata.lock'), content);
    fs.writeFileSync(join(directory, 'picodata.lock.claim-1-dead'), '999999999 1 x\n');
    const lockers = await Promise.all(Array.from({ length: 5 }, startLocker));
    const answers = await Promise.all(lockers.map(lock));
    expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1);
    expect(fs.readdirSync(directory)).toEqual(['picodata.lock']);
  });
});

describe('socket files', () => {
  const quiet: LogOptions = { level: 'error', format: 'plain', destination: 'stderr' };

  it('are replaced when nobody listens, and only then', async () => {
    const { network } = createNodeEnv({ log: quiet });
    const path = join(directory, 'socket');
    // A listener that is killed leaves its file.
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(fs.lstatSync(path).isSocket()).toBe(true);
    const listener = await network.listen({ kind: 'unix', path }, () => undefined);
    await expect(network.listen({ kind: 'unix', path }, () => undefined)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await listener.close();
    expect(fs.existsSync(path)).toBe(false);
    fs.writeFileSync(path, 'precious');
    await expect(network.listen({ kind: 'unix', path }, () => undefined)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(fs.readFileSync(path, 'utf8')).toBe('precious');
  });
});

describe('the log', () => {
  function logged(options: Partial<LogOptions>): { path: string; env: ReturnType<typeof createNodeEnv> } {
    const path = join(directory, 'log');
    return {
      path,
      env: createNodeEnv({ log: { level: 'info', format: 'plain', destination: { file: path }, ...options } }),
    };
  }
  const lines = (path: string): string[] => fs.readFileSync(path, 'utf8').split('\n').slice(0, -1);

  it('has one plain line for each record at its level', () => {
    const { path, env } = logged({});
    env.log.write('info', 'iproto', 'bound', { address: '[::1]:3301', note: 'two words', count: 3, ok: true });
    env.log.write('verbose', 'iproto', 'not this');
    env.log.write('system', 'wal', 'forged\n2026 line\u0007', { key: 'a\nb' });
    const stamp = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[${process.pid}\]`;
    const found = lines(path);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(
      new RegExp(String.raw`^${stamp} iproto I> bound address=\[::1\]:3301 note="two words" count=3 ok=true$`),
    );
    expect(found[1]).toMatch(new RegExp(String.raw`^${stamp} wal !> forged\\n2026 line\\u0007 key="a\\nb"$`));
  });

  it('has one JSON object for each record', () => {
    const { path, env } = logged({ format: 'json', level: 'debug' });
    for (const level of ['fatal', 'system', 'error', 'crit', 'warn', 'info', 'verbose', 'debug'] as const) {
      env.log.write(level, 'raft', 'hello\n', { term: 7, message: 'other' });
    }
    const records = lines(path).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map((record) => record['level']).join()).toBe('fatal,system,error,crit,warn,info,verbose,debug');
    expect(records[0]).toMatchObject({
      pid: process.pid,
      module: 'raft',
      message: 'hello\n',
      term: 7,
      field_message: 'other',
    });
    expect(Number.isNaN(Date.parse(String(records[0]?.['time'])))).toBe(false);
  });

  it('goes on in a new file after SIGHUP, and in the old one if there can be none', () => {
    const { path, env } = logged({});
    env.log.write('info', 'm', 'one');
    fs.renameSync(path, `${path}.1`);
    process.emit('SIGHUP');
    env.log.write('info', 'm', 'two');
    expect(lines(`${path}.1`).join()).toMatch(/one$/);
    expect(lines(path).join()).toMatch(/two$/);
    fs.renameSync(path, `${path}.2`);
    fs.mkdirSync(path);
    process.emit('SIGHUP');
    env.log.write('info', 'm', 'three');
    expect(lines(`${path}.2`).join()).toMatch(/three$/);
  });

  it('refuses a file that cannot be opened', () => {
    expect(() => logged({ destination: { file: join(directory, 'none', 'log') } })).toThrow(/open .*ENOENT/);
  });
});

it('a process with a broken invariant ends at once and says why', () => {
  const ended = spawnSync(process.execPath, [join(bundles, 'abort-process.mjs')], { encoding: 'utf8' });
  expect(ended.signal).toBe('SIGABRT');
  expect(ended.stderr).toMatch(/ test I> last words count=1\n[^]*aborted: invariant 42\n/);
});

it('threads compress at the same time without disturbing each other', () => {
  const ended = spawnSync(process.execPath, [join(bundles, 'zstd-process.mjs')], { encoding: 'utf8' });
  expect({ status: ended.status, signal: ended.signal, stderr: ended.stderr }).toEqual({
    status: 0,
    signal: null,
    stderr: '',
  });
});

it('scripts of users are imported by path', async () => {
  const path = join(directory, 'script.mjs');
  fs.writeFileSync(path, 'export const answer = 42; export default () => answer;');
  const { scripts } = createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } });
  expect((await scripts.importModule(path))['answer']).toBe(42);
});
