/** What the log that is kept with others looks like from here. */
import type { InstanceFacts } from './facts.ts';
import { single, statesOf } from './families.ts';
import type { MetricFamily } from './text-format.ts';

const ROLES = ['follower', 'pre-candidate', 'candidate', 'leader'];

/** None of an instance that belongs to no group. */
export function consensusFamilies({ consensus }: InstanceFacts): readonly MetricFamily[] {
  if (consensus === null) return [];
  const { term, leaderId, role, commit, applied, firstIndex, lastIndex } = consensus;
  return [
    {
      name: 'picodata_raft_role',
      type: 'gauge',
      help: 'Part in the group: 1 for the one that it has.',
      samples: statesOf('role', ROLES, role),
    },
    single('raft_term', 'gauge', 'The newest term of the group that it knows.', term),
    single('raft_leader_id', 'gauge', 'Who leads the group, as far as it knows; 0 is nobody.', leaderId),
    single('raft_commit_index', 'gauge', 'The last entry that a quorum has, as far as it knows.', commit),
    single('raft_applied_index', 'gauge', 'The last entry that its state has.', applied),
    single('raft_log_entries', 'gauge', "Entries in the group's log here.", lastIndex - firstIndex + 1),
  ];
}
