/** Expressions of Lua, by operator precedence. */
import type { BinaryOperator, Expression, FunctionBody, TableField, UnaryOperator } from './ast.ts';
import { Lexer, type LuaSyntaxError } from './lexer.ts';
import { Scopes } from './scopes.ts';

/** Left and right binding power; the right one is lower for operators that associate to the right. */
const PRIORITIES: Readonly<Record<BinaryOperator, readonly [left: number, right: number]>> = {
  or: [1, 1],
  and: [2, 2],
  '<': [3, 3],
  '>': [3, 3],
  '<=': [3, 3],
  '>=': [3, 3],
  '~=': [3, 3],
  '==': [3, 3],
  '..': [5, 4],
  '+': [6, 6],
  '-': [6, 6],
  '*': [7, 7],
  '/': [7, 7],
  '%': [7, 7],
  '^': [10, 9],
};
const UNARY_PRIORITY = 8;
/** As LuaJIT bounds it; a deeper program would exhaust the stack. */
const NESTING_MAX = 200;

export abstract class ExpressionParser {
  protected readonly lexer: Lexer;
  protected readonly scopes: Scopes;
  #depth = 0;

  constructor(source: string, chunkName: string) {
    this.lexer = new Lexer(source, chunkName);
    this.scopes = new Scopes((message, line) => this.lexer.error(message, line ?? this.lexer.line));
  }

  protected abstract functionBody(name: string | null, hasSelf: boolean, line: number): FunctionBody;

  protected expression(limit = 0): Expression {
    this.enterLevel();
    let left = this.#operand();
    for (;;) {
      const operator = this.#binaryOperator();
      if (operator === null || PRIORITIES[operator][0] <= limit) break;
      this.lexer.next();
      const right = this.expression(PRIORITIES[operator][1]);
      left = { kind: 'binary', operator, left, right, line: this.lexer.previousLine };
    }
    this.leaveLevel();
    return left;
  }

  protected enterLevel(): void {
    if (++this.#depth >= NESTING_MAX) throw this.lexer.error('chunk has too many syntax levels', this.lexer.line);
  }

  protected leaveLevel(): void {
    this.#depth--;
  }

  protected isName(): boolean {
    const { kind, text } = this.lexer;
    // `goto` is a keyword only where a statement may begin.
    return kind === 'name' || (kind === 'keyword' && text === 'goto');
  }

  protected expressionList(): Expression[] {
    const list = [this.expression()];
    while (this.accept(',')) list.push(this.expression());
    return list;
  }

  /** A name or parenthesis with whatever follows it: fields, indexes and calls. */
  protected suffixedExpression(): Expression {
    let expression = this.#primary();
    for (;;) {
      const { line, kind, text } = this.lexer;
      if (kind === 'string' || (kind === 'symbol' && (text === '(' || text === '{'))) {
        expression = { kind: 'call', callee: expression, arguments: this.#arguments(), line };
      } else if (kind !== 'symbol') return expression;
      else if (text === '.') {
        this.lexer.next();
        const value = this.expectName();
        const keyLine = this.lexer.previousLine;
        expression = {
          kind: 'index',
          object: expression,
          key: { kind: 'string', value, line: keyLine },
          line: keyLine,
        };
      } else if (text === '[') {
        this.lexer.next();
        const key = this.expression();
        this.expect(']');
        expression = { kind: 'index', object: expression, key, line: this.lexer.previousLine };
      } else if (text === ':') {
        this.lexer.next();
        const name = this.expectName();
        const nameLine = this.lexer.previousLine;
        const callLine = this.lexer.line;
        expression = {
          kind: 'method',
          object: expression,
          name,
          arguments: this.#arguments(),
          line: callLine,
          nameLine,
        };
      } else return expression;
    }
  }

  protected nameExpression(name: string, line: number): Expression {
    const variable = this.scopes.find(name);
    return variable === null ? { kind: 'global', name, line } : { kind: 'local', variable, line };
  }

  protected accept(text: string): boolean {
    if (!this.lexer.is(text)) return false;
    this.lexer.next();
    return true;
  }

  protected expect(text: string): void {
    if (!this.accept(text)) throw this.expected(text);
  }

  protected expectName(): string {
    const { text } = this.lexer;
    if (!this.isName()) throw this.expected('<name>');
    this.lexer.next();
    return text;
  }

  /** The `end` (or other keyword) of something that was opened at `line`. */
  protected expectEnd(opener: string, line: number): void {
    if (!this.accept('end')) throw this.expectedToClose('end', opener, line);
  }

  protected expected(text: string): LuaSyntaxError {
    return this.lexer.errorNear(`'${text}' expected`);
  }

  protected expectedToClose(text: string, opener: string, line: number): LuaSyntaxError {
    if (line === this.lexer.endLine) return this.expected(text);
    return this.lexer.errorNear(`'${text}' expected (to close '${opener}' at line ${line})`);
  }

  #binaryOperator(): BinaryOperator | null {
    const { kind, text } = this.lexer;
    return (kind === 'symbol' || kind === 'keyword') && Object.hasOwn(PRIORITIES, text)
      ? (text as BinaryOperator)
      : null;
  }

  #operand(): Expression {
    const { kind, text } = this.lexer;
    if ((kind === 'symbol' && (text === '-' || text === '#')) || (kind === 'keyword' && text === 'not')) {
      this.lexer.next();
      const operand = this.expression(UNARY_PRIORITY);
      return { kind: 'unary', operator: text as UnaryOperator, operand, line: this.lexer.previousLine };
    }
    return this.#simple();
  }

