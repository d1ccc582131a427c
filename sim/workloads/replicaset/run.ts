/**
 * One run of the workload: a replica set is made while its members are disturbed, then there are phases of load under
 * faults; at last everything is healed, and all members must come to the same state.
 *
 * What is promised then: the rows of replicated spaces and the vclocks are the same everywhere; what a master has
 * acknowledged is there, what it has refused is not, and of what nobody knows each request is there wholly or not at all;
 * nothing was applied twice; rows of local spaces are where they were written and nowhere else. Masters in wal_mode write
 * keep their power: what they lose would be lost for all.
 */
import { SeededRandom } from '../../../src/base/index.ts';
import { connect, type Connection } from '../../../src/client/index.ts';
import { runCheckpointWorker, runReadingWorker } from '../../../src/engine/checkpoint/index.ts';
import { runLogWorker } from '../../../src/engine/wal/index.ts';
import type { Env } from '../../../src/env/index.ts';
import { runRelayWorker } from '../../../src/replication/index.ts';
import { SimulatedWorld, type SimulatedHost, type WorkerEntry, type WorldOptions } from '../../env/index.ts';
import { Shop } from '../common/shop.ts';
import { ViolationError } from '../common/violation.ts';
import { audit, completeSchema, differences, type Findings } from './audit.ts';
import { emptyCounts, type RunCounts } from './counts.ts';
import { clearDiskFaults, drawIncidents, endOne, setDiskFaults, type Stage } from './faults.ts';
import { CounterLedger, RowLedger, SharedLedger } from './ledger.ts';
import { PORT, SimulatedMember } from './member.ts';
import { startReaderClient } from './reader-client.ts';
import { describeReplicaset } from './report.ts';
import { Supervisor } from './supervisor.ts';
import { drawSettings, type Settings } from './topology.ts';
import { WriterClient } from './writer-client.ts';

const CLIENTS_PER_WRITER = 2;
/** So long the disturbances of the first boots last. */
const FOUNDATION_MS = 700;
const CLIENT_PAUSE_MS = 8;
const REQUEST_TIMEOUT_MS = 150;
const IDLE_MS_MAX = 10_000;
/** A replica waits for a silent master of a join for a minute. */
const CONVERGENCE_MS_MAX = 200_000;
const AUDIT_MS_MAX = 30_000;
/** So long all clients try for the same shared key. */
const SHARED_KEY_MS = 12;

export type RunOptions = WorldOptions &
  Readonly<{
    /** What runs as a worker instead; for tests of the simulation itself. */
    logWorker?: WorkerEntry;
    relayWorker?: WorkerEntry;
  }>;

export type RunResult = Readonly<{ seed: number; counts: RunCounts; digest: string; virtualMs: number }>;

/** Runs one seed to its end. Rejects with ViolationError, or whatever broke. */
export async function runReplicaset(seed: number, options: RunOptions = {}): Promise<RunResult> {
  return new Run(seed, options).run();
}

class Run {
  readonly #world: SimulatedWorld;
  readonly #random: SeededRandom;
  readonly #counts = emptyCounts();
  readonly #settings: Settings;
  readonly #members: readonly SimulatedMember[];
  readonly #supervisor: Supervisor;
  readonly #clientHost: SimulatedHost;
  readonly #clientEnv: Env;
  readonly #shop: Shop<RunCounts>;
  readonly #stage: Stage;
  readonly #connections: Connection[] = [];
  readonly #rows = new RowLedger();
  readonly #counters = new CounterLedger();
  readonly #shared = new SharedLedger();
  readonly #locals: ReadonlyMap<string, RowLedger>;

