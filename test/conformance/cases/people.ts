/** The users and roles of the cases about access, and what they try. */
import type { Value } from '../../../src/codec/msgpack/index.ts';
import { storedPassword } from '../../support/raw-iproto.ts';
import { grant, RIGHT, user } from '../schema-steps.ts';
import { type Steps, as, insert, login, remove, replace, select, update, upsert } from '../steps.ts';

export const SPACE = 512;
export const ALICE = 32;
export const BOB = 33;
export const ROLE = 40;
export const OTHER_ROLE = 41;
export const GUEST = 0;
export const PUBLIC = 2;
export const SUPER = 31;
export const PASSWORDS: Value = { 'chap-sha1': storedPassword('secret') };

/** A user as `box.schema.user.create` makes one: with role public, the right to alter itself, session and usage. */
export function createUser(id: number, name: string): Steps {
  return [
    user(id, name, PASSWORDS),
    grant(id, 'role', PUBLIC, RIGHT.execute),
    grant(id, 'user', id, RIGHT.alter),
    grant(id, 'universe', 0, RIGHT.session | RIGHT.usage),
  ];
}

export function alice(...steps: readonly Steps[]): Steps {
  return as('alice', login('alice', 'secret'), ...steps);
}

/** What each kind of request is told on a space. */
export function everything(id = SPACE): readonly Steps[] {
  return [
    select(id, 0, 'eq', [1]),
    insert(id, [5]),
    replace(id, [1]),
    update(id, [1], [['=', 1, 1]]),
    upsert(id, [1], [['=', 1, 1]]),
    remove(id, [5]),
  ];
}
