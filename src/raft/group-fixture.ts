/**
 * Members of a group under test: nodes with disks that take their time, and states that remember what was applied; and what
 * is on its way between them. Nothing happens by itself.
 */
import { byteTextOf, bytesOfByteText, defined } from '../base/index.ts';
import {
  type Append,
  EMPTY_MEMBERSHIP,
  type Entry,
  type EntryId,
  type HardState,
  MemoryStorage,
  type MembershipState,
  type Message,
  NO_ENTRY,
  NO_ONE,
  type RaftId,
  raftId,
  RaftNode,
  type RaftOptions,
  type Ready,
  type ReadState,
  type Snapshot,
} from './index.ts';

export const TEST_OPTIONS: Omit<RaftOptions, 'id' | 'storage' | 'appliedIndex'> = {
  random: { below: () => 0 },
  electionTicks: 10,
  heartbeatTicks: 1,
  hasPreVote: false,
  checksQuorum: false,
  readMode: 'quorum',
  forwardsProposals: true,
  stepsDownOnRemoval: false,
  validatesChanges: true,
  appliesUnstable: false,
  messageBytesMax: Infinity,
  inFlightCountMax: Infinity,
  inFlightBytesMax: Infinity,
  uncommittedBytesMax: Infinity,
  applyingBytesMax: Infinity,
};

export type TestOptions = Partial<typeof TEST_OPTIONS>;
/** What a state is after the entries up to `last`; equal digests: the same entries, in the same order. */
export type State = Readonly<{ last: EntryId; membership: MembershipState; digest: number }>;

export function membershipOf(voters: readonly number[], learners: readonly number[] = []): MembershipState {
  return { ...EMPTY_MEMBERSHIP, voters: voters.map(raftId), learners: learners.map(raftId) };
}

export function entryText({ term, payload }: Entry): string {
  if (payload.kind === 'data') return `${term}:${byteTextOf(payload.data)}`;
  const { transition, changes } = payload.change;
  return `${term}:${transition}${changes.map(({ kind, id }) => ` ${kind} ${id}`).join('')}`;
}

/** What others are filled with is made when it is asked for. */
class TestStorage extends MemoryStorage {
  latest: () => Snapshot | null = () => null;

  override snapshot(): Snapshot | null {
    return this.latest();
  }
}

export class TestMember {
  readonly id: RaftId;
  readonly storage: TestStorage;
  node: RaftNode;
  /** Handed out and not durable, oldest first. */
  writes: Append[] = [];
  /** Handed out and not applied. */
  applying: Entry[] = [];
  state: State;
  reads: ReadState[] = [];
  /** What is synced of the hard state: a commit index that came alone is not. */
  #synced: HardState | null = null;
  /** Called with each entry that is applied. */
  onApplied: (entry: Entry) => void = () => undefined;
  readonly #options: TestOptions;

  /** The state and the log begin behind `snapshot`, if there is one. */
  constructor(id: number, membership: MembershipState, options: TestOptions, snapshot: Snapshot | null = null) {
    this.id = raftId(id);
    this.#options = options;
    this.storage = new TestStorage(membership);
    this.storage.latest = () => snapshotOf(this.state);
    if (snapshot !== null) {
      this.storage.restore(snapshot);
      this.storage.hardState = { term: snapshot.id.term, vote: NO_ONE, commit: snapshot.id.index };
    }
    this.state = this.#stateOnDisk();
    this.node = this.#start();
  }

  get isIdle(): boolean {
    return !this.node.hasReady && this.writes.length === 0 && this.applying.length === 0;
  }

  /** Takes what is to be done; its messages are for the caller. */
  take(): Ready {
    const ready = this.node.ready();
    // A snapshot takes the place of what was handed out before it and is not applied.
    if (ready.append !== null && ready.append.snapshot !== null) this.applying = [];
    if (ready.append !== null) this.writes.push(ready.append);
    this.applying.push(...ready.committed);
    this.reads.push(...ready.reads);
    return ready;
  }

  /** The oldest write becomes durable; returns what leaves then. */
  finishWrite(): readonly Message[] {
    const append = defined(this.writes.shift(), 'write');
    this.#write(append);
    if (append.snapshot !== null) this.state = stateOf(append.snapshot);
    this.node.appended(append.token);
    return append.messages;
  }

  applyNext(count = this.applying.length): void {
    const entries = this.applying.splice(0, count);
    for (const entry of entries) {
      const { term, index, payload } = entry;
      let { membership } = this.state;
      if (payload.kind === 'membership') membership = this.node.applyMembership(payload.change);
      this.state = { last: { term, index }, membership, digest: digestOf(this.state.digest, entryText(entry)) };
      this.onApplied(entry);
    }
    const last = entries.at(-1);
    if (last !== undefined) this.node.applied(last.index);
  }

