/**
 * A plain iproto client for the load on our members: puts are CALLs encoded ahead, into which only the sync is written,
 * and answers are matched by it. It shares no code with the project's own client.
 */
import { decodeValue, RawValue, type Value } from '../../src/codec/msgpack/index.ts';
import { encodeEntries, framePacket, GREETING_BYTES, KEY, REQUEST } from '../../test/support/raw-iproto.ts';
import { BatchedSocket } from './batched-socket.ts';
import type { ConsensusClient, MemberStatus } from './group.ts';
import { PutCycle } from './puts.ts';

const LENGTH_BYTES = 5;
/** Of a packet of `callPacket`: the length, a map of two, the type, the key of the sync and its first byte. */
const SYNC_OFFSET = LENGTH_BYTES + 5;
/** Answers begin with a length of 4 bytes and a header with status and sync in full width. */
const HEAD_BYTES = 22;
const STATUS_OFFSET = 8;
const ANSWER_SYNC_OFFSET = 18;
/** Length prefix and header: what comes before the body. */
const BODY_OFFSET = 28;

/** A CALL whose sync is written when it is sent. */
export function callPacket(name: string, values: readonly Value[]): Uint8Array {
  const sync = new RawValue(Uint8Array.of(0xce, 0, 0, 0, 0));
  const header = encodeEntries([
    [KEY.requestType, REQUEST.call],
    [KEY.sync, sync],
  ]);
  const body = encodeEntries([
    [KEY.functionName, name],
    [KEY.tuple, [...values]],
  ]);
  return framePacket(header, body);
}

type Waiting = Readonly<{ resolve: (answer: Buffer) => void; reject: (error: Error) => void }>;

/** One connection with any number of requests in flight. */
export class CallConnection {
  readonly #socket: BatchedSocket;
  readonly #waiting = new Map<number, Waiting>();
  #isGreeted = false;
  #sync = 0;

  private constructor(socket: BatchedSocket) {
    this.#socket = socket;
    socket.listen(
      (bytes) => this.#take(bytes),
      (error) => this.#end(error),
    );
  }

  static async open(port: number): Promise<CallConnection> {
    return new CallConnection(await BatchedSocket.open(port));
  }

  /** Sends a packet of `callPacket`, which stays as it is; resolves with the whole answer. */
  call(packet: Uint8Array): Promise<Buffer> {
    if (this.#socket.isClosed) return Promise.reject(new Error('the connection is closed'));
    const sync = (this.#sync = (this.#sync + 1) >>> 0);
    const own = Buffer.allocUnsafe(packet.length);
    own.set(packet);
    own.writeUInt32BE(sync, SYNC_OFFSET);
    return new Promise((resolve, reject) => {
      this.#waiting.set(sync, { resolve, reject });
      this.#socket.write(own);
    });
  }

  close(): void {
    this.#socket.close();
  }

  /** Handles the whole answers; returns where the rest begins. */
  #take(bytes: Buffer): number {
    let position = 0;
    if (!this.#isGreeted) {
      if (bytes.length < GREETING_BYTES) return 0;
      this.#isGreeted = true;
      position = GREETING_BYTES;
    }
    while (bytes.length - position >= HEAD_BYTES) {
      const end = position + LENGTH_BYTES + bytes.readUInt32BE(position + 1);
      if (bytes.length < end) break;
      this.#answer(bytes.subarray(position, end));
      position = end;
    }
    return position;
  }

  #answer(answer: Buffer): void {
    if (answer[0] !== 0xce || answer[6] !== KEY.requestType || answer[12] !== KEY.sync || answer[13] !== 0xcf) {
      throw new Error(`not an answer: ${answer.toString('hex', 0, HEAD_BYTES)}`);
    }
    const sync = answer.readUInt32BE(ANSWER_SYNC_OFFSET);
    const waiting = this.#waiting.get(sync);
    this.#waiting.delete(sync);
    const status = answer.readUInt32BE(STATUS_OFFSET);
    if (status === 0) waiting?.resolve(answer);
    else waiting?.reject(new Error(`error ${status & 0x7fff}: ${answer.toString('latin1', BODY_OFFSET)}`));
  }

  #end(error: Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

export class OurClient implements ConsensusClient {
  readonly #connections: readonly CallConnection[];
  readonly #puts = new PutCycle((key, value) => callPacket('bench_put', [key, value]));

  private constructor(connections: readonly CallConnection[]) {
    this.#connections = connections;
  }

  /** Opens `connections` connections to a member. */
  static async connect(port: number, connections: number): Promise<OurClient> {
    return new OurClient(await Promise.all(Array.from({ length: connections }, () => CallConnection.open(port))));
  }

  async put(clientIndex: number): Promise<void> {
    await this.#connection(clientIndex).call(this.#puts.next());
  }

  async status(): Promise<MemberStatus> {
    const [id, leaderId, term, appliedIndex] = await this.#call('bench_status');
    return {
      id: String(id),
      leaderId: leaderId === 0 ? null : String(leaderId),
      term: Number(term),
      appliedIndex: Number(appliedIndex),
    };
  }

  async transferLeadership(toId: string): Promise<void> {
    await this.#call('bench_transfer', Number(toId));
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** What a procedure returned. */
  async #call(name: string, ...values: readonly Value[]): Promise<readonly Value[]> {
    const answer = await this.#connection(0).call(callPacket(name, values));
    const body = decodeValue(answer, BODY_OFFSET);
    const returned = body instanceof Map ? body.get(KEY.data) : null;
    if (!Array.isArray(returned)) throw new Error(`${name} returned nothing`);
    return returned;
  }

  #connection(clientIndex: number): CallConnection {
    const found = this.#connections[clientIndex % this.#connections.length];
    if (found === undefined) throw new Error('a client without connections');
    return found;
  }
}
