/**
 * Three real members under load, of which random ones are killed with SIGKILL again and again: one, two or all at once, and some
 * while they start. Everything that clients were told is judged in the end: it must have an order in which one copy of the
 * data would have answered the same.
 */
import { SeededRandom } from '../../src/base/index.ts';
import { checkLinearizability } from '../../sim/checkers/linearizability.ts';
import { REGISTER_MODEL } from '../../sim/checkers/register-model.ts';
import { ConsensusLoad, type LoadCounts } from './consensus-load.ts';
import { Group, type Member, pause } from './group.ts';

const MEMBERS = 3;
const CLIENTS = 4;
const KILLS_PER_PERIOD = 3;
const LOAD_MS_MAX = 1200;
const DOWN_MS_MAX = 700;
const KILLED_IN_START_CHANCE = 0.15;
/** Fast elections, and a log that is soon shorter than what a member misses. */
const OPTIONS = {
  raft: { tickMs: 30, logEntriesMax: 100, snapshotChunkBytes: 512 },
  walMaxSizeBytes: 256 * 1024,
  checkpointIntervalSeconds: 5,
} as const;

export type ConsensusKillOptions = Readonly<{
  kills: number;
  seed: number;
  /** Breaks the promise of reads: the history must be found wrong. */
  readsLocally?: boolean;
}>;

export type ConsensusKillResult = LoadCounts & Readonly<{ kills: number; killedInStart: number }>;

/** Rejects with what cannot have been if promises were kept. */
export async function consensusKills(options: ConsensusKillOptions): Promise<ConsensusKillResult> {
  const group = await Group.start(MEMBERS, OPTIONS);
  try {
    return await new KillRun(group, options).run();
  } catch (error) {
    throw new Error(`seed ${options.seed}: ${String(error)}\n${group.logs()}`, { cause: error });
  } finally {
    await group.close();
  }
}

class KillRun {
  readonly #group: Group;
  readonly #options: ConsensusKillOptions;
  readonly #random: SeededRandom;
  readonly #load: ConsensusLoad;
  #kills = 0;
  #killedInStart = 0;

  constructor(group: Group, options: ConsensusKillOptions) {
    this.#group = group;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    const { readsLocally = false } = options;
    this.#load = new ConsensusLoad(group.members, new SeededRandom(this.#random.uint32()), readsLocally);
  }

  async run(): Promise<ConsensusKillResult> {
    const clients = Array.from({ length: CLIENTS }, (_, number) => this.#load.run(`c${number}`));
    const failed = Promise.all(clients).then(() => undefined);
    await Promise.race([failed, this.#disturb()]);
    this.#load.end();
    await failed;
    await this.#group.leader();
    await this.#load.readAll();
    const verdict = checkLinearizability(REGISTER_MODEL, this.#load.operations());
    if (verdict.kind === 'not-linearizable') throw new Error(`not linearizable: ${verdict.explanation}`);
    if (verdict.kind === 'undecided') throw new Error(`nobody knows whether key ${verdict.key} is linearizable`);
    return { ...this.#load.counts, kills: this.#kills, killedInStart: this.#killedInStart };
  }

  async #disturb(): Promise<void> {
    while (this.#kills < this.#options.kills) {
      await pause(this.#random.below(LOAD_MS_MAX));
      const victims = this.#victims();
      if (Math.floor(this.#kills / KILLS_PER_PERIOD) < Math.floor((this.#kills + victims.length) / KILLS_PER_PERIOD)) {
        this.#load.nextPeriod();
      }
      this.#kills += victims.length;
      await Promise.all(victims.map((victim) => victim.kill()));
      await pause(this.#random.below(DOWN_MS_MAX));
      await Promise.all(victims.map((victim) => this.#revive(victim)));
    }
  }

  /** Mostly one; sometimes too many for a majority to be left. */
  #victims(): readonly Member[] {
    const { members } = this.#group;
    const first = this.#random.below(members.length);
    const count = this.#random.chance(0.7) ? 1 : 2 + this.#random.below(members.length - 1);
    return Array.from({ length: count }, (_, offset) => members[(first + offset) % members.length]!);
  }

  async #revive(member: Member): Promise<void> {
    if (this.#random.chance(KILLED_IN_START_CHANCE)) {
      member.launch();
      await pause(this.#random.below(600));
      await member.kill();
      this.#killedInStart++;
    }
    await member.start();
  }
}
