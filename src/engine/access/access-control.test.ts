import { SERVICE_USER_NAME } from '../../config/index.ts';
import { describe, expect, it } from 'vitest';
import { BoxError, boxError, userId } from '../../base/index.ts';
import { chapSha1Hash, chapSha1Scramble } from '../../codec/iproto/index.ts';
import { encodeToBytes, RawValue, type Value } from '../../codec/msgpack/index.ts';
import { SYSTEM_SPACE } from '../catalog/index.ts';
import { AccessFixture, TEST_CRYPTO } from './access-fixture.ts';
import { type Credentials, PRIVILEGE, PRIVILEGE_MASK, USER_ID } from './contract.ts';

const SALT = Uint8Array.from({ length: 32 }, (_, index) => index * 5);
const COOKIE = 'a cookie';
const { read, session, usage, write } = PRIVILEGE;
const GUEST = userId(USER_ID.guest);

const { sha1 } = TEST_CRYPTO;

function login(fixture: AccessFixture, name: string, password: string): Credentials {
  const scramble = new RawValue(Uint8Array.of(0xc4, 20, ...chapSha1Scramble(sha1, SALT, password)));
  return fixture.access.authenticate(SALT, name, encodeToBytes(['chap-sha1', scramble]), 0);
}

function storedHash(password: string): string {
  return btoa(String.fromCharCode(...chapSha1Hash(sha1, password)));
}

function codeOf(action: () => unknown): number {
  try {
    action();
    return 0;
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    return error.code;
  }
}

const rowsOf = (fixture: AccessFixture, spaceId: number): number => fixture.space(spaceId).index(0).size;
const setPassword = (fixture: AccessFixture, id: number, name: string, password: string): void =>
  fixture.replace(SYSTEM_SPACE.user, [
    id,
    1,
    name,
    'user',
    new Map<Value, Value>([['chap-sha1', storedHash(password)]]),
  ]);

describe('whom the instance trusts', () => {
  it('stored: guest has what the rows say', () => {
    const fixture = new AccessFixture();
    expect(fixture.credentials(GUEST).universe).toBe(session | usage);
    expect(codeOf(() => login(fixture, SERVICE_USER_NAME, COOKIE))).toBe(45);
  });

  it('open: guest may do everything, and no row says so', () => {
    const fixture = new AccessFixture({ kind: 'open' });
    const stored = new AccessFixture();
    expect(fixture.credentials(GUEST).universe).toBe(PRIVILEGE_MASK);
    for (const id of [SYSTEM_SPACE.user, SYSTEM_SPACE.privilege]) {
      expect(rowsOf(fixture, id)).toBe(rowsOf(stored, id));
    }
  });

  it('open: a row that says it too can come and go', () => {
    const fixture = new AccessFixture({ kind: 'open' });
    fixture.grant(GUEST, 'role', USER_ID.superRole, PRIVILEGE.execute);
    fixture.revoke(GUEST, 'role', USER_ID.superRole);
    fixture.revoke(GUEST, 'universe', 0);
    expect(fixture.credentials(GUEST).universe).toBe(PRIVILEGE_MASK);
  });

  it('closed: the service user proves the cookie and may do everything, and no row says so', () => {
    const fixture = new AccessFixture({ kind: 'closed', cookie: COOKIE });
    expect(fixture.credentials(GUEST).universe).toBe(session | usage);
    const service = login(fixture, SERVICE_USER_NAME, COOKIE);
    expect(service).toMatchObject({ userName: SERVICE_USER_NAME, universe: PRIVILEGE_MASK });
    expect(codeOf(() => login(fixture, SERVICE_USER_NAME, 'another'))).toBe(47);
    expect(codeOf(() => fixture.access.authenticate(SALT, SERVICE_USER_NAME, encodeToBytes([]), 0))).toBe(20);
    expect(rowsOf(fixture, SYSTEM_SPACE.user)).toBe(rowsOf(new AccessFixture(), SYSTEM_SPACE.user));
    fixture.createSpace(600, 'data');
    fixture.access.checkSpace(service, fixture.space(600), write);
    fixture.insert(SYSTEM_SPACE.user, [40, 1, 'alice', 'user', new Map()], service);
  });
});

