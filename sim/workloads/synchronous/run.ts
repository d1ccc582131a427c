/**
 * One run of the workload: members with a synchronous space elect a leader, or are given one, while clients write to
 * whoever leads; there are phases of load under faults, and leaders that are lost with their disks; at last everything is
 * healed.
 *
 * What is promised then: all members that are left have the same rows and vclock; what was acknowledged by a quorum is
 * there; what was rolled back is not; what nobody knows is there wholly or not at all. At any time: a term has one leader,
 * and a member's answers have what it has acknowledged. Soon after the healing somebody leads, and takes writes.
 */
import { type BoxError, ERROR_TABLE, SeededRandom } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/client/index.ts';
import { differences, dumpOf, dumpSystemSpaces, type Row } from '../common/dumps.ts';
import { drawIncidents, endOne, type Incident } from '../common/members/faults.ts';
import type { SimulatedMember } from '../common/members/member.ts';
import { mayLosePower } from '../common/members/plan.ts';
import { MembersStage, type RunOptions, type RunResult } from '../common/members/stage.ts';
import { completeSchema } from '../common/schema-rows.ts';
import { ViolationError } from '../common/violation.ts';
import { emptyCounts, type RunCounts } from './counts.ts';
import { DecisionLedger, type Judgement } from './ledger.ts';
import { Observer } from './observer.ts';
import { Operator } from './operator.ts';
import { startReaderClient } from './reader-client.ts';
import { SCHEMA_ROWS, SPACE } from './schema.ts';
import { drawSettings, type Settings } from './topology.ts';
import { type Door, WriterClient, type WriterNeeds } from './writer-client.ts';

const WRITERS = 4;
/** A write that somebody takes after the healing. */
const WRITE_MS_MAX = 5000;
const AGREEMENT_MS_MAX = 40_000;
const SPLIT_BRAIN = ERROR_TABLE.SPLIT_BRAIN.code;

/** What is changed of an instance; for tests of the simulation itself. */
export type SynchronousRunOptions = RunOptions &
  Readonly<{
    onUp?: NonNullable<SimulatedMember['onUp']>;
    changeSettings?: (settings: Settings) => Settings;
  }>;

/** Runs one seed to its end. Rejects with ViolationError, or whatever broke. */
export async function runSynchronous(seed: number, options: SynchronousRunOptions = {}): Promise<RunResult<RunCounts>> {
  return new Run(seed, options).run();
}

type Findings = Readonly<{ synchronous: readonly Row[]; asynchronous: readonly Row[]; dump: string }>;

class Run {
  readonly #stage: MembersStage<RunCounts, Settings>;
  readonly #operator: Operator;
  readonly #observer: Observer;
  readonly #synchronous = new DecisionLedger();
  readonly #asynchronous = new DecisionLedger();

