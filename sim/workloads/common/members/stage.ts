/**
 * The stage of a run with a simulated replica set: the world, the members on their machines and the supervisor that keeps
 * them running, the clients' machine, and waiting for what is to happen. What is written and checked is the workload's.
 */
import { SeededRandom } from '../../../../src/base/index.ts';
import { connect, type Connection } from '../../../../src/client/index.ts';
import { runCheckpointWorker, runReadingWorker } from '../../../../src/engine/checkpoint/index.ts';
import { runLogWorker } from '../../../../src/engine/wal/index.ts';
import type { Env } from '../../../../src/env/index.ts';
import { runRelayWorker } from '../../../../src/replication/index.ts';
import { SimulatedWorld, type SimulatedHost, type WorkerEntry, type WorldOptions } from '../../../env/index.ts';
import { Play } from '../play.ts';
import { Shop } from '../shop.ts';
import { ViolationError } from '../violation.ts';
import type { MemberCounts } from './counts.ts';
import { clearDiskFaults, type Incident, setDiskFaults } from './faults.ts';
import { PORT, SimulatedMember } from './member.ts';
import type { MemberPlan, MemberSettings } from './plan.ts';
import { describeReplicaset } from './report.ts';
import { Supervisor, type SupervisorHandlers } from './supervisor.ts';

const CLIENT_PAUSE_MS = 8;
const REQUEST_TIMEOUT_MS = 150;
const IDLE_MS_MAX = 10_000;
/** A replica waits for a silent master of a join for a minute. */
const CONVERGENCE_MS_MAX = 200_000;
const ATTEMPTS_MAX = 50;
const ATTEMPT_MS = 50;

export type RunOptions = WorldOptions &
  Readonly<{
    /** What runs as a worker instead; for tests of the simulation itself. */
    logWorker?: WorkerEntry;
    relayWorker?: WorkerEntry;
  }>;

export type { RunResult } from '../play.ts';

type Drawn<Settings> = Readonly<{ settings: Settings; plans: readonly MemberPlan[] }>;

/** A stretch of load. */
export type Phase = Readonly<{
  durationMs: number;
  /** How likely it is that nothing happens in it, and of each disk that it fails. */
  calm: number;
  diskFaults: number;
  /** In order. */
  incidents: (durationMs: number) => readonly Incident[];
  /** Called behind the last incident. */
  last?: () => void;
}>;

export class MembersStage<Counts extends MemberCounts, Settings extends MemberSettings> extends Play<Counts> {
  readonly random: SeededRandom;
  readonly settings: Settings;
  readonly members: readonly SimulatedMember[];
  readonly supervisor: Supervisor;
  readonly clients: SimulatedHost;
  readonly shop: Shop<Counts>;
  readonly #clientEnv: Env;
  readonly #connections: Connection[] = [];

  constructor(
    seed: number,
    options: RunOptions,
    counts: Counts,
    draw: (random: SeededRandom) => Drawn<Settings>,
    handlers: SupervisorHandlers,
  ) {
    super(new SimulatedWorld(seed, options), counts);
    const { world } = this;
    world.registerWorkerEntry('log', options.logWorker ?? runLogWorker);
    world.registerWorkerEntry('checkpoint', runCheckpointWorker);
    world.registerWorkerEntry('recovery', runReadingWorker);
    world.registerWorkerEntry('relay', options.relayWorker ?? runRelayWorker);
    this.random = new SeededRandom(world.random.uint32());
    const { random } = this;
    const { settings, plans } = draw(random);
    this.settings = settings;
    this.members = plans.map((plan) => {
      const host = world.addHost(plan.name, { longestSyncMs: random.pick([0.5, 2, 10]) });
      return new SimulatedMember(host, plan, settings, counts);
    });
    this.clients = world.addHost('clients');
    this.#clientEnv = this.clients.createEnv();
    const shopRandom = new SeededRandom(random.uint32());
    this.shop = new Shop(counts, this.#clientEnv.timers, shopRandom, CLIENT_PAUSE_MS);
    const supervisorRandom = new SeededRandom(random.uint32());
    this.supervisor = new Supervisor(world, supervisorRandom, settings, this.members, counts, handlers);
  }

  protected override close(): void {
    this.supervisor.stop();
    for (const connection of this.#connections) connection.close();
  }

  /** A connection of a client that lives as long as the run. */
  openClient(member: SimulatedMember): Promise<Connection> {
    const open = async (): Promise<Connection> => {
      const connection = await connect(this.#clientEnv, {
        ...linkTo(member),
        connectTimeoutMs: 100,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        reconnectAfterMs: 15,
        waitConnected: false,
      });
      this.#connections.push(connection);
      return connection;
    };
    return this.driven(open());
  }

  /** Works over a connection of its own. */
  withConnection<Result>(member: SimulatedMember, work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const run = async (): Promise<Result> => {
      const options = { ...linkTo(member), connectTimeoutMs: 1000, requestTimeoutMs: 5000 };
      const connection = await connect(this.#clientEnv, options);
      try {
        return await work(connection);
      } finally {
        connection.close();
      }
    };
    return this.driven(run());
  }

  override waitFor(what: string, condition: () => boolean, maxMs = CONVERGENCE_MS_MAX): Promise<void> {
    return super.waitFor(what, condition, maxMs);
  }

  protected override describe(): string {
    return describeReplicaset(this.settings, this.members);
  }

  /** Boots all members, at once or one after the other. */
  boot(): void {
    const { random, supervisor, members } = this;
    const isStaggered = random.chance(0.5);
    supervisor.start(members.map((_, index) => (isStaggered ? index * random.below(300) : random.below(10))));
  }

  /** Rounds of phases; each round ends with what is done when all is well again. */
  async rounds(most: number, phase: () => Promise<void>, end: () => Promise<void>): Promise<void> {
    const { random } = this;
    for (let left = 1 + random.below(most); left > 0; left--) {
      for (let phases = 1 + random.below(3); phases > 0; phases--) await phase();
      await end();
    }
  }

  /** Load for a while, under faults unless it is calm. */
  async phase({ durationMs, calm, diskFaults, incidents, last }: Phase): Promise<void> {
    const { random, world, supervisor, members } = this;
    const endMs = world.nowMs + durationMs;
    const isCalm = random.chance(calm);
    supervisor.isCalm = isCalm;
    if (!isCalm) for (const member of members) if (random.chance(diskFaults)) setDiskFaults(random, member);
    const happening = isCalm ? [] : incidents(durationMs);
    this.shop.isPaused = false;
    for (const { atMs, run } of happening) {
      await this.settle(atMs - world.nowMs);
      run();
    }
    last?.();
    await this.settle(endMs - world.nowMs);
    for (const member of members) clearDiskFaults(member);
  }

  /** Works over and over until it does, because members come and go; false: there is nobody to work with just now. */
  async persist(work: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (await work()) return;
      } catch (error) {
        if (attempt === ATTEMPTS_MAX || error instanceof ViolationError) throw error;
      }
      await this.settle(ATTEMPT_MS);
    }
  }

