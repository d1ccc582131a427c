/**
 * Who an instance is. Its uuids follow from its names alone: `uuid3(uuid3(nil, "INSTANCE_UUID"), instance_id)`, and the same for the
 * replicaset (RFC 4122, version 3), so that a name always has the same uuid.
 */
import { PICODATA_VERSION, TARANTOOL_VERSION } from '../base/index.ts';
import type { Crypto, RandomSource } from '../env/index.ts';
import type { InstanceIdentity } from '../server/metrics/index.ts';
import type { InstanceOptions } from './options.ts';

const NIL = new Uint8Array(16);

export function instanceUuid(crypto: Pick<Crypto, 'md5'>, instanceId: string): string {
  return uuidText(nameUuid(crypto, nameUuid(crypto, NIL, 'INSTANCE_UUID'), instanceId));
}

export function replicasetUuid(crypto: Pick<Crypto, 'md5'>, replicasetId: string): string {
  return uuidText(nameUuid(crypto, nameUuid(crypto, NIL, 'REPLICASET_UUID'), replicasetId));
}

/** One that follows from nothing (RFC 4122, version 4). */
export function randomUuid(random: RandomSource): string {
  const bytes = new Uint8Array(16);
  random.fill(bytes);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return uuidText(bytes);
}

/** What it says of itself wherever it is asked: to its users and to monitoring. */
export function identityOf(
  { clusterId, instanceId, replicasetId }: InstanceOptions,
  instanceUuid: string,
  replicasetUuid: InstanceIdentity['replicasetUuid'],
): InstanceIdentity {
  return {
    version: PICODATA_VERSION,
    tarantoolVersion: TARANTOOL_VERSION,
    clusterId,
    instanceId,
    replicasetId,
    instanceUuid,
    replicasetUuid,
  };
}

function nameUuid(crypto: Pick<Crypto, 'md5'>, namespace: Uint8Array, name: string): Uint8Array {
  const digest = crypto.md5(namespace, new TextEncoder().encode(name)).slice(0, 16);
  digest[6] = (digest[6]! & 0x0f) | 0x30;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  return digest;
}

function uuidText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
