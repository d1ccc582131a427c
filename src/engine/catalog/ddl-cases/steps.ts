/** Statements on system spaces, as clients send them. */
import type { Value } from '../../../codec/msgpack/index.ts';
import { SYSTEM_SPACE as SYSTEM } from '../system-space-ids.ts';

/** An operation, the space, the row or key, and for updates the operations. */
export type DdlStep =
  | readonly ['insert' | 'replace' | 'delete', number, readonly Value[]]
  | readonly ['update', number, readonly Value[], readonly Value[]];
export type DdlCase = Readonly<{ name: string; steps: readonly DdlStep[] }>;

export const A = 600;
export const B = 601;

export function space(
  id: number,
  name: string,
  rest: Partial<Record<'engine' | 'count' | 'flags' | 'format', Value>> = {},
): DdlStep {
  const { engine = 'memtx', count = 0, flags = {}, format = [] } = rest;
  return ['insert', SYSTEM.space, [id, 1, name, engine, count, flags, format]];
}

export function index(
  spaceId: number,
  id: number,
  name: string,
  parts: Value,
  type = 'tree',
  options: Value = {},
): DdlStep {
  return ['insert', SYSTEM.index, [spaceId, id, name, type, options, parts]];
}

export function func(id: number, name: string, rest: Partial<Record<string, Value>> = {}): DdlStep {
  const row: Value[] = [
    id,
    1,
    name,
    0,
    'LUA',
    '',
    'function',
    [],
    'any',
    'none',
    'none',
    false,
    false,
    true,
    ['LUA'],
    {},
    '',
    '',
    '',
  ];
  for (const [field, value] of Object.entries(rest)) row[Number(field)] = value;
  return ['insert', SYSTEM.function, row];
}

export function sequence(id: number, name: string, rest: Partial<Record<string, Value>> = {}): DdlStep {
  const row: Value[] = [id, 1, name, 1, 1, 100, 1, 0, false];
  for (const [field, value] of Object.entries(rest)) row[Number(field)] = value;
  return ['insert', SYSTEM.sequence, row];
}

export const PRIMARY: Value = [[0, 'unsigned']];
export const withPrimary: readonly DdlStep[] = [space(A, 'a'), index(A, 0, 'pk', PRIMARY)];
export const filled: readonly DdlStep[] = [
  ...withPrimary,
  ['insert', A, [1, 'x', 5]],
  ['insert', A, [2, 'y', null]],
  ['insert', A, [3]],
];