describe('credentials', () => {
  it('are one object per user and follow grants, roles and names', () => {
    const fixture = new AccessFixture();
    fixture.createUser(40, 'alice', 'user', storedHash('secret'));
    fixture.createUser(41, 'clerks', 'role');
    fixture.grant(40, 'universe', 0, session | usage);
    const credentials = login(fixture, 'alice', 'secret');
    expect(fixture.credentials(40)).toBe(credentials);
    fixture.grant(40, 'role', 41, PRIVILEGE.execute);
    fixture.grant(41, 'universe', 0, read);
    expect(credentials.universe).toBe(session | usage | read);
    fixture.replace(SYSTEM_SPACE.user, [40, 1, 'alicia', 'user', new Map()]);
    expect(credentials.userName).toBe('alicia');
    expect(codeOf(() => fixture.access.credentialsByName('alice'))).toBe(45);
    expect(fixture.access.credentialsByName('alicia')).toBe(credentials);
  });

  it('of a user who is gone allow nothing, even if the id is given again', () => {
    const fixture = new AccessFixture();
    fixture.createSpace(600, 'data');
    fixture.createUser(40, 'alice');
    const credentials = fixture.credentials(40);
    fixture.delete(SYSTEM_SPACE.user, [40]);
    expect(codeOf(() => fixture.access.checkSpace(credentials, fixture.space(600), read))).toBe(45);
    expect(codeOf(() => fixture.credentials(40))).toBe(45);
    fixture.createUser(40, 'bob');
    fixture.grant(40, 'universe', 0, PRIVILEGE.all);
    expect(codeOf(() => fixture.access.checkSpace(credentials, fixture.space(600), read))).toBe(42);
    fixture.access.checkSpace(fixture.credentials(40), fixture.space(600), read);
  });

  it('follow passwords', () => {
    const fixture = new AccessFixture();
    fixture.createUser(40, 'alice', 'user', storedHash('secret'));
    fixture.grant(40, 'universe', 0, session);
    setPassword(fixture, 40, 'alice', 'changed');
    expect(codeOf(() => login(fixture, 'alice', 'secret'))).toBe(47);
    expect(login(fixture, 'alice', 'changed').userId).toBe(40);
  });
});

describe('a failed transaction', () => {
  it('brings users back as they were, with the credentials that their sessions hold', () => {
    const fixture = new AccessFixture();
    fixture.createUser(40, 'alice', 'user', storedHash('secret'));
    fixture.grant(40, 'universe', 0, session | usage | read);
    fixture.settle();
    const credentials = fixture.credentials(40);
    fixture.createUser(41, 'bob');
    setPassword(fixture, 40, 'alicia', 'changed');
    fixture.revoke(40, 'universe', 0);
    fixture.delete(SYSTEM_SPACE.user, [40]);
    fixture.createUser(42, 'alice');
    fixture.settle(boxError('WAL_IO'));
    expect(fixture.credentials(40)).toBe(credentials);
    expect(credentials).toMatchObject({ userName: 'alice', universe: session | usage | read });
    expect(login(fixture, 'alice', 'secret')).toBe(credentials);
    for (const name of ['alicia', 'bob']) expect(codeOf(() => fixture.access.credentialsByName(name))).toBe(45);
    expect(codeOf(() => fixture.credentials(42))).toBe(45);
  });
});

describe('refusals', () => {
  it('are told to triggers, whose failure changes nothing', () => {
    const fixture = new AccessFixture();
    fixture.createSpace(600, 'data');
    const heard: string[][] = [];
    fixture.users.onAccessDenied.push(
      () => {
        throw new TypeError('the trigger fails');
      },
      (...refusal) => heard.push(refusal),
    );
    expect(codeOf(() => fixture.access.checkSpace(fixture.credentials(GUEST), fixture.space(600), write))).toBe(42);
    expect(heard).toEqual([['Write', 'space', 'data']]);
  });

  it('name the class when rights on all of it are granted by somebody else than admin', () => {
    const fixture = new AccessFixture();
    fixture.createUser(40, 'alice');
    fixture.grant(40, 'universe', 0, PRIVILEGE.all);
    const grant = (): void => fixture.insert(SYSTEM_SPACE.privilege, [40, 0, 'role', '', 4], fixture.credentials(40));
    expect(grant).toThrow("Grant access to role '' is denied for user 'alice'");
  });
});

describe('sequences', () => {
  it('need the right to write, or to be the owner', () => {
    const fixture = new AccessFixture();
    fixture.createUser(40, 'alice');
    fixture.createUser(41, 'bob');
    for (const id of [40, 41]) fixture.grant(id, 'universe', 0, usage);
    fixture.insert(SYSTEM_SPACE.sequence, [1, 40, 's', 1, 1, 100, 1, 0, false]);
    const sequence = fixture.catalog.sequence(1)!;
    const check = (id: number): number => codeOf(() => fixture.access.checkSequence(fixture.credentials(id), sequence));
    expect([check(40), check(41)]).toEqual([0, 42]);
    fixture.grant(41, 'sequence', 1, write);
    expect(check(41)).toBe(0);
    fixture.revoke(41, 'sequence', 1);
    fixture.grant(41, 'sequence', '', write);
    expect(check(41)).toBe(0);
    fixture.grant(40, 'universe', 0, session);
    expect(check(40)).toBe(42);
  });
});