  async endLoad(): Promise<void> {
    this.shop.isPaused = true;
    await this.waitFor('the clients', () => this.shop.isIdle, IDLE_MS_MAX);
  }

  async endFaults(): Promise<void> {
    this.world.internet.heal();
    for (const member of this.members) {
      clearDiskFaults(member);
      // With clocks that are further apart than `replication_sync_lag` a replica never counts as up to date.
      member.host.clockSkewSeconds = 0;
    }
    // What was cut by incidents that are not over yet is healed again when they are.
    await this.settle(250);
    this.world.internet.heal();
    for (const member of this.members) member.host.clockSkewSeconds = 0;
  }

  /** Whether all members that are left follow their masters, have the same rows, and have them in their logs. */
  isConverged(): boolean {
    if (!this.supervisor.isSettled) return false;
    const states = this.members.filter(({ isLost }) => !isLost).map((member) => this.#stateOf(member));
    return states.every((state) => state !== null && state === states[0]);
  }

  /** Null while it is behind. */
  #stateOf(member: SimulatedMember): string | null {
    const { instance } = member;
    if (instance === null || instance.replication.isOrphan) return null;
    const lost = new Set(this.members.filter(({ isLost }) => isLost).map(({ name }) => `${name}:${PORT}`));
    const { appliers } = instance.replication.upstreams;
    const isFollowing = appliers.every(
      ({ status, source }) => status === 'follow' || status === 'off' || lost.has(source.text),
    );
    const { logClient } = instance.storage;
    const [memory, durable] = [stateText(logClient.vclock), stateText(logClient.durableVclock)];
    const isMember = member.isAnonymous || instance.replication.members.ownId !== 0;
    return isFollowing && isMember && memory === durable ? memory : null;
  }

  override get failure(): unknown {
    const unexpected = this.members.find((member) => member.unexpected !== null)?.unexpected ?? null;
    return this.shop.failure ?? this.supervisor.violation ?? unexpected;
  }

  /** What only the members' logs tell. */
  countLogs(): void {
    const { counts } = this;
    const pairs = new Set<string>();
    for (const { host } of this.members) {
      for (const { message } of host.log) {
        if (/^replica \S+ has joined$/.test(message)) counts.joins++;
        else if (message.includes('duplicate connection')) counts.duplicateConnections++;
        else if (/^removed .*\.xlog$/.test(message)) counts.collectedLogs++;
        const follower = /^replica (\S+) at \S+ follows$/.exec(message)?.[1];
        if (follower === undefined) continue;
        const pair = `${host.name} ${follower}`;
        if (pairs.has(pair)) counts.reconnects++;
        pairs.add(pair);
      }
    }
  }
}

function linkTo({ name }: SimulatedMember) {
  return { address: { kind: 'tcp', host: name, port: PORT }, fetchSchema: false } as const;
}

/** A vclock without the rows that are not replicated. */
export function stateText(vclock: readonly number[]): string {
  return vclock.flatMap((lsn, replicaId) => (replicaId === 0 || lsn === 0 ? [] : [`${replicaId}: ${lsn}`])).join(', ');
}
