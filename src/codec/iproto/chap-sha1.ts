/**
 * The method chap-sha1: the client proves that it knows sha1(password), the server keeps sha1(sha1(password)).
 * docs/formats/iproto.md, "Authentication". SHA-1 itself is given by the caller.
 */
import { SCRAMBLE_SALT_BYTES } from './greeting.ts';

/** SHA-1 of the parts joined. */
export type Sha1 = (...parts: readonly Uint8Array[]) => Uint8Array;

export const SCRAMBLE_BYTES = 20;

const textEncoder = new TextEncoder();

/** What the server stores of a password: sha1(sha1(password)). */
export function chapSha1Hash(sha1: Sha1, password: string): Uint8Array {
  return sha1(sha1(textEncoder.encode(password)));
}

/** What the client sends. `salt` is the greeting's. */
export function chapSha1Scramble(sha1: Sha1, salt: Uint8Array, password: string): Uint8Array {
  const once = sha1(textEncoder.encode(password));
  return xor(once, sha1(salt.subarray(0, SCRAMBLE_SALT_BYTES), sha1(once)));
}

/** Whether the scramble was made with the password of the stored hash. `scramble` has SCRAMBLE_BYTES. */
export function chapSha1Check(sha1: Sha1, salt: Uint8Array, scramble: Uint8Array, hash: Uint8Array): boolean {
  const once = xor(scramble, sha1(salt.subarray(0, SCRAMBLE_SALT_BYTES), hash));
  return equalInConstantTime(sha1(once), hash);
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, index) => byte ^ right[index]!);
}

function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < left.length; index++) difference |= left[index]! ^ (right[index] ?? 0);
  return difference === 0;
}
