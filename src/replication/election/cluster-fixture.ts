/**
 * Instances that elect over a network that loses, repeats and reorders, with disks that lose what was not written, all
 * in memory under one seed. For tests. Asserts what must hold at every moment:
 * a term has one leader; others are told only what is on disk; a leader has what its voters had when they voted.
 */
import { assert, defined, type SeededRandom } from '../../base/index.ts';
import type { RaftMessage } from '../../codec/iproto/index.ts';
import { type Vclock, vclockComponent, vclockIsCoveredBy } from '../../codec/xlog/index.ts';
import { Election, type ElectionEffect, type ElectionInput, type ElectionOptions, INITIAL_STATE } from './index.ts';
import type { PersistedState } from './index.ts';

type Packet = Readonly<{ from: number; to: number; message: RaftMessage }>;

export type Faults = Readonly<{ loss: number; repetition: number; reordering: number }>;
export const NO_FAULTS: Faults = { loss: 0, repetition: 0, reordering: 0 };

class Instance {
  readonly id: number;
  disk: PersistedState = INITIAL_STATE;
  election: Election;
  options: ElectionOptions;
  vclock: Vclock;
  /** What is being written. */
  writing: PersistedState | null = null;
  timerAtMs: number | null = null;

  constructor(id: number, size: number, options: ElectionOptions) {
    this.id = id;
    this.options = options;
    this.vclock = new Array<number>(size + 1).fill(0);
    this.election = new Election(id, options, this.disk);
  }

  get isLeader(): boolean {
    return this.election.leaderId === this.id;
  }
}

export class ElectionCluster {
  readonly instances: readonly Instance[];
  /** By term. */
  readonly leaders = new Map<number, number>();
  readonly counts = { elections: 0, restarts: 0, lostWrites: 0, stepDowns: 0, conflicts: 0 };
  nowMs = 0;
  faults: Faults = NO_FAULTS;
  readonly #random: SeededRandom;
  readonly #network: Packet[] = [];
  readonly #cuts = new Set<string>();
  /** By `term:voter`: for whom, and what the voter had then. */
  readonly #votes = new Map<string, Readonly<{ vote: number; vclock: Vclock }>>();

  constructor(random: SeededRandom, size: number, options: ElectionOptions) {
    this.#random = random;
    this.instances = Array.from({ length: size }, (_, index) => new Instance(index + 1, size, options));
    for (const instance of this.instances) this.#begin(instance);
  }

  instance(id: number): Instance {
    return defined(this.instances[id - 1], 'instance');
  }

