/** A merger: one source of the tuples of several, in the order of a key. Each of them has to be in that order already. */
import { createTupleFormat, type TupleFormat, validateTuple } from '../../../tuple/index.ts';
import type { LuaTuple } from '../box/tuple/lua-tuple.ts';
import type { LuaFunction } from '../runtime/values.ts';
import type { KeyDefinition } from './key-definition.ts';
import { MergeHeap } from './merge-heap.ts';
import { MergeSource, type Steps } from './merge-source.ts';

type Candidate = { tuple: LuaTuple; readonly source: MergeSource };

export class Merger extends MergeSource {
  readonly #sources: readonly MergeSource[];
  readonly #format: TupleFormat;
  readonly #heap: MergeHeap<Candidate>;
  #isStarted = false;

  constructor(
    methods: ReadonlyMap<string, LuaFunction>,
    { definition, comparator }: KeyDefinition,
    sources: readonly MergeSource[],
    isReverse: boolean,
  ) {
    super(methods);
    this.#sources = sources;
    this.#format = createTupleFormat({ fields: [], keyDefs: [definition] });
    this.#heap = new MergeHeap(({ tuple: one }, { tuple: other }) => {
      const order = comparator.compareTuples(one.bytes, one.start, other.bytes, other.start);
      return isReverse ? order >= 0 : order < 0;
    });
  }

  /** Throws FIELD_TYPE (23) or FIELD_MISSING (39) for a tuple without such a key. */
  override *next(): Steps<LuaTuple | undefined> {
    if (!this.#isStarted) yield* this.#start();
    const first = this.#heap.top;
    if (first === undefined) return undefined;
    const given = first.tuple;
    const following = yield* this.#nextOf(first.source);
    if (following === undefined) this.#heap.removeTop();
    else {
      first.tuple = following;
      this.#heap.updateTop();
    }
    return given;
  }

  *#start(): Steps<void> {
    this.#isStarted = true;
    for (const source of this.#sources) {
      const tuple = yield* this.#nextOf(source);
      if (tuple !== undefined) this.#heap.push({ tuple, source });
    }
  }

  *#nextOf(source: MergeSource): Steps<LuaTuple | undefined> {
    const tuple = yield* source.next();
    if (tuple !== undefined) validateTuple(this.#format, tuple.bytes, tuple.start, tuple.start + tuple.size);
    return tuple;
  }
}
