/** The notation of the transcript: commands to a group, and what its members want done. */
import { bytesOfByteText, defined, unreachable } from '../base/index.ts';
import { entryText, membershipOf, TestGroup, TestMember, type TestOptions } from './group-fixture.ts';
import {
  type Append,
  type EntryId,
  isJoint,
  type MemberChange,
  type MembershipState,
  type Message,
  type RaftId,
  raftId,
  type Ready,
  type Transition,
} from './index.ts';

type Words = readonly string[];
type Command = (words: Words) => readonly string[];

const CHANGE_KINDS: Readonly<Record<string, MemberChange['kind']>> = {
  '+': 'add-voter',
  '~': 'add-learner',
  '-': 'remove',
};
const SWITCHES: Readonly<Record<string, TestOptions>> = {
  'pre-vote': { hasPreVote: true },
  'checks-quorum': { checksQuorum: true },
  lease: { checksQuorum: true, readMode: 'lease' },
  'steps-down': { stepsDownOnRemoval: true },
  'no-forwarding': { forwardsProposals: false },
  'applies-unstable': { appliesUnstable: true },
};

/** Plays commands on one group after the other. */
export class Transcript {
  #group = TestGroup.create([1]);
  #options: TestOptions = {};
  readonly #commands: Readonly<Record<string, Command>> = {
    group: (words) => this.#create(words),
    join: (words) => this.#join(words),
    restart: ([id]) => this.#silently(() => this.#group.member(Number(id)).restart()),
    tick: ([id, count]) => this.#silently(() => this.#group.tick(Number(id), Number(count ?? 1))),
    campaign: ([id]) => this.#silently(() => this.#group.node(Number(id)).campaign()),
    propose: ([id, ...texts]) => this.#propose(Number(id), texts),
    change: ([id, transition, ...changes]) => this.#change(Number(id), transition as Transition, changes),
    read: ([id, requestId]) => resultLines(this.#group.node(Number(id)).readIndex(Number(requestId))),
    transfer: ([id, to]) => this.#silently(() => this.#group.node(Number(id)).transferLeadership(raftId(Number(to)))),
    forget: ([id]) => this.#silently(() => this.#group.node(Number(id)).forgetLeader()),
    unreachable: ([id, to]) => this.#silently(() => this.#group.node(Number(id)).reportUnreachable(raftId(Number(to)))),
    'snapshot-ended': ([id, to, result]) =>
      this.#silently(() => this.#group.node(Number(id)).reportSnapshot(raftId(Number(to)), result === 'well')),
    compact: ([id, kept]) => this.#silently(() => this.#group.member(Number(id)).compact(Number(kept ?? 0))),
    isolate: (ids) => this.#silently(() => ids.forEach((id) => this.#group.isolated.add(raftId(Number(id))))),
    connect: (ids) => this.#silently(() => ids.forEach((id) => this.#group.isolated.delete(raftId(Number(id))))),
    ready: ([id]) => this.#ready(Number(id)),
    written: ([id]) => this.#written(Number(id)),
    apply: ([id]) => this.#apply(Number(id)),
    deliver: ([way]) => this.#deliver(way ?? '*>*', true),
    lose: ([way]) => this.#deliver(way ?? '*>*', false),
    settle: () => this.#settle(),
    state: (ids) => this.#state(ids),
    log: ([id]) => this.#log(Number(id)),
    progress: ([id]) => this.#progress(Number(id)),
  };

  play(line: string): readonly string[] {
    const [name = '', ...words] = line.split(' ');
    return defined(this.#commands[name], `command ${name}`)(words);
  }

  #silently(action: () => void): Words {
    action();
    return [];
  }

