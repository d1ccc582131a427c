/**
 * One run of the workload: a replica set is made while its members are disturbed, then there are phases of load under
 * faults; at last everything is healed, and all members must come to the same state.
 *
 * What is promised then: the rows of replicated spaces and the vclocks are the same everywhere; what a master has
 * acknowledged is there, what it has refused is not, and of what nobody knows each request is there wholly or not at all;
 * nothing was applied twice; rows of local spaces are where they were written and nowhere else. Masters in wal_mode write
 * keep their power: what they lose would be lost for all.
 */
import type { SeededRandom } from '../../../src/base/index.ts';
import type { SimulatedMember } from '../common/members/member.ts';
import { drawIncidents, endOne } from '../common/members/faults.ts';
import { MembersStage, type RunOptions, type RunResult } from '../common/members/stage.ts';
import { ViolationError } from '../common/violation.ts';
import { differences } from '../common/dumps.ts';
import { completeSchema } from '../common/schema-rows.ts';
import { SCHEMA_ROWS } from './schema.ts';
import { audit, type Findings } from './audit.ts';
import { emptyCounts, type RunCounts } from './counts.ts';
import { CounterLedger, RowLedger, SharedLedger } from './ledger.ts';
import { startReaderClient } from './reader-client.ts';
import { drawSettings, type Settings } from './topology.ts';
import { WriterClient } from './writer-client.ts';

const CLIENTS_PER_WRITER = 2;
/** So long the disturbances of the first boots last. */
const FOUNDATION_MS = 700;
/** So long all clients try for the same shared key. */
const SHARED_KEY_MS = 12;

/** Runs one seed to its end. Rejects with ViolationError, or whatever broke. */
export async function runReplicaset(seed: number, options: RunOptions = {}): Promise<RunResult<RunCounts>> {
  return new Run(seed, options).run();
}

class Run {
  readonly #stage: MembersStage<RunCounts, Settings>;
  readonly #rows = new RowLedger();
  readonly #counters = new CounterLedger();
  readonly #shared = new SharedLedger();
  readonly #locals = new Map<string, RowLedger>();

