/** What the members of a replica set are at, for the message of a run that has failed. */
import type { SimulatedMember } from './member.ts';
import type { MemberSettings } from './plan.ts';

export function describeReplicaset(settings: MemberSettings, members: readonly SimulatedMember[]): string {
  return [settings.kind, ...members.map(describeMember)].join('\n');
}

function describeMember(member: SimulatedMember): string {
  const { name, plan, instance, status } = member;
  const kind = `${plan.isWriter ? 'master' : 'replica'}, wal_mode ${plan.walMode}`;
  if (instance === null) return `${name} (${kind}) is ${status}, masters ${member.sources.join(', ')}`;
  const { replication, storage } = instance;
  const appliers = replication.upstreams.appliers.map(
    ({ source, status: state, lagSeconds, failure }) =>
      `${source.text} ${state}, ${lagSeconds} s behind ${failure?.message ?? ''}`,
  );
  const relays = [...(replication.relays?.states ?? [])].map(
    ([uuid, { endedWith }]) =>
      `${uuid} ${endedWith === null ? 'runs' : endedWith === 'closed' ? endedWith : endedWith.message}`,
  );
  return [
    `${name} (${kind}) is ${status}${replication.isOrphan ? ', an orphan' : ''}, id ${replication.members.ownId}`,
    `  vclock ${JSON.stringify(storage.logClient.vclock)}, durable ${JSON.stringify(storage.logClient.durableVclock)}`,
    ...appliers.map((text) => `  from ${text}`),
    ...relays.map((text) => `  to ${text}`),
  ].join('\n');
}
