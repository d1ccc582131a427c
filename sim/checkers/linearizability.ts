/**
 * Whether what concurrent clients saw of independent objects has an order of operations, each between its call and its
 * answer, in which a sequential object would have answered the same.
 *
 * Guarantees: an operation without an answer may take effect at any time after its call, or never; keys are judged by
 * themselves, which is enough (Herlihy, Wing: Linearizability, 1990); the search ends within a bound of steps and then
 * says that it does not know. It is that of Wing and Gong (Testing and verifying concurrent objects, 1993): depth first,
 * any operation next that was called before the earliest answer that is left. As in Lowe's (Testing for linearizability,
 * 2017), operations whose answer comes first are tried first, those without an answer last and only if they change
 * something, and no set of operations with the same state is entered twice.
 */

/** What one object does with one operation after the other. States are immutable. */
export type SequentialModel<State, Input, Output> = Readonly<{
  initial: State;
  /** The state behind the operation; undefined: it cannot have had this output here. `output` undefined: any. */
  step: (state: State, input: Input, output: Output | undefined) => State | undefined;
  /** Equal for states that are equal, and for no others. */
  stateText: (state: State) => string;
  operationText: (input: Input, output: Output | undefined) => string;
}>;

/** Moments order all calls and answers of a history; no two are equal. */
export type Operation<Input, Output> = Readonly<{
  client: string;
  key: string;
  input: Input;
  calledAt: number;
  /** null: nobody knows whether it took effect, or will. */
  answer: Readonly<{ output: Output; at: number }> | null;
}>;

export type Verdict =
  | Readonly<{ kind: 'linearizable' }>
  /** `explanation`: how far the shortest history of that key that has no order can be explained. */
  | Readonly<{ kind: 'not-linearizable'; key: string; explanation: string }>
  | Readonly<{ kind: 'undecided'; key: string; steps: number }>;

/** Of one key. A history of hundreds of operations of which few have no answer takes thousands. */
export const STEPS_MAX = 300_000;
/** Of the order that could be found, as many of its last operations are shown. */
const SHOWN_OPERATIONS = 12;
/** Of a longer text the end is shown. */
const SHOWN_CHARACTERS = 160;

/** Judges a history of operations in any order. At most `stepsMax` steps for each key. */
export function checkLinearizability<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  stepsMax = STEPS_MAX,
): Verdict {
  let undecided: Verdict | null = null;
  for (const [key, operations] of byKey(history)) {
    const result = search(model, operations, stepsMax);
    if (result.kind === 'none') {
      const shortest = shortestWithoutOrder(model, operations, stepsMax);
      return { kind: 'not-linearizable', key, explanation: explain(model, key, shortest, stepsMax) };
    }
    if (result.kind === 'undecided') undecided ??= { kind: 'undecided', key, steps: stepsMax };
  }
  return undecided ?? { kind: 'linearizable' };
}

function byKey<Input, Output>(
  history: readonly Operation<Input, Output>[],
): ReadonlyMap<string, readonly Operation<Input, Output>[]> {
  const keys = new Map<string, Operation<Input, Output>[]>();
  for (const operation of history) {
    const known = keys.get(operation.key);
    if (known === undefined) keys.set(operation.key, [operation]);
    else known.push(operation);
  }
  return keys;
}

type Order<State> = readonly Readonly<{ index: number; state: State }>[];
/** `longest`: the order with the most answers; `stuck`: what might have come next. Indexes are of the sorted history. */
type SearchResult<State> = Readonly<
  { kind: 'found' } | { kind: 'undecided' } | { kind: 'none'; longest: Order<State>; stuck: readonly number[] }
>;

type Frame<State> = { readonly candidates: readonly number[]; next: number; readonly state: State; index: number };

function search<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  stepsMax: number,
): SearchResult<State> {
  const sorted = sortedByAnswer(operations);
  const taken = new TakenSet(sorted);
  const entered = new Set<string>();
  const stack: Frame<State>[] = [{ candidates: taken.candidates(), next: 0, state: model.initial, index: -1 }];
  let longest: Order<State> = [];
  let [stuck, mostAnswers] = [stack[0]!.candidates, 0];
  let steps = 0;
  for (;;) {
    if (taken.answersLeft === 0) return { kind: 'found' };
    const frame = stack[stack.length - 1];
    if (frame === undefined) return { kind: 'none', longest, stuck };
    const index = frame.candidates[frame.next++];
    if (index === undefined) {
      stack.pop();
      if (frame.index >= 0) taken.remove(frame.index);
      continue;
    }
    if (steps++ === stepsMax) return { kind: 'undecided' };
    const { input, answer } = sorted[index]!;
    const state = model.step(frame.state, input, answer?.output);
    if (state === undefined) continue;
    const text = model.stateText(state);
    if (answer === null && text === model.stateText(frame.state)) continue;
    taken.add(index);
    const place = taken.text() + text;
    if (entered.has(place)) {
      taken.remove(index);
      continue;
    }
    entered.add(place);
    const candidates = taken.candidates();
    stack.push({ candidates, next: 0, state, index });
    if (taken.answers <= mostAnswers) continue;
    mostAnswers = taken.answers;
    longest = stack.slice(1);
    stuck = candidates;
  }
}

