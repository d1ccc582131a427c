/**
 * A group in a bad world, by one seed: messages get lost, come twice and in any order; members are parted from each other,
 * are slow to write, and lose at a restart what was not durable; the membership changes, and logs are compacted.
 * `Invariants` watches every step.
 */
import { assert, bytesOfByteText, defined, SeededRandom } from '../base/index.ts';
import { membershipOf, TestGroup, TestMember, type TestOptions } from './group-fixture.ts';
import {
  type MemberChange,
  membersOf,
  type Message,
  type RaftId,
  raftId,
  type RaftNode,
  type Transition,
} from './index.ts';
import { Invariants } from './invariants-fixture.ts';

const VOTERS = [1, 2, 3];
const ID_MAX = 6;
const TRANSITIONS: readonly Transition[] = ['auto', 'implicit', 'explicit'];
const CHANGE_KINDS: readonly MemberChange['kind'][] = ['add-voter', 'add-learner', 'remove'];
const IN_FLIGHT_MAX = 200;
const HEALING_ROUNDS = 400;

export type Counts = Readonly<{
  elections: number;
  commits: number;
  snapshots: number;
  changes: number;
  joints: number;
  transfers: number;
  restarts: number;
  reads: number;
}>;

type Action = Readonly<{ weight: number; run: (member: TestMember) => void }>;

