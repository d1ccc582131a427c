/**
 * The possible states of one client's rows, from what it asked and what it heard.
 *
 * A client has one request at a time under way. A request without an answer floats: it may have been executed, may still
 * be (until the server restarts), or never. So the history is a set of possibilities, each a state and what floats in
 * it; an answer leaves those in which the server would give this answer. What others may see before it is durable (reads,
 * refusals, changes of nothing) is no proof that a floating request was executed: its batch may yet fail.
 *
 * All states that ever were possible stay known as candidates: after a machine crash in wal_mode write the rows may be
 * those of any earlier moment, but of the same moment for all clients.
 */
import { ViolationError } from '../common/violation.ts';
import type { Effect, State } from './state.ts';
import { EMPTY_STATE, stateText } from './state.ts';

type Floating = Readonly<{ effect: Effect; issued: number }>;
type Possibility = Readonly<{ state: State; floating: readonly Floating[] }>;

/** `issued` and `acknowledged` are moments of the run's clock, which counts requests and answers. */
type Candidate = Readonly<{ text: string; issued: number; acknowledged: number }>;

/** Of what was acknowledged: all is there; what was there at one earlier moment; or, after a forced recovery, any of it. */
export type Promised = 'everything' | 'earlier moment' | 'nothing';

const FLOATING_MAX = 3;

export class ClientHistory {
  readonly name: string;
  #possibilities: readonly Possibility[] = [{ state: EMPTY_STATE, floating: [] }];
  #candidates: Candidate[] = [{ text: stateText(EMPTY_STATE), issued: 0, acknowledged: 0 }];
  /** Refused by a failed write: their rows were cut off the log, which only the next sync makes sure. */
  #cutOff: Floating[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** More requests without an answer would make too many possibilities. */
  get isTooVague(): boolean {
    return this.#possibilities.some(({ floating }) => floating.length >= FLOATING_MAX);
  }

  /** States that differ in what is known for sure; the first serves to choose sensible requests. */
  get likelyState(): State {
    return this.#possibilities[0]?.state ?? EMPTY_STATE;
  }

  /** The request was answered with this reply. Throws ViolationError if no possibility gives it. */
  answered(what: string, effect: Effect, reply: string, issued: number, now: number): void {
    const next: Possibility[] = [];
    let hasWritten = true;
    for (const possibility of this.#closure()) {
      const outcome = effect(possibility.state);
      if (outcome?.reply !== reply) continue;
      if (outcome.state === possibility.state) hasWritten = false;
      next.push({ state: outcome.state, floating: possibility.floating });
    }
    if (next.length === 0) {
      throw new ViolationError(
        `${this.name}: ${what} was answered ${reply}, which fits none of ${this.#describe(effect)}`,
      );
    }
    const isVague = this.#possibilities.some(({ floating }) => floating.length > 0);
    this.#become(hasWritten || !isVague ? next : [...next, ...this.#possibilities]);
    if (hasWritten) this.#cutOff = [];
    for (const { state } of next) this.#addCandidate(state, issued, now);
  }

  /** The request was refused and has changed nothing. `isCutOff`: what it wrote was removed from the log. */
  refused(effect: Effect, issued: number, isCutOff: boolean): void {
    if (!isCutOff) return;
    this.#cutOff.push({ effect, issued });
    for (const { state } of this.#closure()) {
      const outcome = effect(state);
      if (outcome !== null) this.#addCandidate(outcome.state, issued, Infinity);
    }
  }

  /** No answer came and none will. */
  unknown(effect: Effect, issued: number): void {
    this.#floatAlso([{ effect, issued }]);
    for (const { state } of this.#closure()) this.#addCandidate(state, issued, Infinity);
  }

  /**
   * The server has restarted and these are the rows. `hasLostPower`: what was cut off may be back.
   * Throws ViolationError if they are none of the possible ones.
   */
  found(state: State, hasLostPower: boolean): void {
    const text = stateText(state);
    const possible = new Set(this.#closure().map((possibility) => stateText(possibility.state)));
    if (hasLostPower) for (const cut of this.#cutOff) this.#addWithCutOff(possible, cut);
    if (!possible.has(text)) {
      throw new ViolationError(
        `${this.name}: after the restart there is\n  ${text}\nwhich is none of\n  ${[...possible].join('\n  ')}`,
      );
    }
    this.#become([{ state, floating: [] }]);
    this.#cutOff = [];
  }

  /** Where in the history the rows stand that a machine crash in wal_mode write has left. Throws ViolationError. */
  placesOf(state: State): Readonly<{ earliest: number; latest: number }> {
    const text = stateText(state);
    const matches = this.#candidates.filter((candidate) => candidate.text === text).map(({ issued }) => issued);
    if (matches.length === 0) {
      throw new ViolationError(`${this.name}: after the crash there is ${text}, which never was`);
    }
    return { earliest: Math.min(...matches), latest: Math.max(...matches) };
  }

  /** The newest state that was acknowledged before the moment: when it was issued. */
  newestAcknowledgedBefore(moment: number): number {
    return Math.max(0, ...this.#candidates.flatMap((each) => (each.acknowledged < moment ? [each.issued] : [])));
  }

  /** The rows are these, whatever was before: all of it is durable. */
  startAnew(state: State): void {
    this.#candidates = [{ text: stateText(state), issued: 0, acknowledged: 0 }];
    this.#become([{ state, floating: [] }]);
    this.#cutOff = [];
  }

  /** All that was cut off began at one place of the log, so at most one of it can be back. */
  #addWithCutOff(possible: Set<string>, cut: Floating): void {
    const before = this.#possibilities;
    this.#floatAlso([cut]);
    for (const { state } of this.#closure()) possible.add(stateText(state));
    this.#possibilities = before;
  }

  #floatAlso(more: readonly Floating[]): void {
    this.#become(this.#possibilities.map(({ state, floating }) => ({ state, floating: [...floating, ...more] })));
  }

  #become(possibilities: readonly Possibility[]): void {
    const seen = new Map<string, Possibility>();
    for (const possibility of possibilities) {
      const floating = possibility.floating.map(({ issued }) => issued).join(' ');
      seen.set(`${stateText(possibility.state)} ${floating}`, possibility);
    }
    this.#possibilities = [...seen.values()];
  }

  /** With everything that floating requests may have done, in any order. */
  #closure(): readonly Possibility[] {
    if (this.#possibilities.every(({ floating }) => floating.length === 0)) return this.#possibilities;
    const found = new Map<string, Possibility>();
    const visit = (possibility: Possibility): void => {
      const { state, floating } = possibility;
      const key = `${stateText(state)} ${floating.map(({ issued }) => issued).join(' ')}`;
      if (found.has(key)) return;
      found.set(key, possibility);
      for (const one of floating) {
        const outcome = one.effect(state);
        if (outcome === null) continue;
        visit({ state: outcome.state, floating: floating.filter((other) => other !== one) });
      }
    };
    this.#possibilities.forEach(visit);
    return [...found.values()];
  }

  #addCandidate(state: State, issued: number, acknowledged: number): void {
    this.#candidates.push({ text: stateText(state), issued, acknowledged });
  }

  #describe(effect: Effect): string {
    return this.#closure()
      .map(({ state }) => effect(state)?.reply ?? 'impossible')
      .join(' | ');
  }
}