/** By their answers; those without come last, by their calls. */
function sortedByAnswer<Input, Output>(
  operations: readonly Operation<Input, Output>[],
): readonly Operation<Input, Output>[] {
  const answered = operations.filter(({ answer }) => answer !== null);
  const open = operations.filter(({ answer }) => answer === null);
  answered.sort((left, right) => left.answer!.at - right.answer!.at);
  open.sort((left, right) => left.calledAt - right.calledAt);
  return [...answered, ...open];
}

/** Which operations have their place in the order that is tried; a set of indexes of the sorted history. */
class TakenSet {
  readonly #sorted: readonly Operation<unknown, unknown>[];
  readonly #words: Uint16Array;
  readonly #answeredCount: number;
  /** The operations before it are all taken. */
  #first = 0;
  #answers = 0;

  constructor(sorted: readonly Operation<unknown, unknown>[]) {
    this.#sorted = sorted;
    this.#words = new Uint16Array(Math.ceil(sorted.length / 16));
    this.#answeredCount = sorted.filter(({ answer }) => answer !== null).length;
  }

  get answers(): number {
    return this.#answers;
  }

  get answersLeft(): number {
    return this.#answeredCount - this.#answers;
  }

  add(index: number): void {
    this.#words[index >> 4]! |= 1 << (index & 15);
    if (index < this.#answeredCount) this.#answers++;
    while (this.#first < this.#answeredCount && this.#has(this.#first)) this.#first++;
  }

  remove(index: number): void {
    this.#words[index >> 4]! &= ~(1 << (index & 15));
    if (index >= this.#answeredCount) return;
    this.#answers--;
    this.#first = Math.min(this.#first, index);
  }

  /** What may come next: called before the first answer that is left, and not taken. */
  candidates(): readonly number[] {
    const endsAt = this.#sorted[this.#first]?.answer?.at ?? -Infinity;
    const result: number[] = [];
    for (let index = this.#first; index < this.#sorted.length; index++) {
      if (this.#sorted[index]!.calledAt <= endsAt && !this.#has(index)) result.push(index);
    }
    return result;
  }

  /** Of a fixed length, and different for different sets. */
  text(): string {
    return String.fromCharCode(...this.#words);
  }

  #has(index: number): boolean {
    return (this.#words[index >> 4]! & (1 << (index & 15))) !== 0;
  }
}

/** As it was when the first `count` answers had come. */
function cut<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  count: number,
): readonly Operation<Input, Output>[] {
  const endsAt = sortedByAnswer(operations)[count - 1]?.answer?.at ?? Infinity;
  return operations.flatMap((operation) => {
    if (operation.calledAt > endsAt) return [];
    return operation.answer !== null && operation.answer.at > endsAt ? [{ ...operation, answer: null }] : [operation];
  });
}

/** What begins a history that has an order has one too, so that the shortest beginning without one can be halved for. */
function shortestWithoutOrder<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  stepsMax: number,
): readonly Operation<Input, Output>[] {
  let [low, high] = [0, operations.filter(({ answer }) => answer !== null).length];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (search(model, cut(operations, middle), stepsMax).kind === 'none') high = middle;
    else low = middle;
  }
  return cut(operations, high);
}

function explain<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  key: string,
  operations: readonly Operation<Input, Output>[],
  stepsMax: number,
): string {
  const result = search(model, operations, stepsMax);
  if (result.kind !== 'none') return `key ${key}: no order was found in the whole history`;
  const sorted = sortedByAnswer(operations);
  const { longest, stuck } = result;
  const line = (index: number): string => {
    const { client, input, calledAt, answer } = sorted[index]!;
    return `${client} ${shown(model.operationText(input, answer?.output))} [${calledAt}..${answer?.at ?? ''}]`;
  };
  const left = Math.max(0, longest.length - SHOWN_OPERATIONS);
  const state = longest.at(-1)?.state ?? model.initial;
  return [
    `key ${key}: ${operations.length} operations, of which ${longest.length} can be put in an order`,
    ...(left > 0 ? [`  (${left} before)`] : []),
    ...longest.slice(left).map((taken) => `  ${line(taken.index)} => ${shown(model.stateText(taken.state))}`),
    `then the state is ${shown(model.stateText(state))}, and one of these should have come next:`,
    ...stuck.map((index) => `  ${line(index)}`),
  ].join('\n');
}

function shown(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `...${text.slice(-SHOWN_CHARACTERS)}`;
}
