/**
 * Rights after random grants, revocations, memberships and rollbacks, against an evaluator that knows nothing but the
 * rows of `_priv` and walks them anew for each question.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoxError, boxError } from '../../base/index.ts';
import { SYSTEM_SPACE } from '../catalog/index.ts';
import { AccessFixture } from './access-fixture.ts';
import { PRIVILEGE } from './contract.ts';

const USERS = [40, 41, 42];
const ROLES = [50, 51, 52, 53];
const SPACES = [600, 601, 602];
/** Space 602 belongs to user 42. */
const OWNED = { spaceId: 602, ownerId: 42 };

type Row = Readonly<{ grantee: number; type: string; id: number | ''; bits: number }>;
type Command =
  | Readonly<{ kind: 'grant'; row: Row }>
  | Readonly<{ kind: 'revoke'; pick: number }>
  | Readonly<{ kind: 'transaction'; commands: readonly Command[]; end: 'commit' | 'rollback' | 'log failure' }>;

const isMembership = ({ type, bits }: Row): boolean => type === 'role' && bits === PRIVILEGE.execute;

/** Rows by key. */
class Model {
  rows = new Map<string, Row>();

  roles(id: number): number[] {
    const direct = [...this.rows.values()].filter((row) => row.grantee === id && isMembership(row));
    return direct.flatMap((row) => (row.id === '' ? [] : [row.id, ...this.roles(row.id)]));
  }

  bits(userId: number, type: string, id: number | ''): number {
    let bits = 0;
    for (const source of [userId, ...this.roles(userId)]) {
      for (const row of this.rows.values()) {
        if (row.grantee === source && row.type === type && row.id === id) bits |= row.bits;
      }
    }
    return bits;
  }

  mayUse(userId: number, spaceId: number, privilege: number): boolean {
    const everywhere = this.bits(userId, 'universe', 0) | this.bits(userId, 'space', '');
    if ((everywhere & PRIVILEGE.usage) === 0) return false;
    if (spaceId === OWNED.spaceId && userId === OWNED.ownerId) return true;
    return ((everywhere | this.bits(userId, 'space', spaceId)) & privilege) !== 0;
  }

  /** Whether the row would make a role a member of itself. */
  makesLoop({ grantee, type, id }: Row): boolean {
    return type === 'role' && id !== '' && (id === grantee || this.roles(id).includes(grantee));
  }
}

const bits = fc.integer({ min: 1, max: 255 });
const grantee = fc.constantFrom(...USERS, ...ROLES);
const row: fc.Arbitrary<Row> = fc.oneof(
  fc.record({ grantee, type: fc.constant('universe'), id: fc.constant(0), bits }),
  fc.record({ grantee, type: fc.constant('space'), id: fc.constantFrom<number | ''>(...SPACES, ''), bits }),
  fc.record({ grantee, type: fc.constant('role'), id: fc.constantFrom(...ROLES), bits: fc.constant(4) }),
  fc.record({ grantee, type: fc.constant('role'), id: fc.constantFrom(...ROLES), bits: fc.constantFrom(4, 32, 36) }),
);
const simple: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: row.map((one): Command => ({ kind: 'grant', row: one })) },
  { weight: 1, arbitrary: fc.nat(1000).map((pick): Command => ({ kind: 'revoke', pick })) },
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: simple },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('transaction' as const),
      commands: fc.array(simple, { minLength: 1, maxLength: 6 }),
      end: fc.constantFrom('commit' as const, 'rollback' as const, 'log failure' as const),
    }),
  },
);

function createFixture(): AccessFixture {
  const fixture = new AccessFixture();
  for (const id of USERS) fixture.createUser(id, `user${id}`);
  for (const id of ROLES) fixture.createUser(id, `role${id}`, 'role');
  for (const id of SPACES) {
    fixture.createSpace(id, `space${id}`, id === OWNED.spaceId ? OWNED.ownerId : undefined);
  }
  fixture.settle();
  return fixture;
}

function execute(fixture: AccessFixture, model: Model, one: Command): void {
  if (one.kind === 'grant') {
    const { grantee: granteeId, type, id, bits: privileges } = one.row;
    const expected = model.makesLoop(one.row) ? 'would create a loop' : null;
    expect(errorOf(() => fixture.grant(granteeId, type, id, privileges))).toBe(expected);
    if (expected === null) model.rows.set(`${granteeId} ${type} ${id}`, one.row);
  } else if (one.kind === 'revoke') {
    const rows = [...model.rows];
    const picked = rows[one.pick % Math.max(rows.length, 1)];
    if (picked === undefined) return;
    const [key, { grantee: granteeId, type, id }] = picked;
    // A revocation is checked as a grant is.
    const expected = model.makesLoop(picked[1]) ? 'would create a loop' : null;
    expect(errorOf(() => fixture.revoke(granteeId, type, id))).toBe(expected);
    if (expected === null) model.rows.delete(key);
  } else {
    const before = new Map(model.rows);
    fixture.settle();
    fixture.transactions.begin();
    for (const each of one.commands) execute(fixture, model, each);
    if (one.end === 'rollback') fixture.transactions.rollback();
    else fixture.transactions.commit();
    if (one.end === 'log failure') fixture.settle(boxError('WAL_IO'));
    if (one.end !== 'commit') model.rows = before;
  }
}

/** The end of the error's message, null without one. */
function errorOf(action: () => void): string | null {
  try {
    action();
    return null;
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    return error.message.slice(-'would create a loop'.length);
  }
}

function compare(fixture: AccessFixture, model: Model): void {
  for (const id of USERS) {
    const credentials = fixture.credentials(id);
    expect(credentials.universe).toBe(model.bits(id, 'universe', 0));
    for (const spaceId of SPACES) {
      const space = fixture.space(spaceId);
      for (const privilege of [PRIVILEGE.read, PRIVILEGE.write]) {
        const isAllowed = errorOf(() => fixture.access.checkSpace(credentials, space, privilege)) === null;
        expect(isAllowed).toBe(model.mayUse(id, spaceId, privilege));
      }
    }
  }
  expect(fixture.space(SYSTEM_SPACE.privilege).index(0).size).toBe(model.rows.size + fixtureRowCount);
}

/** Rows of `_priv` after bootstrap. */
const fixtureRowCount = 82;

describe('effective rights', () => {
  it('are what the rows say, whatever came and was undone before', () => {
    let fixture = createFixture();
    const check = (commands: readonly Command[]): void => {
      const model = new Model();
      for (const one of commands) {
        execute(fixture, model, one);
        compare(fixture, model);
      }
      const rows = [...model.rows.values()].sort(
        (one, other) => Number(isMembership(other)) - Number(isMembership(one)),
      );
      for (const { grantee: granteeId, type, id } of rows) fixture.revoke(granteeId, type, id);
      compare(fixture, new Model());
      fixture.settle();
    };
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        try {
          check(commands);
        } catch (error) {
          // What is left behind must not reach the next run.
          fixture = createFixture();
          throw error;
        }
      }),
      { numRuns: 200 },
    );
  });
});
