/** The members of a case and what is on its way between them; what happens is printed. */
import { isJoint, type MembershipChange, raftId, type RaftId, type Snapshot } from '../../../src/raft/index.ts';
import { Member, type Start } from './member.ts';
import { describeEntry, describeProgress, describeReady, describeRole, indented } from './notation.ts';
import { appendWork, applyWork, onItsWay, type ThreadResponse, type Work } from './threads.ts';

export class Group {
  readonly #members: Member[] = [];
  #onTheirWay: ThreadResponse[] = [];
  #lines: string[] = [];
  /** Nothing is printed but errors. */
  isQuiet = false;

  /** What was printed since the last time. */
  takeOutput(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  add(count: number, start: Omit<Start, 'id'>): void {
    for (let added = 0; added < count; added++) {
      this.#members.push(new Member({ ...start, id: raftId(this.#members.length + 1) }));
    }
  }

  member(id: number): Member {
    const member = this.#members[id - 1];
    if (member === undefined) throw new Error(`there is no member ${id}`);
    return member;
  }

  propose(id: number, data: string): void {
    const result = this.member(id).node.propose([{ kind: 'data', data: Buffer.from(data) }]);
    if (result === 'dropped') this.#printError('raft proposal dropped');
  }

  proposeChange(id: number, change: MembershipChange): void {
    const result = this.member(id).node.propose([{ kind: 'membership', change }]);
    if (result === 'dropped') this.#printError('raft proposal dropped');
  }

  compact(id: number, index: number): void {
    this.member(id).storage.compact(index);
    this.printLog(id);
  }

  printLog(id: number): void {
    const { storage } = this.member(id);
    const first = storage.firstIndex();
    const last = storage.lastIndex();
    if (last < first) this.#print(`log is empty: first index=${first}, last index=${last}`);
    else for (const entry of storage.entries(first, last + 1, Infinity) ?? []) this.#print(describeEntry(entry));
  }

  printStates(): void {
    for (const { node } of this.#members) {
      const { id, role, term, leader, membership } = node.status();
      const voters = isJoint(membership) ? [...membership.voters, ...membership.outgoing] : membership.voters;
      const voting = voters.includes(id) ? '(Voter)' : '(Non-Voter)';
      this.#print(`${id}: ${describeRole(role)} ${voting} Term:${term} Lead:${leader}`);
    }
  }

  printStatus(id: number): void {
    const { core } = this.member(id).node;
    if (core.role !== 'leader') return;
    for (const [each, progress] of core.tracker.members) this.#print(`${each}: ${describeProgress(progress)}`);
  }

  sendSnapshot(from: number, to: number): void {
    const { node, storage } = this.member(from);
    const { term } = node.status();
    const snapshot: Snapshot = storage.latest;
    const message = onItsWay({ kind: 'snapshot-request', from: raftId(from), to: raftId(to), term, snapshot });
    this.#onTheirWay.push(message);
    this.#print(message.text);
  }

  /** Of one type only, unless it is null; those to members of `dropped` get lost. */
  deliver(type: string | null, ids: readonly number[], dropped: readonly number[]): void {
    let count = 0;
    for (const id of ids) count += this.#deliverTo(raftId(id), type);
    for (const id of dropped) {
      const lost = this.#take(
        ({ to, isLocal, ...message }) => to === id && !isLocal && (type ?? message.type) === message.type,
      );
      for (const { text } of lost) this.#print(`dropped: ${text}`);
      count += lost.length;
    }
    if (count === 0) this.#print('no messages');
  }

  /** Does for each member, printed under a heading if they are several. */
  forEach(ids: readonly number[], heading: string, action: (member: Member) => void): void {
    for (const id of ids) {
      if (ids.length > 1) this.#printUnder(`> ${id} ${heading}`, () => action(this.member(id)));
      else action(this.member(id));
    }
  }

