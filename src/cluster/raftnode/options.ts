/** How an instance takes part in a group; what a program gives, with defaults. */
import { isAddress } from './addresses.ts';
import { StartConflict } from './start-conflict.ts';

export type MemberAddress = Readonly<{
  /** Positive, and never given again to another one, or to the same one after it lost its data. */
  id: number;
  /** `host:port`, or the path of a socket: where the others reach it. */
  address: string;
}>;

export type ConsensusOptions = Readonly<{
  /** Of this instance. */
  id: number;
  /**
   * Those that found the group, this one among them: the same list on all, and the group begins when all have been started
   * once. Empty: this instance joins a group whose leader is told of it by `changeMembership`.
   */
  members: readonly MemberAddress[];
  /** A leader that was not heard of for `electionTicks` to twice that is replaced; it speaks every `heartbeatTicks`. */
  tickMs: number;
  heartbeatTicks: number;
  electionTicks: number;
  /** Snapshots are sent in pieces of about this size; one tuple may be larger. */
  snapshotChunkBytes: number;
  /** With more entries, or more bytes of them, those that are applied leave the log. */
  logEntriesMax: number;
  logBytesMax: number;
  /** Whoever operates it vouches that the directory, wherever it comes from, has all that this member has ever told others. */
  trustsDirectory: boolean;
}>;

const MIB = 1024 * 1024;

export const DEFAULT_CONSENSUS_OPTIONS: Omit<ConsensusOptions, 'id' | 'members'> = {
  tickMs: 100,
  heartbeatTicks: 1,
  electionTicks: 10,
  snapshotChunkBytes: 16 * MIB,
  logEntriesMax: 16_384,
  logBytesMax: 64 * MIB,
  trustsDirectory: false,
};

/** Throws StartConflict, which names the option. */
export function checkConsensusOptions({ id, members, trustsDirectory, ...numbers }: ConsensusOptions): void {
  const wrong = (what: string): StartConflict => new StartConflict(`raft: ${what}`);
  if (!Number.isSafeInteger(id) || id <= 0) throw wrong(`id must be a positive integer, not ${id}`);
  const ids = members.map((member) => member.id);
  for (const member of ids) {
    if (!Number.isSafeInteger(member) || member <= 0)
      throw wrong(`members: id must be a positive integer, not ${member}`);
  }
  if (new Set(ids).size < ids.length) throw wrong(`members: an id stands there twice (${ids.join(', ')})`);
  if (ids.length > 0 && !ids.includes(id)) throw wrong(`members: this instance (id ${id}) is not among them`);
  const addresses = members.map(({ address }) => address);
  const shared = addresses.find((address, place) => addresses.indexOf(address) !== place);
  if (shared !== undefined) throw wrong(`members: two of them have the address ${shared}`);
  const unreachable = members.find(({ address }) => !isAddress(address));
  if (unreachable !== undefined) {
    throw wrong(`members: address '${unreachable.address}' must be host:port or the path of a socket`);
  }
  if (typeof trustsDirectory !== 'boolean')
    throw wrong(`trustsDirectory must be true or false, not ${String(trustsDirectory)}`);
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value <= 0) throw wrong(`${name} must be a positive integer, not ${value}`);
  }
  if (numbers.electionTicks <= numbers.heartbeatTicks) {
    throw wrong(
      `electionTicks (${numbers.electionTicks}) must be more than heartbeatTicks (${numbers.heartbeatTicks})`,
    );
  }
}
