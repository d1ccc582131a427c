import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/index.ts';
import { findPicodata } from '../support/picodata-server.ts';
import { CommandFixture } from './command.ts';

let fixture: CommandFixture;
beforeEach(() => {
  fixture = new CommandFixture();
});
afterEach(() => fixture.close());

const SPACE_SPACE_ID = 280;
const SPACE_ROW = [600, 1, 'users', 'memtx', 0, {}, []];

describe.skipIf(findPicodata() === null)('picodata run', () => {
  it('says who it is, where its data is, whom it trusts and how to connect, then serves', async () => {
    const run = fixture.run(['--cluster-id', 'c1', '--instance-id', 'i1', '--replicaset-id', 'r1']);
    const address = await run.ready();
    const log = run.stderr;
    expect(log).toMatch(/picodata \d+\.\d+\.\d+ \(as Tarantool 2\.10\.0\) on Node v/);
    expect(log).toContain('cluster c1, instance i1 (68d4a766-4144-3248-aeb4-e212356716e4)');
    expect(log).toContain('replicaset r1 (e0df68c5-e7f9-395f-86b3-30ad9e1b7b07)');
    expect(log).toContain(`data directory ${fixture.path('data')} is new`);
    expect(log).toMatch(/trust is open: whoever connects may do everything/);
    expect(log).toContain(`require('net.box').connect('${address}')`);
    expect(log).not.toContain(' W> ');
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    const connection = await connect(address);
    expect(await connection.ping()).toBeUndefined();
    connection.close();
    run.kill('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 0, stdout: '' });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('%s stops cleanly, and what was written is there again', async (signal) => {
    const first = fixture.run();
    const connection = await connect(await first.ready());
    await connection.insert(SPACE_SPACE_ID, SPACE_ROW);
    first.kill(signal);
    expect((await first.ended).code).toBe(0);
    expect(first.stderr).toContain(`stopping: ${signal}`);
    expect(readdirSync(fixture.path('data')).filter((name) => name.includes('lock'))).toEqual([]);
    const second = fixture.run();
    const again = await connect(await second.ready());
    expect(second.stderr).toMatch(/recovered \d+ rows of the snapshot and 1 of the log in \d+\.\d\d s/);
    expect(await again.select(SPACE_SPACE_ID, [600])).toEqual([SPACE_ROW]);
    again.close();
  });

  it('SIGUSR1 makes a snapshot', async () => {
    const run = fixture.run();
    const connection = await connect(await run.ready());
    await connection.insert(SPACE_SPACE_ID, SPACE_ROW);
    const from = run.stderr.length;
    run.kill('SIGUSR1');
    await run.waitFor(/snapshot of \d+ rows written/, from);
    expect(existsSync(fixture.path('data/00000000000000000001.snap'))).toBe(true);
    expect(run.stderr).not.toContain('Debugger');
    connection.close();
  });

  it('a file, a variable and a flag: the later wins', async () => {
    writeFileSync(fixture.path('o.yaml'), 'cluster_id: of-file\ninstance-id: of-file\nreplicaset_id: of-file\n');
    const env = { PICODATA_INSTANCE_ID: 'of-variable', PICODATA_REPLICASET_ID: 'of-variable' };
    const run = fixture.run(['--cfg', 'o.yaml', '--replicaset-id=of-flag'], { env });
    await run.ready();
    expect(run.stderr).toMatch(/cluster of-file, instance of-variable \(\S+\), replicaset of-flag \(/);
  });

  it('a log in a file leaves the terminal quiet, in JSON a record is an object', async () => {
    const run = fixture.run(['--log', 'the.log', '--log-format', 'json']);
    const file = fixture.path('the.log');
    while (!existsSync(file) || !readFileSync(file, 'utf8').includes('ready to accept requests')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    run.kill('SIGTERM');
    expect(await run.ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const records = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; message: string });
    expect(records).toContainEqual(expect.objectContaining({ level: 'info', message: 'ready to accept requests' }));
  });

  it('a warning when others reach an instance that is open', async () => {
    const run = fixture.run(['--listen', '0.0.0.0:0']);
    await run.ready();
    expect(run.stderr).toMatch(/ W> 0\.0\.0\.0 is no loopback address/);
  });

  it('a script that fails later ends the instance with 1', async () => {
    writeFileSync(
      fixture.path('s.mjs'),
      "export function start() { setTimeout(() => { throw new Error('too late') }); }",
    );
    const { code, stderr } = await fixture.run(['--script', 's.mjs']).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/ F> Error: too late/);
    expect(stderr).toContain('stopped');
  });
});

describe.skipIf(findPicodata() === null)('the cookie of the cluster', () => {
  async function rightsOfGuest(address: string): Promise<string> {
    const connection = await connect({ address, fetchSchema: false });
    const outcome = await connection.insert(SPACE_SPACE_ID, SPACE_ROW).then(
      () => 'all',
      (error: Error) => error.message,
    );
    connection.close();
    return outcome;
  }

  it.each([
    ['--cluster-cookie', ['--cluster-cookie', 'secret'], {}],
    ['PICODATA_CLUSTER_COOKIE', [], { PICODATA_CLUSTER_COOKIE: 'secret' }],
  ])('%s closes the instance', async (source, args, env) => {
    const run = fixture.run(args, { env });
    const address = await run.ready();
    expect(run.stderr).toContain(`trust is closed: the cookie of ${source}`);
    expect(run.stderr).not.toContain('secret');
    expect(await rightsOfGuest(address)).toContain('access to space');
    const service = await connect({ address, user: 'pico_service', password: 'secret' });
    await service.insert(SPACE_SPACE_ID, SPACE_ROW);
    service.close();
  });

  it('a private file in the data directory closes the instance', async () => {
    mkdirSync(fixture.path('data'));
    writeFileSync(fixture.path('data/.picodata-cookie'), 'secret\n', { mode: 0o600 });
    const run = fixture.run();
    const address = await run.ready();
    expect(run.stderr).toContain('trust is closed: the cookie of data/.picodata-cookie');
    expect(await rightsOfGuest(address)).toContain('access to space');
    const service = await connect({ address, user: 'pico_service', password: 'secret' });
    service.close();
  });

  it('without one guest may do everything', async () => {
    const run = fixture.run();
    expect(await rightsOfGuest(await run.ready())).toBe('all');
  });

  it.each([
    [0o644, 'secret\n', /data\/\.picodata-cookie: others may read it \(mode 0644\); run chmod 600 on it\n$/],
    [0o640, 'secret\n', /data\/\.picodata-cookie: others may read it \(mode 0640\)/],
    [0o600, '\n', /data\/\.picodata-cookie: the file is empty\n$/],
    [0o600, 'one\ntwo\n', /data\/\.picodata-cookie: the file must hold one line\n$/],
  ])('a file of mode %o with %j is refused', async (mode, text, expected) => {
    mkdirSync(fixture.path('data'));
    writeFileSync(fixture.path('data/.picodata-cookie'), text);
    chmodSync(fixture.path('data/.picodata-cookie'), mode);
    const { code, stderr } = await fixture.run().ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(expected);
  });
});

describe.skipIf(findPicodata() === null)('a start that fails ends with 1 and names what is wrong', () => {
  it('a port that is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr } = await fixture.run(['--listen', `127.0.0.1:${port}`]).ended;
    server.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`F> .*EADDRINUSE.*127\\.0\\.0\\.1:${port}\\n$`));
  });

  it('a directory that another instance works in', async () => {
    await fixture.run().ready();
    const { code, stderr } = await fixture.run().ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/F> .*\/data is in use by another instance\n$/);
  });

  it('a snapshot that is damaged', async () => {
    const first = fixture.run();
    await first.ready();
    first.kill('SIGTERM');
    await first.ended;
    const file = fixture.path('data/00000000000000000000.snap');
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle);
    writeFileSync(file, bytes);
    const { code, stderr } = await fixture.run().ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/F> .*00000000000000000000\.snap: .*the directory is left as it is\n$/);
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('a script that is not there or throws', async () => {
    const missing = await fixture.run(['--script', 'none.mjs']).ended;
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/F> none\.mjs: Cannot find module/);
    writeFileSync(fixture.path('bad.mjs'), "export function start() { throw new Error('not today'); }");
    const bad = await fixture.run(['--script', 'bad.mjs']).ended;
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/F> bad\.mjs: not today/);
  });

  it('a log that cannot be opened', async () => {
    const { code, stderr } = await fixture.run(['--log', 'none/the.log']).ended;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'picodata: the log cannot be opened: open none/the.log: ENOENT\n',
    });
  });

  it('is told on the terminal too when the log is a file', async () => {
    await fixture.run().ready();
    const { code, stderr } = await fixture.run(['--log', 'the.log']).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^picodata: .*\/data is in use by another instance\n$/);
    expect(readFileSync(fixture.path('the.log'), 'utf8')).toContain(stderr.slice('picodata: '.length));
  });
});
