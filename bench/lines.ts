/** The lines of the benchmark: what is measured, in which shape, and which goal it has. */
import { GUARDED_SPACE, PLAIN_SPACE, RANGED_SPACE } from './control.ts';
import type { Operation } from './requests.ts';

export type Shape = Readonly<{ connections: number; depth: number }>;

/**
 * The ratio ours / peer that a line must reach, or must not exceed where less is better; or what our own figure must stay
 * below, whatever the peer's is.
 */
export type Goal = Readonly<{ atLeast: number }> | Readonly<{ atMost: number }> | Readonly<{ oursBelow: number }>;

export type Table = 'open' | 'rights';

export type LoadLine = Readonly<{
  name: string;
  table: Table;
  operation: Operation;
  spaceId: number;
  fields: 2 | 3;
  shape: Shape;
  goal: Goal | null;
}>;

export const COST_NAMES = ['memory', 'snapshot', 'snapshot-peak', 'restart'] as const;
export type CostName = (typeof COST_NAMES)[number];

/** Goals of the lines where less is better. */
export const COST_GOALS: Readonly<Record<CostName, Goal | null>> = {
  memory: { atMost: 1.2 },
  snapshot: { atMost: 1.2 },
  'snapshot-peak': { atMost: 1.2 },
  restart: { atMost: 1.2 },
};

const PIPELINED: Shape = { connections: 4, depth: 1000 };
const LONG_REPLIES: Shape = { connections: 4, depth: 100 };
const MANY: Shape = { connections: 50, depth: 1 };
const SINGLE: Shape = { connections: 1, depth: 1 };

type Entry = readonly [operation: Operation, shape: Shape, goal: Goal | null];

const ENTRIES: readonly Entry[] = [
  ['select', PIPELINED, { atLeast: 1.2 }],
  ['replace', PIPELINED, { atLeast: 1.8 }],
  ['update', PIPELINED, { atLeast: 1.3 }],
  ['upsert', PIPELINED, { atLeast: 1.3 }],
  ['delete-insert', PIPELINED, { atLeast: 1.3 }],
  ['range', LONG_REPLIES, { atLeast: 1.0 }],
  ['select', MANY, { atLeast: 0.75 }],
  ['replace', MANY, { atLeast: 0.75 }],
  ['select', SINGLE, { atLeast: 1.0 }],
  ['call', PIPELINED, { atLeast: 1.0 }],
];

/** Lua on both sides; as guest only, for EVAL asks for rights that users are seldom given. */
const LUA_ENTRIES: readonly Entry[] = [
  ['eval', PIPELINED, { atLeast: 0.7 }],
  ['call-lua', PIPELINED, { atLeast: 0.7 }],
];

function line(table: Table, [operation, shape, goal]: Entry): LoadLine {
  const name = `${operation}-${shape.connections}x${shape.depth}`;
  if (table === 'rights') {
    return { name: `rights-${name}`, table, operation, shape, goal, spaceId: GUARDED_SPACE, fields: 3 };
  }
  const ranged = operation === 'range';
  return { name, table, operation, shape, goal, spaceId: ranged ? RANGED_SPACE : PLAIN_SPACE, fields: ranged ? 3 : 2 };
}

export const LOAD_LINES: readonly LoadLine[] = [
  ...[...ENTRIES, ...LUA_ENTRIES].map((entry) => line('open', entry)),
  ...ENTRIES.map((entry) => line('rights', entry)),
];

/** A line by its name; throws if there is none. */
export function loadLine(name: string): LoadLine {
  const found = LOAD_LINES.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`there is no line ${name}`);
  return found;
}

/** The shapes of all lines, each once, for measuring the client's own limit. */
export const SHAPES: readonly Shape[] = [PIPELINED, MANY, SINGLE];

export function writes(operation: Operation): boolean {
  return !['select', 'range', 'call', 'eval'].includes(operation);
}
