/**
 * A master whose replicas are out of their mind: it never crashes, what it answers can be read, and afterwards it serves
 * clients and replicas as before, with the data, the vclock and the memory that it had. New members are all that may come.
 */
import { ByteWriter, defined, NIL_UUID, type SeededRandom } from '../../src/base/index.ts';
import { encodeAck, encodeJoin, encodeSubscribe, ERROR_RESPONSE, REQUEST_TYPE } from '../../src/codec/iproto/index.ts';
import { encodeToBytes, type Value } from '../../src/codec/msgpack/index.ts';
import type { Env } from '../../src/env/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { checkEngine, rowsOf, usedBytes } from '../engine-state.ts';
import { chunksOf, joined, mutated } from '../generate.ts';
import {
  drawWrongValue,
  field,
  type Fields,
  framed,
  packetOf,
  RawPeer,
  rowPacket,
  tupleBody,
  vclockOf,
  withWrongField,
} from '../replication/packets.ts';
import { PORT, REPLICATION_TIMEOUT_MS, spaceRows, Stage, vclockText } from '../replication/stage.ts';
import { require, type FuzzTarget } from '../target.ts';

const CASES_PER_INSTANCE = 300;
const CASES_PER_CHECK = 20;
const ANSWER_MS_MAX = 2000;
const COLLECT_STEPS_MAX = 100_000;
const MASTER = 'master';
const SPACE = 512;
const CLUSTER_SPACE = 320;
const VERSIONS = [0, 132608, (2 << 16) | (10 << 8), (3 << 16) | (2 << 8), 2 ** 31];
const HEALTHY_UUID = '00000000-0000-4000-8000-000000000002';
/** Who may join and follow, and nothing else: what it sends beside that is refused. */
const GUEST_RIGHTS: readonly (readonly [number, Value])[] = [
  [312, [1, 0, 'universe', 0, 25]],
  [312, [1, 0, 'space', CLUSTER_SPACE, 2]],
];

class MasterRound {
  readonly #stage: Stage;
  readonly #random: SeededRandom;
  readonly #instance: Instance;
  readonly #env: Env;
  /** Of the state that nothing but the test itself changes. */
  #rows: string;
  #lsn: number;
  #membersBefore = 0;
  #uuids: string[] = [];
  #count = 0;

  private constructor(stage: Stage, random: SeededRandom, instance: Instance) {
    this.#stage = stage;
    this.#random = random;
    this.#instance = instance;
    this.#env = stage.host('peer').createEnv({ logLevel: 'fatal' });
    this.#rows = this.#rowsText();
    this.#lsn = this.#vclock[1] ?? 0;
  }

  static async start(stage: Stage, random: SeededRandom): Promise<MasterRound> {
    const instance = await stage.start(MASTER);
    const rows = Array.from({ length: 20 }, (_, key): readonly [number, Value] => [SPACE, [key, `row ${key}`]]);
    await stage.write(instance, [...spaceRows(SPACE, {}), ...GUEST_RIGHTS, ...rows]);
    const round = new MasterRound(stage, random, instance);
    await round.#join();
    return round;
  }

  async run(cases: number, onCase: (number: number) => void, first: number): Promise<void> {
    const { box } = this.#instance;
    await this.#check();
    await this.#settleMemory();
    const before = usedBytes(box);
    this.#rows = this.#rowsText();
    this.#lsn = this.#vclock[1] ?? 0;
    for (let done = 0; done < cases; done++) {
      onCase(first + done);
      await this.#connection();
      if (done % CASES_PER_CHECK === CASES_PER_CHECK - 1) await this.#check();
    }
    await this.#check();
    await this.#removeMembers();
    require(usedBytes(box) === before, `${usedBytes(box)} bytes are used afterwards, ${before} before`);
  }