  #simple(): Expression {
    const { kind, text, line, number, integer, isUnsigned } = this.lexer;
    switch (kind) {
      case 'number':
        this.lexer.next();
        return { kind: 'number', value: number, line };
      case 'integer64':
        this.lexer.next();
        return { kind: 'integer64', value: integer, isUnsigned, line };
      case 'imaginary':
        this.lexer.next();
        return { kind: 'imaginary', value: number, line };
      case 'string':
        this.lexer.next();
        return { kind: 'string', value: text, line };
      case 'keyword':
        if (text === 'nil' || text === 'true' || text === 'false') {
          this.lexer.next();
          return { kind: text, line };
        }
        if (text === 'function') {
          this.lexer.next();
          return { kind: 'function', body: this.functionBody(null, false, line), line };
        }
        break;
      case 'symbol':
        if (text === '{') return this.#table();
        if (text === '...') {
          if (!this.scopes.function.isVariadic) {
            throw this.lexer.errorNear("cannot use '...' outside a vararg function");
          }
          this.lexer.next();
          return { kind: 'varargs', line };
        }
        break;
      default:
    }
    return this.suffixedExpression();
  }

  #primary(): Expression {
    const { kind, text, line } = this.lexer;
    if (kind === 'name' || (kind === 'keyword' && text === 'goto')) {
      this.lexer.next();
      return this.nameExpression(text, line);
    }
    if (!this.accept('(')) throw this.lexer.errorNear('unexpected symbol');
    const inner = this.expression();
    if (!this.accept(')')) throw this.expectedToClose(')', '(', line);
    return { kind: 'single', inner, line };
  }

  #arguments(): Expression[] {
    const { kind, text, line, previousLine } = this.lexer;
    if (kind === 'string') {
      this.lexer.next();
      return [{ kind: 'string', value: text, line }];
    }
    if (this.lexer.is('{')) return [this.#table()];
    if (!this.lexer.is('(')) throw this.lexer.errorNear('function arguments expected');
    if (line !== previousLine) {
      throw this.lexer.errorNear('ambiguous syntax (function call x new statement)');
    }
    this.lexer.next();
    const list = this.lexer.is(')') ? [] : this.expressionList();
    if (!this.accept(')')) throw this.expectedToClose(')', '(', line);
    return list;
  }

  #table(): Expression {
    const { line } = this.lexer;
    const fields: TableField[] = [];
    this.expect('{');
    while (!this.lexer.is('}')) {
      fields.push(this.#tableField());
      if (!this.accept(',') && !this.accept(';')) break;
    }
    if (!this.accept('}')) throw this.expectedToClose('}', '{', line);
    return { kind: 'table', fields, line };
  }

  #tableField(): TableField {
    const { line, kind, text } = this.lexer;
    if (this.accept('[')) {
      const key = this.expression();
      this.expect(']');
      this.expect('=');
      return this.#pair(key);
    }
    if (kind === 'name' || (kind === 'keyword' && text === 'goto')) {
      const ahead = this.lexer.peek();
      if (ahead.kind === 'symbol' && ahead.text === '=') {
        this.lexer.next();
        this.lexer.next();
        return this.#pair({ kind: 'string', value: text, line });
      }
    }
    return { kind: 'item', value: this.expression() };
  }

  /** The rest of a field with a key. */
  #pair(key: Expression): TableField {
    const value = this.expression();
    return { kind: 'pair', key, value, line: this.lexer.previousLine };
  }
}
