/** Inputs and effects of the queue as lines of text: the language of the transcripts. For tests. */
import { type BoxError, unreachable } from '../../base/index.ts';
import type { SynchroRow } from '../../codec/iproto/index.ts';
import type { Admission, Limbo, LimboEffect, LimboEntry, LimboInput, LimboOptions } from './index.ts';

/** `key=value` words. */
export function parseOptions(words: readonly string[]): LimboOptions {
  const values = new Map(words.map((word) => word.split('=') as [string, string]));
  return {
    selfId: Number(values.get('self') ?? 1),
    ownership: values.get('ownership') === 'implicit' ? 'implicit' : 'promoted',
    quorum: Number(values.get('quorum') ?? 2),
    timeoutMs: Number(values.get('timeout') ?? 5000),
    entriesMax: Number(values.get('max') ?? 100),
  };
}

export function parseInput(words: readonly string[]): LimboInput {
  const [kind = '', first = '', ...rest] = words;
  switch (kind) {
    case 'append':
      return { kind: 'appended', entry: { ...transaction(first), isSync: rest[0] !== 'async' } };
    case 'written':
      return { kind: 'written', ...transaction(first) };
    case 'failed':
      return { kind: 'writeFailed', ...transaction(first) };
    case 'ack':
      return { kind: 'acked', replicaId: Number(first), vclock: vclock(rest) };
    case 'replicas':
      return { kind: 'replicasChanged', replicaIds: words.slice(1).map(Number) };
    case 'configure':
      return { kind: 'configured', quorum: Number(first), timeoutMs: Number(rest[0]) };
    case 'tick':
      return { kind: 'tick' };
    case 'row':
      return { kind: 'rowReceived', id: Number(first), originId: Number(rest[0]), row: row(rest.slice(1)) };
    case 'row-written':
      return { kind: 'rowWritten', id: Number(first) };
    case 'row-failed':
      return { kind: 'rowWriteFailed', id: Number(first) };
    case 'recovered':
      return { kind: 'rowRecovered', originId: Number(first), row: row(rest) };
    case 'recovery-finished':
      return { kind: 'recoveryFinished', ownVclock: vclock(words.slice(1)) };
    case 'own-written':
      return { kind: 'ownRowWritten' };
    case 'own-failed':
      return { kind: 'ownRowWriteFailed' };
    case 'promote':
    case 'demote':
      return { kind, term: Number(first), timeoutMs: rest[0] === undefined ? null : Number(rest[0]) };
    case 'clear':
      return { kind: 'clearQueue' };
    case 'election-term':
      return { kind: 'electionTermChanged', term: Number(first) };
    case 'fenced':
      return { kind: 'fenced', term: Number(first) };
    default:
      throw new Error(`no such input: ${words.join(' ')}`);
  }
}

export function formatEffect(effect: LimboEffect): string {
  switch (effect.kind) {
    case 'completed':
      return `completed ${formatEntry(effect.entry)}`;
    case 'rolledBack':
      return `rolled back ${formatEntry(effect.entry)}: ${formatError(effect.error)}`;
    case 'writeRow':
      return `write ${formatRow(effect.row)}`;
    case 'rowAccepted':
      return `row ${effect.id} accepted`;
    case 'rowRefused':
      return `row ${effect.id} refused: ${formatError(effect.error)}`;
    case 'transferDone':
      return `${effect.transfer} in term ${effect.term}: ${effect.error === null ? 'done' : formatError(effect.error)}`;
    case 'clearDone':
      return `clear: ${effect.error === null ? 'done' : formatError(effect.error)}`;
    case 'barrierChanged':
      return `barrier ${effect.barrier}, owner ${effect.ownerId}`;
    default:
      return unreachable(effect);
  }
}

export function formatAdmission(admission: Admission): string {
  return admission.kind === 'refused' ? `refused: ${formatError(admission.error)}` : admission.kind;
}

export function formatState(limbo: Limbo): string {
  const entries = limbo.entries.map(formatEntry).join(', ');
  return `owner ${limbo.ownerId}, term ${limbo.term}, confirmed ${limbo.confirmedLsn}, entries [${entries}]`;
}

export function formatRow(row: SynchroRow): string {
  const term = 'term' in row ? ` term ${row.term}` : '';
  const confirmed = 'term' in row && row.confirmedVclock !== null ? ` confirmed ${row.confirmedVclock.join()}` : '';
  return `${row.kind.toUpperCase()} ${row.ownerId}:${row.lsn}${term}${confirmed}`;
}

function formatEntry({ originId, lsn, isSync }: LimboEntry): string {
  return `${originId}:${lsn}${isSync ? '' : ' async'}`;
}

function formatError(error: BoxError): string {
  return `${error.code} ${error.message}`;
}

/** `1:10`: of instance 1, LSN 10. */
function transaction(text: string): { originId: number; lsn: number } {
  const [originId = NaN, lsn = NaN] = text.split(':').map(Number);
  return { originId, lsn };
}

/** `1:10 2:3`. */
function vclock(words: readonly string[]): number[] {
  const components: number[] = [];
  for (const { originId, lsn } of words.map(transaction)) {
    while (components.length <= originId) components.push(0);
    components[originId] = lsn;
  }
  return components;
}

/** `CONFIRM 1:10`, `PROMOTE 1:10 3`: of the owner's LSN, in the term. */
function row([name = '', range = '', term]: readonly string[]): SynchroRow {
  const { originId: ownerId, lsn } = transaction(range);
  const kind = name.toLowerCase();
  if (kind === 'confirm' || kind === 'rollback') return { kind, ownerId, lsn };
  if (kind === 'promote' || kind === 'demote') return { kind, ownerId, lsn, term: Number(term), confirmedVclock: null };
  throw new Error(`no such row: ${name}`);
}
