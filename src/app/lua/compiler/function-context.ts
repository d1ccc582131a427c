/** What is known about the function whose code is being generated. */
import type { FunctionScope, LocalVariable } from './ast.ts';

export class FunctionContext {
  readonly scope: FunctionScope;
  readonly parameters: readonly LocalVariable[];
  /** Labels whose place has been passed: a `goto` to one of them goes back. */
  readonly passedLabels = new Set<number>();
  /** What jumps to a label that is a state of its block, by the label's id. */
  readonly jumps = new Map<number, string>();
  /** Locals declared ahead of the block in which their declaration stands. */
  readonly hoisted = new Set<LocalVariable>();
  /** Loops around the current place, innermost last. */
  readonly loops: string[] = [];
  /** Lines with statements. */
  readonly activeLines = new Set<number>();
  #temporaries = 0;
  #temporariesMost = 0;

  constructor(scope: FunctionScope, parameters: readonly LocalVariable[]) {
    this.scope = scope;
    this.parameters = parameters;
  }

  /** Runs with names for values that are needed until it ends. */
  withTemporaries<Result>(count: number, use: (...names: string[]) => Result): Result {
    const names = Array.from({ length: count }, (_, at) => `$${this.#temporaries + at}`);
    this.#temporaries += count;
    this.#temporariesMost = Math.max(this.#temporariesMost, this.#temporaries);
    const result = use(...names);
    this.#temporaries -= count;
    return result;
  }

  /** The declaration of all of them; `var`, so that it may stand at the function's end. */
  get declaration(): string {
    if (this.#temporariesMost === 0) return '';
    return `var ${Array.from({ length: this.#temporariesMost }, (_, at) => `$${at}`).join(',')};`;
  }
}

/** The variable's name in JavaScript. */
export function variableName({ name, id }: LocalVariable): string {
  return `${/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : ''}$L${id}`;
}
