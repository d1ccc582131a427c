import { describe, expect, it } from 'vitest';
import { BoxError, boxError, SeededRandom } from '../../../src/base/index.ts';
import type { CasPredicate, GlobalOperation } from '../../../src/cluster/raftnode/index.ts';
import type { Timers } from '../../../src/env/index.ts';
import type { EntryId } from '../../../src/raft/index.ts';
import { checkLinearizability } from '../../checkers/linearizability.ts';
import { REGISTER_MODEL } from '../../checkers/register-model.ts';
import { SimulatedWorld } from '../../env/index.ts';
import { Shop } from '../common/shop.ts';
import { Client, LIST_KEYS } from './client.ts';
import { type MemberConsensus, REFUSED } from './contract.ts';
import { emptyCounts, type RunCounts } from './counts.ts';
import type { Door, Session } from './door.ts';
import { History } from './history.ts';

type Break = 'none' | 'losesAcknowledgedWrites' | 'readsStale' | 'appliesTwice' | 'swapsBlindly' | 'refusesWhatItDoes';

const SECONDS = 60;
const MEMBERS = 4;

/** Not a group but one map, with delays, whose members end now and then. */
class FakeGroup {
  readonly #timers: Timers;
  readonly #random: SeededRandom;
  readonly #break: Break;
  readonly #values = new Map<string, string>(LIST_KEYS.map((key) => [key, '']));
  readonly #changedAt = new Map<string, number>();
  #stale = new Map<string, string>();
  #index = 0;
  readonly doors: readonly Door[];

  constructor(timers: Timers, random: SeededRandom, broken: Break) {
    this.#timers = timers;
    this.#random = random;
    this.#break = broken;
    this.doors = Array.from({ length: MEMBERS }, (_, number) => this.#makeDoor(`member ${number}`));
    timers.every(2000, () => {
      this.#stale = new Map(this.#values);
    });
  }

  #makeDoor(name: string): Door {
    let current: Session;
    const live = (): void => {
      const ended = this.#timers.sleep(1000 + this.#random.below(8000));
      current = { consensus: this.#consensus(), property: (key) => this.#property(key), ended };
      void ended.then(live);
    };
    live();
    return { name, session: () => (this.#random.chance(0.05) ? null : current) };
  }

  #property(key: string): string | null {
    const isStale = this.#break === 'readsStale' && this.#random.chance(0.05);
    return (isStale ? this.#stale : this.#values).get(key) ?? null;
  }

  #consensus(): MemberConsensus {
    return {
      transferLeadership: () => expect.fail('clients do not transfer'),
      changeMembership: () => expect.fail('clients do not change members'),
      compact: () => expect.fail('clients do not compact'),
      readIndex: async () => {
        await this.#travel(0.02);
        return this.#index;
      },
      propose: (operation) => this.#execute(operation, {}),
      compareAndSwap: (operation, predicate) => this.#execute(operation, predicate ?? {}),
    };
  }

  async #execute(operation: GlobalOperation, { index, ranges }: CasPredicate): Promise<EntryId> {
    await this.#travel(0.01);
    const keys = (ranges ?? []).map(({ keyMin }) => String(keyMin?.key[0]));
    const isConflict = keys.some((key) => (this.#changedAt.get(key) ?? 0) > (index ?? Infinity));
    if (isConflict && this.#break !== 'swapsBlindly') {
      if (this.#break === 'refusesWhatItDoes') this.#apply(operation);
      throw new BoxError(REFUSED.casConflictFound, 'conflict');
    }
    const isLost = this.#break === 'losesAcknowledgedWrites' && this.#random.chance(0.05);
    if (!isLost) this.#apply(operation);
    if (this.#break === 'appliesTwice' && this.#random.chance(0.05)) this.#apply(operation);
    const id = { term: 1, index: this.#index };
    await this.#travel(0.01);
    return id;
  }

  /** Takes a while; a few never arrive, some are said to be late. */
  async #travel(lossRate: number): Promise<void> {
    await this.#timers.sleep(this.#random.below(60));
    if (this.#random.chance(lossRate)) await this.#timers.sleep(this.#random.below(10_000));
    if (this.#random.chance(lossRate)) throw boxError('TIMEOUT');
  }

  #apply(operation: GlobalOperation): void {
    this.#index++;
    this.#change(operation);
  }

  #change(operation: GlobalOperation): void {
    switch (operation.kind) {
      case 'batch':
        for (const each of operation.operations) this.#change(each);
        return;
      case 'replace':
      case 'insert':
        return this.#set(String(operation.tuple[0]), String(operation.tuple[1]));
      case 'update': {
        const key = String(operation.key[0]);
        return this.#set(key, (this.#values.get(key) ?? '') + String(operation.operations[0]?.[4]));
      }
      case 'delete':
        return this.#set(String(operation.key[0]), null);
      case 'nop':
    }
  }

  #set(key: string, value: string | null): void {
    if (value === null) this.#values.delete(key);
    else this.#values.set(key, value);
    this.#changedAt.set(key, this.#index);
  }
}

async function run(seed: number, broken: Break): Promise<Readonly<{ verdict: string; counts: RunCounts }>> {
  const world = new SimulatedWorld(seed);
  const { timers } = world.addHost('clients').createEnv();
  const random = new SeededRandom(world.random.uint32());
  const shop = new Shop(emptyCounts(), timers, new SeededRandom(random.uint32()), 500);
  const history = new History(() => shop.nextMoment());
  const { doors } = new FakeGroup(timers, random, broken);
  const setup = history.begin(
    'setup',
    LIST_KEYS.map((key) => ({ key, input: { kind: 'write', value: '' } as const })),
  );
  setup.answered({ kind: 'done' });
  for (let number = 1; number <= 5; number++) {
    new Client({ shop, history, doors, onAcknowledged: () => undefined }, `c${number}`).start();
  }
  shop.isPaused = false;
  await world.run(SECONDS * 1000);
  if (shop.failure !== null) throw shop.failure;
  return { verdict: checkLinearizability(REGISTER_MODEL, history.operations()).kind, counts: shop.counts };
}

describe('clients of a group and the checker of their history', () => {
  it('find nothing wrong with a group that keeps its promises', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { verdict, counts } = await run(seed, 'none');
      expect(verdict, `seed ${seed}`).toBe('linearizable');
      expect(counts.acknowledged + counts.reads).toBeGreaterThan(200);
      expect(Math.min(counts.conflicts, counts.unknownOutcomes, counts.appends, counts.swaps)).toBeGreaterThan(0);
    }
  });

  it.each<Break>(['losesAcknowledgedWrites', 'readsStale', 'appliesTwice', 'swapsBlindly', 'refusesWhatItDoes'])(
    'notice one that breaks them: %s',
    async (broken) => {
      const verdicts = [];
      for (let seed = 0; seed < 5; seed++) verdicts.push((await run(seed, broken)).verdict);
      expect(verdicts).toContain('not-linearizable');
    },
  );
});