  constructor(seed: number, options: SynchronousRunOptions) {
    const draw = (random: SeededRandom) => {
      const drawn = drawSettings(random);
      const settings = options.changeSettings?.(drawn) ?? drawn;
      return { settings, plans: settings.members };
    };
    this.#stage = new MembersStage(seed, options, emptyCounts(), draw, {
      onPowerLost: () => undefined,
      onGivenUp: () => undefined,
      onStopped: (_, failure) => this.#mayDiverge(failure),
    });
    const { members, random, world, settings } = this.#stage;
    for (const member of members) if (options.onUp !== undefined) member.onUp = options.onUp;
    this.#operator = new Operator(this.#stage, new SeededRandom(random.uint32()));
    this.#observer = new Observer(world, members, settings.kind !== 'off');
  }

  run(): Promise<RunResult<RunCounts>> {
    return this.#stage.perform(async () => {
      try {
        await this.#play();
      } finally {
        this.#operator.stop();
        this.#observer.stop();
      }
    });
  }

  async #play(): Promise<void> {
    await this.#found();
    await this.#stage.rounds(
      3,
      () => this.#phase(),
      async () => {
        await this.#heal();
        await this.#check();
      },
    );
    await this.#restart();
    this.#countLogs();
  }

  /** Boots all, and waits until they have a leader and the schema. */
  async #found(): Promise<void> {
    const stage = this.#stage;
    const { random, settings, supervisor, members } = stage;
    stage.boot();
    this.#observer.start();
    await stage.waitFor('all members', () => supervisor.isGrown && stage.isConverged());
    for (const { instance, plan } of members) {
      await stage.driven(instance!.reconfigureReplication({ connectQuorum: plan.replication?.connectQuorum ?? null }));
    }
    if (settings.kind === 'off') this.#operator.promoteFirst(random.pick(members));
    this.#operator.start();
    await stage.waitFor('a first leader', () => this.#operator.leader !== null, settings.leaderMsMax);
    await this.#makeSchema();
    await stage.waitFor('the schema everywhere', () => this.#isAgreed());
    await this.#startClients();
  }

  /** The leader may be another one meanwhile. */
  #makeSchema(): Promise<void> {
    return this.#stage.persist(async () => {
      const { leader } = this.#operator;
      if (leader === null) return false;
      await this.#stage.withConnection(leader, (connection) => completeSchema(connection, SCHEMA_ROWS));
      return true;
    });
  }

  async #startClients(): Promise<void> {
    const stage = this.#stage;
    const { shop, members, settings } = stage;
    for (const member of members) {
      startReaderClient(shop, await stage.openClient(member), member, this.#synchronous);
    }
    const needs: WriterNeeds = {
      shop,
      synchronous: this.#synchronous,
      asynchronous: this.#asynchronous,
      writesAsynchronously: settings.writesAsynchronously,
      term: () => this.#observer.queueTerm,
    };
    for (let number = 1; number <= WRITERS; number++) {
      const doors: Door[] = [];
      for (const member of members) doors.push({ member, connection: await stage.openClient(member) });
      new WriterClient(needs, doors, number);
    }
  }

  #phase(): Promise<void> {
    const stage = this.#stage;
    return stage.phase({
      durationMs: 100 + stage.random.below(900),
      calm: 0.1,
      diskFaults: 0.25,
      incidents: (durationMs) => this.#incidents(durationMs),
    });
  }

  #incidents(durationMs: number): readonly Incident[] {
    const stage = this.#stage;
    const { random, world } = stage;
    const incidents = [...drawIncidents(stage, durationMs)];
    const add = (probability: number, run: () => void): void => {
      if (random.chance(probability)) incidents.push({ atMs: world.nowMs + random.fraction() * durationMs, run });
    };
    add(0.5, () => this.#endLeader());
    add(0.25, () => this.#endLeader());
    add(0.15, () => endOne(stage));
    add(0.25, () => this.#isolateLeader());
    add(0.25, () => this.#operator.handOver());
    if (stage.settings.mayLose) add(0.3, () => this.#loseLeader());
    return incidents.sort((left, right) => left.atMs - right.atMs);
  }

  #endLeader(): void {
    const leader = this.#operator.lastLeader;
    if (leader === null || !leader.host.isRunning) return;
    this.#stage.counts.leaderEnds++;
    leader.end(mayLosePower(leader.plan) && this.#stage.random.chance(0.5) ? 'crash' : 'kill');
  }

  /** Cut off from all members, and not from clients. */
  #isolateLeader(): void {
    const leader = this.#operator.lastLeader;
    if (leader === null) return;
    const { members, world, random, counts } = this.#stage;
    const others = members.filter((member) => member !== leader);
    counts.linkCuts++;
    for (const { host } of others) {
      world.internet.block(leader.host, host);
      world.internet.block(host, leader.host);
    }
    world.schedule(world.nowMs + 50 + random.below(600), 'isolation over', null, () => {
      for (const { host } of others) {
        world.internet.unblock(leader.host, host);
        world.internet.unblock(host, leader.host);
      }
    });
  }

  /** Its machine is gone for good; so many are never lost that those left are no majority. */
  #loseLeader(): void {
    const { members, settings, counts } = this.#stage;
    const leader = this.#operator.lastLeader;
    const left = members.filter(({ isLost }) => !isLost).length;
    if (leader === null || leader.isLost || left <= settings.majority || this.#operator.isRepairing) return;
    counts.lostLeaders++;
    leader.isLost = true;
    leader.host.kill();
  }

  /** Ends all faults; then somebody is to lead and take writes, and everybody to have everything. */
  async #heal(): Promise<void> {
    const stage = this.#stage;
    const { settings, supervisor, shop } = stage;
    await stage.endFaults();
    supervisor.isCalm = true;
    shop.isPaused = false;
    const { confirmed } = stage.counts;
    await stage.waitFor(
      'a leader',
      () => this.#operator.leader !== null && !this.#operator.isRepairing,
      settings.leaderMsMax,
    );
    await stage.waitFor('a write', () => stage.counts.confirmed > confirmed, WRITE_MS_MAX);
    await stage.endLoad();
    await stage.waitFor('the same state everywhere', () => this.#isAgreed(), AGREEMENT_MS_MAX);
  }

  /** All have the same, nothing waits for a decision, and all know who leads. */
  #isAgreed(): boolean {
    if (this.#operator.isRepairing || this.#operator.leader === null || !this.#stage.isConverged()) return false;
    const states = this.#left().map(({ instance }) => {
      const { queue, elections } = instance!.replication;
      return queue.length === 0 ? `${queue.ownerId} ${queue.term} ${elections.leaderId}` : null;
    });
    return states.every((state) => state !== null && state === states[0]);
  }

  #left(): readonly SimulatedMember[] {
    return this.#stage.members.filter(({ isLost }) => !isLost);
  }

  /** Compares what members hold with each other, and with what clients know. */
  async #check(): Promise<string> {
    const { counts } = this.#stage;
    let first: Findings | null = null;
    for (const member of this.#left()) {
      const findings = await this.#stage.withConnection(member, audit);
      first ??= findings;
      if (first.dump === findings.dump) continue;
      const text = differences(first.dump, findings.dump);
      throw new ViolationError(`${this.#left()[0]!.name} and ${member.name} differ:\n${text}`);
    }
    const judgement: Judgement = {
      term: this.#observer.queueTerm,
      mayReturn: counts.brokenLogs + counts.machineCrashes > 0,
      onSurprise: (kind) => counts[kind]++,
    };
    this.#synchronous.check('everywhere', first!.synchronous, judgement);
    this.#asynchronous.check('everywhere', first!.asynchronous, judgement);
    return first!.dump;
  }

  /** What was agreed on is what everybody finds in his log. */
  async #restart(): Promise<void> {
    const before = await this.#check();
    const { random } = this.#stage;
    for (const member of this.#left()) {
      if (random.chance(0.3)) member.checkpoint();
      if (random.chance(0.6)) member.end(mayLosePower(member.plan) && random.chance(0.5) ? 'crash' : 'kill');
    }
    await this.#stage.endFaults();
    await this.#stage.waitFor('the same state after restarts', () => this.#isAgreed(), AGREEMENT_MS_MAX);
    const after = await this.#check();
    if (after !== before) throw new ViolationError(`a restart has changed something:\n${differences(before, after)}`);
  }

  /** Whether a member may have gone ways of its own: something was acknowledged, or given up, on its word alone. */
  #mayDiverge(failure: BoxError | null): boolean {
    if (failure?.code !== SPLIT_BRAIN) return false;
    const { settings, members } = this.#stage;
    return settings.writesAsynchronously || !settings.isPatient || members.length > 3 || settings.kind === 'off';
  }

  /** What only the members' logs tell. */
  #countLogs(): void {
    const { counts, members } = this.#stage;
    this.#stage.countLogs();
    counts.elections = this.#observer.elections;
    for (const { host } of members) {
      for (const { message } of host.log) {
        if (/ has stopped: Split-Brain/.test(message)) counts.splitBrains++;
        else if (/^leads no more in term \d+: fenced$/.test(message)) counts.fenced++;
      }
    }
  }
}

async function audit(connection: Connection): Promise<Findings> {
  const synchronous = await connection.select(SPACE.synchronous, []);
  const asynchronous = await connection.select(SPACE.asynchronous, []);
  const dump = [
    ...(await dumpSystemSpaces(connection)),
    dumpOf('synchronous', synchronous),
    dumpOf('asynchronous', asynchronous),
  ].join('\n\n');
  return { synchronous, asynchronous, dump };
}
