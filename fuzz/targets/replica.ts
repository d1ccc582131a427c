/**
 * A replica that is fed by a master out of its mind: it never crashes, has the data of whole transactions and no others,
 * says in words what was wrong, writes nothing that it cannot read again, and follows when the master has come to reason.
 */
import { type BoxError, boxError, defined, type SeededRandom } from '../../src/base/index.ts';
import type { Vclock } from '../../src/codec/xlog/index.ts';
import type { Applier } from '../../src/replication/applier/applier.ts';
import type { Instance } from '../../src/instance/index.ts';
import { checkEngine, rowsOf } from '../engine-state.ts';
import { mutated, joined } from '../generate.ts';
import { drawAgreement, SYNC_SPACE } from '../replication/agreement.ts';
import { type Defect, drawDefect } from '../replication/defects.ts';
import { type Behaviour, FalseMaster } from '../replication/false-master.ts';
import { History, PLAIN_SPACE, type State, stateText } from '../replication/history.ts';
import { drawWrongValue, field, packetOf, withWrongField } from '../replication/packets.ts';
import { PORT, REPLICATION_TIMEOUT_MS, spaceRows, Stage, vclockText } from '../replication/stage.ts';
import { Finding, require, type FuzzTarget } from '../target.ts';

const CASES_PER_INSTANCE = 400;
const CASES_PER_RESTART = 80;
/** The last ones of an instance are about who may write: nobody knows what is valid afterwards. */
const AGREEMENT_CASES = 40;
const SETTLE_MS_MAX = 20 * REPLICATION_TIMEOUT_MS;
const MASTER = 'master';
const REPLICA = 'replica';
const SOURCES = [`${MASTER}:${PORT}`];
const NO_CONNECTION = boxError('NO_CONNECTION').code;
/** What a connection may end with that breaks: all else is a failure of the replica's own code. */
const LOST = /Peer closed|ECONN|EPIPE|Connection/;

class ReplicaRound {
  readonly #stage: Stage;
  readonly #random: SeededRandom;
  readonly #master: FalseMaster;
  readonly #history: History;
  #replica: Instance;

