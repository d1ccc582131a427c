/** The project's own server for tests: `bin/picodata run` in a temporary directory on a free loopback port. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startProcess, temporaryDirectory, type ServerProcess } from './child-server.ts';
import { KEY, login, RawConnection, readResponse, REQUEST, requestPacket, storedPassword } from './raw-iproto.ts';
import { ADMIN_PASSWORD, type TestServer, type Trust } from './test-server.ts';

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const START_TIMEOUT_MS = 30_000;
const START_ATTEMPTS = 3;
const POLL_MS = 50;
const CLUSTER_COOKIE = 'conformance-cookie';
const SERVICE_USER = 'pico_service';
const USER_SPACE_ID = 304;
const SPACE_SPACE_ID = 280;
const ADMIN_ID = 1;

/** The program's path, or null with the build missing. */
export function findPicodata(): string | null {
  const path = join(PROJECT, 'bin', 'picodata');
  return existsSync(path) && existsSync(join(PROJECT, 'dist', 'cli.js')) ? path : null;
}

export type PicodataOptions = Readonly<{ trust?: Trust; args?: readonly string[] }>;

/** Starts an instance and resolves when it answers requests. */
export async function startPicodata(options: PicodataOptions = {}): Promise<TestServer> {
  const program = findPicodata();
  if (program === null) throw new Error('there is no built picodata to start');
  const trust = options.trust ?? 'open';
  const directory = await temporaryDirectory('picodata');
  const cookie = trust === 'closed' ? ['--cluster-cookie', CLUSTER_COOKIE] : [];
  let failure: unknown = null;
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const child = startProcess(
      program,
      ['run', '--listen', address, '--data-dir', join(directory.path, `data-${attempt}`)].concat(
        cookie,
        options.args ?? [],
      ),
      { cwd: directory.path },
    );
    try {
      await waitUntilServing(child, port, trust);
      if (trust === 'closed') await giveAdminPassword(port);
      const stop = async (): Promise<void> => {
        await child.stop();
        await directory.remove();
      };
      return { name: 'picodata', pid: child.pid, port, directory: directory.path, log: child.log, stop };
    } catch (error) {
      failure = error;
      await child.stop();
    }
  }
  await directory.remove();
  throw failure;
}

/** Asks until the schema can be read: an instance listens before its bootstrap is finished. */
async function waitUntilServing(child: ServerProcess, port: number, trust: Trust): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isServing(port, trust))) {
    if (child.exited()) throw new Error(`picodata ended early:\n${child.log()}`);
    if (Date.now() > deadline) throw new Error(`picodata does not serve in time:\n${child.log()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function isServing(port: number, trust: Trust): Promise<boolean> {
  let connection: RawConnection | null = null;
  try {
    connection = await RawConnection.open(port);
    if (trust === 'closed') await login(connection, SERVICE_USER, CLUSTER_COOKIE);
    const body = [
      [KEY.spaceId, SPACE_SPACE_ID],
      [KEY.limit, 1],
      [KEY.key, []],
    ] as const;
    const reply = await connection.exchange(requestPacket(REQUEST.select, 1, body));
    return reply.kind === 'frame' && readResponse(reply.bytes).status === 0;
  } catch {
    return false;
  } finally {
    connection?.close();
  }
}

/** Writes the password that the tests log in with into admin's row, as `box.schema.user.passwd` would. */
async function giveAdminPassword(port: number): Promise<void> {
  const connection = await RawConnection.open(port);
  try {
    await login(connection, SERVICE_USER, CLUSTER_COOKIE);
    const row = [ADMIN_ID, ADMIN_ID, 'admin', 'user', { 'chap-sha1': storedPassword(ADMIN_PASSWORD) }];
    const reply = await connection.exchange(
      requestPacket(REQUEST.replace, 1, [
        [KEY.spaceId, USER_SPACE_ID],
        [KEY.tuple, row],
      ]),
    );
    if (reply.kind !== 'frame' || readResponse(reply.bytes).status !== 0)
      throw new Error('the password of admin cannot be set');
  } finally {
    connection.close();
  }
}
