/** What one member has to write and to apply, each in order, and what is sent when it is done. */
import type { AppendToken, Append, Entry, Message, RaftId, RaftNode } from '../../../src/raft/index.ts';
import type { Member } from './member.ts';
import { describeFields, describeMessage, describeWork, typeName } from './notation.ts';

/** Something on its way, as it is printed. */
export type ThreadResponse = Readonly<{
  from: RaftId;
  to: RaftId;
  /** Of another member, and counts only if that one belongs to the group. */
  isAnswer: boolean;
  type: string;
  text: string;
  /** Cannot get lost. */
  isLocal: boolean;
  deliver: (member: Member) => ReturnType<RaftNode['step']>;
}>;

export type Work = Readonly<{ text: string; fullText: string; responses: readonly ThreadResponse[]; run: () => void }>;

const ANSWERS: readonly Message['kind'][] = [
  'vote-response',
  'pre-vote-response',
  'append-response',
  'heartbeat-response',
];

export function onItsWay(message: Message): ThreadResponse {
  return {
    from: message.from,
    to: message.to,
    isAnswer: ANSWERS.includes(message.kind),
    type: typeName(message),
    text: describeMessage(message),
    isLocal: false,
    deliver: ({ node }) => node.step(message),
  };
}

export function appendWork(member: Member, append: Append): Work {
  const { hardState, entries, snapshot, token } = append;
  const text = describeFields({
    from: String(member.id),
    to: 'AppendThread',
    type: 'MsgStorageAppend',
    entries,
    snapshot,
    ...(hardState ?? {}),
  });
  const responses = [...token.own.map((own) => ownAnswer(token, own)), ...append.messages.map(onItsWay)];
  if (token.last !== null || token.snapshotIndex !== null) responses.push(durable(member.id, append));
  return { text, fullText: describeWork(text, responses), responses, run: () => member.write(append) };
}

export function applyWork(member: Member, entries: readonly Entry[]): Work {
  const from = String(member.id);
  const text = describeFields({ from, to: 'ApplyThread', type: 'MsgStorageApply', entries });
  const response: ThreadResponse = {
    from: member.id,
    to: member.id,
    isAnswer: false,
    type: 'MsgStorageApplyResp',
    text: describeFields({ from: 'ApplyThread', to: from, type: 'MsgStorageApplyResp', entries }),
    isLocal: true,
    deliver: ({ node }) => {
      node.applied(entries.at(-1)!.index);
      return 'done';
    },
  };
  return { text, fullText: describeWork(text, [response]), responses: [response], run: () => member.apply(entries) };
}

/** Of what is durable, an own vote or acknowledgement alone. */
function ownAnswer(token: AppendToken, own: AppendToken['own'][number]): ThreadResponse {
  return {
    ...onItsWay(own),
    isAnswer: false,
    isLocal: true,
    deliver: ({ node }) => {
      node.appended({ ...token, last: null, snapshotIndex: null, own: [own] });
      return 'done';
    },
  };
}

function durable(id: RaftId, { token, snapshot }: Append): ThreadResponse {
  const { term, last } = token;
  const type = 'MsgStorageAppendResp';
  const log = last === null ? {} : { log: last };
  return {
    from: id,
    to: id,
    isAnswer: false,
    type,
    text: describeFields({ from: 'AppendThread', to: String(id), type, term, snapshot, ...log }),
    isLocal: true,
    deliver: ({ node }) => {
      node.appended({ ...token, own: [] });
      return 'done';
    },
  };
}