  private constructor(stage: Stage, random: SeededRandom, master: FalseMaster, history: History, replica: Instance) {
    this.#stage = stage;
    this.#random = random;
    this.#master = master;
    this.#history = history;
    this.#replica = replica;
    master.honest = { ...master.honest, stream: (vclock) => this.#honestStream(vclock) };
  }

  /** A replica that has joined a real master, in whose place there is a false one now. */
  static async start(stage: Stage, random: SeededRandom): Promise<ReplicaRound> {
    const origin = await stage.start(MASTER, { options: { trust: { kind: 'open' } } });
    const rows = [...spaceRows(PLAIN_SPACE, {}), ...spaceRows(SYNC_SPACE, { is_sync: true })];
    await stage.write(origin, rows);
    const replica = await stage.start(REPLICA, { replication: { sources: SOURCES } });
    const replicasetUuid = origin.box.catalog.replicasetUuid;
    const instanceUuid = origin.storage.instanceUuid;
    stage.host(MASTER).kill();
    const master = new FalseMaster({ instanceUuid, replicasetUuid, replicaId: 1, version: '2.10.0' }, {});
    const env = stage.host(MASTER).createEnv({ logLevel: 'fatal' });
    await stage.settled(master.listen(env, { kind: 'tcp', host: '0.0.0.0', port: PORT }), 1000);
    const history = new History(random, [1, 3], stateOf(replica));
    const round = new ReplicaRound(stage, random, master, history, replica);
    await round.#heal('at the start');
    return round;
  }

  async run(cases: number, onCase: (number: number) => void, first: number): Promise<void> {
    for (let done = 0; done < cases; done++) {
      onCase(first + done);
      const kind = this.#random.below(10);
      if (done >= CASES_PER_INSTANCE - AGREEMENT_CASES) await this.#agreement();
      else if (kind < 6) await this.#defectiveStream();
      else if (kind < 8) await this.#defectiveStart();
      else await this.#mistakes();
      checkEngine(this.#replica.box);
      if (done % CASES_PER_RESTART === CASES_PER_RESTART - 1) await this.#restart();
    }
    if (cases < CASES_PER_INSTANCE) await this.#restart();
    else await this.#restartAfterAgreement();
  }

  get #applier(): Applier {
    return defined(this.#replica.replication.upstreams.appliers[0], 'an applier');
  }

  /** Good transactions, something else, and good ones again. */
  async #defectiveStream(): Promise<void> {
    const { state: before } = this.#history;
    const states = [before];
    for (let left = this.#random.below(4); left > 0; left--) {
      this.#history.next();
      states.push(this.#history.state);
    }
    const good = this.#history.behind(before.vclock).flatMap(({ packets }) => packets);
    let expected = this.#history.state;
    const defect = drawDefect(this.#random, this.#history);
    const isFatal = defect.codes.length > 0;
    const rest: Uint8Array[] = [];
    for (let left = this.#random.below(3); left > 0 && defect.isEnd !== true; left--)
      rest.push(...this.#history.next().packets);
    if (!isFatal) expected = this.#history.state;
    const packets = [this.#master.answer({ 1: expected.vclock[1] ?? 0 }), ...good, ...defect.packets, ...rest];
    await this.#serve({ stream: () => this.#inPieces(packets), leaves: defect.isEnd === true }, expected, isFatal);
    if (isFatal) this.#checkFailure(defect);
    const prefix = states.find(({ vclock }) => vclockText(vclock) === vclockText(this.#vclock));
    this.#checkState(defect.isLoss === true ? (prefix ?? expected) : expected, defect.name);
    await this.#heal(defect.name);
  }

  /** Packets in one write, or one by one. */
  #inPieces(packets: readonly Uint8Array[]): readonly Uint8Array[] {
    return this.#random.chance(0.5) ? packets : [joined(...packets)];
  }

  #checkFailure({ name, codes, isWordless = false }: Defect): void {
    const failure = defined(this.#applier.failure, 'a failure');
    require(codes.includes(failure.code), `${name}: error ${failure.code}, ${failure.message}`);
    require(isWordless || failure.message.length > 0, `${name}: no words`);
    this.#checkFailureKind(failure, name);
  }

  #checkFailureKind(failure: BoxError, name: string): void {
    const isOwn = failure.code === NO_CONNECTION && !LOST.test(failure.message);
    require(!isOwn, `${name}: the replica's own failure: ${failure.message}`);
    const information = this.#replica.box.control?.replication();
    const upstream = information?.replicas.find(({ id }) => id === 1)?.upstream;
    if (upstream !== null && upstream !== undefined && this.#applier.failure !== null)
      require(upstream.message === this.#applier.failure.message, `${name}: its monitoring says ${upstream.message}`);
  }

  /** A greeting, a ballot or an answer to SUBSCRIBE that is wrong. */
  async #defectiveStart(): Promise<void> {
    const random = this.#random;
    const { state } = this.#history;
    const [name, behaviour, codes] = random.pick(this.#starts());
    await this.#serve(behaviour, state, codes === null || codes.length > 0);
    if (codes !== null && codes.length > 0) this.#checkFailure({ name, packets: [], codes });
    this.#checkState(state, name);
    await this.#heal(name);
  }

  #starts(): readonly (readonly [string, Partial<Behaviour>, readonly number[] | null])[] {
    const random = this.#random;
    const code = (name: Parameters<typeof boxError>[0]): number => boxError(name).code;
    const wrong = random.chance(0.5) ? 'x' : -1;
    const answer = [field(0x26, new Map()), field(0x25, this.#master.identity.replicasetUuid)];
    const { master } = { master: this.#master };
    return [
      [
        'a greeting of a console',
        { greeting: () => Buffer.from(`${'Tarantool 2.6.0 (Lua console)'.padEnd(63)}\n${'type help'.padEnd(63)}\n`) },
        [NO_CONNECTION],
      ],
      ['a greeting of zeros', { greeting: () => new Uint8Array(128) }, null],
      [
        'a greeting with mistakes',
        { greeting: (bytes) => joined(mutated(bytes, random), new Uint8Array(8)).slice(0, 128) },
        null,
      ],
      [
        'a ballot of other kinds',
        { vote: () => packetOf([field(0, 0)], [field(0x29, new Map([[random.pick([1, 2, 3, 4]), wrong]]))]) },
        [code('INVALID_MSGPACK')],
      ],
      ['no ballot', { vote: () => packetOf([field(0, 0)], random.chance(0.5) ? [] : null) }, [code('INVALID_MSGPACK')]],
      [
        'a ballot that is none',
        { vote: () => packetOf([field(0, 0)], [[0x29, Uint8Array.of(0xc0)]]) },
        [code('INVALID_MSGPACK')],
      ],
      ['two answers to VOTE', { vote: (bytes) => joined(bytes, bytes) }, null],
      ['no answer to SUBSCRIBE', { stream: () => [packetOf([field(0, 0)], null)] }, null],
      ['rows instead of an answer', { stream: () => this.#history.next().packets }, null],
      [
        'another replica set',
        { stream: () => [master.answer({}, '11111111-2222-4333-8444-555555555555')] },
        [code('REPLICASET_UUID_MISMATCH')],
      ],
      [
        'an answer of other kinds',
        { stream: () => [packetOf([field(0, 0), field(2, 1)], [[0x26, Uint8Array.of(0x01)]])] },
        [code('INVALID_MSGPACK')],
      ],
      [
        'a replica set that is none',
        { stream: () => [packetOf([field(0, 0)], [field(0x25, wrong)])] },
        [code('INVALID_MSGPACK')],
      ],
      ['a master 32', { stream: () => [packetOf([field(0, 0), field(2, 32)], answer)] }, [code('INVALID_MSGPACK')]],
      ['a refusal', { stream: () => [packetOf([field(0, 0x8000 | 62)], [field(0x31, 'who?')])] }, [62]],
      [
        'some answer',
        {
          stream: () => [
            packetOf(
              withWrongField([field(0, 0), field(2, 1)], random),
              withWrongField([...answer, [0x50, drawWrongValue(random)]], random),
            ),
          ],
        },
        null,
      ],
    ];
  }

  #honestStream(vclock: Vclock): readonly Uint8Array[] {
    const rows = this.#history.behind(vclock).flatMap(({ packets }) => packets);
    return [this.#master.answer({ 1: this.#history.lsnOf(1) }), this.#master.heartbeat(), ...rows];
  }

  /** Bytes of any kind where there should be others. */
  async #mistakes(): Promise<void> {
    const random = this.#random;
    const before = stateOf(this.#replica);
    for (let left = 1 + random.below(6); left > 0; left--) this.#history.next();
    const packets = this.#history.behind(before.vclock).flatMap((each) => each.packets);
    const answer = this.#master.answer({});
    const isAnswerWrong = random.chance(0.2);
    const stream = isAnswerWrong
      ? [mutated(answer, random), ...packets]
      : [answer, mutated(joined(...packets), random, 6)];
    await this.#serve({ stream: () => this.#inPieces(stream), leaves: true }, null, true);
    const { failure } = this.#applier;
    if (failure !== null) this.#checkFailureKind(failure, 'mistakes');
    const after = stateOf(this.#replica);
    before.vclock.forEach((lsn, id) => require(lsn <= (after.vclock[id] ?? 0), `the vclock goes back: ${id}`));
    await this.#heal('mistakes', false);
    // Some mistakes make other rows of good ones: what they are is nobody's business but that of the next transactions.
    this.#history.adopt(stateOf(this.#replica));
  }

  /** Rows and messages by which replica sets agree, of any content, among others. */
  async #agreement(): Promise<void> {
    const random = this.#random;
    const before = this.#vclock;
    const packets = Array.from({ length: 1 + random.below(8) }, () => drawAgreement(random, this.#history));
    await this.#serve(
      { stream: () => this.#inPieces([this.#master.answer({}), ...packets.flat()]), leaves: true },
      null,
      true,
    );
    const { failure } = this.#applier;
    if (failure !== null) this.#checkFailureKind(failure, 'agreement');
    before.forEach((lsn, id) => require(id === 0 || lsn <= (this.#vclock[id] ?? 0), `the vclock goes back: ${id}`));
    this.#history.adopt(stateOf(this.#replica));
  }

  /** What waits for consent may go either way; what is in the log stays. */
  async #restartAfterAgreement(): Promise<void> {
    this.#master.dropAll();
    await this.#stage.pass(2);
    const before = vclockText(this.#vclock);
    this.#stage.host(REPLICA).kill();
    this.#replica = await this.#stage.start(REPLICA, { replication: { sources: SOURCES } });
    require(vclockText(this.#vclock) ===
      before, `vclock ${vclockText(this.#vclock)} after a restart, ${before} before`);
  }

  /** The master behaves so on one connection; waits for what comes of it. */
  async #serve(behaviour: Partial<Behaviour>, expected: State | null, isFatal: boolean): Promise<void> {
    const { honest } = this.#master;
    // What fails in this case must be seen before the next attempt.
    this.#master.next = { ...honest, ...behaviour };
    await this.#reconnect();
    const former = this.#applier.failure;
    const reached = (): boolean =>
      this.#applier.isFollowing && expected !== null && vclockText(this.#vclock) === vclockText(expected.vclock);
    const seen = (): boolean => {
      if (this.#master.next !== null) return false;
      return isFatal ? this.#applier.failure !== former && this.#applier.failure !== null : reached();
    };
    const isSeen = await this.#stage.until(seen, SETTLE_MS_MAX);
    if (!isSeen && !isFatal) throw new Finding(`it does not follow: ${this.#situation()}`);
    // Rows that came before are on their way to the log.
    await this.#stage.pass(REPLICATION_TIMEOUT_MS / 2);
  }

  async #reconnect(): Promise<void> {
    this.#master.dropAll();
    await this.#stage.pass(2);
    if (this.#applier.status === 'stopped') await this.#replica.replication.upstreams.configure(SOURCES);
  }

  /** The master is itself again: the replica has to come to its state. */
  async #heal(what: string, isExact = true): Promise<void> {
    this.#master.next = null;
    if (this.#applier.status === 'stopped') await this.#replica.replication.upstreams.configure(SOURCES);
    if (!isExact && !this.#applier.isFollowing) await this.#stage.until(() => this.#applier.isFollowing, SETTLE_MS_MAX);
    const vclock = stateOf(this.#replica).vclock;
    vclock.forEach((lsn, id) => {
      if (!isExact && lsn > this.#history.lsnOf(id)) this.#history.skipTo(id, lsn);
    });
    const { state } = this.#history;
    const isThere = (): boolean => this.#applier.isFollowing && vclockText(this.#vclock) === vclockText(state.vclock);
    if (!(await this.#stage.until(isThere, SETTLE_MS_MAX)))
      throw new Finding(`after ${what} it does not follow: ${this.#situation()}`);
    if (isExact) this.#checkState(state, `after ${what}`);
    if (isExact) this.#history.adopt(state);
  }

  get #vclock(): readonly number[] {
    return this.#replica.storage.logClient.durableVclock;
  }

  #situation(): string {
    const { status, failure } = this.#applier;
    return `${status}, ${failure?.message ?? 'no failure'}, ${vclockText(this.#vclock)} of ${vclockText(this.#history.state.vclock)}`;
  }

  #checkState(expected: State, what: string): void {
    const seen = stateOf(this.#replica);
    require(vclockText(seen.vclock) ===
      vclockText(
        expected.vclock,
      ), `${what}: vclock ${vclockText(seen.vclock)}, expected ${vclockText(expected.vclock)}`);
    require(stateText(seen) ===
      stateText(expected), `${what}: rows\n${stateText(seen)}\nexpected\n${stateText(expected)}`);
  }

  /** What it wrote, it reads again. */
  async #restart(): Promise<void> {
    const before = stateOf(this.#replica);
    this.#stage.host(REPLICA).kill();
    this.#replica = await this.#stage.start(REPLICA, { replication: { sources: SOURCES } });
    this.#checkState(before, 'after a restart');
    await this.#heal('a restart');
    require(!this.#replica.replication.isOrphan, 'it is an orphan after a restart');
  }
}

function stateOf({ box, storage }: Instance): State {
  const rows = rowsOf(box, PLAIN_SPACE).map(([key, value]) => [Number(key), String(value)] as const);
  return { rows: new Map(rows), vclock: [0, ...storage.logClient.durableVclock.slice(1)] };
}

export const REPLICA_TARGET: FuzzTarget = {
  name: 'replica',
  smokeCases: 500,
  longCases: 40_000,
  run: async (random, cases, onCase) => {
    for (let done = 0; done < cases; done += CASES_PER_INSTANCE) {
      const stage = new Stage(random.uint32());
      await stage.guarded(async () => {
        const round = await ReplicaRound.start(stage, random);
        await round.run(Math.min(CASES_PER_INSTANCE, cases - done), onCase, done);
      });
    }
  },
};
