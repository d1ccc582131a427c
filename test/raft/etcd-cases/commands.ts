/** The commands of the interaction cases. */
import {
  EMPTY_MEMBERSHIP,
  type MemberChange,
  type MembershipChange,
  raftId,
  type RaftOptions,
  type Snapshot,
  type Transition,
} from '../../../src/raft/index.ts';
import { type Argument, flag, numbers, plainNumbers, type Step, values } from './data-driven.ts';
import { type Group } from './group.ts';
import { markOlder } from './notation.ts';

type Command = (group: Group, ids: readonly number[], step: Step) => void;

const CHANGE_KINDS: Readonly<Record<string, MemberChange['kind']>> = { v: 'add-voter', l: 'add-learner', r: 'remove' };

/** A change is written as a letter (voter, learner, remove, update) and an id; updates are none here. */
export function parseChanges(text: string): readonly MemberChange[] {
  const words = text.split(/\s+/).filter((word) => word !== '' && !word.startsWith('u'));
  return words.map((word) => {
    const kind = CHANGE_KINDS[word[0]!];
    if (kind === undefined) throw new Error(`unknown change ${word}`);
    return { kind, id: raftId(Number(word.slice(1))) };
  });
}

/** Plays one command; returns the lines that it prints. */
export function play(group: Group, step: Step): readonly string[] {
  const command = COMMANDS[step.command];
  if (command === undefined) throw new Error(`unknown command ${step.command}`);
  command(group, plainNumbers(step.args), step);
  const lines = group.takeOutput();
  return lines.length === 0 ? ['ok'] : lines;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  'add-nodes': (group, [count], { args }) => {
    const index = numbers(args, 'index')[0];
    group.add(count!, {
      isAsynchronous: flag(args, 'async-storage-writes'),
      snapshot: index === undefined ? null : firstSnapshot(args, index),
      options: optionsOf(args),
    });
  },
  campaign: (group, [id]) => group.member(id!).node.campaign(),
  compact: (group, [id, index]) => group.compact(id!, index!),
  'deliver-msgs': (group, ids, { args }) => group.deliver(values(args, 'type')[0] ?? null, ids, numbers(args, 'drop')),
  'forget-leader': (group, [id]) => group.member(id!).node.forgetLeader(),
  'log-level': (group, _ids, { args }) => {
    group.isQuiet = args[0]!.key.toLowerCase() === 'none';
  },
  'process-append-thread': (group, ids) =>
    group.forEach(ids, 'processing append thread', (member) => group.processAppend(member)),
  'process-apply-thread': (group, ids) =>
    group.forEach(ids, 'processing apply thread', (member) => group.processApply(member)),
  'process-ready': (group, ids) => group.forEach(ids, 'handling Ready', (member) => group.processReady(member)),
  propose: (group, [id], { args }) => group.propose(id!, args[1]!.key),
  'propose-conf-change': (group, [id], { args, input }) => {
    const transition = (values(args, 'transition')[0] ?? 'auto') as Transition;
    const change: MembershipChange = { transition, changes: parseChanges(input), context: new Uint8Array(0) };
    if (flag(args, 'v1')) markOlder(change);
    group.proposeChange(id!, change);
  },
  'raft-log': (group, [id]) => group.printLog(id!),
  'raft-state': (group) => group.printStates(),
  'report-unreachable': (group, [id, other]) => group.member(id!).node.reportUnreachable(raftId(other!)),
  'send-snapshot': (group, [from, to]) => group.sendSnapshot(from!, to!),
  'set-randomized-election-timeout': (group, [id], { args }) => {
    group.member(id!).node.core.electionTimeoutTicks = numbers(args, 'timeout')[0]!;
  },
  stabilize: (group, ids, { args }) => {
    const isQuiet = values(args, 'log-level').some((level) => level.toLowerCase() === 'none');
    const before = group.isQuiet;
    group.isQuiet ||= isQuiet;
    group.stabilize(ids);
    group.isQuiet = before;
  },
  status: (group, [id]) => group.printStatus(id!),
  'tick-election': (group, [id]) => tick(group, id!, 'electionTicks'),
  'tick-heartbeat': (group, [id]) => tick(group, id!, 'heartbeatTicks'),
  'transfer-leadership': (group, _ids, { args }) => {
    group.member(numbers(args, 'from')[0]!).node.transferLeadership(raftId(numbers(args, 'to')[0]!));
  },
};

function tick(group: Group, id: number, interval: 'electionTicks' | 'heartbeatTicks'): void {
  const { node } = group.member(id);
  for (let ticks = node.core.options[interval]; ticks > 0; ticks--) node.tick();
}

function firstSnapshot(args: readonly Argument[], index: number): Snapshot {
  return {
    id: { term: 1, index },
    membership: {
      ...EMPTY_MEMBERSHIP,
      voters: numbers(args, 'voters').map(raftId),
      learners: numbers(args, 'learners').map(raftId),
    },
    data: Buffer.from(values(args, 'content')[0] ?? ''),
  };
}

function optionsOf(args: readonly Argument[]): Partial<RaftOptions> {
  const inFlightCountMax = numbers(args, 'inflight')[0];
  const applyingBytesMax = numbers(args, 'max-committed-size-per-ready')[0];
  return {
    hasPreVote: flag(args, 'prevote'),
    checksQuorum: flag(args, 'checkquorum'),
    validatesChanges: !flag(args, 'disable-conf-change-validation'),
    stepsDownOnRemoval: flag(args, 'step-down-on-removal'),
    readMode: values(args, 'read-only')[0] === 'lease-based' ? 'lease' : 'quorum',
    ...(inFlightCountMax === undefined ? {} : { inFlightCountMax }),
    ...(applyingBytesMax === undefined ? {} : { applyingBytesMax }),
  };
}
