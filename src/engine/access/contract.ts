/** What the rest of the engine sees of users and rights; `access-control.ts` implements it over `_user` and `_priv`. */
import type { UserId } from '../../base/index.ts';
import type { Rights } from './rights.ts';

/** Bits of `_priv.privilege`. */
export const PRIVILEGE = {
  read: 1,
  write: 2,
  execute: 4,
  session: 8,
  usage: 16,
  create: 32,
  drop: 64,
  alter: 128,
  reference: 256,
  trigger: 512,
  insert: 1024,
  update: 2048,
  delete: 4096,
  grant: 8192,
  revoke: 16384,
  all: 0xffffffff,
} as const;
export type Privilege = (typeof PRIVILEGE)[keyof typeof PRIVILEGE];

/** The bits of `_priv.privilege` that mean something; the others are stored and ignored. */
export const PRIVILEGE_MASK = 0xffff;

export const USER_ID = { guest: 0, admin: 1, publicRole: 2, replicationRole: 3, superRole: 31 } as const;

/** Users and roles together. */
export const USER_COUNT_MAX = 32;

/**
 * Who acts. One object per user, shared by its sessions and kept up by changes of `_user` and `_priv`, so that a check
 * is a look at bits. That of a user who has been dropped stays with its sessions and allows nothing.
 */
export interface Credentials {
  readonly userId: UserId;
  readonly userName: string;
  /** What the user may do with everything (object type 'universe'), roles included. */
  readonly universe: number;
  /** What the user may do with single objects and classes of them, roles included. */
  readonly rights: Rights;
}

/**
 * Whom the instance trusts.
 * - stored: whom `_user` and `_priv` say, as Tarantool;
 * - open: guest has the role super besides, which no row says;
 * - closed: the user `pico_service`, whom no row says either, may do everything and its password is the cookie.
 */
export type Trust =
  Readonly<{ kind: 'stored' }> | Readonly<{ kind: 'open' }> | Readonly<{ kind: 'closed'; cookie: string }>;
