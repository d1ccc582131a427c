/** Facts of an instance that has everything there can be a metric of. For tests. */
import { REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { type ReplicaInformation, RequestCounters } from '../../engine/box/index.ts';
import type { InstanceFacts } from './facts.ts';

export const OWN: ReplicaInformation = { id: 1, uuid: 'own', lsn: 70, upstream: null, downstream: null };
const MASTER: ReplicaInformation = {
  id: 2,
  uuid: 'two',
  lsn: 5,
  upstream: {
    status: 'follow',
    idleSeconds: 0.5,
    lagSeconds: 0.001,
    peer: 'two:3301',
    message: null,
    systemMessage: null,
  },
  downstream: {
    status: 'follow',
    idleSeconds: 0.25,
    lagSeconds: 0.002,
    vclock: [0, 69, 5],
    message: null,
    systemMessage: null,
  },
};
const GONE: ReplicaInformation = {
  id: 3,
  uuid: 'three',
  lsn: 0,
  upstream: {
    status: 'disconnected',
    idleSeconds: 60,
    lagSeconds: 0,
    peer: 'three:3301',
    message: 'connect',
    systemMessage: 'Connection refused',
  },
  downstream: {
    status: 'stopped',
    idleSeconds: 60,
    lagSeconds: 0,
    vclock: [],
    message: 'eof',
    systemMessage: 'Broken pipe',
  },
};
export const ANONYMOUS: ReplicaInformation = { ...MASTER, id: 0, uuid: 'nobody', lsn: 0, upstream: null };

export function facts(changes: Partial<InstanceFacts> = {}): InstanceFacts {
  const counters = new RequestCounters();
  counters.byType[REQUEST_TYPE.call] = 1;
  counters.byType[REQUEST_TYPE.call16] = 2;
  counters.errors = 4;
  Object.assign(counters.network, { connections: 9, openConnections: 3, requests: 11, openRequests: 2 });
  return {
    version: '22.11.0',
    tarantoolVersion: '2.10.0',
    clusterId: 'demo',
    instanceId: 'i1',
    replicasetId: 'r1',
    instanceUuid: 'own',
    replicasetUuid: 'set',
    uptimeSeconds: 12.5,
    isReadOnly: true,
    vclock: [2, 70, 5],
    memory: { arenaBytes: 3000, usedBytes: 2000, quotaBytes: 9000 },
    counters,
    log: { batches: 6, rows: 7, bytes: 800, longestWriteMs: 250, waitingBytes: 10 },
    snapshot: { isInProgress: false, vclock: [0, 60], durationMs: 1500 },
    process: { residentBytes: 64, heapBytes: 16, processorSeconds: 1.25 },
    replication: {
      ownId: 1,
      isOrphan: true,
      replicas: [OWN, MASTER, GONE],
      anonymous: [ANONYMOUS],
      consumers: [
        { name: 'replica two', vclock: [0, 69, 5] },
        { name: 'replica three', vclock: [0, 10] },
      ],
      election: { state: 'candidate', term: 4, vote: 1, leaderId: 2 },
      synchro: { quorum: 2, queueLength: 3, ownerId: 2, term: 4 },
    },
    consensus: {
      id: 1,
      term: 7,
      leaderId: 2,
      role: 'follower',
      commit: 90,
      applied: 89,
      firstIndex: 11,
      lastIndex: 91,
      voters: [1, 2, 3],
      learners: [],
      isJoint: false,
    },
    ...changes,
  };
}
