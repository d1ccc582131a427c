/**
 * Runs the functions of functional indexes: key functions in TypeScript, found by the name in the row of `_func`, or else
 * the row's own body.
 * Invariant: the set is complete before the first row is recovered. An index in the data whose function is not in it is
 * kept without service; a new one is refused.
 */
import { compileKeyFunction, type KeyFunctionDefinition } from '../app/procedures/index.ts';
import { boxError, type FunctionId } from '../base/index.ts';
import type { CodeWatch } from '../engine/box/index.ts';
import type { FunctionDefinition, FunctionRuntime, RawKeyFunction } from '../engine/catalog/index.ts';

export class KeyFunctions implements FunctionRuntime {
  /** Indexes come from the data directory, where nobody can be refused. */
  isRecovering = true;
  readonly #functions = new Map<string, RawKeyFunction>();

  /** Runs the bodies of rows of `_func`; null if nothing does. */
  readonly #bodies: FunctionRuntime | null;

  /** Throws FUNCTION_EXISTS (52) for two of one name. */
  constructor(definitions: readonly KeyFunctionDefinition[], bodies: FunctionRuntime | null = null) {
    this.#bodies = bodies;
    for (const definition of definitions) {
      const { name } = definition;
      if (this.#functions.has(name)) throw boxError('FUNCTION_EXISTS', name);
      this.#functions.set(name, compileKeyFunction(definition));
    }
  }

  /** The same functions, their time measured. */
  measuredBy(code: CodeWatch): FunctionRuntime {
    return {
      load: (definition) => this.load(definition),
      unload: (id) => this.unload(id),
      compileKeyFunction: (definition) => {
        const run = this.compileKeyFunction(definition);
        return run && ((tuple) => code.measure('key function', definition.name, () => run(tuple)));
      },
    };
  }

  load(definition: FunctionDefinition): void {
    this.#bodies?.load(definition);
  }

  unload(id: FunctionId): void {
    this.#bodies?.unload(id);
  }

  compileKeyFunction(definition: FunctionDefinition): RawKeyFunction | null {
    const { name } = definition;
    const run = this.#functions.get(name) ?? this.#bodies?.compileKeyFunction(definition) ?? null;
    if (run !== null) return run;
    if (this.isRecovering) return null;
    throw boxError('UNSUPPORTED', 'This instance', `functional indexes by '${name}': no key function has that name`);
  }
}
