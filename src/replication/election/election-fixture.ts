/** Inputs and effects of an election as lines of text: the language of the transcripts. For tests. */
import { type BoxError, unreachable } from '../../base/index.ts';
import { ELECTION_STATE, type RaftMessage } from '../../codec/iproto/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import type { Election, ElectionEffect, ElectionInput, ElectionMode, ElectionOptions, FencingMode } from './index.ts';

const STATE_NAMES = ['none', 'follower', 'candidate', 'leader'];
const NOTHING: RaftMessage = { term: 0, vote: 0, state: 0, vclock: null, leaderId: 0, isLeaderSeen: false };

/** `key=value` words. */
export function wordsToMap(words: readonly string[]): ReadonlyMap<string, string> {
  return new Map(words.map((word) => word.split('=') as [string, string]));
}

export function parseOptions(words: readonly string[]): ElectionOptions {
  const values = wordsToMap(words);
  return {
    mode: (values.get('mode') ?? 'candidate') as ElectionMode,
    fencing: (values.get('fencing') ?? 'soft') as FencingMode,
    electionTimeoutMs: Number(values.get('election') ?? 5000),
    replicationTimeoutMs: Number(values.get('replication') ?? 1000),
  };
}

export function parseInput(words: readonly string[]): ElectionInput {
  const [kind = '', ...rest] = words;
  const numbers = rest.map(Number);
  switch (kind) {
    case 'start':
    case 'persisted':
    case 'promote':
    case 'resign':
      return { kind };
    case 'timer':
      return { kind: 'timerFired' };
    case 'raise-term':
      return { kind: 'raiseTerm' };
    case 'configure':
      return { kind: 'configure', options: parseOptions(rest) };
    case 'from':
      return { kind: 'message', from: numbers[0] ?? NaN, message: parseMessage(rest.slice(1)) };
    case 'heard':
      return { kind: 'heard', from: numbers[0] ?? NaN };
    case 'vclock':
      return { kind: 'vclockChanged', vclock: parseVclock(rest.join()) };
    case 'peers':
      return { kind: 'peersChanged', connectedIds: numbers };
    case 'quorum':
      return { kind: 'quorumChanged', quorum: numbers[0] ?? NaN, replicaCount: numbers[1] ?? NaN };
    case 'can-lead':
      return { kind: 'readinessChanged', canLead: rest[0] === 'yes' };
    default:
      throw new Error(`no such input: ${words.join(' ')}`);
  }
}

export function formatEffect(effect: ElectionEffect): string {
  switch (effect.kind) {
    case 'persist':
      return `persist term ${effect.term}, vote ${effect.vote}`;
    case 'broadcast':
      return `broadcast ${formatMessage(effect.message)}`;
    case 'setTimer':
      return `timer in ${effect.afterMs}`;
    case 'clearTimer':
      return 'no timer';
    case 'termBegan':
      return `term ${effect.term} began`;
    case 'leaderChanged':
      return effect.leaderId === 0 ? 'no leader' : `leader ${effect.leaderId}`;
    case 'becameLeader':
      return `became leader in term ${effect.term}`;
    case 'steppedDown':
      return `stepped down in term ${effect.term}: ${effect.reason}`;
    case 'readOnlyChanged':
      return effect.isReadOnly ? 'read-only' : 'not read-only';
    case 'promoteDone':
      return `promote: ${effect.error === null ? 'done' : formatError(effect.error)}`;
    case 'messageRefused':
      return `refused from ${effect.from}: ${formatError(effect.error)}`;
    case 'conflictingLeader':
      return `conflict of leaders ${effect.knownId} and ${effect.otherId}`;
    default:
      return unreachable(effect);
  }
}

export function formatState(election: Election): string {
  const { term, vote } = election.persisted;
  const role = STATE_NAMES[election.state] ?? '?';
  return `${role}, term ${election.term}, leader ${election.leaderId}, on disk term ${term}, vote ${vote}`;
}

function formatMessage(message: RaftMessage): string {
  const { term, vote, state, leaderId, isLeaderSeen, vclock } = message;
  const words = [`term=${term}`, `state=${STATE_NAMES[state] ?? state}`];
  if (vote !== 0) words.push(`vote=${vote}`);
  if (leaderId !== 0) words.push(`leader=${leaderId}`);
  if (isLeaderSeen) words.push('seen=yes');
  if (vclock !== null) words.push(`vclock=${vclock.slice(1).join()}`);
  return words.join(' ');
}

/** As `formatMessage` writes it; a state may be a number, too. */
function parseMessage(words: readonly string[]): RaftMessage {
  const values = wordsToMap(words);
  const state = values.get('state') ?? 'follower';
  const vclock = values.get('vclock');
  return {
    ...NOTHING,
    term: Number(values.get('term') ?? 0),
    vote: Number(values.get('vote') ?? 0),
    state: ELECTION_STATE[state as keyof typeof ELECTION_STATE] ?? Number(state),
    leaderId: Number(values.get('leader') ?? 0),
    isLeaderSeen: values.get('seen') === 'yes',
    vclock: vclock === undefined ? null : parseVclock(vclock),
  };
}

/** The LSNs of the instances 1, 2 and so on. */
function parseVclock(text: string): Vclock {
  return [0, ...text.split(',').map(Number)];
}

function formatError(error: BoxError): string {
  return `${error.code} ${error.message}`;
}
