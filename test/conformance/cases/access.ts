/** Users, roles, rights and authentication. The main connection is admin's; every other one begins as guest. */
import { func, grant, RIGHT, sequence, spaceWithPrimary, SYSTEM, user } from '../schema-steps.ts';
import { type Area, type Case, as, insert, remove, replace, select, update, upsert } from '../steps.ts';
import { SPACE, ALICE, BOB, ROLE, OTHER_ROLE, GUEST, createUser, alice } from './people.ts';
import { AUTHENTICATION, USERS } from './access-users.ts';
import { DDL_RIGHTS, GRANTS, OWNERSHIP, RIGHTS_ON_SPACE, WIDE_RIGHTS } from './access-rights.ts';

const VIEWS = [281, 286, 289, 297, 305, 313, 277] as const;

const SYSVIEWS: readonly Case[] = [
  {
    name: 'views of the schema for admin',
    steps: [
      VIEWS.map((view) => select(view, 0, 'all', [])),
      VIEWS.map((view) => select(view, 2, 'all', [])),
      select(281, 2, 'eq', ['_space']),
      select(281, 0, 'ge', [300], { limit: 2 }),
      select(289, 0, 'eq', [280]),
      select(289, 0, 'req', [280]),
      select(289, 2, 'eq', [280, 'name']),
      select(305, 2, 'eq', ['guest']),
      select(313, 0, 'eq', [2]),
      select(281, 9, 'all', []),
      select(281, 0, 'eq', ['x']),
      insert(281, [1]),
      replace(281, [1]),
      update(281, [280], [['=', 2, 'x']]),
      upsert(281, [1], []),
      remove(281, [280]),
    ],
  },
  {
    name: 'views of the schema for guest',
    steps: [
      spaceWithPrimary(SPACE, 'private'),
      spaceWithPrimary(SPACE + 1, 'readable'),
      spaceWithPrimary(SPACE + 2, 'writable'),
      grant(GUEST, 'space', SPACE + 1, RIGHT.read),
      grant(GUEST, 'space', SPACE + 2, RIGHT.write),
      func(100, 'callable'),
      func(101, 'hidden'),
      grant(GUEST, 'function', 100, RIGHT.execute),
      sequence(1, 'hidden'),
      sequence(2, 'readable'),
      grant(GUEST, 'sequence', 2, RIGHT.read),
      as(
        'x',
        VIEWS.map((view) => select(view, 0, 'all', [])),
        select(281, 0, 'eq', [SPACE]),
        insert(281, [1]),
      ),
    ],
  },
  {
    name: 'views of the schema for a user',
    steps: [
      createUser(ALICE, 'alice'),
      createUser(BOB, 'bob'),
      user(ROLE, 'clerks', {}, 'role'),
      user(OTHER_ROLE, 'hidden', {}, 'role'),
      grant(ALICE, 'role', ROLE, RIGHT.execute),
      spaceWithPrimary(SPACE, 'by role'),
      spaceWithPrimary(SPACE + 1, 'hers', { owner: ALICE }),
      spaceWithPrimary(SPACE + 2, 'hidden'),
      grant(ROLE, 'space', SPACE, RIGHT.read),
      func(100, 'hers', { owner: ALICE }),
      func(101, 'hidden'),
      sequence(1, 'hers', { owner: ALICE }),
      sequence(2, 'hidden'),
      alice([281, 286, 289, 297, 305, 313].map((view) => select(view, 0, 'all', []))),
      grant(ALICE, 'space', '', RIGHT.read),
      as(
        'alice',
        [281, 289, 305, 313].map((view) => select(view, 0, 'all', [])),
      ),
      remove(SYSTEM.priv, [ALICE, 'space', '']),
      update(SYSTEM.priv, [ALICE, 'universe', 0], [['=', 4, RIGHT.session | RIGHT.usage | RIGHT.read]]),
      as(
        'alice',
        [281, 286, 289, 297, 305, 313].map((view) => select(view, 0, 'all', [])),
      ),
    ],
  },
];

export const ACCESS: Area = {
  name: 'access',
  trust: 'closed',
  cases: [
    ...AUTHENTICATION,
    ...USERS,
    ...GRANTS,
    ...RIGHTS_ON_SPACE,
    ...WIDE_RIGHTS,
    ...DDL_RIGHTS,
    ...OWNERSHIP,
    ...SYSVIEWS,
  ],
};
