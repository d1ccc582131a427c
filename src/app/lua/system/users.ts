/** The library `pwd`: users and groups as `/etc/passwd` and `/etc/group` list them. */
import type { FileSystem } from '../../../env/index.ts';

import { LuaTable, tableOf } from '../runtime/table.ts';
import { type LuaValue, plainFunction } from '../runtime/values.ts';
import { stringOf, usageError } from './module.ts';

type User = Readonly<{ name: string; id: number; groupId: number; home: string; shell: string }>;
type Group = Readonly<{ name: string; id: number; members: readonly string[] }>;

const READ_BYTES = 64 * 1024;

export class UserDatabase {
  readonly #fileSystem: FileSystem;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  users(): readonly User[] {
    return this.#lines('/etc/passwd').flatMap(([name, , id, groupId, , home, shell]) =>
      name === undefined || id === undefined
        ? []
        : [{ name, id: Number(id), groupId: Number(groupId), home: home ?? '', shell: shell ?? '' }],
    );
  }

  groups(): readonly Group[] {
    return this.#lines('/etc/group').flatMap(([name, , id, members]) =>
      name === undefined || id === undefined
        ? []
        : [{ name, id: Number(id), members: (members ?? '').split(',').filter((member) => member !== '') }],
    );
  }

  user(key: string | number): User | undefined {
    return this.users().find(({ name, id }) => name === key || id === key);
  }

  group(key: string | number): Group | undefined {
    return this.groups().find(({ name, id }) => name === key || id === key);
  }

  /** Fields of the file's lines; none if there is no such file. */
  #lines(path: string): readonly (readonly string[])[] {
    let text = '';
    try {
      const file = this.#fileSystem.open(path, 0, 0);
      const bytes = new Uint8Array(READ_BYTES);
      for (let position = 0; ;) {
        const length = file.read(bytes, position);
        if (length === 0) break;
        text += stringOf(bytes.subarray(0, length));
        position += length;
      }
      file.close();
    } catch {
      return [];
    }
    return text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(':'));
  }
}

export function createUserLibrary(database: UserDatabase, ownUserId: () => number): LuaTable {
  const userTable = (user: User | undefined): LuaValue => {
    if (user === undefined) return undefined;
    const group = groupTable(database.group(user.groupId));
    return tableOf({ name: user.name, id: user.id, group, workdir: user.home, shell: user.shell });
  };
  const own = (): User | undefined => database.user(ownUserId());
  const all = <Entry>(entries: readonly Entry[], make: (entry: Entry) => LuaValue): LuaTable =>
    new LuaTable(entries.map(make));
  return tableOf({
    getpw: plainFunction((key) => userTable(key === undefined ? own() : database.user(keyOf(key, 'uid', 116)))),
    getgr: plainFunction((key) => {
      const groupKey = key === undefined ? own()?.groupId : keyOf(key, 'gid', 89);
      return groupTable(groupKey === undefined ? undefined : database.group(groupKey));
    }),
    getpwall: plainFunction(() => all(database.users(), userTable)),
    getgrall: plainFunction(() => all(database.groups(), groupTable)),
  });
}

function groupTable(group: Group | undefined): LuaValue {
  if (group === undefined) return undefined;
  return tableOf({ name: group.name, id: group.id, members: new LuaTable([...group.members]) });
}

function keyOf(value: LuaValue, what: string, line: number): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw usageError(`builtin/pwd.lua:${line}: Bad type of ${what} (expected 'string'/'number')`);
}
