/** Messages and groups as the tests of the paper and of the thesis use them. Member 2 is who speaks, member 1 who hears. */
import { assert, bytesOfByteText } from '../base/index.ts';
import { TestGroup } from './group-fixture.ts';
import {
  type AppendRequest,
  type Entry,
  type MembershipChange,
  type Message,
  raftId,
  type VoteRequest,
} from './index.ts';

export const THREE = [1, 2, 3];
export const between = { from: raftId(2), to: raftId(1) };

export function entry(term: number, index: number, text = ''): Entry {
  return { term, index, payload: { kind: 'data', data: bytesOfByteText(text) } };
}

export function append(
  term: number,
  previous: AppendRequest['previous'],
  entries: readonly Entry[],
  commit = 0,
): AppendRequest {
  return { kind: 'append-request', ...between, term, previous, entries, commit };
}

export function voteRequest(term: number, last: VoteRequest['last'], from = 2): VoteRequest {
  return { kind: 'vote-request', from: raftId(from), to: raftId(1), term, last, isTransfer: false };
}

export function change(...changes: MembershipChange['changes']): MembershipChange {
  return { transition: 'auto', changes, context: new Uint8Array(0) };
}

/** A group whose first member leads term 2, and all is told. */
export function led(
  voters: readonly number[] = THREE,
  options: Parameters<typeof TestGroup.create>[1] = {},
): TestGroup {
  const group = TestGroup.create(voters, options);
  group.node(1).campaign();
  group.settle();
  assert(group.node(1).status().role === 'leader', 'member 1 was not elected');
  return group;
}

/** Everything that a member wants to send now, and when what it writes is durable. */
export function answers(group: TestGroup, id: number): readonly Message[] {
  group.inFlight = [];
  group.work(id);
  return group.inFlight;
}

export function kinds(messages: readonly Message[]): readonly string[] {
  return messages.map(({ kind, to }) => `${kind} ${to}`);
}