  get #vclock(): readonly number[] {
    return this.#instance.storage.logClient.durableVclock;
  }

  #rowsText(): string {
    return JSON.stringify(rowsOf(this.#instance.box, SPACE));
  }

  get #members(): readonly string[] {
    return this.#instance.replication.members.list().map(({ uuid }) => uuid);
  }

  /** One connection, on which anything may be said. */
  async #connection(): Promise<void> {
    const random = this.#random;
    const peer = await this.#open();
    const packets = this.#packets();
    const bytes = random.chance(0.15) ? mutated(joined(...packets), random, 3) : joined(...packets);
    for (const chunk of chunksOf(bytes, random)) {
      peer.send(chunk);
      if (random.chance(0.3)) await this.#stage.pass(random.below(3));
    }
    await this.#stage.pass(random.chance(0.1) ? 5 * REPLICATION_TIMEOUT_MS : 3 + random.below(20));
    peer.close();
    await this.#stage.pass(1);
  }

  async #open(): Promise<RawPeer> {
    return this.#stage.settled(RawPeer.connect(this.#env, MASTER, PORT), 1000);
  }

  /** Some requests, and what may come behind a subscription. */
  #packets(): readonly Uint8Array[] {
    const random = this.#random;
    const packets: Uint8Array[] = [];
    for (let left = random.below(3); left > 0; left--) packets.push(this.#request());
    if (random.chance(0.8)) packets.push(this.#subscribe());
    for (let left = random.below(6); left > 0; left--) packets.push(this.#word());
    return packets;
  }

  #maybeWrong(header: Fields, body: Fields | null): Uint8Array {
    const random = this.#random;
    const isWrong = random.chance(0.4);
    const isHeaderWrong = isWrong && random.chance(0.2);
    const wrongBody = isWrong && !isHeaderWrong && body !== null ? withWrongField(body, random) : body;
    return packetOf(isHeaderWrong ? withWrongField(header, random) : header, wrongBody);
  }

  #uuid(): string {
    const random = this.#random;
    const known = [HEALTHY_UUID, NIL_UUID, this.#instance.storage.instanceUuid];
    if (random.chance(0.5)) return random.pick(known);
    if (this.#uuids.length < 40 && random.chance(0.3)) {
      const tail = String(1000 + this.#uuids.length).padStart(12, '0');
      this.#uuids.push(`00000000-0000-4000-9000-${tail}`);
    }
    return this.#uuids.length === 0 ? HEALTHY_UUID : random.pick(this.#uuids);
  }

  #request(): Uint8Array {
    const random = this.#random;
    const { vote, join, fetchSnapshot, register, ping, id } = REQUEST_TYPE;
    const type = random.pick([vote, join, join, fetchSnapshot, register, register, ping, id]);
    const header = [field(0x00, type), field(0x01, random.below(1000))];
    const uuid = field(0x24, this.#uuid());
    const version = field(0x06, random.pick(VERSIONS));
    switch (type) {
      case join:
        return this.#maybeWrong(header, random.chance(0.5) ? [uuid] : [uuid, version]);
      case fetchSnapshot:
        return this.#maybeWrong(header, random.chance(0.5) ? null : [version]);
      case register:
        return this.#maybeWrong(header, [uuid, field(0x26, this.#anyVclock())]);
      default:
        return this.#maybeWrong(header, random.chance(0.5) ? null : []);
    }
  }

  #subscribe(): Uint8Array {
    const random = this.#random;
    const { replicasetUuid } = this.#instance.box.catalog;
    const isAnonymous = random.chance(0.4);
    const body: (readonly [number, Uint8Array])[] = [
      field(0x25, random.chance(0.9) ? replicasetUuid : NIL_UUID),
      field(0x24, random.chance(0.7) ? HEALTHY_UUID : this.#uuid()),
      field(0x26, this.#anyVclock()),
      field(0x06, random.pick(VERSIONS)),
      field(0x50, isAnonymous),
    ];
    if (random.chance(0.5)) body.push(field(0x51, random.pick<Value>([[0], [1], [2], [1, 2, 31], []])));
    return this.#maybeWrong([field(0x00, REQUEST_TYPE.subscribe), field(0x01, random.below(3))], body);
  }

  #anyVclock(): Value {
    const lsn = this.#vclock[1] ?? 0;
    const { random } = { random: this.#random };
    return vclockOf(
      random.pick([
        {},
        { 1: lsn },
        { 1: lsn },
        { 1: lsn - 3 },
        { 1: lsn + 100 },
        { 1: 2 ** 47, 31: 5 },
        { 7: 9 },
        { 0: 5 },
      ]),
    );
  }

  /** What a replica may say, or may not. */
  #word(): Uint8Array {
    const random = this.#random;
    const lsn = (this.#vclock[1] ?? 0) + 1;
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        return this.#maybeWrong(random.chance(0.5) ? [field(0x00, 0)] : [field(0x00, 0), field(0x04, 1.5)], [
          field(0x26, this.#anyVclock()),
          ...(random.chance(0.3) ? [field(0x53, random.pick([0, 1, 7, 2 ** 40]))] : []),
        ]);
      case 3:
        return this.#maybeWrong([field(0x00, 0), field(0x04, 1.5)], null);
      case 4:
        return rowPacket({
          type: random.pick([2, 3, 5, 12]),
          replicaId: random.pick([1, 2, 9]),
          lsn,
          body: tupleBody(SPACE, [random.below(30), 'forged']),
        });
      case 5:
        return this.#maybeWrong(
          [field(0x00, random.pick([30, 31, 32, 40, 41])), field(0x02, 1), field(0x03, lsn)],
          [field(0x02, 1), field(0x03, lsn), field(0x53, 3), field(0, 9), field(1, 2)],
        );
      case 6:
        return this.#request();
      default:
        return random.chance(0.5) ? framed(drawWrongValue(random)) : this.#subscribe();
    }
  }

  async #join(): Promise<void> {
    const peer = await this.#open();
    const writer = new ByteWriter(64);
    encodeJoin(writer, { sync: 7 }, HEALTHY_UUID);
    peer.send(writer.toBytes());
    const frames = (): number => peer.answers.filter(({ type }) => type === REQUEST_TYPE.ok).length;
    require(await this.#stage.until(() => frames() === 3, ANSWER_MS_MAX), 'a healthy replica cannot join');
    peer.close();
    await this.#stage.pass(1);
    this.#lsn = this.#vclock[1] ?? 0;
    this.#membersBefore = this.#members.length;
  }

  /** All is as it was, and clients and replicas are served. */
  async #check(): Promise<void> {
    const { box, replication } = this.#instance;
    // Less than the silence that ends a relay by itself.
    await this.#stage.pass(REPLICATION_TIMEOUT_MS);
    checkEngine(box);
    require(this.#rowsText() === this.#rows, `rows: ${this.#rowsText()}`);
    const added = this.#members.length - this.#membersBefore;
    const expected = `1:${this.#lsn + added}`;
    require(vclockText(this.#vclock) === expected, `vclock ${vclockText(this.#vclock)}, expected ${expected}`);
    const relays = defined(replication.relays, 'relays');
    const alive = [...relays.states].filter(([, { endedWith }]) => endedWith === null);
    require(alive.length === 0, `${alive.length} relays of nobody`);
    const strangers = [...relays.consumers.keys()].filter((uuid) => !this.#members.includes(uuid));
    require(strangers.length === 0, `the log is kept for ${strangers.join()}`);
    require(replication.elections.term === 1 && replication.queue.term <= 1, 'a term has begun');
    require(!box.statements.isReadOnly, 'it is read-only');
    await this.#checkClient();
    await this.#checkReplica();
  }

  async #checkClient(): Promise<void> {
    const peer = await this.#open();
    peer.send(packetOf([field(0x00, REQUEST_TYPE.ping), field(0x01, 1)], null));
    const body = [field(0x10, SPACE), field(0x12, 100), field(0x20, [])];
    peer.send(packetOf([field(0x00, REQUEST_TYPE.select), field(0x01, 2)], body));
    require(await this.#stage.until(() => peer.answers.length === 2, ANSWER_MS_MAX), 'a client is not served');
    const { length } = defined(peer.answers[1], 'an answer').bytes;
    require(peer.answers.every(({ type }) => type === REQUEST_TYPE.ok) && length > 100, 'a client is refused');
    peer.close();
  }

  async #checkReplica(): Promise<void> {
    const peer = await this.#open();
    const writer = new ByteWriter(256);
    const vclock = [...this.#vclock];
    encodeSubscribe(
      writer,
      { sync: 0 },
      {
        replicasetUuid: this.#instance.box.catalog.replicasetUuid,
        instanceUuid: HEALTHY_UUID,
        vclock,
        serverVersion: 132608,
        isAnonymous: false,
        idFilter: [2],
      },
    );
    peer.send(writer.toBytes());
    const row = [this.#random.below(20), `written ${++this.#count}`];
    require(await this.#stage.until(() => peer.answers.length >= 2, ANSWER_MS_MAX), 'a replica is not served');
    await this.#stage.write(this.#instance, [[SPACE, row]]);
    const isRow = ({ type }: { type: number }): boolean => type === REQUEST_TYPE.replace;
    require(await this.#stage.until(() => peer.answers.some(isRow), ANSWER_MS_MAX), 'a replica gets no rows');
    const text = Buffer.from(defined(peer.answers.find(isRow), 'a row').bytes).toString('latin1');
    require(text.includes(`written ${this.#count}`), 'a replica gets another row');
    require(peer.answers.every(({ type }) => (type & ERROR_RESPONSE) === 0), 'a replica is refused');
    const ack = new ByteWriter(64);
    encodeAck(ack, this.#vclock, 0);
    peer.send(ack.toBytes());
    const acknowledged = (): boolean =>
      vclockText(this.#instance.replication.relays?.consumers.get(HEALTHY_UUID) ?? []) === vclockText(this.#vclock);
    require(await this.#stage.until(acknowledged, ANSWER_MS_MAX), 'what a replica has is not noted');
    peer.close();
    await this.#stage.pass(2);
    this.#rows = this.#rowsText();
    this.#lsn += 1;
  }

  async #removeMembers(): Promise<void> {
    for (const { replicaId, uuid } of this.#instance.replication.members.list()) {
      if (replicaId <= 2) continue;
      await this.#stage.remove(this.#instance, CLUSTER_SPACE, [replicaId]);
      require(this.#instance.replication.relays?.consumers.has(uuid) === false, 'the log is kept for one who has gone');
    }
    await this.#settleMemory();
  }

  /** All rows are those of the start, and what was removed is gone. */
  async #settleMemory(): Promise<void> {
    const { box, storage } = this.#instance;
    for (let key = 0; key < 20; key++) {
      const bytes = encodeToBytes([key, `row ${key}`]);
      box.statements.replace(box.adminSession, SPACE, bytes, 0, bytes.length);
    }
    await this.#stage.pass(50);
    for (let left = COLLECT_STEPS_MAX; box.catalog.collectGarbage(500); left--) {
      require(left > 0, 'garbage without end');
    }
    for (const { views } of storage.memories) while (views.freeSlice(1000));
  }
}

export const MASTER_TARGET: FuzzTarget = {
  name: 'master',
  smokeCases: 600,
  longCases: 20_000,
  run: async (random, cases, onCase) => {
    for (let done = 0; done < cases; done += CASES_PER_INSTANCE) {
      const stage = new Stage(random.uint32());
      await stage.guarded(async () => {
        const round = await MasterRound.start(stage, random);
        await round.run(Math.min(CASES_PER_INSTANCE, cases - done), onCase, done);
      });
    }
  },
};