  /** A snapshot of what is applied; the log keeps the last `keptCount` entries before it. */
  compact(keptCount = 0): void {
    if (this.state.last.index > this.storage.lastIndex()) return;
    this.storage.currentSnapshot = snapshotOf(this.state);
    this.storage.membership = this.state.membership;
    this.storage.compact(this.state.last.index - keptCount);
  }

  /**
   * Loses what is not durable, but for the oldest writes, of which nobody had been told; and if it is to, the commit index that was
   * written last, if it was written alone.
   */
  restart(writtenCount = 0, keepsLastCommit = true): void {
    for (const append of this.writes.slice(0, writtenCount)) this.#write(append);
    this.writes = [];
    this.applying = [];
    this.reads = [];
    if (!keepsLastCommit && this.#synced !== null) this.storage.hardState = this.#synced;
    this.state = this.#stateOnDisk();
    this.node = this.#start();
  }

  #write({ hardState, snapshot, entries, isSyncNeeded }: Append): void {
    if (hardState !== null) this.storage.hardState = hardState;
    if (isSyncNeeded) this.#synced = this.storage.hardState;
    if (snapshot !== null) this.storage.restore(snapshot);
    this.storage.append(entries);
  }

  #start(): RaftNode {
    const appliedIndex = this.state.last.index;
    return new RaftNode({ ...TEST_OPTIONS, ...this.#options, id: this.id, storage: this.storage, appliedIndex });
  }

  #stateOnDisk(): State {
    const { currentSnapshot: snapshot, membership } = this.storage;
    return snapshot === null ? { last: NO_ENTRY, membership, digest: 0 } : stateOf(snapshot);
  }
}

export class TestGroup {
  readonly members = new Map<RaftId, TestMember>();
  inFlight: Message[] = [];
  /** Messages from and to these get lost, and `settle` passes them over. */
  readonly isolated = new Set<RaftId>();

  constructor(members: readonly TestMember[]) {
    for (const member of members) this.members.set(member.id, member);
  }

  /** Everybody begins with the same snapshot, as members that come later do. */
  static create(voters: readonly number[], options: TestOptions = {}, learners: readonly number[] = []): TestGroup {
    const membership = membershipOf(voters, learners);
    const first: Snapshot = { id: { term: 1, index: 1 }, membership, data: bytesOfByteText('0') };
    return new TestGroup([...voters, ...learners].map((id) => new TestMember(id, membership, options, first)));
  }

  member(id: number): TestMember {
    return defined(this.members.get(raftId(id)), `member ${id}`);
  }

  node(id: number): RaftNode {
    return this.member(id).node;
  }

  tick(id: number, count = 1): void {
    for (let ticks = 0; ticks < count; ticks++) this.node(id).tick();
  }

  propose(id: number, text: string): ReturnType<RaftNode['propose']> {
    return this.node(id).propose([{ kind: 'data', data: bytesOfByteText(text) }]);
  }

  send(messages: readonly Message[]): void {
    const isLost = ({ from, to }: Message): boolean => this.isolated.has(from) || this.isolated.has(to);
    this.inFlight.push(...messages.filter((message) => !isLost(message)));
  }

  deliver(message: Message): void {
    if (this.isolated.has(message.to)) return;
    this.members.get(message.to)?.node.step(message);
  }

  /** Does all that the member has to do, until nothing is left. */
  work(id: number): void {
    const member = this.member(id);
    while (!member.isIdle) {
      this.send(member.take().messages);
      while (member.writes.length > 0) this.send(member.finishWrite());
      member.applyNext();
    }
  }

  /** Works and delivers until nothing happens any more. */
  settle(): void {
    do {
      for (const { id } of this.#connected()) this.work(id);
      const messages = this.inFlight;
      this.inFlight = [];
      for (const message of messages) this.deliver(message);
    } while (this.inFlight.length > 0 || this.#connected().some(({ isIdle }) => !isIdle));
  }

  /** The entries of a member's log that are there, as texts. */
  log(id: number): readonly string[] {
    const { log } = this.node(id).core;
    return (log.entriesFrom(log.firstIndex(), Infinity) ?? []).map(entryText);
  }

  #connected(): readonly TestMember[] {
    return [...this.members.values()].filter(({ id }) => !this.isolated.has(id));
  }
}

export function snapshotOf({ last, membership, digest }: State): Snapshot {
  return { id: last, membership, data: bytesOfByteText(String(digest)) };
}

function stateOf({ id, membership, data }: Snapshot): State {
  return { last: id, membership, digest: Number(byteTextOf(data)) };
}

function digestOf(before: number, text: string): number {
  let digest = before;
  for (const byte of bytesOfByteText(text)) digest = Math.imul(digest ^ byte, 0x01000193) >>> 0;
  return Math.imul(digest ^ 0xff, 0x01000193) >>> 0;
}