  /** `group 1 2 3 learners=4 pre-vote in-flight=2 message-bytes=40` */
  #create(words: Words): Words {
    const values = new Map(
      words.filter((word) => word.includes('=')).map((word) => word.split('=') as [string, string]),
    );
    const voters = words.filter((word) => /^\d+$/.test(word)).map(Number);
    const learners = (values.get('learners') ?? '').split(',').filter(Boolean).map(Number);
    const number = (name: string): number => Number(values.get(name) ?? Infinity);
    this.#options = {
      ...Object.assign({}, ...words.map((word) => SWITCHES[word] ?? {})),
      inFlightCountMax: number('in-flight'),
      messageBytesMax: number('message-bytes'),
      uncommittedBytesMax: number('uncommitted-bytes'),
      applyingBytesMax: number('applying-bytes'),
      heartbeatTicks: Number(values.get('heartbeat') ?? 1),
    };
    this.#group = TestGroup.create(voters, this.#options, learners);
    return [];
  }

  /** Members that know of nobody. */
  #join(ids: Words): Words {
    for (const id of ids.map(Number)) {
      this.#group.members.set(raftId(id), new TestMember(id, membershipOf([]), this.#options));
    }
    return [];
  }

  #propose(id: number, texts: Words): Words {
    const payloads = texts.map((text) => ({ kind: 'data', data: bytesOfByteText(text) }) as const);
    return resultLines(this.#group.node(id).propose(payloads));
  }

  #change(id: number, transition: Transition, words: Words): Words {
    const node = this.#group.node(id);
    const changes = words.map((word): MemberChange => {
      return { kind: defined(CHANGE_KINDS[word[0]!], 'change'), id: raftId(Number(word.slice(1))) };
    });
    const change = { transition, changes, context: new Uint8Array(0) };
    const refusal = node.changeRefusal(change);
    const lines = resultLines(node.propose([{ kind: 'membership', change }]));
    return refusal === null ? lines : [`refused: ${refusal}`, ...lines];
  }

  #ready(id: number): Words {
    const ready = this.#group.member(id).take();
    this.#group.send(ready.messages);
    const lines = describeReady(ready);
    return lines.length === 0 ? ['nothing'] : lines;
  }

  #written(id: number): Words {
    const member = this.#group.member(id);
    if (member.writes.length === 0) return ['nothing'];
    const messages = member.finishWrite();
    this.#group.send(messages);
    return messages.map(describeMessage);
  }

  #apply(id: number): Words {
    const member = this.#group.member(id);
    const before = member.state.membership;
    member.applyNext();
    const { last, membership } = member.state;
    return [`applied ${last.index}`, ...(membership === before ? [] : [describeMembership(membership)])];
  }

  #deliver(way: string, isDelivered: boolean): Words {
    const [from, to] = way.split('>');
    const matches = (id: RaftId, pattern: string | undefined): boolean => pattern === '*' || id === Number(pattern);
    const isMeant = (message: Message): boolean => matches(message.from, from) && matches(message.to, to);
    const messages = this.#group.inFlight.filter(isMeant);
    this.#group.inFlight = this.#group.inFlight.filter((message) => !isMeant(message));
    if (isDelivered) for (const message of messages) this.#group.deliver(message);
    return messages.map(describeMessage);
  }

  /** Until nothing happens any more; only who leads, and what answers reads, is told. */
  #settle(): Words {
    const members = [...this.#group.members.values()];
    this.#group.settle();
    const answers = members.flatMap(({ id, reads }) =>
      reads.map((read) => `${id}: read ${read.requestId} at ${read.index}`),
    );
    for (const member of members) member.reads = [];
    return answers;
  }

  #state(ids: Words): Words {
    const members = [...this.#group.members.values()].filter(({ id }) => ids.length === 0 || ids.includes(String(id)));
    return members.map(({ id, node, state }) => {
      const { term, role, leader, committed, applied, firstIndex, lastIndex, membership, transferee } = node.status();
      const log = `log ${firstIndex}..${lastIndex}, committed ${committed}, applied ${applied}`;
      const transfer = transferee === 0 ? '' : `, hands over to ${transferee}`;
      const where = `${role} of term ${term}, led by ${leader}${transfer}`;
      return `${id}: ${where}, ${log}, ${describeMembership(membership)}, digest ${state.digest.toString(36)}`;
    });
  }

  /** Behind the bar: what is not durable. */
  #log(id: number): Words {
    const { log } = this.#group.node(id).core;
    const entries = this.#group.log(id);
    const durableCount = log.unstable.offset - log.firstIndex();
    return [`${entries.slice(0, durableCount).join(', ')} | ${entries.slice(durableCount).join(', ')}`];
  }

  #progress(id: number): Words {
    return [...this.#group.node(id).core.tracker.members].map(([each, progress]) => {
      const { state, match, next, isPaused, isRecentlyActive, isLearner, inFlight, pendingSnapshotIndex } = progress;
      const notes = [
        ...(isLearner ? ['learner'] : []),
        ...(isPaused ? ['held'] : []),
        ...(isRecentlyActive ? [] : ['silent']),
        ...(inFlight.count > 0 ? [`${inFlight.count} in flight`] : []),
        ...(pendingSnapshotIndex > 0 ? [`snapshot of ${pendingSnapshotIndex}`] : []),
      ];
      return [`${each}: ${state}, has ${match}, next ${next}`, ...notes].join(', ');
    });
  }
}

