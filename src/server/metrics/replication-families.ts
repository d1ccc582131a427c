/**
 * What an instance shows of its replica set. Labels name the other instance by `replica_id` and `replica_uuid`; a
 * replica that follows without being a member has the id 0.
 */
import { type Vclock, vclockSignature } from '../../codec/xlog/index.ts';
import type {
  DownstreamInformation,
  ElectionInformation,
  ReplicaInformation,
  UpstreamInformation,
} from '../../engine/box/index.ts';
import type { UpstreamStatus } from '../../replication/index.ts';
import type { InstanceFacts } from './facts.ts';
import { each, sample, single, statesOf } from './families.ts';
import type { MetricFamily, MetricLabels } from './text-format.ts';

const UPSTREAM_STATUSES = Object.keys({
  off: true,
  connect: true,
  connected: true,
  auth: true,
  ready: true,
  initial_join: true,
  final_join: true,
  joined: true,
  fetch_snapshot: true,
  fetched_snapshot: true,
  register: true,
  registered: true,
  sync: true,
  follow: true,
  stopped: true,
  disconnected: true,
  loading: true,
} satisfies Record<UpstreamStatus, true>);
const DOWNSTREAM_STATUSES = Object.keys({ follow: true, stopped: true } satisfies Record<
  DownstreamInformation['status'],
  true
>);
const ELECTION_STATES = Object.keys({ follower: true, candidate: true, leader: true } satisfies Record<
  ElectionInformation['state'],
  true
>);

/** A connection with another instance, and how its samples name that one. */
type Connection<Information> = Readonly<{ labels: MetricLabels; information: Information }>;

export function replicationFamilies(facts: InstanceFacts): readonly MetricFamily[] {
  const { replicas, anonymous } = facts.replication;
  const members = [...replicas].sort((left, right) => left.id - right.id);
  const others = [...members, ...[...anonymous].sort((left, right) => compareTexts(left.uuid, right.uuid))];
  return [
    ...stateFamilies(facts),
    each('replica_lsn', 'gauge', 'Of the rows of each member, the last that is here.', members, (replica) =>
      sample(labelsOf(replica), replica.lsn),
    ),
    ...upstreamFamilies(connectionsOf(others, ({ upstream }) => upstream)),
    ...downstreamFamilies(connectionsOf(others, ({ downstream }) => downstream)),
    ...consumerFamilies(facts),
    ...electionFamilies(facts),
    ...synchroFamilies(facts),
  ];
}

function stateFamilies({ vclock, replication }: InstanceFacts): readonly MetricFamily[] {
  const { ownId, isOrphan } = replication;
  return [
    single('orphan', 'gauge', 'Whether too few masters are there and in step for it to take writes.', isOrphan),
    single('replica_id', 'gauge', 'The id that its own rows bear; 0 while it is no member.', ownId),
    single('lsn', 'gauge', 'Number of the last row of its own.', vclock[ownId] ?? 0),
    single('signature', 'gauge', 'Sum of the components of the vclock.', vclockSignature(vclock)),
    each(
      'vclock',
      'gauge',
      'Components of the vclock, by the id of who wrote the rows.',
      componentsOf(vclock),
      (part) => sample({ replica_id: part.id }, part.lsn),
    ),
  ];
}

function upstreamFamilies(upstreams: readonly Connection<UpstreamInformation>[]): readonly MetricFamily[] {
  return [
    {
      name: 'picodata_upstream_status',
      type: 'gauge',
      help: 'State of the connection to a master: 1 for the one that it is in.',
      samples: upstreams.flatMap(({ labels, information }) =>
        statesOf('status', UPSTREAM_STATUSES, information.status, labels),
      ),
    },
    each('upstream_idle_seconds', 'gauge', 'Time since the last packet of a master.', upstreams, (upstream) =>
      sample(upstream.labels, upstream.information.idleSeconds),
    ),
    each(
      'upstream_lag_seconds',
      'gauge',
      "From the writing of a master's last row there to its coming here.",
      upstreams,
      (upstream) => sample(upstream.labels, upstream.information.lagSeconds),
    ),
  ];
}

