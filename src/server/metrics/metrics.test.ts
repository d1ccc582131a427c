import { expect, it } from 'vitest';
import { ANONYMOUS, facts, OWN } from './facts-fixture.ts';
import { renderMetrics } from './metrics.ts';

/** Lines without comments. */
function samplesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

it('shows what is known of the instance', () => {
  const own = samplesOf(renderMetrics(facts())).filter((line) => !line.includes('replica_uuid'));
  expect(own).toEqual([
    'picodata_info{version="22.11.0",tarantool_version="2.10.0",cluster_id="demo",instance_id="i1",instance_uuid="own",replicaset_id="r1",replicaset_uuid="set"} 1',
    'picodata_uptime_seconds 12.5',
    'picodata_read_only 1',
    'picodata_process_resident_memory_bytes 64',
    'picodata_process_heap_bytes 16',
    'picodata_process_cpu_seconds_total 1.25',
    'picodata_arena_used_bytes 2000',
    'picodata_arena_total_bytes 3000',
    'picodata_arena_quota_bytes 9000',
    ...['select', 'insert', 'replace', 'update', 'upsert', 'delete'].map(
      (type) => `picodata_requests_total{type="${type}"} 0`,
    ),
    'picodata_requests_total{type="call"} 3',
    ...['eval', 'auth', 'execute', 'prepare'].map((type) => `picodata_requests_total{type="${type}"} 0`),
    'picodata_request_errors_total 4',
    'picodata_connections 3',
    'picodata_connections_accepted_total 9',
    'picodata_network_requests_total 11',
    'picodata_network_requests_open 2',
    'picodata_network_received_bytes_total 0',
    'picodata_network_sent_bytes_total 0',
    'picodata_log_batches_total 6',
    'picodata_log_rows_total 7',
    'picodata_log_bytes_total 800',
    'picodata_log_waiting_bytes 10',
    'picodata_log_longest_write_seconds 0.25',
    'picodata_snapshot_in_progress 0',
    'picodata_snapshot_signature 60',
    'picodata_snapshot_duration_seconds 1.5',
    'picodata_orphan 1',
    'picodata_replica_id 1',
    'picodata_lsn 70',
    'picodata_signature 77',
    'picodata_vclock{replica_id="0"} 2',
    'picodata_vclock{replica_id="1"} 70',
    'picodata_vclock{replica_id="2"} 5',
    'picodata_log_consumer_signature{consumer="replica three"} 10',
    'picodata_log_consumer_signature{consumer="replica two"} 74',
    'picodata_election_state{state="follower"} 0',
    'picodata_election_state{state="candidate"} 1',
    'picodata_election_state{state="leader"} 0',
    'picodata_election_term 4',
    'picodata_election_vote_id 1',
    'picodata_election_leader_id 2',
    'picodata_synchro_queue_length 3',
    'picodata_synchro_queue_owner_id 2',
    'picodata_synchro_queue_term 4',
    'picodata_synchro_quorum 2',
    'picodata_raft_role{role="follower"} 1',
    'picodata_raft_role{role="pre-candidate"} 0',
    'picodata_raft_role{role="candidate"} 0',
    'picodata_raft_role{role="leader"} 0',
    'picodata_raft_term 7',
    'picodata_raft_leader_id 2',
    'picodata_raft_commit_index 90',
    'picodata_raft_applied_index 89',
    'picodata_raft_log_entries 81',
  ]);
});

