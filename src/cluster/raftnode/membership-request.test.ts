import { expect, it } from 'vitest';
import { raftId } from '../../raft/index.ts';
import { decodeAddresses } from './addresses.ts';
import { membershipChange, type MembershipRequest } from './membership-request.ts';

const KNOWN = new Map([[raftId(1), 'one:1']]);

it('changes are taken over, and addresses go with them', () => {
  const change = membershipChange(
    {
      transition: 'explicit',
      changes: [
        { kind: 'add-learner', id: 1 },
        { kind: 'add-voter', id: 2, address: 'two:2' },
        { kind: 'remove', id: 3, address: 'nobody needs it' },
      ],
    },
    KNOWN,
  );
  expect(change).toMatchObject({
    transition: 'explicit',
    changes: [
      { kind: 'add-learner', id: 1 },
      { kind: 'add-voter', id: 2 },
      { kind: 'remove', id: 3 },
    ],
  });
  expect(decodeAddresses(change.context)).toEqual(new Map([[2, 'two:2']]));
});

it('none at all leave a joint configuration', () => {
  expect(membershipChange({ changes: [] }, KNOWN)).toEqual({
    transition: 'auto',
    changes: [],
    context: new Uint8Array(0),
  });
});

it.each<[string, unknown, string]>([
  ['id 0', { changes: [{ kind: 'add-voter', id: 0, address: 'a:1' }] }, 'must be a positive integer, not 0'],
  ['half an id', { changes: [{ kind: 'remove', id: 1.5 }] }, 'must be a positive integer, not 1.5'],
  ['an id of text', { changes: [{ kind: 'remove', id: '1' }] }, 'must be a positive integer, not 1'],
  ['no such kind', { changes: [{ kind: 'add', id: 2, address: 'a:1' }] }, "there is no change 'add'"],
  ['no address', { changes: [{ kind: 'add-voter', id: 2 }] }, 'member 2 needs an address'],
  ['no such address', { changes: [{ kind: 'add-voter', id: 2, address: 'two' }] }, "address 'two' must be host:port"],
  ['no such transition', { transition: 'now', changes: [] }, "there is no transition 'now'"],
  ['no changes', {}, 'changes must be an array'],
])('%s is refused', (_, request, message) => {
  expect(() => membershipChange(request as MembershipRequest, KNOWN)).toThrow(message);
});
