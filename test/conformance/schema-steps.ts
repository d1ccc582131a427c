/** DDL as the protocol has it: inserts into the system spaces. */
import type { Value } from '../../src/codec/msgpack/index.ts';
import { insert, type Send } from './steps.ts';

export const SYSTEM = {
  schema: 272,
  collation: 276,
  space: 280,
  vspace: 281,
  sequence: 284,
  sequenceData: 285,
  index: 288,
  vindex: 289,
  func: 296,
  user: 304,
  priv: 312,
  cluster: 320,
  trigger: 328,
  truncate: 330,
  spaceSequence: 340,
  fkConstraint: 356,
  ckConstraint: 364,
  funcIndex: 372,
  sessionSettings: 380,
} as const;

export const ADMIN = 1;

/** Bits of the rights in `_priv`. */
export const RIGHT = {
  read: 1,
  write: 2,
  execute: 4,
  session: 8,
  usage: 16,
  create: 32,
  drop: 64,
  alter: 128,
} as const;

type SpaceOptions = Readonly<{
  owner?: number;
  engine?: string;
  fieldCount?: number;
  flags?: { readonly [key: string]: Value };
  format?: readonly Value[];
}>;

export function space(id: number, name: string, options: SpaceOptions = {}): Send {
  return insert(SYSTEM.space, [
    id,
    options.owner ?? ADMIN,
    name,
    options.engine ?? 'memtx',
    options.fieldCount ?? 0,
    options.flags ?? {},
    options.format ?? [],
  ]);
}

type Options = { readonly [key: string]: Value };

export function index(
  spaceId: number,
  id: number,
  name: string,
  parts: readonly Value[],
  type = 'tree',
  options: Options = { unique: true },
): Send {
  return insert(SYSTEM.index, [spaceId, id, name, type, options, parts]);
}

/** A space with a primary TREE index over its first, unsigned field. */
export function spaceWithPrimary(id: number, name: string, options: SpaceOptions = {}): readonly Send[] {
  return [space(id, name, options), index(id, 0, 'pk', [[0, 'unsigned']])];
}

/** A Lua function as `_func` holds it in 2.6. */
export function func(
  id: number,
  name: string,
  options: Readonly<{
    owner?: number;
    setuid?: number;
    language?: string;
    body?: string;
    deterministic?: boolean;
    sandboxed?: boolean;
    options?: Options;
  }> = {},
): Send {
  return insert(SYSTEM.func, [
    id,
    options.owner ?? ADMIN,
    name,
    options.setuid ?? 0,
    options.language ?? 'LUA',
    options.body ?? '',
    'function',
    [],
    'any',
    'none',
    'none',
    options.deterministic ?? false,
    options.sandboxed ?? false,
    true,
    ['LUA'],
    options.options ?? {},
    '',
    '2020-01-01 00:00:00',
    '2020-01-01 00:00:00',
  ]);
}

export function user(id: number, name: string, authentication: Value = {}, type = 'user', owner = ADMIN): Send {
  return insert(SYSTEM.user, [id, owner, name, type, authentication]);
}

export function grant(grantee: number, type: string, object: Value, rights: number, grantor = ADMIN): Send {
  return insert(SYSTEM.priv, [grantor, grantee, type, object, rights]);
}

export function sequence(
  id: number,
  name: string,
  options: Readonly<{
    owner?: number;
    step?: Value;
    min?: Value;
    max?: Value;
    start?: Value;
    cache?: Value;
    cycle?: Value;
  }> = {},
): Send {
  return insert(SYSTEM.sequence, [
    id,
    options.owner ?? ADMIN,
    name,
    options.step ?? 1,
    options.min ?? 1,
    options.max ?? 9223372036854775807n,
    options.start ?? 1,
    options.cache ?? 0,
    options.cycle ?? false,
  ]);
}