  step(instance: Instance, input: ElectionInput): void {
    const context = { nowMs: this.nowMs, fraction: this.#random.fraction() };
    for (const effect of instance.election.step(input, context)) this.#carryOut(instance, effect);
  }

  /** What is not on disk is gone, and so are its packets. */
  restart(instance: Instance): void {
    this.counts.restarts++;
    if (instance.writing !== null) this.counts.lostWrites++;
    instance.writing = null;
    instance.timerAtMs = null;
    instance.election = new Election(instance.id, instance.options, instance.disk);
    this.#begin(instance);
  }

  finishWrite(instance: Instance): boolean {
    if (instance.writing === null) return false;
    instance.disk = instance.writing;
    instance.writing = null;
    this.step(instance, { kind: 'persisted' });
    return true;
  }

  deliverOne(): boolean {
    const random = this.#random;
    if (this.#network.length === 0) return false;
    const index = random.chance(this.faults.reordering) ? random.below(this.#network.length) : 0;
    const packet = defined(this.#network[index], 'packet');
    if (!random.chance(this.faults.repetition)) this.#network.splice(index, 1);
    const isLost = random.chance(this.faults.loss) || !this.#isConnected(packet.from, packet.to);
    if (!isLost) this.step(this.instance(packet.to), { kind: 'message', from: packet.from, message: packet.message });
    return true;
  }

  /** Time goes on; due timers fire. */
  pass(timeMs: number): void {
    this.nowMs += timeMs;
    for (const instance of this.instances) {
      if (instance.timerAtMs === null || instance.timerAtMs > this.nowMs) continue;
      instance.timerAtMs = null;
      this.step(instance, { kind: 'timerFired' });
    }
  }

  heartbeats(): void {
    for (const from of this.instances) {
      for (const to of this.instances) {
        if (from !== to && this.#isConnected(from.id, to.id)) this.step(to, { kind: 'heard', from: from.id });
      }
    }
  }

  /** The instance writes a row, if it leads. */
  write(instance: Instance): void {
    if (!instance.isLeader) return;
    const vclock = [...instance.vclock];
    vclock[instance.id] = vclockComponent(vclock, instance.id) + 1;
    this.setVclock(instance, vclock);
  }

  /** It gets all rows of the other. */
  replicate(from: Instance, to: Instance): void {
    if (!this.#isConnected(from.id, to.id)) return;
    this.setVclock(
      to,
      to.vclock.map((lsn, id) => Math.max(lsn, vclockComponent(from.vclock, id))),
    );
  }

  setVclock(instance: Instance, vclock: Vclock): void {
    instance.vclock = vclock;
    this.step(instance, { kind: 'vclockChanged', vclock });
  }

  /** Cuts or mends the connection of two. */
  toggle(left: Instance, right: Instance): void {
    const link = linkName(left.id, right.id);
    const isMended = this.#cuts.delete(link);
    if (!isMended) this.#cuts.add(link);
    for (const instance of [left, right]) this.#reportPeers(instance);
    if (isMended) this.#greet(left, right);
  }

  mendAll(): void {
    this.#cuts.clear();
    for (const instance of this.instances) this.#reportPeers(instance);
    for (const left of this.instances) {
      for (const right of this.instances) if (left.id < right.id) this.#greet(left, right);
    }
  }

  #begin(instance: Instance): void {
    const { vclock } = instance;
    const size = this.instances?.length ?? vclock.length - 1;
    this.step(instance, { kind: 'quorumChanged', quorum: Math.floor(size / 2) + 1, replicaCount: size });
    this.step(instance, { kind: 'vclockChanged', vclock });
    this.#reportPeers(instance);
    this.step(instance, { kind: 'start' });
  }

  #reportPeers(instance: Instance): void {
    const connectedIds: number[] = [];
    for (let id = 1; id < instance.vclock.length; id++) {
      if (id !== instance.id && this.#isConnected(id, instance.id)) connectedIds.push(id);
    }
    this.step(instance, { kind: 'peersChanged', connectedIds });
  }

  /** A new connection begins with what each has to say. */
  #greet(left: Instance, right: Instance): void {
    this.#network.push({ from: left.id, to: right.id, message: left.election.message });
    this.#network.push({ from: right.id, to: left.id, message: right.election.message });
  }

  #isConnected(left: number, right: number): boolean {
    return !this.#cuts.has(linkName(left, right));
  }

  #carryOut(instance: Instance, effect: ElectionEffect): void {
    switch (effect.kind) {
      case 'persist':
        assert(instance.writing === null, 'one write at a time');
        instance.writing = { term: effect.term, vote: effect.vote };
        if (effect.vote !== 0) this.#noteVote(instance, effect.term, effect.vote);
        break;
      case 'broadcast':
        this.#send(instance, effect.message);
        break;
      case 'setTimer':
        instance.timerAtMs = this.nowMs + effect.afterMs;
        break;
      case 'clearTimer':
        instance.timerAtMs = null;
        break;
      case 'becameLeader':
        this.#noteLeader(instance, effect.term);
        break;
      case 'steppedDown':
        this.counts.stepDowns++;
        break;
      case 'conflictingLeader':
        this.counts.conflicts++;
        break;
      case 'messageRefused':
        throw new Error(effect.error.message);
      default:
    }
  }

  #send(instance: Instance, message: RaftMessage): void {
    const { term, vote } = instance.disk;
    assert(message.term === term && message.vote === vote, 'told before it was on disk');
    for (const { id } of this.instances) {
      if (id !== instance.id && this.#isConnected(id, instance.id)) {
        this.#network.push({ from: instance.id, to: id, message });
      }
    }
  }

  /** A write that was lost in a crash counts for nothing, so the last one of a term holds. */
  #noteVote(instance: Instance, term: number, vote: number): void {
    this.#votes.set(`${term}:${instance.id}`, { vote, vclock: instance.vclock });
  }

  #noteLeader(leader: Instance, term: number): void {
    const known = this.leaders.get(term);
    assert(known === undefined, `term ${term} has leaders ${known} and ${leader.id}`);
    this.leaders.set(term, leader.id);
    this.counts.elections++;
    const voters = this.instances.filter(({ id }) => this.#votes.get(`${term}:${id}`)?.vote === leader.id);
    assert(voters.length * 2 > this.instances.length, 'elected by a minority');
    for (const { id } of voters) {
      const { vclock } = defined(this.#votes.get(`${term}:${id}`), 'vote');
      assert(vclockIsCoveredBy(vclock, leader.vclock), `leader ${leader.id} lacks rows of its voter ${id}`);
    }
  }
}

function linkName(left: number, right: number): string {
  return left < right ? `${left}-${right}` : `${right}-${left}`;
}