it('shows the connections with others, a state as a number for each that there is', () => {
  const lines = samplesOf(renderMetrics(facts())).filter((line) => line.includes('replica_uuid'));
  const statuses = lines.filter((line) => line.startsWith('picodata_upstream_status'));
  expect(statuses).toHaveLength(2 * 17);
  expect(statuses.filter((line) => line.endsWith(' 1'))).toEqual([
    'picodata_upstream_status{replica_id="2",replica_uuid="two",status="follow"} 1',
    'picodata_upstream_status{replica_id="3",replica_uuid="three",status="disconnected"} 1',
  ]);
  expect(lines.filter((line) => !statuses.includes(line))).toEqual([
    'picodata_replica_lsn{replica_id="1",replica_uuid="own"} 70',
    'picodata_replica_lsn{replica_id="2",replica_uuid="two"} 5',
    'picodata_replica_lsn{replica_id="3",replica_uuid="three"} 0',
    'picodata_upstream_idle_seconds{replica_id="2",replica_uuid="two"} 0.5',
    'picodata_upstream_idle_seconds{replica_id="3",replica_uuid="three"} 60',
    'picodata_upstream_lag_seconds{replica_id="2",replica_uuid="two"} 0.001',
    'picodata_upstream_lag_seconds{replica_id="3",replica_uuid="three"} 0',
    'picodata_downstream_status{replica_id="2",replica_uuid="two",status="follow"} 1',
    'picodata_downstream_status{replica_id="2",replica_uuid="two",status="stopped"} 0',
    'picodata_downstream_status{replica_id="3",replica_uuid="three",status="follow"} 0',
    'picodata_downstream_status{replica_id="3",replica_uuid="three",status="stopped"} 1',
    'picodata_downstream_status{replica_id="0",replica_uuid="nobody",status="follow"} 1',
    'picodata_downstream_status{replica_id="0",replica_uuid="nobody",status="stopped"} 0',
    'picodata_downstream_idle_seconds{replica_id="2",replica_uuid="two"} 0.25',
    'picodata_downstream_idle_seconds{replica_id="0",replica_uuid="nobody"} 0.25',
    'picodata_downstream_lag_seconds{replica_id="2",replica_uuid="two"} 0.002',
    'picodata_downstream_lag_seconds{replica_id="0",replica_uuid="nobody"} 0.002',
    'picodata_downstream_vclock{replica_id="2",replica_uuid="two",component="1"} 69',
    'picodata_downstream_vclock{replica_id="2",replica_uuid="two",component="2"} 5',
    'picodata_downstream_vclock{replica_id="0",replica_uuid="nobody",component="1"} 69',
    'picodata_downstream_vclock{replica_id="0",replica_uuid="nobody",component="2"} 5',
  ]);
});

it('every family has one HELP and one TYPE before its samples; counters, and only they, end in _total', () => {
  const families = renderMetrics(facts()).split(/^(?=# HELP )/m);
  const names = families.map((family) => {
    const [help = '', type = '', ...samples] = family.trimEnd().split('\n');
    const name = /^# HELP (picodata_[a-z_]+) [A-Z].*\.$/.exec(help)?.[1] ?? help;
    expect(type).toBe(`# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`);
    for (const sample of samples) expect(sample).toMatch(new RegExp(`^${name}(?:\\{[^}]*\\})? \\S+$`));
    expect(samples.length).toBeGreaterThan(0);
    return name;
  });
  expect(new Set(names).size).toBe(names.length);
});

it('the order in which others are told does not matter', () => {
  const { replication } = facts();
  const other = { ...ANONYMOUS, uuid: 'another' };
  const one = { ...replication, anonymous: [ANONYMOUS, other] };
  const turned = {
    ...one,
    replicas: [...one.replicas].reverse(),
    anonymous: [...one.anonymous].reverse(),
    consumers: [...one.consumers].reverse(),
  };
  expect(renderMetrics(facts({ replication: turned }))).toBe(renderMetrics(facts({ replication: one })));
});

it('an instance alone, without snapshot, leaves out what it does not have', () => {
  const { replication } = facts();
  const alone = { ...replication, replicas: [OWN], anonymous: [], consumers: [] };
  const snapshot = { isInProgress: true, vclock: null, durationMs: null };
  const text = renderMetrics(facts({ replication: alone, snapshot }));
  expect(text).not.toMatch(/picodata_(?:upstream|downstream|log_consumer|snapshot_signature|snapshot_duration)/);
  expect(text).toContain('\npicodata_snapshot_in_progress 1\n');
});
