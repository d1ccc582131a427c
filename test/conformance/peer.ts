/**
 * One of the two servers under comparison, seen by the runner: named connections that live as long as a case, and the
 * way back to the state of a fresh instance. Every case therefore starts from the same schema, and may use any id.
 */
import { arrayLength, containerHeaderSize, RawValue, skipValue, type Value } from '../../src/codec/msgpack/index.ts';
import {
  errorMessage,
  KEY,
  login,
  RawConnection,
  readResponse,
  REQUEST,
  requestPacket,
  type Response,
} from '../support/raw-iproto.ts';
import { ADMIN_PASSWORD, type TestServer, type Trust } from '../support/test-server.ts';
import { hex } from './describe.ts';
import { SYSTEM } from './schema-steps.ts';
import { MAIN } from './steps.ts';

/** System spaces with the fields of their primary key, in an order in which their rows can be deleted. */
const DELETION_ORDER: readonly (readonly [space: number, keyFields: readonly number[]])[] = [
  [SYSTEM.trigger, [0]],
  [SYSTEM.ckConstraint, [0, 1]],
  [SYSTEM.fkConstraint, [0, 1]],
  [SYSTEM.funcIndex, [0, 1]],
  [SYSTEM.spaceSequence, [0]],
  [SYSTEM.priv, [1, 2, 3]],
  [SYSTEM.index, [0, 1]],
  [SYSTEM.truncate, [0]],
  [SYSTEM.space, [0]],
  [SYSTEM.sequenceData, [0]],
  [SYSTEM.sequence, [0]],
  [SYSTEM.func, [0]],
  [SYSTEM.user, [0]],
  [SYSTEM.collation, [0]],
  [SYSTEM.schema, [0]],
];
const CLEANING_PASSES_MAX = 4;
const LIMIT_MAX = 0xffffffff;

type Rows = Map<string, Readonly<{ key: Uint8Array; tuple: Uint8Array }>>;

export class Peer {
  readonly server: TestServer;
  readonly #trust: Trust;
  readonly #control: RawConnection;
  readonly #baseline = new Map<number, Rows>();
  readonly #connections = new Map<string, RawConnection>();
  #sync = 0;

  private constructor(server: TestServer, trust: Trust, control: RawConnection) {
    this.server = server;
    this.#trust = trust;
    this.#control = control;
  }

  /** Takes the state in which the server is now as the one that each case starts from. */
  static async attach(server: TestServer, trust: Trust): Promise<Peer> {
    const control = await RawConnection.open(server.port);
    if (trust === 'closed') await login(control, 'admin', ADMIN_PASSWORD);
    const peer = new Peer(server, trust, control);
    for (const [space, keyFields] of DELETION_ORDER) peer.#baseline.set(space, await peer.#rows(space, keyFields));
    return peer;
  }

  /** The connection of that name, opened on first use; the main one is logged in as admin on a closed server. */
  async connection(name: string): Promise<RawConnection> {
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const opened = await RawConnection.open(this.server.port);
    if (name === MAIN && this.#trust === 'closed') await login(opened, 'admin', ADMIN_PASSWORD);
    this.#connections.set(name, opened);
    return opened;
  }

  disconnect(name: string): void {
    this.#connections.get(name)?.close();
    this.#connections.delete(name);
  }

  /** The schema version that responses carry now. */
  async schemaVersion(): Promise<number> {
    return (await this.#ask(REQUEST.ping, null)).schemaVersion;
  }

  /** Closes the case's connections and puts every system space back to its rows of the beginning. */
  async reset(): Promise<void> {
    for (const name of [...this.#connections.keys()]) this.disconnect(name);
    const failures: string[] = [];
    for (let pass = 0; pass < CLEANING_PASSES_MAX; pass++) {
      failures.length = 0;
      let changes = 0;
      for (const [space, keyFields] of DELETION_ORDER) changes += await this.#deleteNew(space, keyFields, failures);
      for (const [space, keyFields] of [...DELETION_ORDER].reverse())
        changes += await this.#restore(space, keyFields, failures);
      if (changes === 0) return;
    }
    if (failures.length > 0) throw new Error(`${this.server.name} cannot be reset: ${failures.join('; ')}`);
  }

  async stop(): Promise<void> {
    for (const name of [...this.#connections.keys()]) this.disconnect(name);
    this.#control.close();
    await this.server.stop();
  }

  async #deleteNew(space: number, keyFields: readonly number[], failures: string[]): Promise<number> {
    const baseline = this.#baseline.get(space)!;
    const added = [...(await this.#rows(space, keyFields))].filter(([name]) => !baseline.has(name));
    // A space's primary index goes last, and the rows come in the order of their ids.
    for (const [, row] of added.reverse())
      await this.#change(failures, REQUEST.delete, [
        [KEY.spaceId, space],
        [KEY.key, new RawValue(row.key)],
      ]);
    return added.length;
  }

  async #restore(space: number, keyFields: readonly number[], failures: string[]): Promise<number> {
    const rows = await this.#rows(space, keyFields);
    let changes = 0;
    for (const [name, row] of this.#baseline.get(space)!) {
      const current = rows.get(name);
      if (current !== undefined && hex(current.tuple) === hex(row.tuple)) continue;
      changes++;
      await this.#change(failures, REQUEST.replace, [
        [KEY.spaceId, space],
        [KEY.tuple, new RawValue(row.tuple)],
      ]);
    }
    return changes;
  }

  async #change(failures: string[], type: number, body: readonly (readonly [Value, Value])[]): Promise<void> {
    const response = await this.#ask(type, body);
    const message = errorMessage(response);
    if (message !== null) failures.push(message);
  }

  async #rows(space: number, keyFields: readonly number[]): Promise<Rows> {
    const response = await this.#ask(REQUEST.select, [
      [KEY.spaceId, space],
      [KEY.iterator, 2],
      [KEY.limit, LIMIT_MAX],
      [KEY.key, []],
    ]);
    const message = errorMessage(response);
    if (message !== null) throw new Error(`${this.server.name}: select from ${space}: ${message}`);
    const rows: Rows = new Map();
    const { body } = response;
    // {0x30: array32 of tuples}
    let next = 2 + containerHeaderSize(body, 2);
    for (let index = 0; index < arrayLength(body, 2); index++) {
      const end = skipValue(body, next);
      const tuple = body.slice(next, end);
      const key = keyOf(tuple, keyFields);
      rows.set(hex(key), { key, tuple });
      next = end;
    }
    return rows;
  }

  async #ask(type: number, body: readonly (readonly [Value, Value])[] | null): Promise<Response> {
    const reply = await this.#control.exchange(requestPacket(type, ++this.#sync, body));
    if (reply.kind !== 'frame') throw new Error(`${this.server.name}: ${reply.kind}\n${this.server.log()}`);
    return readResponse(reply.bytes);
  }
}

/** The fields of a tuple as a key array. */
function keyOf(tuple: Uint8Array, fields: readonly number[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x90 | fields.length)];
  for (const field of fields) {
    let position = containerHeaderSize(tuple, 0);
    for (let skipped = 0; skipped < field; skipped++) position = skipValue(tuple, position);
    parts.push(tuple.slice(position, skipValue(tuple, position)));
  }
  return Buffer.concat(parts);
}