  processReady(member: Member): void {
    const { node, isAsynchronous } = member;
    const ready = node.ready();
    const { append, committed } = ready;
    const messages = ready.messages.map(onItsWay);
    if (isAsynchronous) {
      const works: Work[] = [];
      if (append !== null) works.push(this.#push(member.appendWork, appendWork(member, append)));
      if (committed.length > 0) works.push(this.#push(member.applyWork, applyWork(member, committed)));
      this.#print(
        describeReady(
          ready,
          [...messages, ...works.map(({ fullText: text }) => ({ text }))].map(({ text }) => text),
        ),
      );
      this.#onTheirWay.push(...messages);
      return;
    }
    if (append !== null) messages.push(...append.messages.map(onItsWay));
    this.#print(
      describeReady(
        ready,
        messages.map(({ text }) => text),
      ),
    );
    if (append !== null) member.write(append);
    member.apply(committed);
    this.#onTheirWay.push(...messages);
    if (append !== null) node.appended(append.token);
    if (committed.length > 0) node.applied(committed.at(-1)!.index);
  }

  processAppend(member: Member): void {
    this.#process(member.appendWork, 'no append work to perform');
  }

  processApply(member: Member): void {
    this.#process(member.applyWork, 'no apply work to perform');
  }

  /** Until nothing is left to do; of all members, if none are named. */
  stabilize(ids: readonly number[]): void {
    const members = ids.length === 0 ? [...this.#members] : ids.map((id) => this.member(id));
    for (let isDone = false; !isDone;) {
      isDone = true;
      for (const member of members.filter(({ node }) => node.hasReady)) {
        this.#printUnder(`> ${member.id} handling Ready`, () => this.processReady(member));
        isDone = false;
      }
      for (const { id } of members) {
        if (!this.#onTheirWay.some(({ to }) => to === id)) continue;
        this.#printUnder(`> ${id} receiving messages`, () => this.#deliverTo(id, null));
        isDone = false;
      }
      for (const thread of ['append', 'apply'] as const) {
        for (const member of members) {
          const works = thread === 'append' ? member.appendWork : member.applyWork;
          if (works.length === 0) continue;
          this.#printUnder(`> ${member.id} processing ${thread} thread`, () => {
            while (works.length > 0) this.#process(works, '');
          });
          isDone = false;
        }
      }
    }
  }

  #push(works: Work[], work: Work): Work {
    works.push(work);
    return work;
  }

  #process(works: Work[], nothing: string): void {
    const work = works.shift();
    if (work === undefined) return this.#print(nothing);
    this.#print(`Processing:\n${work.text}`);
    work.run();
    this.#print(['Responses:', ...work.responses.map(({ text }) => text)].join('\n'));
    this.#onTheirWay.push(...work.responses);
  }

  #deliverTo(id: RaftId, type: string | null): number {
    const messages = this.#take((message) => message.to === id && (type ?? message.type) === message.type);
    for (const message of messages) {
      this.#print(message.text);
      if (message.isAnswer && !this.#knows(id, message.from)) this.#print('raft: cannot step as peer not found');
      if (message.deliver(this.member(id)) === 'dropped') this.#print('raft proposal dropped');
    }
    return messages.length;
  }

  /** Who does not belong to the group is not listened to. */
  #knows(id: RaftId, other: RaftId): boolean {
    return this.member(id)
      .node.progress()
      .some((progress) => progress.id === other);
  }

  #take(isTaken: (message: ThreadResponse) => boolean): readonly ThreadResponse[] {
    const taken = this.#onTheirWay.filter(isTaken);
    this.#onTheirWay = this.#onTheirWay.filter((message) => !taken.includes(message));
    return taken;
  }

  #printUnder(heading: string, action: () => unknown): void {
    this.#print(heading);
    const outer = this.#lines;
    this.#lines = [];
    action();
    this.#lines = [...outer, ...this.#lines.map(indented)];
  }

  #print(text: string): void {
    if (!this.isQuiet) this.#lines.push(...text.split('\n'));
  }

  #printError(text: string): void {
    this.#lines.push(text);
  }
}