export class World {
  readonly #random: SeededRandom;
  readonly #group: TestGroup;
  readonly #invariants = new Invariants();
  readonly #members: readonly TestMember[];
  readonly #actions: readonly Action[] = [
    { weight: 24, run: (member) => this.#tick(member) },
    { weight: 60, run: (member) => this.#take(member) },
    { weight: 50, run: (member) => this.#finishWrite(member) },
    { weight: 30, run: (member) => member.applyNext(1 + this.#random.below(3)) },
    { weight: 100, run: () => this.#deliver() },
    { weight: 12, run: (member) => this.#propose(member) },
    { weight: 4, run: (member) => this.#read(member) },
    { weight: 3, run: (member) => this.#change(member) },
    { weight: 1, run: (member) => this.#transfer(member) },
    { weight: 2, run: (member) => member.compact(this.#random.below(4)) },
    { weight: 1, run: (member) => this.#restart(member) },
    { weight: 1, run: () => this.#part() },
    { weight: 1, run: (member) => member.node.reportUnreachable(this.#random.pick(this.#members).id) },
    { weight: 1, run: (member) => this.#endSnapshot(member) },
    { weight: 1, run: (member) => member.node.forgetLeader() },
  ];
  readonly #weights: number;
  /** Members of different sides do not hear each other. */
  readonly #sides = new Map<RaftId, number>();
  /** What was applied anywhere when a read began. */
  readonly #reads = new Map<number, number>();
  #proposals = 0;
  #counts = { snapshots: 0, changes: 0, joints: 0, transfers: 0, restarts: 0, reads: 0 };

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const options = optionsOf(this.#random);
    this.#group = TestGroup.create(VOTERS, options);
    for (let id = VOTERS.length + 1; id <= ID_MAX; id++) {
      this.#group.members.set(raftId(id), new TestMember(id, membershipOf([]), options));
    }
    this.#members = [...this.#group.members.values()];
    for (const member of this.#members) member.onApplied = (entry) => this.#invariants.applied(entry);
    this.#weights = this.#actions.reduce((sum, { weight }) => sum + weight, 0);
  }

  get counts(): Counts {
    return { ...this.#counts, elections: this.#invariants.elections, commits: this.#invariants.committedIndex - 1 };
  }

  step(): void {
    const member = this.#random.pick(this.#members);
    let place = this.#random.below(this.#weights);
    const action = this.#actions.find(({ weight }) => (place -= weight) < 0);
    defined(action, 'action').run(member);
    this.#invariants.look(member);
  }

  /** Without faults, all who belong to the group come to the same state. */
  heal(): void {
    this.#sides.clear();
    for (let round = 0; round < HEALING_ROUNDS; round++) {
      for (const member of this.#members) {
        if (this.#belongs(member)) member.node.tick();
        while (member.writes.length > 0) this.#finishWrite(member);
        this.#take(member);
        while (member.writes.length > 0) this.#finishWrite(member);
        member.applyNext();
        this.#invariants.look(member);
      }
      const messages = this.#group.inFlight;
      this.#group.inFlight = [];
      for (const message of messages) this.#deliverOne(message);
      // Those that got lost.
      if (round === 0) for (const { node } of this.#members) this.#endSnapshots(node);
      if (round === HEALING_ROUNDS / 2) this.#leader()?.node.propose([{ kind: 'data', data: new Uint8Array(1) }]);
    }
    const leader = defined(this.#leader(), 'leader after all faults ended');
    for (const id of membersOf(leader.node.status().membership)) {
      const { state } = this.#group.member(id);
      assert(state.last.index === leader.state.last.index, `member ${id} is behind after all faults ended`);
      assert(state.digest === leader.state.digest, `member ${id} has another state`);
    }
    assert(leader.state.last.index >= this.#invariants.appliedIndex, 'what was applied is gone');
  }

  /**
   * Who was removed is switched off, for it may not know, and would disturb the others for ever (thesis, 4.2.3); but not
   * before those who stay know it, for until then they need it.
   */
  #belongs({ id }: TestMember): boolean {
    const [newest] = [...this.#members].sort((left, right) => right.state.last.index - left.state.last.index);
    const staying = membersOf(newest!.state.membership);
    return staying.some((each) => each === id || membersOf(this.#group.node(each).status().membership).includes(id));
  }

  /** The one of the highest term. */
  #leader(): TestMember | undefined {
    const leaders = this.#members.filter(({ node }) => node.core.role === 'leader');
    return leaders.sort((left, right) => right.node.core.term - left.node.core.term)[0];
  }

  #tick(member: TestMember): void {
    member.node.tick();
  }

  #take(member: TestMember): void {
    if (!member.node.hasReady) return;
    const { messages, append, reads } = member.take();
    if (append !== null && append.snapshot !== null) this.#counts.snapshots++;
    for (const { requestId, index } of reads) {
      const applied = defined(this.#reads.get(requestId), 'read');
      assert(index >= applied, `read ${requestId} at ${index} misses what was applied up to ${applied}`);
      this.#counts.reads++;
    }
    this.#send(member, messages);
  }

  #finishWrite(member: TestMember): void {
    if (member.writes.length > 0) this.#send(member, member.finishWrite());
  }

  #send(member: TestMember, messages: readonly Message[]): void {
    for (const message of messages) {
      this.#invariants.leaves(message, member);
      if (message.kind === 'timeout-now') this.#counts.transfers++;
      if (this.#group.inFlight.length < IN_FLIGHT_MAX) this.#group.inFlight.push(message);
    }
  }

  #deliver(): void {
    const { inFlight } = this.#group;
    if (inFlight.length === 0) return;
    // Mostly in order.
    const place = this.#random.chance(0.8) ? 0 : this.#random.below(inFlight.length);
    const message = inFlight[place]!;
    if (!this.#random.chance(0.03)) inFlight.splice(place, 1);
    if (!this.#random.chance(0.03)) this.#deliverOne(message);
  }

  #deliverOne(message: Message): void {
    const { from, to } = message;
    if ((this.#sides.get(from) ?? 0) !== (this.#sides.get(to) ?? 0)) return;
    const member = this.#group.member(to);
    member.node.step(message);
    this.#invariants.look(member);
  }

  #propose({ node }: TestMember): void {
    const payloads = Array.from({ length: 1 + this.#random.below(3) }, () => {
      return { kind: 'data', data: bytesOfByteText(`x${++this.#proposals}`) } as const;
    });
    node.propose(payloads);
  }

  #read({ node }: TestMember): void {
    const requestId = this.#reads.size + 1;
    this.#reads.set(requestId, this.#invariants.appliedIndex);
    node.readIndex(requestId);
  }

  #change({ node }: TestMember): void {
    const { role, membership } = node.status();
    if (role !== 'leader') return;
    const isLeaving = membership.outgoing.length > 0;
    const changes = Array.from({ length: isLeaving ? 0 : 1 + this.#random.below(3) }, (): MemberChange => {
      return { kind: this.#random.pick(CHANGE_KINDS), id: raftId(1 + this.#random.below(ID_MAX)) };
    });
    const transition = isLeaving ? 'auto' : this.#random.pick(TRANSITIONS);
    const change = { transition, changes, context: new Uint8Array(0) };
    if (node.changeRefusal(change) !== null) return;
    if (node.propose([{ kind: 'membership', change }]) === 'dropped') return;
    this.#counts.changes++;
    if (transition !== 'auto' || changes.length > 1) this.#counts.joints++;
  }

  #transfer({ node }: TestMember): void {
    node.transferLeadership(this.#random.pick(this.#members).id);
  }

  #restart(member: TestMember): void {
    member.restart(this.#random.below(member.writes.length + 1), this.#random.chance(0.5));
    this.#counts.restarts++;
  }

  #part(): void {
    const isHealed = this.#random.chance(0.6);
    for (const { id } of this.#members) this.#sides.set(id, isHealed ? 0 : this.#random.below(2));
  }

  #endSnapshots(node: RaftNode): void {
    for (const { id } of this.#members) node.reportSnapshot(id, false);
  }

  #endSnapshot({ node }: TestMember): void {
    node.reportSnapshot(this.#random.pick(this.#members).id, this.#random.chance(0.5));
  }
}

function optionsOf(random: SeededRandom): TestOptions {
  return {
    random,
    electionTicks: 6,
    heartbeatTicks: 1 + random.below(2),
    hasPreVote: random.chance(0.5),
    checksQuorum: random.chance(0.5),
    stepsDownOnRemoval: random.chance(0.5),
    appliesUnstable: random.chance(0.5),
    messageBytesMax: random.pick([0, 60, 1000]),
    inFlightCountMax: 1 + random.below(4),
    inFlightBytesMax: 2000,
    uncommittedBytesMax: random.pick([30, 2000]),
    applyingBytesMax: random.pick([40, 2000]),
  };
}
