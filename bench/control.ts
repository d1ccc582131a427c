/**
 * The benchmark's own connection to a server: creates spaces, users and rights as rows of the system spaces, which both
 * servers take alike, and calls the procedures that both define.
 */
import {
  errorMessage,
  KEY,
  RawConnection,
  readResponse,
  REQUEST,
  requestPacket,
  storedPassword,
} from '../test/support/raw-iproto.ts';
import { decodeValue, type Value } from '../src/codec/msgpack/index.ts';
import { GROUP_INDEX, READ_ONE } from './requests.ts';

export const PLAIN_SPACE = 700;
export const RANGED_SPACE = 701;
export const GUARDED_SPACE = 702;
export const LOGIN = { user: 'bench', password: 'bench' } as const;

const SPACE = 280;
const INDEX = 288;
const FUNCTION = 296;
const USER = 304;
const PRIVILEGE = 312;

const ADMIN_ID = 1;
const PUBLIC_ROLE_ID = 2;
const BENCH_USER_ID = 40;
const READ_ONE_ID = 900;
const READ_AND_WRITE = 1 | 2;
const EXECUTE = 4;
const SESSION_AND_USAGE = 8 | 16;
const SLOW_CALL_MS = 300_000;

export class Control {
  readonly #connection: RawConnection;

  private constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  static async open(port: number): Promise<Control> {
    return new Control(await RawConnection.open(port));
  }

  close(): void {
    this.#connection.close();
  }

  /** Calls a procedure; returns what it returned. */
  call(name: string, ...values: readonly Value[]): Promise<Value> {
    return this.#request(REQUEST.call, [
      [KEY.functionName, name],
      [KEY.tuple, [...values]],
    ]);
  }

  /** Runs a text of Lua. */
  async evaluate(text: string): Promise<void> {
    await this.#request(REQUEST.eval, [
      [KEY.expression, text],
      [KEY.tuple, []],
    ]);
  }

  /** How many tuples have this key: 0 or 1. */
  async has(spaceId: number, key: Value): Promise<boolean> {
    const tuples = await this.#request(REQUEST.select, [
      [KEY.spaceId, spaceId],
      [KEY.limit, 1],
      [KEY.key, [key]],
    ]);
    return Array.isArray(tuples) && tuples.length === 1;
  }

  /** `[key, string]` with a TREE over the key. */
  async createPlainSpace(): Promise<void> {
    await this.#createSpace(PLAIN_SPACE, 'plain', []);
  }

  /** `[key, string, group]` with TREEs over key and group. */
  async createRangedSpace(): Promise<void> {
    await this.#createSpace(RANGED_SPACE, 'ranged', []);
    await this.#createGroupIndex(RANGED_SPACE);
  }

  /** Like the ranged one, with a format and a trigger, and a user who may read and write it and call `read_one`. */
  async createGuardedSpace(): Promise<void> {
    const format = [
      { name: 'key', type: 'unsigned' },
      { name: 'text', type: 'string' },
      { name: 'group', type: 'unsigned' },
    ];
    await this.#createSpace(GUARDED_SPACE, 'guarded', format);
    await this.#createGroupIndex(GUARDED_SPACE);
    await this.call('set_trigger', GUARDED_SPACE);
    const { user, password } = LOGIN;
    await this.#insert(USER, [BENCH_USER_ID, ADMIN_ID, user, 'user', { 'chap-sha1': storedPassword(password) }]);
    await this.#insert(FUNCTION, readOneRow());
    await this.#grant('role', PUBLIC_ROLE_ID, EXECUTE);
    await this.#grant('universe', 0, SESSION_AND_USAGE);
    await this.#grant('space', GUARDED_SPACE, READ_AND_WRITE);
    await this.#grant('function', READ_ONE_ID, EXECUTE);
  }

  async #createSpace(id: number, name: string, format: readonly Value[]): Promise<void> {
    await this.#insert(SPACE, [id, ADMIN_ID, name, 'memtx', 0, {}, [...format]]);
    await this.#insert(INDEX, [id, 0, 'primary', 'tree', { unique: true }, [[0, 'unsigned']]]);
  }

  async #createGroupIndex(spaceId: number): Promise<void> {
    await this.#insert(INDEX, [spaceId, GROUP_INDEX, 'group', 'tree', { unique: false }, [[2, 'unsigned']]]);
  }

  async #grant(objectType: string, objectId: number, privilege: number): Promise<void> {
    await this.#insert(PRIVILEGE, [ADMIN_ID, BENCH_USER_ID, objectType, objectId, privilege]);
  }

  async #insert(spaceId: number, tuple: Value): Promise<void> {
    await this.#request(REQUEST.insert, [
      [KEY.spaceId, spaceId],
      [KEY.tuple, tuple],
    ]);
  }

  /** Sends one request and returns the value of DATA. */
  async #request(type: number, body: readonly (readonly [Value, Value])[]): Promise<Value> {
    const reply = await this.#connection.exchange(requestPacket(type, 1, body), SLOW_CALL_MS);
    if (reply.kind !== 'frame') throw new Error(`request ${type}: ${reply.kind}`);
    const response = readResponse(reply.bytes);
    if (response.status !== 0) throw new Error(`request ${type}: ${errorMessage(response) ?? response.status}`);
    const answer = decodeValue(response.body, 0);
    return answer instanceof Map ? (answer.get(KEY.data) ?? null) : null;
  }
}

/** A row of `_func` as `box.schema.func.create` makes it: a function whose body the server already has. */
function readOneRow(): Value {
  const [setuid, aggregate, sqlDataAccess, created] = [0, 'none', 'none', '2020-01-01 00:00:00'];
  const [isDeterministic, isSandboxed, isNullCall] = [false, false, true];
  return [
    ...[READ_ONE_ID, ADMIN_ID, READ_ONE, setuid, 'LUA', '', 'function', [], 'any', aggregate, sqlDataAccess],
    ...[isDeterministic, isSandboxed, isNullCall, ['LUA'], {}, '', created, created],
  ];
}
