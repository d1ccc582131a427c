/**
 * Looks at all members all the time: in one term there is at most one leader and at most one owner of the synchronous
 * queue, whoever is cut off from whom.
 */
import type { SimulatedWorld } from '../../env/index.ts';
import type { SimulatedMember } from '../common/members/member.ts';
import { ViolationError } from '../common/violation.ts';

const PERIOD_MS = 1;

export class Observer {
  readonly #world: SimulatedWorld;
  readonly #members: readonly SimulatedMember[];
  readonly #leaders = new Map<number, string>();
  readonly #owners = new Map<number, number>();
  /** Terms of elections are given out by votes; else an operator's mistake or bad luck may repeat them. */
  readonly #hasElections: boolean;
  #queueTerm = 1;
  #isStopped = false;

  constructor(world: SimulatedWorld, members: readonly SimulatedMember[], hasElections: boolean) {
    this.#world = world;
    this.#members = members;
    this.#hasElections = hasElections;
  }

  /** The greatest term of the queue that was seen. */
  get queueTerm(): number {
    return this.#queueTerm;
  }

  /** How many terms had a leader. */
  get elections(): number {
    return this.#leaders.size;
  }

  start(): void {
    if (this.#isStopped) return;
    for (const member of this.#members) this.#look(member);
    this.#world.schedule(this.#world.nowMs + PERIOD_MS, 'observe', null, () => this.start());
  }

  stop(): void {
    this.#isStopped = true;
  }

  #look({ instance, name }: SimulatedMember): void {
    if (instance === null) return;
    const { elections, queue } = instance.replication;
    this.#queueTerm = Math.max(this.#queueTerm, queue.term);
    if (!this.#hasElections) return;
    if (elections.state === 'leader') this.#note(this.#leaders, elections.term, name, 'leads');
    if (queue.ownerId !== 0 && queue.term > 1) this.#note(this.#owners, queue.term, queue.ownerId, 'owns the queue');
  }

  #note<Who extends string | number>(known: Map<number, Who>, term: number, who: Who, what: string): void {
    const other = known.get(term);
    if (other === undefined) known.set(term, who);
    else if (other !== who) {
      this.#world.fail(new ViolationError(`in term ${term} ${who} ${what}, and ${other} too`));
    }
  }
}
