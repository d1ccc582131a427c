/** Collations as indexes use them: the order that a row of `_collation` describes. */
import { type Collator, createCollator } from '../../tuple/index.ts';
import type { CollationRow } from './definitions/collation-row.ts';

export class Collation {
  readonly definition: CollationRow;
  /** Undefined until it is first needed: a new instance has hundreds that nobody uses. */
  #collator: Collator | null | undefined;

  /** Throws CANT_CREATE_COLLATION (150) if the platform has no such order. */
  constructor(definition: CollationRow) {
    this.definition = definition;
    // A strength alone always has an order, as the predefined collations do.
    if (Object.keys(definition.options).some((name) => name !== 'strength'))
      this.#collator = createCollator(definition);
  }

  /** Null for the order of bytes. */
  get collator(): Collator | null {
    this.#collator ??= createCollator(this.definition);
    return this.#collator;
  }
}
