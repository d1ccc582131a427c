/** Replication as its monitoring shows it. */
import { type BoxError } from '../base/index.ts';
import type {
  DownstreamInformation,
  LogConsumer,
  ReplicaInformation,
  ReplicationInformation,
  UpstreamInformation,
} from '../engine/box/index.ts';
import type { Applier } from './applier/applier.ts';
import type { DownstreamState } from './relay/relays.ts';
import type { Replication } from './replication.ts';
import { isSelf } from './upstreams.ts';

/** What the system says, by the code that stands in the text of an error. */
const SYSTEM_MESSAGES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENOENT: 'No such file or directory',
  ENOTFOUND: 'Name or service not known',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
};

export function replicationInformation(
  replication: Replication,
  vclock: readonly number[],
  nowMs: number,
): ReplicationInformation {
  const { members, relays, upstreams } = replication;
  const states = relays?.states ?? new Map<string, DownstreamState>();
  const applierOf = (uuid: string): Applier | undefined =>
    upstreams.appliers.find((applier) => applier.masterUuid === uuid && !isSelf(applier));
  const replicas = members.list().map(({ replicaId, uuid }): ReplicaInformation => {
    const isOwn = uuid === members.instanceUuid;
    const applier = isOwn ? undefined : applierOf(uuid);
    const state = isOwn ? undefined : states.get(uuid);
    return {
      id: replicaId,
      uuid,
      lsn: vclock[replicaId] ?? 0,
      upstream: applier === undefined ? null : upstreamOf(applier, nowMs),
      downstream: state === undefined ? null : downstreamOf(state, nowMs),
    };
  });
  const anonymous = [...states]
    .filter(([, { relay, endedWith }]) => relay.subscription.replicaId === 0 && endedWith === null)
    .map(([uuid, state]): ReplicaInformation => {
      return { id: 0, uuid, lsn: 0, upstream: null, downstream: downstreamOf(state, nowMs) };
    });
  const consumers = [...(relays?.consumers ?? [])].map(([uuid, state]): LogConsumer => {
    return { name: `replica ${uuid}`, vclock: state };
  });
  const { elections, queue } = replication;
  const { state, term, vote, leaderId } = elections;
  return {
    ownId: members.ownId,
    isOrphan: replication.isOrphan,
    replicas,
    anonymous,
    consumers,
    election: { state, term, vote, leaderId },
    synchro: { quorum: queue.quorum, queueLength: queue.length, ownerId: queue.ownerId, term: queue.term },
  };
}

function upstreamOf(applier: Applier, nowMs: number): UpstreamInformation {
  return {
    status: applier.status,
    idleSeconds: Math.max(0, nowMs - applier.lastHeardMs) / 1000,
    lagSeconds: applier.lagSeconds,
    peer: applier.source.text,
    ...why(applier.failure),
  };
}

function downstreamOf({ relay, endedWith }: DownstreamState, nowMs: number): DownstreamInformation {
  return {
    status: endedWith === null ? 'follow' : 'stopped',
    idleSeconds: Math.max(0, nowMs - relay.lastHeardMs) / 1000,
    lagSeconds: relay.lagSeconds,
    vclock: relay.vclock,
    ...(endedWith === 'closed'
      ? { message: 'unexpected EOF when reading from socket', systemMessage: SYSTEM_MESSAGES['EPIPE']! }
      : why(endedWith)),
  };
}

function why(error: BoxError | null): Readonly<{ message: string | null; systemMessage: string | null }> {
  if (error === null) return { message: null, systemMessage: null };
  const code = /\bE[A-Z]{4,}\b/.exec(error.message)?.[0] ?? '';
  return { message: error.message, systemMessage: SYSTEM_MESSAGES[code] ?? null };
}