  constructor(seed: number, options: RunOptions) {
    const draw = (random: SeededRandom) => {
      const settings = drawSettings(random);
      return { settings, plans: settings.members };
    };
    this.#stage = new MembersStage(seed, options, emptyCounts(), draw, {
      onPowerLost: (member) => {
        if (member.plan.walMode === 'write') this.#localOf(member).loosen();
      },
      onGivenUp: (member) => this.#localOf(member).forget(),
    });
    for (const { name } of this.#stage.members) this.#locals.set(name, new RowLedger());
  }

  run(): Promise<RunResult<RunCounts>> {
    return this.#stage.perform(async () => {
      await this.#found();
      await this.#stage.rounds(
        2,
        () => this.#phase(),
        async () => {
          await this.#heal();
          await this.#check();
        },
      );
      await this.#restart();
      this.#countLogs();
    });
  }

  /** Boots all, while some are ended in the midst of it; clients begin as soon as there is a schema. */
  async #found(): Promise<void> {
    const random = this.#stage.random;
    this.#stage.boot();
    const isDisturbed = random.chance(0.6);
    const disturbedUntilMs = this.#stage.world.nowMs + FOUNDATION_MS;
    if (isDisturbed) {
      this.#stage.supervisor.isCalm = false;
      for (let count = 1 + random.below(5); count > 0; count--) {
        this.#stage.world.schedule(this.#stage.world.nowMs + random.below(500), 'disturb', null, () =>
          endOne(this.#stage),
        );
      }
      for (const { atMs, run } of drawIncidents(this.#stage, 500))
        this.#stage.world.schedule(atMs, 'incident', null, run);
    }
    const isReady = (): boolean => this.#writers()[0]!.instance?.box.statements.isReadOnly === false;
    if (isDisturbed && !(await this.#stage.world.runUntil(() => this.#stage.hasFailed() || isReady(), FOUNDATION_MS))) {
      await this.#stage.endFaults();
    }
    await this.#stage.waitFor('the first master', isReady);
    await this.#makeSchema();
    await this.#startClients();
    this.#stage.shop.isPaused = false;
    await this.#stage.settle(random.below(300));
    if (isDisturbed) {
      await this.#stage.settle(disturbedUntilMs - this.#stage.world.nowMs);
      await this.#heal();
    } else await this.#stage.waitFor('all members', () => this.#stage.supervisor.isGrown);
    this.#stage.shop.isPaused = true;
  }

  #makeSchema(): Promise<void> {
    return this.#stage.persist(async () => {
      await this.#stage.withConnection(this.#writers()[0]!, (connection) => completeSchema(connection, SCHEMA_ROWS));
      return true;
    });
  }

  async #startClients(): Promise<void> {
    const sharedId = (): number => Math.floor(this.#stage.world.nowMs / SHARED_KEY_MS);
    let number = 0;
    for (const member of this.#stage.members) {
      const local = this.#localOf(member);
      const mayRollBack = (): boolean => !this.#stage.supervisor.isCalm;
      startReaderClient(this.#stage.shop, await this.#stage.openClient(member), member, local, mayRollBack);
      if (!member.plan.isWriter) continue;
      for (let count = 0; count < CLIENTS_PER_WRITER; count++) {
        const ledgers = { rows: this.#rows, counters: this.#counters, shared: this.#shared, local };
        const shared = this.#stage.settings.skipsConflicts ? sharedId : null;
        new WriterClient(
          this.#stage.shop,
          await this.#stage.openClient(member),
          ++number,
          member.name,
          ledgers,
          shared,
        );
      }
    }
  }

  #phase(): Promise<void> {
    const stage = this.#stage;
    const { random } = stage;
    return stage.phase({
      durationMs: 50 + random.below(400),
      calm: 0.15,
      diskFaults: 0.5,
      incidents: (durationMs) => drawIncidents(stage, durationMs),
      last: () => {
        const anonymous = stage.members.find((member) => member.isAnonymous && member.instance !== null);
        if (anonymous !== undefined && this.#mayRegister(anonymous) && random.chance(0.3)) {
          stage.supervisor.register(anonymous);
        }
      },
    });
  }

  /** Only a master that takes writes makes members. */
  #mayRegister({ plan }: SimulatedMember): boolean {
    return this.#writers().some(({ name }) => plan.follows.includes(name));
  }

  /** Ends all faults and all load, and waits until everybody has everything. */
  async #heal(): Promise<void> {
    const stage = this.#stage;
    await stage.endFaults();
    stage.supervisor.isCalm = true;
    await stage.endLoad();
    await stage.waitFor('the same state everywhere', () => stage.isConverged());
  }

  /** Compares what members hold with each other, and with what clients know. */
  async #check(): Promise<readonly Findings[]> {
    const all: Findings[] = [];
    const mayReturn = this.#stage.counts.brokenLogs > 0 || this.#writers().some(({ hasLostPower }) => hasLostPower);
    for (const member of this.#stage.members) {
      const where = `on ${member.name}`;
      const findings = await this.#stage.withConnection(member, audit);
      this.#rows.check(where, findings.rows, mayReturn);
      this.#counters.check(where, findings.counters, mayReturn);
      this.#shared.check(where, findings.shared);
      this.#localOf(member).check(`local rows ${where}`, findings.local, member.hasLostPower || mayReturn);
      const first = all[0];
      if (first !== undefined && first.dump !== findings.dump) {
        const text = differences(first.dump, findings.dump);
        throw new ViolationError(`${this.#stage.members[0]!.name} and ${member.name} differ:\n${text}`);
      }
      all.push(findings);
    }
    return all;
  }

  /** What was agreed on is what everybody finds after a restart. */
  async #restart(): Promise<void> {
    const before = await this.#check();
    const random = this.#stage.random;
    for (const member of this.#stage.members) {
      if (random.chance(0.3)) member.checkpoint();
      if (random.chance(0.6)) member.end(member.plan.walMode === 'fsync' && random.chance(0.5) ? 'crash' : 'kill');
    }
    await this.#heal();
    const after = await this.#check();
    before.forEach(({ ownDump }, index) => {
      const now = after[index]!.ownDump;
      if (now !== ownDump) {
        throw new ViolationError(`${this.#stage.members[index]!.name} has changed:\n${differences(ownDump, now)}`);
      }
    });
  }

  #writers(): readonly SimulatedMember[] {
    return this.#stage.members.filter(({ plan }) => plan.isWriter);
  }

  #localOf({ name }: SimulatedMember): RowLedger {
    return this.#locals.get(name)!;
  }

  /** What only the members' logs tell. */
  #countLogs(): void {
    const { counts, members } = this.#stage;
    this.#stage.countLogs();
    counts.anonymousReplicas = members
      .flatMap(({ host }) => host.log)
      .filter(({ message }) => message.startsWith('sending the state to an anonymous')).length;
    counts.registrations = members.filter((member) => member.plan.isAnonymous && !member.isAnonymous).length;
    counts.skippedConflicts = this.#shared.conflictCount;
  }
}
