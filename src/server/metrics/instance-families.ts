/** What an instance shows of itself: who it is, its memory, its requests, its log and its snapshots. */
import { vclockSignature } from '../../codec/xlog/index.ts';
import { COUNTED_REQUESTS } from '../../engine/box/index.ts';
import type { InstanceFacts } from './facts.ts';
import { each, sample, single } from './families.ts';
import type { MetricFamily } from './text-format.ts';

const MS_PER_SECOND = 1000;

export function instanceFamilies(facts: InstanceFacts): readonly MetricFamily[] {
  return [...identityFamilies(facts), ...processFamilies(facts), ...requestFamilies(facts), ...fileFamilies(facts)];
}

function identityFamilies(facts: InstanceFacts): readonly MetricFamily[] {
  const labels = {
    version: facts.version,
    tarantool_version: facts.tarantoolVersion,
    cluster_id: facts.clusterId,
    instance_id: facts.instanceId,
    instance_uuid: facts.instanceUuid,
    replicaset_id: facts.replicasetId,
    replicaset_uuid: facts.replicasetUuid,
  };
  return [
    each('info', 'gauge', 'Who the instance is; the value is 1.', [labels], (known) => sample(known, 1)),
    single('uptime_seconds', 'gauge', 'Time since the instance had its data.', facts.uptimeSeconds),
    single('read_only', 'gauge', 'Whether the instance refuses writes, for whatever reason.', facts.isReadOnly),
  ];
}

function processFamilies({ process, memory }: InstanceFacts): readonly MetricFamily[] {
  return [
    single('process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', process.residentBytes),
    single('process_heap_bytes', 'gauge', "JavaScript's heap in use.", process.heapBytes),
    single('process_cpu_seconds_total', 'counter', 'Processor time of the process.', process.processorSeconds),
    single('arena_used_bytes', 'gauge', 'Memory that tuples and indexes of user spaces use.', memory.usedBytes),
    single(
      'arena_total_bytes',
      'gauge',
      'Memory taken from the system for tuples and indexes of user spaces.',
      memory.arenaBytes,
    ),
    single(
      'arena_quota_bytes',
      'gauge',
      'The most that may be taken for tuples and indexes of user spaces.',
      memory.quotaBytes,
    ),
  ];
}

function requestFamilies({ counters }: InstanceFacts): readonly MetricFamily[] {
  const { network } = counters;
  return [
    each(
      'requests_total',
      'counter',
      'Requests by type, as box.stat counts them.',
      Object.keys(COUNTED_REQUESTS),
      (type) => sample({ type: type.toLowerCase() }, counters.total(type)),
    ),
    single('request_errors_total', 'counter', 'Requests that were answered with an error.', counters.errors),
    single('connections', 'gauge', 'Open connections to the iproto door.', network.openConnections),
    single(
      'connections_accepted_total',
      'counter',
      'Connections that the iproto door has accepted.',
      network.connections,
    ),
    single('network_requests_total', 'counter', 'Requests that came over iproto.', network.requests),
    single('network_requests_open', 'gauge', 'Requests over iproto that wait for their answer.', network.openRequests),
    single('network_received_bytes_total', 'counter', 'Bytes that came over iproto.', network.receivedBytes),
    single('network_sent_bytes_total', 'counter', 'Bytes that went over iproto.', network.sentBytes),
  ];
}

function fileFamilies({ log, snapshot }: InstanceFacts): readonly MetricFamily[] {
  const { durationMs, vclock } = snapshot;
  return [
    single('log_batches_total', 'counter', 'Batches handed to the log.', log.batches),
    single('log_rows_total', 'counter', 'Rows handed to the log.', log.rows),
    single('log_bytes_total', 'counter', 'Bytes of rows handed to the log.', log.bytes),
    single('log_waiting_bytes', 'gauge', 'Bytes of rows that are not written yet.', log.waitingBytes),
    single(
      'log_longest_write_seconds',
      'gauge',
      'The longest that a batch has taken to be written.',
      log.longestWriteMs / MS_PER_SECOND,
    ),
    single('snapshot_in_progress', 'gauge', 'Whether a snapshot is being written.', snapshot.isInProgress),
    single(
      'snapshot_signature',
      'gauge',
      'Signature of the newest snapshot.',
      vclock === null ? null : vclockSignature(vclock),
    ),
    single(
      'snapshot_duration_seconds',
      'gauge',
      'How long the newest snapshot took, if this process has written it.',
      durationMs === null ? null : durationMs / MS_PER_SECOND,
    ),
  ];
}
