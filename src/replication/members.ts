/** Who belongs to the replica set: the rows of `_cluster` that are durable, by id and by uuid. */
import { REPLICA_ID_MAX } from '../base/index.ts';
import type { ClusterMembers } from '../engine/catalog/index.ts';

export type Member = Readonly<{ replicaId: number; uuid: string }>;

export class Members implements ClusterMembers {
  /** This instance; set before anything is read or written. */
  instanceUuid = '';
  /** While it joins, rows of its own id come from its master. */
  isJoining = false;
  /** Told what came or went. */
  onRegistered: (member: Member) => void = () => undefined;
  onUnregistered: (member: Member) => void = () => undefined;
  readonly #uuids: (string | null)[] = new Array<string | null>(REPLICA_ID_MAX + 1).fill(null);
  #ownId = 0;

  get ownReplicaId(): number {
    return this.isJoining ? 0 : this.#ownId;
  }

  /** The id that its rows bear; 0 while it is no member. */
  get ownId(): number {
    return this.#ownId;
  }

  registered(replicaId: number, uuid: string): void {
    this.#uuids[replicaId] = uuid;
    if (uuid === this.instanceUuid) this.#ownId = replicaId;
    this.onRegistered({ replicaId, uuid });
  }

  unregistered(replicaId: number, uuid: string): void {
    this.#uuids[replicaId] = null;
    if (replicaId === this.#ownId) this.#ownId = 0;
    this.onUnregistered({ replicaId, uuid });
  }

  /** The rows that were read are given up with the engine that they are in. */
  forgetAll(): void {
    this.#uuids.fill(null);
    this.#ownId = 0;
  }

  /** 0 for somebody who is no member. */
  idOf(uuid: string): number {
    return Math.max(0, this.#uuids.indexOf(uuid));
  }

  /** Ascending by id. */
  list(): readonly Member[] {
    return this.#uuids.flatMap((uuid, replicaId) => (uuid === null ? [] : [{ replicaId, uuid }]));
  }

  /** The smallest id that is free and not reserved; null if there is none. */
  freeId(reserved: ReadonlySet<number>): number | null {
    const id = this.#uuids.findIndex((uuid, candidate) => candidate > 0 && uuid === null && !reserved.has(candidate));
    return id < 0 ? null : id;
  }
}
