/** Which variable a name means, and which label a `goto`: block by block, function by function. */
import { assert } from '../../../base/index.ts';
import type { FunctionScope, Label, LocalVariable } from './ast.ts';
import type { LuaSyntaxError } from './lexer.ts';

/** As LuaJIT bounds them. */
const LOCALS_MAX = 200;
const LOCALS_OF_FOR = 3;
const UPVALUES_MAX = 60;
/** Stands for the label behind a loop; no label can have a keyword's name. */
const BREAK = 'break';

type PendingJump = { readonly name: string; readonly line: number; readonly label: Label; localsAtJump: number };

type BlockScope = {
  readonly owner: FunctionScope;
  readonly names: Map<string, LocalVariable>;
  readonly labels: Map<string, Label>;
  /** Locals of the function that were declared before this block, and now. */
  readonly localsBefore: number;
  /** `goto`s of this block and those inside it whose label has not come. */
  pending: PendingJump[];
  /** A loop's body, where `break` is at home. */
  readonly isLoop: boolean;
};

export class Scopes {
  readonly #error: (message: string, line?: number) => LuaSyntaxError;
  readonly #functions: FunctionScope[] = [];
  readonly #blocks: BlockScope[] = [];
  /** Locals alive in each function of `#functions`, in order of declaration. */
  readonly #locals: LocalVariable[][] = [];
  #nextId = 1;
  #nextBlockIsLoop = false;

  /** `error` without a line is one at the current token. */
  constructor(error: (message: string, line?: number) => LuaSyntaxError) {
    this.#error = error;
  }

  get function(): FunctionScope {
    return this.#functions.at(-1)!;
  }

  enterFunction(scope: FunctionScope): void {
    this.#functions.push(scope);
    this.#locals.push([]);
    this.enterBlock();
  }

  leaveFunction(): void {
    this.leaveBlock();
    this.#functions.pop();
    this.#locals.pop();
  }

  enterLoop(): void {
    this.#nextBlockIsLoop = true;
    this.enterBlock();
  }

  leaveLoop(): void {
    this.leaveBlock();
  }

  enterBlock(): void {
    this.#blocks.push({
      owner: this.function,
      names: new Map(),
      labels: new Map(),
      localsBefore: this.#locals.at(-1)!.length,
      pending: [],
      isLoop: this.#nextBlockIsLoop,
    });
    this.#nextBlockIsLoop = false;
  }

  leaveBlock(): void {
    const block = this.#blocks.pop();
    assert(block !== undefined, 'a block was entered');
    this.#locals.at(-1)!.length = block.localsBefore;
    if (block.isLoop) block.pending = block.pending.filter(({ name }) => name !== BREAK);
    if (block.pending.length === 0) return;
    const outer = this.#blocks.at(-1);
    if (outer === undefined || outer.owner !== block.owner) {
      const [{ name, line }] = block.pending as [PendingJump];
      throw this.#error(name === BREAK ? 'no loop to break' : `undefined label '${name}'`, line);
    }
    for (const jump of block.pending) {
      jump.localsAtJump = Math.min(jump.localsAtJump, block.localsBefore);
      outer.pending.push(jump);
    }
  }

  /** Room for what a `for` loop keeps itself; given back with the block. */
  keepForLoop(): void {
    const locals = this.#locals.at(-1)!;
    this.checkRoom(LOCALS_OF_FOR);
    const hidden = {
      name: '(for state)',
      id: 0,
      owner: this.function,
      isCaptured: false,
      isAssigned: false,
      isNumber: false,
    };
    for (let count = 0; count < LOCALS_OF_FOR; count++) locals.push(hidden);
  }

  /** Throws if the function cannot have so many more variables. */
  checkRoom(count: number): void {
    if (this.#locals.at(-1)!.length + count > LOCALS_MAX) {
      throw this.#limitError(this.function, `${LOCALS_MAX} local variables`);
    }
  }

  /** A new local variable, which hides others of its name from here on. */
  declare(name: string): LocalVariable {
    const owner = this.function;
    const locals = this.#locals.at(-1)!;
    this.checkRoom(1);
    const variable = { name, id: this.#nextId++, owner, isCaptured: false, isAssigned: false, isNumber: false };
    this.#blocks.at(-1)!.names.set(name, variable);
    locals.push(variable);
    return variable;
  }

  /** The local variable that the name means here, null for a global. */
  find(name: string): LocalVariable | null {
    for (let at = this.#blocks.length - 1; at >= 0; at--) {
      const variable = this.#blocks[at]!.names.get(name);
      if (variable === undefined) continue;
      if (variable.owner !== this.function) this.#capture(variable);
      return variable;
    }
    return null;
  }

  #capture(variable: LocalVariable): void {
    variable.isCaptured = true;
    for (const scope of this.#functions.slice(this.#functions.indexOf(variable.owner) + 1)) {
      if (scope.upvalues.includes(variable)) continue;
      if (scope.upvalues.length >= UPVALUES_MAX) throw this.#limitError(scope, `${UPVALUES_MAX} upvalues`);
      scope.upvalues.push(variable);
    }
  }

  #limitError({ parent, line }: FunctionScope, what: string): LuaSyntaxError {
    return this.#error(`${parent === null ? 'main function' : `function at line ${line}`} has more than ${what}`);
  }

  /** A `break`, which the loop around it takes, or nobody: that is seen at the function's end. */
  break(line: number): void {
    const label = { name: BREAK, id: 0, isReachedBackwards: false, isReachedForwards: false };
    this.#blocks.at(-1)!.pending.push({ name: BREAK, line, label, localsAtJump: 0 });
  }

  /** The label that a `goto` means: one that has come, or one that is still to come. */
  jump(name: string, line: number): Label {
    for (let at = this.#blocks.length - 1; at >= 0; at--) {
      const block = this.#blocks[at]!;
      if (block.owner !== this.function) break;
      const label = block.labels.get(name);
      if (label === undefined) continue;
      label.isReachedBackwards = true;
      return label;
    }
    const block = this.#blocks.at(-1)!;
    const known = block.pending.find((jump) => jump.name === name);
    const label = known?.label ?? { name, id: this.#nextId++, isReachedBackwards: false, isReachedForwards: true };
    block.pending.push({ name, line, label, localsAtJump: this.#locals.at(-1)!.length });
    return label;
  }

  /** Declares a label; `isAtEnd` if no statement of the block follows it. */
  label(name: string, line: number, isAtEnd: boolean): Label {
    const block = this.#blocks.at(-1)!;
    if (block.labels.has(name)) throw this.#error(`duplicate label '${name}'`, line);
    const jumps = block.pending.filter((jump) => jump.name === name);
    block.pending = block.pending.filter((jump) => jump.name !== name);
    const locals = this.#locals.at(-1)!;
    for (const jump of jumps) {
      if (!isAtEnd && jump.localsAtJump < locals.length) {
        const entered = locals[jump.localsAtJump]!;
        throw this.#error(`<goto ${name}> jumps into the scope of local '${entered.name}'`, jump.line);
      }
    }
    const label: Label = jumps[0]?.label ?? {
      name,
      id: this.#nextId++,
      isReachedBackwards: false,
      isReachedForwards: false,
    };
    // Jumps from several inner blocks to one label were given labels of their own: they become this one.
    for (const jump of jumps) {
      if (jump.label !== label) Object.assign(jump.label, { id: label.id });
    }
    block.labels.set(name, label);
    return label;
  }
}
