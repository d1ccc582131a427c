/**
 * What one client knows of its own rows, as values that can be compared: a state holds the rows of the client's keys,
 * an operation is a function from state to state and reply.
 */
import type { Value } from '../../../src/codec/msgpack/index.ts';
import { valueText } from '../common/value-text.ts';

export type Row = readonly Value[];
/** Rows by `space:id`. */
export type State = ReadonlyMap<string, Row>;

export type Outcome = Readonly<{
  state: State;
  /** What the server answers, as `replyText` writes it. */
  reply: string;
}>;

/** What a request does. `null`: it cannot have been executed in this state. */
export type Effect = (state: State) => Outcome | null;

export const EMPTY_STATE: State = new Map();

export function rowKey(space: number, id: number): string {
  return `${space}:${id}`;
}

export function withRow(state: State, key: string, row: Row | null): State {
  const next = new Map(state);
  if (row === null) next.delete(key);
  else next.set(key, row);
  return next;
}

/** Equal for equal states, whatever the order in which rows came. */
export function stateText(state: State): string {
  const entries = [...state].sort(([left], [right]) => (left < right ? -1 : 1));
  return valueText(entries);
}

export function replyText(rows: readonly Row[]): string {
  return valueText(rows);
}

export function errorReply(code: number): string {
  return `error ${code}`;
}
