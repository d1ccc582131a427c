/** Sizes of entries, for the bounds of messages and of what waits. */
import { unreachable } from '../base/index.ts';
import type { Entry, Payload } from './types.ts';

/** About what term, index and the frame of an entry take on the wire and on disk. */
const ENTRY_OVERHEAD_BYTES = 16;
const MEMBER_CHANGE_BYTES = 8;

/** 0 for the empty entry of a new leader and for leaving a joint configuration: those are never refused for their size. */
export function payloadBytes(payload: Payload): number {
  switch (payload.kind) {
    case 'data':
      return payload.data.length;
    case 'membership':
      return payload.change.changes.length * MEMBER_CHANGE_BYTES + payload.change.context.length;
    default:
      return unreachable(payload);
  }
}

export function payloadsBytes(entries: readonly Pick<Entry, 'payload'>[]): number {
  let bytes = 0;
  for (const { payload } of entries) bytes += payloadBytes(payload);
  return bytes;
}

export function entriesBytes(entries: readonly Entry[]): number {
  return payloadsBytes(entries) + entries.length * ENTRY_OVERHEAD_BYTES;
}

/** The first ones that fit in `maxBytes`, and at least one. */
export function entriesWithin(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  let bytes = 0;
  for (let count = 0; count < entries.length; count++) {
    bytes += payloadBytes(entries[count]!.payload) + ENTRY_OVERHEAD_BYTES;
    if (bytes > maxBytes && count > 0) return entries.slice(0, count);
  }
  return entries;
}
