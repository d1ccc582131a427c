/** All masters that an instance is configured with, and how far it is with them. */
import { BoxError, boxError } from '../base/index.ts';
import type { Env, TimerHandle } from '../env/index.ts';
import { Applier, type ApplierNeeds } from './applier/applier.ts';
import { parseSource } from './applier/source.ts';
import { type Candidate, chooseLeader } from './bootstrap/leader.ts';

/** A connection to the instance itself has all that there is. */
const NOBODY = '';
const SELF = boxError('CONNECTION_TO_SELF').code;

export type MasterCandidate = Candidate & Readonly<{ applier: Applier }>;

export class Upstreams {
  readonly #env: Env;
  readonly #needs: Omit<ApplierNeeds, 'onChange' | 'hasOthers' | 'mayRegister'>;
  #appliers: readonly Applier[] = [];
  readonly #watchers = new Set<() => void>();
  /** Uuids of those who have asked this instance for their first data. */
  readonly #withoutData = new Set<string>();

  constructor(env: Env, needs: Omit<ApplierNeeds, 'onChange' | 'hasOthers' | 'mayRegister'>) {
    this.#env = env;
    this.#needs = needs;
  }

  get appliers(): readonly Applier[] {
    return this.#appliers;
  }

  /** Follows these masters and no others; those that stay keep their connections. Throws ER_CFG. */
  async configure(uris: readonly string[]): Promise<void> {
    const sources = uris.map(parseSource);
    const texts = sources.map(({ text }) => text);
    const twice = texts.find((text, at) => texts.indexOf(text) !== at);
    if (twice !== undefined) throw boxError('CFG', 'replication', 'duplicate connection to the same replica');
    const leaving = this.#appliers.filter(({ source }) => !texts.includes(source.text));
    const kept = new Map(this.#appliers.map((applier) => [applier.source.text, applier]));
    const onChange = (): void => this.#changed();
    const hasOthers = (applier: Applier): boolean =>
      this.#appliers.some((other) => other !== applier && !isSelf(other) && other.status !== 'stopped');
    const mayRegister = (applier: Applier): boolean => chooseLeader(this.candidates())?.applier === applier;
    this.#appliers = sources.map((source) => {
      const known = kept.get(source.text);
      // One that has stopped for good gets another try: that is what configuring anew is for.
      if (known !== undefined && known.status !== 'stopped') return known;
      const applier = new Applier({ ...this.#needs, onChange, hasOthers, mayRegister }, source);
      applier.start();
      return applier;
    });
    await Promise.all(leaving.map((applier) => applier.stop()));
  }

  /** Those that can be reached and have said what they are. */
  candidates(): readonly MasterCandidate[] {
    return this.heard().filter(({ applier }) => applier.isThere);
  }

  /** Those that have said what they are, whether they can be reached just now or not. */
  heard(): readonly MasterCandidate[] {
    return this.#appliers.flatMap((applier) => {
      const { masterUuid, ballot } = applier;
      return masterUuid === null || ballot === null ? [] : [{ uuid: masterUuid, ballot, applier }];
    });
  }

  /** Those that can be reached, this instance itself among them. */
  get connectedCount(): number {
    return this.#appliers.filter(({ isThere }) => isThere).length;
  }

  /** Those that need not be waited for. */
  get synchronizedCount(): number {
    return this.#appliers.filter(
      (applier) =>
        isSelf(applier) || applier.status === 'follow' || this.#withoutData.has(applier.masterUuid ?? NOBODY),
    ).length;
  }

  /**
   * Whether that server has data. One that has none can be caught up with by nobody, and gets them only when this one
   * takes writes.
   */
  learned(uuid: string, hasData: boolean): void {
    if (hasData) this.#withoutData.delete(uuid);
    else this.#withoutData.add(uuid);
    this.#changed();
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Calls back whenever something changes. */
  watch(callback: () => void): void {
    this.#watchers.add(callback);
  }

  /** Whether it comes true within the time; looked at whenever something changes. */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      let timer: TimerHandle | null = null;
      const finish = (isTrue: boolean): void => {
        timer?.cancel();
        this.#watchers.delete(look);
        resolve(isTrue);
      };
      const look = (): void => {
        if (condition()) finish(true);
      };
      this.#watchers.add(look);
      if (timeoutMs !== Infinity) timer = this.#env.timers.after(timeoutMs, () => finish(false));
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#appliers.map((applier) => applier.stop()));
    this.#appliers = [];
  }
}

export function isSelf({ failure }: Applier): boolean {
  return failure instanceof BoxError && failure.code === SELF;
}
