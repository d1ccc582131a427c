/** A master that says what it is told to say. */
import { BoxError } from '../../src/base/index.ts';
import { type Vclock } from '../../src/codec/xlog/index.ts';
import {
  decodeSubscribe,
  encodeGreeting,
  ERROR_RESPONSE,
  FrameDecoder,
  REQUEST_TYPE,
  ResponseHeader,
  SALT_BYTES,
} from '../../src/codec/iproto/index.ts';
import type { Value } from '../../src/codec/msgpack/index.ts';
import type { Address, Env, Listener, Stream } from '../../src/env/index.ts';
import { field, framed, packetOf, TIMESTAMP_SECONDS, vclockOf } from './packets.ts';

/** What is said on one connection; each answer may be any bytes. */
export type Behaviour = Readonly<{
  greeting: (greeting: Uint8Array) => Uint8Array;
  /** Before its body the answer to VOTE has a header. */
  vote: (answer: Uint8Array) => Uint8Array;
  /** The answer to SUBSCRIBE, and all that follows it. */
  stream: (vclock: Vclock) => readonly Uint8Array[];
  /** The answers to JOIN, FETCH_SNAPSHOT and REGISTER. */
  join: (type: number) => readonly Uint8Array[];
  /** The connection ends behind the stream. */
  leaves: boolean;
}>;

export type Identity = Readonly<{ instanceUuid: string; replicasetUuid: string; replicaId: number; version: string }>;

const BALLOT = 0x29;

export class FalseMaster {
  readonly identity: Identity;
  /** For the next connection; those behind it are honest. */
  next: Behaviour | null = null;
  /** Connections that have been subscribed, or refused. */
  served = 0;
  honest: Behaviour;
  ballotVclock: Readonly<Record<number, number>> = {};
  #streams: Stream[] = [];

  constructor(identity: Identity, honest: Partial<Behaviour>) {
    this.identity = identity;
    this.honest = {
      greeting: (greeting) => greeting,
      vote: (answer) => answer,
      stream: () => [this.answer({})],
      join: () => [],
      leaves: false,
      ...honest,
    };
  }

  async listen(env: Env, address: Address): Promise<Listener> {
    return env.network.listen(address, (stream) => this.#accept(stream));
  }

  dropAll(): void {
    for (const stream of this.#streams.splice(0)) stream.destroy();
  }

  /** Says something on the connections that stand. */
  say(bytes: Uint8Array): void {
    for (const stream of this.#streams) stream.write(bytes.slice());
  }

  /** The first packet of a subscription. */
  answer(vclock: Readonly<Record<number, number>>, replicasetUuid = this.identity.replicasetUuid): Uint8Array {
    const body = [field(0x26, vclockOf(vclock)), field(0x25, replicasetUuid)];
    return packetOf([field(0x00, 0), field(0x02, this.identity.replicaId)], body);
  }

  heartbeat(): Uint8Array {
    return packetOf([field(0x00, 0), field(0x02, this.identity.replicaId), field(0x04, TIMESTAMP_SECONDS)], null);
  }

  #ballot(): Uint8Array {
    const ballot = new Map<Value, Value>([
      [1, false],
      [4, false],
      [2, vclockOf(this.ballotVclock)],
      [3, vclockOf({})],
      [5, false],
      [6, true],
      [7, true],
    ]);
    return packetOf([field(0x00, 0)], [field(BALLOT, ballot)]);
  }

  #accept(stream: Stream): void {
    const behaviour = this.next ?? this.honest;
    this.next = null;
    this.#streams.push(stream);
    const header = new ResponseHeader();
    const decoder = new FrameDecoder((bytes, start, end) => {
      header.read(bytes, start, end);
      if (header.type === REQUEST_TYPE.ok) return;
      for (const packet of this.#reply(behaviour, header.type, bytes.slice(header.body, end))) {
        stream.write(packet.slice());
      }
      if (header.type !== REQUEST_TYPE.subscribe) return;
      this.served++;
      if (behaviour.leaves) stream.end();
    });
    const gone = (): void => {
      this.#streams = this.#streams.filter((other) => other !== stream);
    };
    stream.start({ onData: (chunk) => decoder.push(chunk), onEnd: gone, onDrain: () => undefined, onClose: gone });
    const { version, instanceUuid } = this.identity;
    const salt = new Uint8Array(SALT_BYTES).fill(7);
    stream.write(behaviour.greeting(encodeGreeting({ version, protocol: 'Binary', instanceUuid, salt })));
  }

  #reply(behaviour: Behaviour, type: number, body: Uint8Array): readonly Uint8Array[] {
    switch (type) {
      case REQUEST_TYPE.vote:
        return [behaviour.vote(this.#ballot())];
      case REQUEST_TYPE.auth:
        return [framed(Uint8Array.of(0x81, 0x00, 0x00))];
      case REQUEST_TYPE.subscribe:
        return subscribed(behaviour, body);
      default:
        return behaviour.join(type);
    }
  }
}

/** A replica of which the master made a mess need not know who it is. */
function subscribed(behaviour: Behaviour, body: Uint8Array): readonly Uint8Array[] {
  let vclock: Vclock;
  try {
    ({ vclock } = decodeSubscribe(body, 0, body.length));
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    return [packetOf([field(0x00, ERROR_RESPONSE | error.code)], [field(0x31, error.message)])];
  }
  return behaviour.stream(vclock);
}
