import { expect, it } from 'vitest';
import { checkConsensusOptions, type ConsensusOptions, DEFAULT_CONSENSUS_OPTIONS } from './options.ts';
import { StartConflict } from './start-conflict.ts';

const MEMBERS = [
  { id: 1, address: 'one:3301' },
  { id: 2, address: '/run/two.sock' },
];
const GOOD: ConsensusOptions = { ...DEFAULT_CONSENSUS_OPTIONS, id: 1, members: MEMBERS };

it.each<[string, Partial<ConsensusOptions>]>([
  ['those of a founder', {}],
  ['those of one who joins', { id: 9, members: [] }],
  ['those of one who is alone', { members: MEMBERS.slice(0, 1) }],
  ['the fastest elections', { tickMs: 1, heartbeatTicks: 1, electionTicks: 2 }],
])('%s can be', (_, options) => {
  expect(() => checkConsensusOptions({ ...GOOD, ...options })).not.toThrow();
});

it.each<[Partial<ConsensusOptions>, string]>([
  [{ id: 0 }, 'raft: id must be a positive integer, not 0'],
  [{ id: -1 }, 'raft: id must be a positive integer, not -1'],
  [{ id: 1.5 }, 'raft: id must be a positive integer, not 1.5'],
  [{ id: 2 ** 53 }, 'raft: id must be a positive integer, not 9007199254740992'],
  [{ id: 3 }, 'raft: members: this instance (id 3) is not among them'],
  [{ members: [...MEMBERS, MEMBERS[1]!] }, 'raft: members: an id stands there twice (1, 2, 2)'],
  [{ members: [...MEMBERS, { id: 0, address: 'a:1' }] }, 'raft: members: id must be a positive integer, not 0'],
  [
    { members: [MEMBERS[0]!, { id: 2, address: 'two' }] },
    "raft: members: address 'two' must be host:port or the path of a socket",
  ],
  [{ tickMs: 0 }, 'raft: tickMs must be a positive integer, not 0'],
  [{ trustsDirectory: 1 as never }, 'raft: trustsDirectory must be true or false, not 1'],
  [{ electionTicks: NaN }, 'raft: electionTicks must be a positive integer, not NaN'],
  [{ logEntriesMax: -1 }, 'raft: logEntriesMax must be a positive integer, not -1'],
  [{ logBytesMax: 0.5 }, 'raft: logBytesMax must be a positive integer, not 0.5'],
  [{ snapshotChunkBytes: Infinity }, 'raft: snapshotChunkBytes must be a positive integer, not Infinity'],
  [{ heartbeatTicks: 10 }, 'raft: electionTicks (10) must be more than heartbeatTicks (10)'],
])('%o cannot be', (options, message) => {
  const check = (): void => checkConsensusOptions({ ...GOOD, ...options });
  expect(check).toThrow(StartConflict);
  expect(check).toThrow(message);
});