function downstreamFamilies(downstreams: readonly Connection<DownstreamInformation>[]): readonly MetricFamily[] {
  const following = downstreams.filter(({ information }) => information.status === 'follow');
  const acknowledged = following.flatMap(({ labels, information }) =>
    componentsOf(information.vclock).map(({ id, lsn }) => ({ labels: { ...labels, component: id }, lsn })),
  );
  return [
    {
      name: 'picodata_downstream_status',
      type: 'gauge',
      help: 'State of the connection to a replica: 1 for the one that it is in.',
      samples: downstreams.flatMap(({ labels, information }) =>
        statesOf('status', DOWNSTREAM_STATUSES, information.status, labels),
      ),
    },
    each('downstream_idle_seconds', 'gauge', 'Time since the last packet of a replica.', following, (downstream) =>
      sample(downstream.labels, downstream.information.idleSeconds),
    ),
    each(
      'downstream_lag_seconds',
      'gauge',
      'From the writing of a row here to the replica saying that it has it.',
      following,
      (downstream) => sample(downstream.labels, downstream.information.lagSeconds),
    ),
    each('downstream_vclock', 'gauge', 'What a replica has acknowledged, by component.', acknowledged, (part) =>
      sample(part.labels, part.lsn),
    ),
  ];
}

function consumerFamilies({ replication }: InstanceFacts): readonly MetricFamily[] {
  const consumers = [...replication.consumers].sort((left, right) => compareTexts(left.name, right.name));
  return [
    each(
      'log_consumer_signature',
      'gauge',
      'From where on somebody needs the log files; they are kept.',
      consumers,
      ({ name, vclock }) => sample({ consumer: name }, vclockSignature(vclock)),
    ),
  ];
}

function electionFamilies({ replication }: InstanceFacts): readonly MetricFamily[] {
  const { state, term, vote, leaderId } = replication.election;
  return [
    {
      name: 'picodata_election_state',
      type: 'gauge',
      help: 'Part in the election of a leader: 1 for the one that it has.',
      samples: statesOf('state', ELECTION_STATES, state),
    },
    single('election_term', 'gauge', 'The newest term that it knows.', term),
    single('election_vote_id', 'gauge', 'Whom it voted for in the term; 0 is nobody.', vote),
    single('election_leader_id', 'gauge', 'Who leads; 0 if none is known.', leaderId),
  ];
}

function synchroFamilies({ replication }: InstanceFacts): readonly MetricFamily[] {
  const { queueLength, ownerId, term, quorum } = replication.synchro;
  return [
    single(
      'synchro_queue_length',
      'gauge',
      'Transactions that wait for a quorum, or behind one that does.',
      queueLength,
    ),
    single('synchro_queue_owner_id', 'gauge', 'Who may commit synchronous transactions; 0 is nobody.', ownerId),
    single('synchro_queue_term', 'gauge', 'Term in which the owner took the queue.', term),
    single('synchro_quorum', 'gauge', 'Instances that must have a synchronous transaction.', quorum),
  ];
}

function connectionsOf<Information>(
  replicas: readonly ReplicaInformation[],
  pick: (replica: ReplicaInformation) => Information | null,
): readonly Connection<Information>[] {
  return replicas.flatMap((replica) => {
    const information = pick(replica);
    return information === null ? [] : [{ labels: labelsOf(replica), information }];
  });
}

function labelsOf({ id, uuid }: ReplicaInformation): MetricLabels {
  return { replica_id: id, replica_uuid: uuid };
}

/** Those above 0, ascending by id. */
function componentsOf(vclock: Vclock): readonly Readonly<{ id: number; lsn: number }>[] {
  return vclock.flatMap((lsn, id) => (lsn > 0 ? [{ id, lsn }] : []));
}

function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
