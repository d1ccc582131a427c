/**
 * One run of the workload: a group of members elects leaders, while clients read and write through all of them and
 * machines, disks and the network fail; members are added, promoted, removed, and join anew. At last all is healed.
 *
 * What is promised: at any time what the journal says; of all that clients were told there is an order of one register a
 * key, whatever became of requests without an answer; soon after the healing somebody leads, all have applied the same,
 * and so they have behind a power cut of all.
 */
import { SeededRandom } from '../../../src/base/index.ts';
import { checkLinearizability } from '../../checkers/linearizability.ts';
import { REGISTER_MODEL } from '../../checkers/register-model.ts';
import type { RunResult } from '../common/play.ts';
import { ViolationError } from '../common/violation.ts';
import { Client, LIST_KEYS, REGISTER_KEYS, replace } from './client.ts';
import { emptyCounts, type RunCounts } from './counts.ts';
import { type Door, outcomeOf, type Session } from './door.ts';
import { endFaults, scheduleFaults } from './faults.ts';
import { Group, type RunOptions } from './group.ts';
import { History } from './history.ts';
import { Operator } from './operator.ts';

/** Until then there is load. */
const LOAD_END_MS = 58_000;
const OPERATIONS_LEAST = 200;
const ELECTION_MS_MAX = 60_000;
const AGREEMENT_MS_MAX = 60_000;
const TIMEOUT_MS = 3000;
/** Faults of before are over by then. */
const FAULTS_END_MS = 6200;

export type { RunOptions } from './group.ts';

/** Runs one seed to its end. Rejects with ViolationError, or whatever broke. */
export async function runConsensus(seed: number, options: RunOptions = {}): Promise<RunResult<RunCounts>> {
  return new Run(seed, options).run();
}

class Run {
  readonly #group: Group;
  readonly #operator: Operator;
  readonly #history: History;

  constructor(seed: number, options: RunOptions) {
    this.#group = new Group(seed, options, emptyCounts());
    const { shop, random } = this.#group;
    this.#operator = new Operator(this.#group, new SeededRandom(random.uint32()));
    this.#history = new History(() => shop.nextMoment());
  }

