/**
 * The tree of a Lua program, LuaJIT's dialect: Lua 5.1 with `goto`, 64-bit integer and imaginary literals.
 * Names are resolved while parsing: a local variable is one object wherever it is used. Lines count from 1.
 */

/** A local variable or parameter. */
export type LocalVariable = {
  readonly name: string;
  /** Unique in the chunk. */
  readonly id: number;
  /** The function that declares it. */
  readonly owner: FunctionScope;
  /** Used by a function inside the declaring one. */
  isCaptured: boolean;
  /** Assigned after its declaration. */
  isAssigned: boolean;
  /** Known to hold a number wherever it is seen: the variable of a numeric loop that nobody assigns. */
  isNumber: boolean;
};

/** What a function's body is compiled in; `parent` is null for the chunk. */
export type FunctionScope = {
  readonly parent: FunctionScope | null;
  readonly isVariadic: boolean;
  readonly line: number;
  /** Variables of outer functions that it or a function inside it uses, in the order of their first use. */
  readonly upvalues: LocalVariable[];
};

export type BinaryOperator =
  '+' | '-' | '*' | '/' | '%' | '^' | '..' | '==' | '~=' | '<' | '<=' | '>' | '>=' | 'and' | 'or';
export type UnaryOperator = '-' | 'not' | '#';

export type FunctionBody = Readonly<{
  scope: FunctionScope;
  parameters: readonly LocalVariable[];
  body: Block;
  line: number;
  endLine: number;
  /** For tracebacks; null for one without a name. */
  name: string | null;
}>;

/** `line` is where errors stand: of a call the line of its parenthesis, of an operation the last one of its operands. */
export type Expression =
  | Readonly<{ kind: 'nil'; line: number }>
  | Readonly<{ kind: 'true'; line: number }>
  | Readonly<{ kind: 'false'; line: number }>
  | Readonly<{ kind: 'number'; value: number; line: number }>
  /** `1LL` and `1ULL`. */
  | Readonly<{ kind: 'integer64'; value: bigint; isUnsigned: boolean; line: number }>
  /** `2i`. */
  | Readonly<{ kind: 'imaginary'; value: number; line: number }>
  /** Bytes as characters of the codes 0 to 255. */
  | Readonly<{ kind: 'string'; value: string; line: number }>
  | Readonly<{ kind: 'varargs'; line: number }>
  | Readonly<{ kind: 'function'; body: FunctionBody; line: number }>
  | Readonly<{ kind: 'local'; variable: LocalVariable; line: number }>
  | Readonly<{ kind: 'global'; name: string; line: number }>
  | Readonly<{ kind: 'index'; object: Expression; key: Expression; line: number }>
  | Readonly<{ kind: 'call'; callee: Expression; arguments: readonly Expression[]; line: number }>
  | Readonly<{
      kind: 'method';
      object: Expression;
      name: string;
      arguments: readonly Expression[];
      line: number;
      /** Of the name. */
      nameLine: number;
    }>
  | Readonly<{ kind: 'unary'; operator: UnaryOperator; operand: Expression; line: number }>
  | Readonly<{ kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression; line: number }>
  /** An expression in parentheses: exactly one value. */
  | Readonly<{ kind: 'single'; inner: Expression; line: number }>
  | Readonly<{ kind: 'table'; fields: readonly TableField[]; line: number }>;

export type TableField =
  | Readonly<{ kind: 'item'; value: Expression }>
  | Readonly<{ kind: 'pair'; key: Expression; value: Expression; line: number }>;

export type AssignmentTarget = Extract<Expression, { kind: 'local' | 'global' | 'index' }>;

export type Statement =
  | Readonly<{ kind: 'local'; variables: readonly LocalVariable[]; values: readonly Expression[]; line: number }>
  | Readonly<{ kind: 'local-function'; variable: LocalVariable; body: FunctionBody; line: number }>
  | Readonly<{
      kind: 'assign';
      targets: readonly AssignmentTarget[];
      values: readonly Expression[];
      line: number;
      /** Where errors of the assignment itself stand. */
      storeLine: number;
    }>
  | Readonly<{ kind: 'call'; call: Expression; line: number }>
  | Readonly<{ kind: 'do'; body: Block; line: number }>
  | Readonly<{ kind: 'while'; condition: Expression; body: Block; line: number }>
  | Readonly<{ kind: 'repeat'; body: Block; condition: Expression; line: number }>
  | Readonly<{ kind: 'if'; branches: readonly IfBranch[]; otherwise: Block | null; line: number }>
  | Readonly<{
      kind: 'for-number';
      variable: LocalVariable;
      start: Expression;
      limit: Expression;
      step: Expression | null;
      body: Block;
      line: number;
    }>
  | Readonly<{
      kind: 'for-in';
      variables: readonly LocalVariable[];
      values: readonly Expression[];
      body: Block;
      line: number;
      /** Of the first value: where the iterator's calls are. */
      callLine: number;
    }>
  | Readonly<{
      kind: 'return';
      values: readonly Expression[];
      line: number;
      /** Where errors of a call stand that is all it returns. */
      callLine: number;
    }>
  | Readonly<{ kind: 'break'; line: number }>
  | Readonly<{ kind: 'goto'; label: Label; line: number }>
  | Readonly<{ kind: 'label'; label: Label; line: number }>;

export type IfBranch = Readonly<{ condition: Expression; body: Block }>;

/** A place that `goto` names; unique in the chunk. */
export type Label = {
  readonly name: string;
  /** That of the label it jumps to; several jumps to a label that is still to come are told so late. */
  id: number;
  /** Some `goto` stands behind the label: it is reached by going back. */
  isReachedBackwards: boolean;
  /** Some `goto` stands before the label. */
  isReachedForwards: boolean;
};

export type Block = Readonly<{ statements: readonly Statement[] }>;

/** Whether the expression may give any number of values. */
export function isMultiple(expression: Expression): boolean {
  return expression.kind === 'call' || expression.kind === 'method' || expression.kind === 'varargs';
}
