/** Requests by users, and what both servers can be asked for in the same words. */
import type { Value } from '../../src/codec/msgpack/index.ts';

export type Request =
  | Readonly<{ kind: 'insert' | 'replace'; spaceId: number; tuple: readonly Value[] }>
  | Readonly<{ kind: 'delete'; spaceId: number; key: readonly Value[] }>
  | Readonly<{ kind: 'select'; spaceId: number; key: readonly Value[]; indexId: number }>
  | Readonly<{ kind: 'call'; name: string }>
  | Readonly<{ kind: 'eval' }>
  | Readonly<{ kind: 'login'; name: string; body: LoginBody }>;

/** A password, or the array of AUTH as it is. */
export type LoginBody = Readonly<{ password: string }> | Readonly<{ raw: readonly Value[] }>;

/** `who` is the name of a connection, which begins as guest. */
export type Step = Readonly<{ who: string; request: Request }>;

/** What came of a request: the rows, or the error with its fields in their order. */
export type Outcome =
  | Readonly<{ rows: string }>
  | Readonly<{ code: number; message: string; type: string; fields: readonly (readonly [string, string])[] }>;

export interface RightsPeer {
  perform(step: Step): Promise<Outcome>;
  close(): Promise<void>;
}

export const SYSTEM = {
  space: 280,
  spaceView: 281,
  sequence: 284,
  sequenceView: 286,
  index: 288,
  indexView: 289,
  function: 296,
  functionView: 297,
  user: 304,
  userView: 305,
  privilege: 312,
  privilegeView: 313,
} as const;

export const insert = (who: string, spaceId: number, ...tuple: readonly Value[]): Step => ({
  who,
  request: { kind: 'insert', spaceId, tuple },
});
export const replace = (who: string, spaceId: number, ...tuple: readonly Value[]): Step => ({
  who,
  request: { kind: 'replace', spaceId, tuple },
});
export const remove = (who: string, spaceId: number, ...key: readonly Value[]): Step => ({
  who,
  request: { kind: 'delete', spaceId, key },
});
export const select = (who: string, spaceId: number, indexId = 0, ...key: readonly Value[]): Step => ({
  who,
  request: { kind: 'select', spaceId, key, indexId },
});
export const call = (who: string, name: string): Step => ({ who, request: { kind: 'call', name } });
export const evaluate = (who: string): Step => ({ who, request: { kind: 'eval' } });
export const login = (who: string, name: string, password: string): Step => ({
  who,
  request: { kind: 'login', name, body: { password } },
});
export const rawLogin = (who: string, name: string, ...raw: readonly Value[]): Step => ({
  who,
  request: { kind: 'login', name, body: { raw } },
});
