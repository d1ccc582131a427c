/**
 * Looks at each member behind each event that ran on it, and tells the journal what is new: who leads, which entries its
 * log has, which of them it takes for committed, and what they have led to.
 */
import { createLocalApi, type LocalApi } from '../../../src/app/procedures/index.ts';
import type { ConsensusStatus } from '../../../src/cluster/raftnode/index.ts';
import type { SimulatedWorld } from '../../env/index.ts';
import { valueText } from '../common/value-text.ts';
import { ViolationError } from '../common/violation.ts';
import { PROPERTY, RAFT_LOG_ID } from './contract.ts';
import type { RunCounts } from './counts.ts';
import type { GroupJournal, SeenEntry } from './journal.ts';
import type { GroupMember } from './member.ts';

/** What was last seen of a member in one life. */
type Seen = {
  readonly life: number;
  readonly api: LocalApi;
  commit: number;
  /** Up to here its entries have been told as committed. */
  toldApplied: number;
  applied: number;
  firstIndex: number;
  /** What, if it is as before, lets the log be as before. */
  signature: string;
  /** Of its last entry on disk. */
  lastEntry: number;
};

export class Observer {
  readonly #world: SimulatedWorld;
  readonly #members: ReadonlyMap<string, GroupMember>;
  readonly #journal: GroupJournal;
  readonly #counts: RunCounts;
  readonly #seen = new Map<GroupMember, Seen>();
  #last: GroupMember | undefined;
  #isStopped = false;

  constructor(world: SimulatedWorld, members: readonly GroupMember[], journal: GroupJournal, counts: RunCounts) {
    this.#world = world;
    this.#members = new Map(members.map((member) => [member.name, member]));
    this.#journal = journal;
    this.#counts = counts;
  }

  /** Told of each event before it runs: behind the one before. `what` begins with the name of the machine. */
  onEvent(what: string): void {
    if (this.#isStopped) return;
    const last = this.#last;
    this.#last = this.#members.get(what.slice(0, Math.max(0, what.indexOf('#'))));
    if (last !== undefined) this.#look(last);
  }

  stop(): void {
    this.#isStopped = true;
  }

  #look(member: GroupMember): void {
    const { instance } = member;
    // Who has given up knows only what is on its disk.
    if (instance?.raft.isRunning !== true) return;
    try {
      this.#compare(member, instance.raft.status());
    } catch (error) {
      this.#world.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #compare(member: GroupMember, status: ConsensusStatus): void {
    const seen = this.#seenOf(member, status);
    const who = member.label;
    if (!member.mayTakeBack && (status.commit < seen.commit || status.applied < seen.applied)) {
      throw new ViolationError(`${who} takes less for committed, or has applied less, than before`);
    }
    if (status.applied > status.commit) throw new ViolationError(`${who} has applied what is not committed`);
    const { term, role, commit, applied, firstIndex, lastIndex } = status;
    const signature = `${term} ${role} ${commit} ${applied} ${firstIndex} ${lastIndex}`;
    if (signature !== seen.signature) {
      seen.signature = signature;
      this.#count(seen, status);
      this.#tellEntries(who, seen, status);
    }
    if (applied > seen.applied) this.#journal.hasState(who, applied, stateOf(seen.api));
    seen.commit = commit;
    seen.applied = applied;
    seen.firstIndex = firstIndex;
  }

  #tellEntries(who: string, seen: Seen, { term, role, applied, firstIndex, lastIndex }: ConsensusStatus): void {
    const entries = entriesOf(seen.api, Math.max(firstIndex, seen.toldApplied));
    let previous: SeenEntry | null = null;
    for (const entry of entries) {
      this.#journal.hasEntry(who, entry, previous?.index === entry.index - 1 ? previous.term : null);
      previous = entry;
      seen.lastEntry = entry.index;
      // What is committed may be still to be written over what is there; what is applied is written.
      if (entry.index > applied) continue;
      this.#journal.hasCommitted(who, entry);
      seen.toldApplied = Math.max(seen.toldApplied, entry.index);
    }
    if (role !== 'leader') return;
    const termAt = (index: number): number | null => entries.find((entry) => entry.index === index)?.term ?? null;
    this.#journal.leads(who, term, termAt);
    this.#journal.leadsBehind(who, term, lastIndex);
  }

  #count(seen: Seen, { firstIndex }: ConsensusStatus): void {
    if (firstIndex <= seen.firstIndex) return;
    if (firstIndex > seen.lastEntry + 1) this.#counts.snapshots++;
    else this.#counts.compactions++;
  }

  #seenOf(member: GroupMember, status: ConsensusStatus): Seen {
    const known = this.#seen.get(member);
    if (known?.life === member.life) return known;
    const { box } = member.instance!;
    const seen: Seen = {
      life: member.life,
      api: createLocalApi(box, box.adminSession),
      commit: 0,
      toldApplied: 0,
      applied: 0,
      firstIndex: status.firstIndex,
      signature: '',
      lastEntry: status.firstIndex - 1,
    };
    this.#seen.set(member, seen);
    return seen;
  }
}

/** Of the log, from an index on. */
function entriesOf(api: LocalApi, fromIndex: number): readonly SeenEntry[] {
  return api
    .space(RAFT_LOG_ID)
    .select([fromIndex], { iterator: 'GE' })
    .map((row) => {
      return { index: Number(row[1]), term: Number(row[2]), text: valueText([row[0]!, row[3]!, row[4] ?? null]) };
    });
}

function stateOf(api: LocalApi): string {
  return api
    .space(PROPERTY.name)
    .select([])
    .map((row) => valueText(row))
    .join('\n');
}
