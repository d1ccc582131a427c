/**
 * Runs the functions of functional indexes: key functions in TypeScript, found by the name in the row of `_func`.
 * Invariant: the set is complete before the first row is recovered. An index in the data whose function is not in it is
 * kept without service; a new one is refused.
 */
import { compileKeyFunction, type KeyFunctionDefinition } from '../app/procedures/index.ts';
import { boxError } from '../base/index.ts';
import type { CodeWatch } from '../engine/box/index.ts';
import type { FunctionDefinition, FunctionRuntime, RawKeyFunction } from '../engine/catalog/index.ts';

export class KeyFunctions implements FunctionRuntime {
  /** Indexes come from the data directory, where nobody can be refused. */
  isRecovering = true;
  readonly #functions = new Map<string, RawKeyFunction>();

  /** Throws FUNCTION_EXISTS (52) for two of one name. */
  constructor(definitions: readonly KeyFunctionDefinition[]) {
    for (const definition of definitions) {
      const { name } = definition;
      if (this.#functions.has(name)) throw boxError('FUNCTION_EXISTS', name);
      this.#functions.set(name, compileKeyFunction(definition));
    }
  }

  /** The same functions, their time measured. */
  measuredBy(code: CodeWatch): FunctionRuntime {
    return {
      load: () => this.load(),
      unload: () => this.unload(),
      compileKeyFunction: (definition) => {
        const run = this.compileKeyFunction(definition);
        return run && ((tuple) => code.measure('key function', definition.name, () => run(tuple)));
      },
    };
  }

  load(): void {
    // A body is kept for other servers; nothing here runs it.
  }

  unload(): void {
    // Key functions belong to the program, not to the row that names one.
  }

  compileKeyFunction({ name }: FunctionDefinition): RawKeyFunction | null {
    const run = this.#functions.get(name);
    if (run !== undefined) return run;
    if (this.isRecovering) return null;
    throw boxError('UNSUPPORTED', 'This instance', `functional indexes by '${name}': no key function has that name`);
  }
}