  constructor(seed: number, options: RunOptions) {
    this.#world = new SimulatedWorld(seed, options);
    const world = this.#world;
    world.registerWorkerEntry('log', options.logWorker ?? runLogWorker);
    world.registerWorkerEntry('checkpoint', runCheckpointWorker);
    world.registerWorkerEntry('recovery', runReadingWorker);
    world.registerWorkerEntry('relay', options.relayWorker ?? runRelayWorker);
    this.#random = new SeededRandom(world.random.uint32());
    const random = this.#random;
    this.#settings = drawSettings(random);
    this.#members = this.#settings.members.map((plan) => {
      const host = world.addHost(plan.name, { longestSyncMs: random.pick([0.5, 2, 10]) });
      return new SimulatedMember(host, plan, this.#settings, this.#counts);
    });
    this.#locals = new Map(this.#members.map(({ name }) => [name, new RowLedger()]));
    this.#clientHost = world.addHost('clients');
    this.#clientEnv = this.#clientHost.createEnv();
    const shopRandom = new SeededRandom(random.uint32());
    this.#shop = new Shop(this.#counts, this.#clientEnv.timers, shopRandom, CLIENT_PAUSE_MS);
    const supervisorRandom = new SeededRandom(random.uint32());
    this.#supervisor = new Supervisor(world, supervisorRandom, this.#settings, this.#members, this.#counts, {
      onPowerLost: (member) => {
        if (member.plan.walMode === 'write') this.#localOf(member).loosen();
      },
      onGivenUp: (member) => this.#localOf(member).forget(),
    });
    this.#stage = {
      random,
      world,
      members: this.#members,
      clients: this.#clientHost,
      supervisor: this.#supervisor,
      counts: this.#counts,
    };
  }

  async run(): Promise<RunResult> {
    const onRejection = (reason: unknown): void => {
      this.#world.fail(new Error('a promise was rejected and nobody looked', { cause: reason }));
    };
    process.on('unhandledRejection', onRejection);
    try {
      await this.#found();
      const rounds = 1 + this.#random.below(2);
      for (let round = 0; round < rounds; round++) {
        const phases = 1 + this.#random.below(3);
        for (let phase = 0; phase < phases; phase++) await this.#phase();
        await this.#heal();
        await this.#check();
      }
      await this.#restart();
      this.#countLogs();
      await new Promise((resolve) => setImmediate(resolve));
      await this.#world.run(this.#world.nowMs + 1);
    } finally {
      this.#supervisor.stop();
      process.off('unhandledRejection', onRejection);
      for (const connection of this.#connections) connection.close();
    }
    return {
      seed: this.#world.seed,
      counts: this.#counts,
      digest: this.#world.traceDigest(),
      virtualMs: this.#world.nowMs,
    };
  }

  /** Boots all, while some are ended in the midst of it; clients begin as soon as there is a schema. */
  async #found(): Promise<void> {
    const random = this.#random;
    const isStaggered = random.chance(0.5);
    this.#supervisor.start(
      this.#members.map((_, index) => (isStaggered ? index * random.below(300) : random.below(10))),
    );
    const isDisturbed = random.chance(0.6);
    const disturbedUntilMs = this.#world.nowMs + FOUNDATION_MS;
    if (isDisturbed) {
      this.#supervisor.isCalm = false;
      for (let count = 1 + random.below(5); count > 0; count--) {
        this.#world.schedule(this.#world.nowMs + random.below(500), 'disturb', null, () => endOne(this.#stage));
      }
      for (const { atMs, run } of drawIncidents(this.#stage, 500)) this.#world.schedule(atMs, 'incident', null, run);
    }
    const isReady = (): boolean => this.#writers()[0]!.instance?.box.statements.isReadOnly === false;
    if (isDisturbed && !(await this.#world.runUntil(() => this.#hasFailed() || isReady(), FOUNDATION_MS))) {
      await this.#endFaults();
    }
    await this.#waitFor('the first master', isReady);
    await this.#makeSchema();
    await this.#startClients();
    this.#shop.isPaused = false;
    await this.#settle(random.below(300));
    if (isDisturbed) {
      await this.#settle(disturbedUntilMs - this.#world.nowMs);
      await this.#heal();
    } else await this.#waitFor('all members', () => this.#supervisor.isGrown);
    this.#shop.isPaused = true;
  }

  async #makeSchema(): Promise<void> {
    const first = this.#writers()[0]!;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#withConnection(first, completeSchema);
        return;
      } catch (error) {
        if (attempt === 50 || error instanceof ViolationError) throw error;
        await this.#settle(50);
      }
    }
  }

  async #startClients(): Promise<void> {
    const open = async (member: SimulatedMember): Promise<Connection> => {
      const connection = await connect(this.#clientEnv, {
        ...this.#link(member),
        connectTimeoutMs: 100,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        reconnectAfterMs: 15,
        waitConnected: false,
      });
      this.#connections.push(connection);
      return connection;
    };
    const sharedId = (): number => Math.floor(this.#world.nowMs / SHARED_KEY_MS);
    let number = 0;
    for (const member of this.#members) {
      const local = this.#localOf(member);
      const mayRollBack = (): boolean => !this.#supervisor.isCalm;
      startReaderClient(this.#shop, await this.#driven(open(member)), member, local, mayRollBack);
      if (!member.plan.isWriter) continue;
      for (let count = 0; count < CLIENTS_PER_WRITER; count++) {
        const ledgers = { rows: this.#rows, counters: this.#counters, shared: this.#shared, local };
        const shared = this.#settings.skipsConflicts ? sharedId : null;
        new WriterClient(this.#shop, await this.#driven(open(member)), ++number, member.name, ledgers, shared);
      }
    }
  }

  async #phase(): Promise<void> {
    const random = this.#random;
    const durationMs = 50 + random.below(400);
    const endMs = this.#world.nowMs + durationMs;
    const isCalm = random.chance(0.15);
    this.#supervisor.isCalm = isCalm;
    if (!isCalm) for (const member of this.#members) if (random.chance(0.5)) setDiskFaults(random, member);
    const incidents = isCalm ? [] : drawIncidents(this.#stage, durationMs);
    this.#shop.isPaused = false;
    for (const { atMs, run } of incidents) {
      await this.#settle(atMs - this.#world.nowMs);
      run();
    }
    const anonymous = this.#members.find((member) => member.isAnonymous && member.instance !== null);
    if (anonymous !== undefined && this.#mayRegister(anonymous) && random.chance(0.3)) {
      this.#supervisor.register(anonymous);
    }
    await this.#settle(endMs - this.#world.nowMs);
    for (const member of this.#members) clearDiskFaults(member);
  }

  /** Only a master that takes writes makes members. */
  #mayRegister({ plan }: SimulatedMember): boolean {
    return this.#writers().some(({ name }) => plan.follows.includes(name));
  }

  /** Ends all faults and all load, and waits until everybody has everything. */
  async #heal(): Promise<void> {
    await this.#endFaults();
    this.#supervisor.isCalm = true;
    this.#shop.isPaused = true;
    await this.#waitFor('the clients', () => this.#shop.isIdle, IDLE_MS_MAX);
    await this.#waitFor('the same state everywhere', () => this.#isConverged());
  }

  async #endFaults(): Promise<void> {
    this.#world.internet.heal();
    for (const member of this.#members) {
      clearDiskFaults(member);
      // With clocks that are further apart than `replication_sync_lag` a replica never counts as up to date.
      member.host.clockSkewSeconds = 0;
    }
    // What was cut by incidents that are not over yet is healed again when they are.
    await this.#settle(250);
    this.#world.internet.heal();
    for (const member of this.#members) member.host.clockSkewSeconds = 0;
  }

  #isConverged(): boolean {
    if (!this.#supervisor.isSettled) return false;
    const states = this.#members.map((member) => {
      const { instance } = member;
      if (instance === null || instance.replication.isOrphan) return null;
      const { appliers } = instance.replication.upstreams;
      const isFollowing = appliers.every(({ status }) => status === 'follow' || status === 'off');
      const { logClient } = instance.storage;
      const [memory, durable] = [stateOf(logClient.vclock), stateOf(logClient.durableVclock)];
      const isMember = member.isAnonymous || instance.replication.members.ownId !== 0;
      return isFollowing && isMember && memory === durable ? memory : null;
    });
    return states.every((state) => state !== null && state === states[0]);
  }

  /** Compares what members hold with each other, and with what clients know. */
  async #check(): Promise<readonly Findings[]> {
    const all: Findings[] = [];
    const mayReturn = this.#counts.brokenLogs > 0 || this.#writers().some(({ hasLostPower }) => hasLostPower);
    for (const member of this.#members) {
      const where = `on ${member.name}`;
      const findings = await this.#withConnection(member, audit);
      this.#rows.check(where, findings.rows, mayReturn);
      this.#counters.check(where, findings.counters, mayReturn);
      this.#shared.check(where, findings.shared);
      this.#localOf(member).check(`local rows ${where}`, findings.local, member.hasLostPower || mayReturn);
      const first = all[0];
      if (first !== undefined && first.dump !== findings.dump) {
        const text = differences(first.dump, findings.dump);
        throw new ViolationError(`${this.#members[0]!.name} and ${member.name} differ:\n${text}`);
      }
      all.push(findings);
    }
    return all;
  }

  /** What was agreed on is what everybody finds after a restart. */
  async #restart(): Promise<void> {
    const before = await this.#check();
    const random = this.#random;
    for (const member of this.#members) {
      if (random.chance(0.3)) member.checkpoint();
      if (random.chance(0.6)) member.end(member.plan.walMode === 'fsync' && random.chance(0.5) ? 'crash' : 'kill');
    }
    await this.#heal();
    const after = await this.#check();
    before.forEach(({ ownDump }, index) => {
      const now = after[index]!.ownDump;
      if (now !== ownDump) {
        throw new ViolationError(`${this.#members[index]!.name} has changed:\n${differences(ownDump, now)}`);
      }
    });
  }

  #writers(): readonly SimulatedMember[] {
    return this.#members.filter(({ plan }) => plan.isWriter);
  }

  #localOf({ name }: SimulatedMember): RowLedger {
    return this.#locals.get(name)!;
  }

  #link({ name }: SimulatedMember) {
    return { address: { kind: 'tcp', host: name, port: PORT }, fetchSchema: false } as const;
  }

  #withConnection<Result>(member: SimulatedMember, work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const run = async (): Promise<Result> => {
      const options = { ...this.#link(member), connectTimeoutMs: 1000, requestTimeoutMs: 5000 };
      const connection = await connect(this.#clientEnv, options);
      try {
        return await work(connection);
      } finally {
        connection.close();
      }
    };
    return this.#driven(run());
  }

  async #driven<Result>(work: Promise<Result>): Promise<Result> {
    let settled: PromiseSettledResult<Result> | null = null;
    void Promise.allSettled([work]).then(([result]) => {
      settled = result;
    });
    await this.#world.runUntil(() => settled !== null, AUDIT_MS_MAX);
    this.#throwUnexpected();
    const result = settled as PromiseSettledResult<Result> | null;
    if (result === null) throw new ViolationError('a request of the audit never came to an end');
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }

  async #settle(durationMs: number): Promise<void> {
    if (durationMs > 0) await this.#world.runUntil(() => this.#hasFailed(), durationMs);
    this.#throwUnexpected();
  }

  async #waitFor(what: string, condition: () => boolean, maxMs = CONVERGENCE_MS_MAX): Promise<void> {
    const isThere = await this.#world.runUntil(() => this.#hasFailed() || condition(), maxMs);
    this.#throwUnexpected();
    if (!isThere)
      throw new ViolationError(`${what}: not reached\n${describeReplicaset(this.#settings, this.#members)}`);
  }

  #hasFailed(): boolean {
    return (
      this.#shop.failure !== null ||
      this.#supervisor.violation !== null ||
      this.#members.some(({ unexpected }) => unexpected !== null)
    );
  }

  #throwUnexpected(): void {
    const unexpected = this.#members.find((member) => member.unexpected !== null)?.unexpected ?? null;
    const failure = this.#shop.failure ?? this.#supervisor.violation ?? unexpected;
    if (failure === null) return;
    throw failure;
  }

  /** What only the members' logs tell. */
  #countLogs(): void {
    const counts = this.#counts;
    const pairs = new Set<string>();
    for (const { host } of this.#members) {
      for (const { message } of host.log) {
        if (/^replica \S+ has joined$/.test(message)) counts.joins++;
        else if (message.startsWith('sending the state to an anonymous')) counts.anonymousReplicas++;
        else if (message.includes('duplicate connection')) counts.duplicateConnections++;
        else if (/^removed .*\.xlog$/.test(message)) counts.collectedLogs++;
        const follower = /^replica (\S+) at \S+ follows$/.exec(message)?.[1];
        if (follower === undefined) continue;
        const pair = `${host.name} ${follower}`;
        if (pairs.has(pair)) counts.reconnects++;
        pairs.add(pair);
      }
    }
    counts.registrations = this.#members.filter((member) => member.plan.isAnonymous && !member.isAnonymous).length;
    counts.skippedConflicts = this.#shared.conflictCount;
  }
}

/** A vclock without the rows that are not replicated. */
function stateOf(vclock: readonly number[]): string {
  return vclock.flatMap((lsn, replicaId) => (replicaId === 0 || lsn === 0 ? [] : [`${replicaId}: ${lsn}`])).join(', ');
}
