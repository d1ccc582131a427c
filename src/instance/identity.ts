/**
 * Who an instance is, by its names alone: `uuid3(uuid3(nil, "INSTANCE_UUID"), instance_id)`, and the same for the
 * replicaset (RFC 4122, version 3), so that a name always has the same uuid.
 */
import type { Crypto } from '../env/index.ts';

const NIL = new Uint8Array(16);

export function instanceUuid(crypto: Crypto, instanceId: string): string {
  return uuidText(nameUuid(crypto, nameUuid(crypto, NIL, 'INSTANCE_UUID'), instanceId));
}

export function replicasetUuid(crypto: Crypto, replicasetId: string): string {
  return uuidText(nameUuid(crypto, nameUuid(crypto, NIL, 'REPLICASET_UUID'), replicasetId));
}

function nameUuid(crypto: Crypto, namespace: Uint8Array, name: string): Uint8Array {
  const digest = crypto.md5(namespace, new TextEncoder().encode(name)).slice(0, 16);
  digest[6] = (digest[6]! & 0x0f) | 0x30;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  return digest;
}

function uuidText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
