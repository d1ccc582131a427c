/**
 * Processor time of a tick of the consensus core, without disk and network: of an idle group of five (all five members,
 * with the heartbeats and answers between them), and of a leader of five with 1,000 learners (its own part: heartbeats to
 * all, and all answers).
 *
 * `tsx bench/micro/raft-tick.ts`
 */
import {
  EMPTY_MEMBERSHIP,
  MemoryStorage,
  type MembershipState,
  type Message,
  type RaftId,
  raftId,
  RaftNode,
  type Ready,
} from '../../src/raft/index.ts';

const VOTERS = 5;
const LEARNERS = 1000;
const MEBIBYTE = 1024 * 1024;
const WARM_UP_TICKS = 300;

class Member {
  readonly node: RaftNode;
  readonly #storage: MemoryStorage;

  constructor(id: RaftId, membership: MembershipState) {
    this.#storage = new MemoryStorage(membership);
    this.node = new RaftNode({
      id,
      storage: this.#storage,
      random: { below: () => 0 },
      appliedIndex: 0,
      electionTicks: 10,
      heartbeatTicks: 1,
      hasPreVote: true,
      checksQuorum: true,
      readMode: 'quorum',
      forwardsProposals: true,
      stepsDownOnRemoval: true,
      validatesChanges: true,
      appliesUnstable: true,
      messageBytesMax: MEBIBYTE,
      inFlightCountMax: 256,
      inFlightBytesMax: 16 * MEBIBYTE,
      uncommittedBytesMax: 64 * MEBIBYTE,
      applyingBytesMax: MEBIBYTE,
    });
  }

  /** Does what is to be done, and returns what leaves. */
  work(): readonly Message[] {
    const messages: Message[] = [];
    while (this.node.hasReady) {
      const ready = this.node.ready();
      messages.push(...ready.messages);
      this.#carryOut(ready);
      if (ready.append !== null) messages.push(...ready.append.messages);
    }
    return messages;
  }

  #carryOut({ append, committed }: Ready): void {
    if (append !== null) {
      if (append.hardState !== null) this.#storage.hardState = append.hardState;
      this.#storage.append(append.entries);
      this.node.appended(append.token);
    }
    const last = committed.at(-1);
    if (last !== undefined) this.node.applied(last.index);
  }
}

function idsFrom(first: number, count: number): readonly RaftId[] {
  return Array.from({ length: count }, (_, place) => raftId(first + place));
}

/** Delivers until nothing is on its way. */
function settle(members: ReadonlyMap<RaftId, Member>): void {
  let messages: readonly Message[] = [];
  do {
    messages = [...members.values()].flatMap((member) => member.work());
    for (const message of messages) members.get(message.to)?.node.step(message);
  } while (messages.length > 0);
}

function createGroup(learners: number): ReadonlyMap<RaftId, Member> {
  const membership = { ...EMPTY_MEMBERSHIP, voters: idsFrom(1, VOTERS), learners: idsFrom(VOTERS + 1, learners) };
  const ids = [...membership.voters, ...membership.learners];
  const members = new Map(ids.map((id) => [id, new Member(id, membership)] as const));
  members.get(raftId(1))!.node.campaign();
  settle(members);
  return members;
}

/** Of each call, in microseconds of processor time. */
function measure(name: string, ticks: number, tick: () => void): void {
  for (let count = 0; count < WARM_UP_TICKS; count++) tick();
  const before = process.cpuUsage();
  for (let count = 0; count < ticks; count++) tick();
  const { user, system } = process.cpuUsage(before);
  console.log(`${name}: ${((user + system) / ticks).toFixed(1)} us`);
}

const five = createGroup(0);
measure('a tick of an idle group of 5, all members', 20_000, () => {
  for (const { node } of five.values()) node.tick();
  settle(five);
});

const many = createGroup(LEARNERS);
const leader = many.get(raftId(1))!;
measure(`a tick of a leader of ${VOTERS} with ${LEARNERS} learners, with the answers`, 2000, () => {
  leader.node.tick();
  for (const message of leader.work()) {
    if (message.kind !== 'heartbeat-request') continue;
    const { from, to, term, readPosition } = message;
    leader.node.step({ kind: 'heartbeat-response', from: to, to: from, term, readPosition });
  }
  leader.work();
});
