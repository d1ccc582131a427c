import { describe, expect, it } from 'vitest';
import { REPLICA_ID_MAX } from '../base/index.ts';
import { Members } from './members.ts';

function membersOf(...ids: readonly number[]): Members {
  const members = new Members();
  members.instanceUuid = 'own';
  for (const id of ids) members.registered(id, `uuid ${id}`);
  return members;
}

const NONE: ReadonlySet<number> = new Set();

describe('members', () => {
  it('are found by their uuid; others have no id', () => {
    const members = membersOf(3, 1);
    expect([members.idOf('uuid 3'), members.idOf('uuid 2'), members.idOf('')]).toEqual([3, 0, 0]);
    expect(members.list().map(({ replicaId }) => replicaId)).toEqual([1, 3]);
  });

  it('can all be forgotten, the own row too', () => {
    const members = membersOf(1, 3);
    members.registered(2, 'own');
    expect(members.ownId).toBe(2);
    members.forgetAll();
    expect([members.ownId, members.idOf('uuid 1'), members.list()]).toEqual([0, 0, []]);
  });

  it('get the smallest id that is free and not promised to somebody', () => {
    expect(membersOf().freeId(NONE)).toBe(1);
    expect(membersOf(1, 2, 4).freeId(NONE)).toBe(3);
    expect(membersOf(1, 2, 4).freeId(new Set([3, 5]))).toBe(6);
    const full = membersOf(...Array.from({ length: REPLICA_ID_MAX }, (_, at) => at + 1));
    expect(full.freeId(NONE)).toBeNull();
    full.unregistered(17, 'uuid 17');
    expect(full.freeId(NONE)).toBe(17);
    expect(full.idOf('uuid 17')).toBe(0);
  });

  it('have the instance itself among them once its row is there', () => {
    const members = membersOf(1);
    expect(members.ownId).toBe(0);
    members.registered(2, 'own');
    expect([members.ownId, members.ownReplicaId]).toEqual([2, 2]);
    members.isJoining = true;
    expect([members.ownId, members.ownReplicaId]).toEqual([2, 0]);
    members.unregistered(2, 'own');
    expect(members.ownId).toBe(0);
  });

  it('are told to whoever wants to know, when the answer is already the new one', () => {
    const members = membersOf();
    const seen: string[] = [];
    members.onRegistered = ({ replicaId, uuid }) => seen.push(`+${replicaId} ${uuid} ${members.idOf(uuid)}`);
    members.onUnregistered = ({ replicaId, uuid }) => seen.push(`-${replicaId} ${uuid} ${members.idOf(uuid)}`);
    members.registered(4, 'four');
    members.unregistered(4, 'four');
    expect(seen).toEqual(['+4 four 4', '-4 four 0']);
  });
});
