/**
 * The server that clients which we did not write are tried on: a user with a password, a space with two indexes, and a
 * procedure. It can be stopped and started again on the same port with the same data.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServerProcess, freePort, startProcess, temporaryDirectory } from '../support/child-server.ts';
import { findPicodata } from '../support/picodata-server.ts';
import {
  errorMessage,
  KEY,
  RawConnection,
  readResponse,
  REQUEST,
  requestPacket,
  storedPassword,
} from '../support/raw-iproto.ts';

export const USER = { id: 32, name: 'tester', password: 'a secret' } as const;
export const SPACE = { id: 512, name: 'cities' } as const;

const START_TIMEOUT_MS = 30_000;
const PROCEDURES = `
export const sum = {
  kind: 'picodata.procedure',
  name: 'sum',
  body: (api, ...numbers) => numbers.reduce((total, each) => total + each, 0),
};
`;
const ALL_RIGHTS = 0xffffffff;
const ROWS: readonly (readonly [space: number, row: readonly unknown[]])[] = [
  [304, [USER.id, 1, USER.name, 'user', { 'chap-sha1': storedPassword(USER.password) }]],
  [312, [1, USER.id, 'universe', 0, ALL_RIGHTS]],
  [
    280,
    [
      SPACE.id,
      1,
      SPACE.name,
      'memtx',
      0,
      {},
      [
        { name: 'id', type: 'unsigned' },
        { name: 'name', type: 'string' },
        { name: 'people', type: 'unsigned', is_nullable: true },
      ],
    ],
  ],
  [288, [SPACE.id, 0, 'primary', 'tree', { unique: true }, [[0, 'unsigned']]]],
  [288, [SPACE.id, 1, 'name', 'tree', { unique: true }, [[1, 'string']]]],
];

export class DriverServer {
  readonly port: number;
  readonly directory: string;
  readonly #remove: () => Promise<void>;
  #process: ServerProcess | null = null;

  private constructor(port: number, directory: string, remove: () => Promise<void>) {
    this.port = port;
    this.directory = directory;
    this.#remove = remove;
  }

  /** Starts the server and makes what the clients expect. */
  static async open(): Promise<DriverServer> {
    const { path, remove } = await temporaryDirectory('drivers');
    await writeFile(join(path, 'procedures.mjs'), PROCEDURES);
    const server = new DriverServer(await freePort(), path, remove);
    await server.start();
    await server.#prepare();
    return server;
  }

  async start(): Promise<void> {
    const program = findPicodata();
    if (program === null) throw new Error('there is no built picodata to start');
    const { port, directory } = this;
    const words = ['run', '--listen', `127.0.0.1:${port}`, '--data-dir', join(directory, 'data')];
    this.#process = startProcess(program, [...words, '--script', join(directory, 'procedures.mjs')], {
      cwd: directory,
    });
    await this.#process.waitForLine(/ready to accept requests/, START_TIMEOUT_MS);
  }

  /** Ends the process; the data stay. */
  async stop(): Promise<void> {
    await this.#process?.stop();
    this.#process = null;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#remove();
  }

  async #prepare(): Promise<void> {
    const connection = await RawConnection.open(this.port);
    try {
      for (const [space, row] of ROWS) {
        const body = [
          [KEY.spaceId, space],
          [KEY.tuple, row],
        ] as Parameters<typeof requestPacket>[2];
        const reply = await connection.exchange(requestPacket(REQUEST.insert, 1, body));
        const message = reply.kind === 'frame' ? errorMessage(readResponse(reply.bytes)) : reply.kind;
        if (message !== null) throw new Error(`a row of ${space}: ${message}`);
      }
    } finally {
      connection.close();
    }
  }
}