  async run(): Promise<RunResult<RunCounts>> {
    const { counts, journal } = this.#group;
    return this.#group.perform(async () => {
      try {
        await this.#play();
      } finally {
        this.#operator.stop();
        counts.elections = journal.elections;
      }
    });
  }

  async #play(): Promise<void> {
    await this.#found();
    await this.#load();
    await this.#heal();
    await this.#readEverything();
    await this.#restart();
    await this.#readEverything();
    this.#judge();
  }

  /** The founders elect somebody; learners are added, and the lists begin. */
  async #found(): Promise<void> {
    const group = this.#group;
    const { settings, members } = group;
    const founders = members.slice(0, settings.voters);
    for (const member of members.slice(0, settings.voters + settings.learners)) member.id = group.newId();
    for (const member of founders) member.founders = founders.map(({ id, address }) => ({ id, address }));
    for (const member of founders) group.enroll(member);
    group.watch();
    await group.waitFor('a first leader', () => group.leader() !== null, ELECTION_MS_MAX);
    for (const member of members.slice(settings.voters, settings.voters + settings.learners)) {
      await group.driven(this.#operator.add(member));
    }
    for (const key of LIST_KEYS) await group.driven(this.#begin(key));
  }

  /** Makes an empty list, by whatever member takes it. */
  async #begin(key: string): Promise<void> {
    for (;;) {
      const request = this.#history.begin('founder', [{ key, input: { kind: 'write', value: '' } }]);
      const outcome = await this.#ask(this.#group.random.pick(this.#group.members), ({ consensus }) =>
        consensus.propose(replace(key, ''), { timeoutMs: TIMEOUT_MS }),
      );
      if (outcome === null || outcome.kind === 'refused') request.refused();
      else if (outcome.kind === 'done') {
        request.answered({ kind: 'done' });
        return;
      }
      await this.#group.clientEnv.timers.sleep(100);
    }
  }

  async #load(): Promise<void> {
    const group = this.#group;
    const { shop, settings, members, twin, counts, world } = group;
    const needs = {
      shop,
      history: this.#history,
      doors: settings.faults.includes('startedCopy') ? [...members, twin] : members,
      onAcknowledged: (id: { term: number; index: number }) => group.journal.wasAcknowledged(id),
    };
    for (let number = 1; number <= settings.clients; number++) new Client(needs, `c${number}`).start();
    void this.#operator.run().catch((error: unknown) => {
      world.fail(new Error('the operator has failed', { cause: error }));
    });
    group.isCalm = false;
    shop.isPaused = false;
    const durationMs = LOAD_END_MS - world.nowMs;
    scheduleFaults(group, durationMs - FAULTS_END_MS);
    await group.settle(durationMs);
    endFaults(group);
    group.isCalm = true;
    const operations = (): number => counts.acknowledged + counts.reads;
    await group.waitFor('enough operations', () => operations() >= OPERATIONS_LEAST, AGREEMENT_MS_MAX);
  }

  /** Ends all faults and all load; then somebody is to lead, and everybody to have everything. */
  async #heal(): Promise<void> {
    const group = this.#group;
    const operator = this.#operator;
    operator.isPaused = true;
    await group.settle(FAULTS_END_MS);
    endFaults(group);
    group.shop.isPaused = true;
    await group.waitFor('the clients', () => group.shop.isIdle, TIMEOUT_MS * 2);
    await group.waitFor('the operator', () => operator.isIdle, AGREEMENT_MS_MAX);
    await group.waitFor('the same state everywhere', () => operator.isIdle && this.#isAgreed(), AGREEMENT_MS_MAX);
  }

  /** All members of the group that the leader knows are up, and have applied what it has. */
  #isAgreed(): boolean {
    const leader = this.#group.leader()?.instance?.raft.status();
    if (leader === undefined || leader.applied < leader.lastIndex) return false;
    const members = [...leader.voters, ...leader.learners];
    return members.every((id) => {
      const status = this.#group.members.find((member) => member.id === id)?.instance?.raft.status();
      return status?.applied === leader.applied && status.leaderId === leader.id && status.term === leader.term;
    });
  }

  /** Each key, by each member. */
  async #readEverything(): Promise<void> {
    const group = this.#group;
    const members = group.members.filter((member) => group.isEnrolled(member));
    for (const member of members) await group.driven(this.#readAll(member));
    const unseen = group.journal.unseenAcknowledged();
    if (unseen.length > 0) throw new ViolationError(`nobody has the acknowledged entries ${unseen.join(', ')}`);
  }

  async #readAll(member: Door): Promise<void> {
    const keys = [...REGISTER_KEYS, ...LIST_KEYS];
    const requests = keys.map((key) => this.#history.begin(`auditor`, [{ key, input: { kind: 'read' } }]));
    const outcome = await this.#ask(member, ({ consensus }) => consensus.readIndex({ timeoutMs: TIMEOUT_MS }));
    const session = member.session();
    if (outcome?.kind !== 'done' || session === null) throw new ViolationError(`${member.name} cannot be read`);
    keys.forEach((key, index) => requests[index]!.answered({ kind: 'value', value: session.property(key) }));
  }

  /** What was agreed on is what everybody finds in his log. */
  async #restart(): Promise<void> {
    const group = this.#group;
    for (const member of group.members) {
      if (!group.isEnrolled(member)) continue;
      if (group.random.chance(0.8)) member.end(member.plan.walMode === 'fsync' ? 'crash' : 'kill');
    }
    // Who was copied may have been believed no more by one that it only speaks with now.
    const isWell = (): boolean => this.#operator.isIdle && this.#isAgreed();
    await group.waitFor('the same state after restarts', isWell, AGREEMENT_MS_MAX);
  }

  #judge(): void {
    const verdict = checkLinearizability(REGISTER_MODEL, this.#history.operations());
    if (verdict.kind === 'not-linearizable') throw new ViolationError(`not linearizable: ${verdict.explanation}`);
    if (verdict.kind === 'undecided') this.#group.counts.undecidedKeys++;
  }

  async #ask<Result>(member: Door, request: (session: Session) => Promise<Result>) {
    const session = member.session();
    if (session === null) return null;
    const { timers } = this.#group.clientEnv;
    return outcomeOf(timers, session, TIMEOUT_MS * 2, () => request(session));
  }
}
