/** What an instance says of itself: names, uuids, where it is and how full. */
import { formatAddress } from '../client/index.ts';
import type { ReplicationInformation } from '../engine/box/index.ts';
import { replicationInformation } from '../replication/index.ts';
import type { InstanceIdentity } from '../server/metrics/index.ts';
import { identityOf } from './identity.ts';
import type { Instance } from './instance.ts';

export type InstanceInformation = InstanceIdentity &
  Readonly<{
    dataDir: string;
    listen: readonly string[];
    /** Where it serves metrics over HTTP; null: nowhere. */
    httpListen: string | null;
    isReadOnly: boolean;
    /** What it has of each member's rows, by id; those of local spaces at 0. */
    vclock: readonly number[];
    /** Who follows whom, as `box.info.replication`, `replication_anon` and `gc().consumers` say it. */
    replication: ReplicationInformation;
    processId: number;
    residentBytes: number;
    /** Registered procedures, by name. */
    procedures: readonly string[];
  }>;

export function instanceInformation(instance: Instance): InstanceInformation {
  const { box, env, options, storage } = instance;
  return {
    ...identityOf(options, storage.instanceUuid, storage.box.catalog.replicasetUuid),
    dataDir: env.files.absolute(options.dataDir),
    listen: instance.addresses.map(formatAddress),
    httpListen: instance.httpAddress === null ? null : formatAddress(instance.httpAddress),
    isReadOnly: box.statements.isReadOnly,
    vclock: box.vclock(),
    replication: replicationInformation(instance.replication, box.vclock(), env.clock.monotonicMs()),
    processId: env.process.pid,
    residentBytes: env.process.memoryUsage().residentBytes,
    procedures: box.procedures.names(),
  };
}