function resultLines(result: 'done' | 'dropped'): Words {
  return result === 'done' ? [] : ['dropped'];
}

function describeReady({ standing, append, messages, committed, reads }: Ready): Words {
  return [
    ...(standing === null ? [] : [`is ${standing.role}, led by ${standing.leader}`]),
    ...(append === null ? [] : describeAppend(append)),
    ...messages.map(describeMessage),
    ...(committed.length === 0
      ? []
      : [`apply ${committed.map((entry) => `${entry.index}/${entryText(entry)}`).join(', ')}`]),
    ...reads.map(({ requestId, index }) => `read ${requestId} at ${index}`),
  ];
}

function describeAppend({ hardState, snapshot, entries, isSyncNeeded, messages, token }: Append): Words {
  const parts = [
    ...(hardState === null ? [] : [`term ${hardState.term}, vote ${hardState.vote}, commit ${hardState.commit}`]),
    ...(snapshot === null ? [] : [`snapshot ${describeId(snapshot.id)} of ${describeMembership(snapshot.membership)}`]),
    ...entries.map((entry) => `${entry.index}/${entryText(entry)}`),
  ];
  const counted = token.own.map(({ kind }) => `own ${kind}`);
  const after = [...counted, ...messages.map(describeMessage)].map((each) => `  then ${each}`);
  return [`write${isSyncNeeded ? ' and sync' : ''}: ${parts.join('; ')}`, ...after];
}

function describeMessage(message: Message): string {
  const head = `${message.from}>${message.to}${'term' in message ? ` [${message.term}]` : ''} ${message.kind}`;
  switch (message.kind) {
    case 'vote-request':
    case 'pre-vote-request':
      return `${head}: log ends with ${describeId(message.last)}${message.isTransfer ? ', for a transfer' : ''}`;
    case 'vote-response':
    case 'pre-vote-response':
      return `${head}: ${message.isGranted ? 'yes' : 'no'}`;
    case 'append-request': {
      const entries = message.entries.map((entry) => `${entry.index}/${entryText(entry)}`).join(', ');
      return `${head}: behind ${describeId(message.previous)} [${entries}], committed ${message.commit}`;
    }
    case 'append-response': {
      const { index, rejection } = message;
      return rejection === null ? `${head}: has ${index}` : `${head}: not ${index}, at most ${describeId(rejection)}`;
    }
    case 'heartbeat-request':
      return `${head}: committed ${message.commit}${message.readPosition === 0 ? '' : `, reads ${message.readPosition}`}`;
    case 'heartbeat-response':
      return `${head}${message.readPosition === 0 ? '' : `: reads ${message.readPosition}`}`;
    case 'snapshot-request':
      return `${head}: ${describeId(message.snapshot.id)} of ${describeMembership(message.snapshot.membership)}`;
    case 'proposal-request':
      return `${head}: ${message.payloads.map((payload) => entryText({ term: 0, index: 0, payload })).join(', ')}`;
    case 'read-index-request':
      return `${head}: ${message.requestId}`;
    case 'read-index-response':
      return `${head}: ${message.requestId} at ${message.index}`;
    case 'transfer-request':
      return `${head}: to ${message.transferee}`;
    case 'timeout-now':
      return head;
    default:
      return unreachable(message);
  }
}

function describeId({ term, index }: EntryId): string {
  return `${index} of term ${term}`;
}

/** `{1 2 | 1 3} learners 4, next 3, leaves` is joint: the new voters, and behind the bar the old ones. */
function describeMembership(membership: MembershipState): string {
  const { voters, outgoing, learners, nextLearners, leavesByItself } = membership;
  const old = isJoint(membership) ? ` | ${outgoing.join(' ')}` : '';
  const notes = [
    ...(learners.length === 0 ? [] : [`learners ${learners.join(' ')}`]),
    ...(nextLearners.length === 0 ? [] : [`later ${nextLearners.join(' ')}`]),
    ...(leavesByItself ? ['leaves by itself'] : []),
  ];
  return [`{${voters.join(' ')}${old}}`, ...notes].join(' ');
}
