/** Changes of membership as a program asks for them. What cannot be is refused here, before anybody votes on it. */
import { boxError } from '../../base/index.ts';
import { type MemberChange, type MembershipChange, type RaftId, raftId, type Transition } from '../../raft/index.ts';
import { type Addresses, encodeAddresses, isAddress } from './addresses.ts';

/** `address` may be left out for a member that is known already. */
export type MembershipRequest = Readonly<{
  transition?: Transition;
  changes: readonly Readonly<{ kind: MemberChange['kind']; id: number; address?: string }>[];
}>;

const TRANSITIONS: readonly Transition[] = ['auto', 'implicit', 'explicit'];
const KINDS: readonly MemberChange['kind'][] = ['add-voter', 'add-learner', 'remove'];

/** Throws ILLEGAL_PARAMS. */
export function membershipChange(
  { transition = 'auto', changes }: MembershipRequest,
  known: Addresses,
): MembershipChange {
  if (!TRANSITIONS.includes(transition)) throw boxError('ILLEGAL_PARAMS', `there is no transition '${transition}'`);
  if (!Array.isArray(changes)) throw boxError('ILLEGAL_PARAMS', 'changes must be an array');
  const addresses = new Map<RaftId, string>();
  const checked = changes.map(({ kind, id, address }): MemberChange => {
    if (!KINDS.includes(kind)) throw boxError('ILLEGAL_PARAMS', `there is no change '${kind}'`);
    if (!Number.isSafeInteger(id) || id <= 0) {
      throw boxError('ILLEGAL_PARAMS', `id of a member must be a positive integer, not ${id}`);
    }
    const member = raftId(id);
    if (kind === 'remove') return { kind, id: member };
    if (address === undefined && !known.has(member)) {
      throw boxError('ILLEGAL_PARAMS', `member ${id} needs an address`);
    }
    if (address !== undefined && !isAddress(address)) {
      throw boxError('ILLEGAL_PARAMS', `address '${address}' must be host:port or the path of a socket`);
    }
    if (address !== undefined) addresses.set(member, address);
    return { kind, id: member };
  });
  return { transition, changes: checked, context: encodeAddresses(addresses) };
}
