/** Data directories of one test and the servers over them; `close` kills what still runs and removes everything. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Connection, type ConnectOptions } from '../../src/client/index.ts';
import { startInstance, type RunningInstance, type StartOptions } from '../../src/index.ts';
import { temporaryDirectory } from './child-server.ts';
import type { DirectoryServer, OpenDirectory } from './directory-server.ts';
import { createTestEnv } from './node-env.ts';

const env = createTestEnv();

export class DirectoryFixture {
  readonly #closers: (() => Promise<void>)[] = [];

  /** A new empty directory, in one that is the test's own. */
  async directory(): Promise<string> {
    const { path, remove } = await temporaryDirectory('directories');
    this.#closers.push(remove);
    mkdirSync(join(path, 'data'));
    return join(path, 'data');
  }

  async open(program: OpenDirectory, directory: string, options: readonly string[] = []): Promise<DirectoryServer> {
    const server = await program(directory, options);
    this.#closers.push(server.kill);
    return server;
  }

  /** An instance inside this process. */
  async start(options: StartOptions): Promise<RunningInstance> {
    const instance = await startInstance(options);
    this.#closers.push(() => instance.stop());
    return instance;
  }

  /** For what a test makes beside directories and servers; called in reverse order. */
  onClose(closer: () => Promise<void>): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) await closer();
  }
}

/** Lets `use` work with a connection, which is closed behind it. */
export async function connected<Result>(
  { address }: Pick<DirectoryServer, 'address'>,
  login: Pick<ConnectOptions, 'user' | 'password'>,
  use: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await connect(env, { address, ...login });
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}
