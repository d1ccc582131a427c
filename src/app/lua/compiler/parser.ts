/**
 * Statements of Lua, by recursive descent. Scopes are resolved on the way: every name is a local variable or a global.
 * Messages are LuaJIT's (checked on the one inside Tarantool 2.6.0).
 */
import type {
  AssignmentTarget,
  Block,
  Expression,
  FunctionBody,
  FunctionScope,
  IfBranch,
  LocalVariable,
  Statement,
} from './ast.ts';
import { ExpressionParser } from './expression-parser.ts';

/** The chunk as a function of any number of arguments. Throws LuaSyntaxError. */
export function parseChunk(source: string, chunkName: string): FunctionBody {
  return new Parser(source, chunkName).chunk();
}

/** Keywords that end a block. */
const BLOCK_ENDS: ReadonlySet<string> = new Set(['else', 'elseif', 'end', 'until']);

class Parser extends ExpressionParser {
  chunk(): FunctionBody {
    const scope: FunctionScope = { parent: null, isVariadic: true, line: 0, upvalues: [] };
    this.scopes.enterFunction(scope);
    const body = this.block();
    if (this.lexer.kind !== 'end') throw this.expected('<eof>');
    this.scopes.leaveFunction();
    return { scope, parameters: [], body, line: 0, endLine: this.lexer.line, name: null };
  }

  /** The rest of a function: `(parameters) body end`. */
  protected override functionBody(name: string | null, hasSelf: boolean, line: number): FunctionBody {
    const parent = this.scopes.function;
    const names: string[] = hasSelf ? ['self'] : [];
    let isVariadic = false;
    this.expect('(');
    if (!this.lexer.is(')')) {
      do {
        if (this.accept('...')) {
          isVariadic = true;
          break;
        }
        if (!this.isName()) throw this.lexer.errorNear("<name> or '...' expected");
        names.push(this.expectName());
      } while (this.accept(','));
    }
    const scope: FunctionScope = { parent, isVariadic, line, upvalues: [] };
    this.scopes.enterFunction(scope);
    const parameters = names.map((each) => this.scopes.declare(each));
    this.expect(')');
    const body = this.statements();
    const endLine = this.lexer.line;
    this.expectEnd('function', line);
    this.scopes.leaveFunction();
    return { scope, parameters, body, line, endLine, name };
  }

  /** A block with a scope of its own. */
  protected block(): Block {
    this.scopes.enterBlock();
    const body = this.statements();
    this.scopes.leaveBlock();
    return body;
  }

  private statements(): Block {
    this.enterLevel();
    const statements: Statement[] = [];
    while (!this.isBlockEnd()) {
      const isLast = this.lexer.is('return') || this.lexer.is('break');
      if (this.lexer.is('::')) this.labels(statements);
      else statements.push(this.statement());
      this.accept(';');
      if (isLast) break;
    }
    this.leaveLevel();
    return { statements };
  }

  private isBlockEnd(): boolean {
    const { kind, text } = this.lexer;
    return kind === 'end' || (kind === 'keyword' && BLOCK_ENDS.has(text));
  }

  private statement(): Statement {
    const { line, kind, text } = this.lexer;
    if (kind !== 'keyword') return this.expressionStatement(line);
    switch (text) {
      case 'if':
        return this.ifStatement(line);
      case 'while':
        return this.whileStatement(line);
      case 'do': {
        this.lexer.next();
        const body = this.block();
        this.expectEnd('do', line);
        return { kind: 'do', body, line };
      }
      case 'for':
        return this.forStatement(line);
      case 'repeat':
        return this.repeatStatement(line);
      case 'function':
        return this.functionStatement(line);
      case 'local':
        this.lexer.next();
        return this.accept('function') ? this.localFunction(line) : this.localStatement(line);
      case 'return':
        return this.returnStatement(line);
      case 'break':
        this.lexer.next();
        this.scopes.break(line);
        return { kind: 'break', line };
      case 'goto': {
        if (this.lexer.peek().kind !== 'name') return this.expressionStatement(line);
        this.lexer.next();
        const name = this.expectName();
        return { kind: 'goto', label: this.scopes.jump(name, line), line };
      }
      default:
        return this.expressionStatement(line);
    }
  }

  /** A label and those that follow it. At the end of a block they are outside of its locals' scopes, unless `until` follows. */
  private labels(statements: Statement[]): void {
    const { line } = this.lexer;
    this.lexer.next();
    const name = this.expectName();
    this.expect('::');
    const followers: Statement[] = [];
    if (this.lexer.is('::')) {
      this.enterLevel();
      this.labels(followers);
      this.leaveLevel();
    }
    const isAtEnd = this.isBlockEnd() && !this.lexer.is('until');
    statements.push({ kind: 'label', label: this.scopes.label(name, line, isAtEnd), line }, ...followers);
  }

  private ifStatement(line: number): Statement {
    const branches: IfBranch[] = [];
    let otherwise: Block | null = null;
    do {
      this.lexer.next();
      const condition = this.expression();
      this.expect('then');
      branches.push({ condition, body: this.block() });
    } while (this.lexer.is('elseif'));
    if (this.accept('else')) otherwise = this.block();
    this.expectEnd('if', line);
    return { kind: 'if', branches, otherwise, line };
  }

  private whileStatement(line: number): Statement {
    this.lexer.next();
    const condition = this.expression();
    this.expect('do');
    const body = this.loopBody();
    this.expectEnd('while', line);
    return { kind: 'while', condition, body, line };
  }

  private loopBody(): Block {
    this.scopes.enterLoop();
    const body = this.block();
    this.scopes.leaveLoop();
    return body;
  }

  /** The condition sees the body's locals. */
  private repeatStatement(line: number): Statement {
    this.lexer.next();
    this.scopes.enterLoop();
    this.scopes.enterBlock();
    const body = this.statements();
    if (!this.accept('until')) throw this.expectedToClose('until', 'repeat', line);
    const condition = this.expression();
    this.scopes.leaveBlock();
    this.scopes.leaveLoop();
    return { kind: 'repeat', body, condition, line };
  }

  private forStatement(line: number): Statement {
    this.lexer.next();
    const first = this.expectName();
    if (this.lexer.is('=')) return this.numericFor(first, line);
    if (!this.lexer.is(',') && !this.lexer.is('in')) throw this.expected("=' or 'in");
    const names = [first];
    while (this.accept(',')) names.push(this.expectName());
    this.expect('in');
    const callLine = this.lexer.line;
    const values = this.expressionList();
    this.expect('do');
    this.scopes.enterLoop();
    this.scopes.keepForLoop();
    this.scopes.enterBlock();
    const variables = names.map((name) => this.scopes.declare(name));
    const body = this.block();
    this.scopes.leaveBlock();
    this.scopes.leaveLoop();
    this.expectEnd('for', line);
    return { kind: 'for-in', variables, values, body, line, callLine };
  }

  private numericFor(name: string, line: number): Statement {
    this.lexer.next();
    const start = this.expression();
    this.expect(',');
    const limit = this.expression();
    const step = this.accept(',') ? this.expression() : null;
    this.expect('do');
    this.scopes.enterLoop();
    this.scopes.keepForLoop();
    this.scopes.enterBlock();
    const variable = this.scopes.declare(name);
    const body = this.block();
    this.scopes.leaveBlock();
    this.scopes.leaveLoop();
    this.expectEnd('for', line);
    return { kind: 'for-number', variable, start, limit, step, body, line };
  }

  private functionStatement(line: number): Statement {
    this.lexer.next();
    const first = this.expectName();
    let path = first;
    let target = this.nameExpression(first, this.lexer.line) as AssignmentTarget;
    let hasSelf = false;
    while (this.lexer.is('.') || this.lexer.is(':')) {
      hasSelf = this.lexer.is(':');
      this.lexer.next();
      const key = this.expectName();
      path += (hasSelf ? ':' : '.') + key;
      target = { kind: 'index', object: target, key: { kind: 'string', value: key, line }, line };
      if (hasSelf) break;
    }
    const body = this.functionBody(path, hasSelf, line);
    this.markAssigned(target);
    return { kind: 'assign', targets: [target], values: [{ kind: 'function', body, line }], line, storeLine: line };
  }

  private localFunction(line: number): Statement {
    const name = this.expectName();
    const variable = this.scopes.declare(name);
    const body = this.functionBody(name, false, line);
    return { kind: 'local-function', variable, body, line };
  }

  private localStatement(line: number): Statement {
    const names: string[] = [];
    do {
      names.push(this.expectName());
      this.scopes.checkRoom(names.length);
    } while (this.accept(','));
    const values = this.accept('=') ? this.expressionList() : [];
    const variables: LocalVariable[] = names.map((name) => this.scopes.declare(name));
    return { kind: 'local', variables, values, line };
  }

  private returnStatement(line: number): Statement {
    this.lexer.next();
    const isEmpty = this.isBlockEnd() || this.lexer.is(';');
    const values = isEmpty ? [] : this.expressionList();
    return { kind: 'return', values, line, callLine: this.lexer.previousLine };
  }

  /** A call is a statement whatever follows it. */
  private expressionStatement(line: number): Statement {
    const first = this.suffixedExpression();
    if (first.kind === 'call' || first.kind === 'method') return { kind: 'call', call: first, line };
    const targets = [this.asTarget(first)];
    while (this.accept(',')) targets.push(this.asTarget(this.suffixedExpression()));
    this.expect('=');
    const values = this.expressionList();
    for (const target of targets) this.markAssigned(target);
    return { kind: 'assign', targets, values, line, storeLine: this.lexer.previousLine };
  }

  private asTarget(expression: Expression): AssignmentTarget {
    if (expression.kind === 'local' || expression.kind === 'global' || expression.kind === 'index') return expression;
    throw this.lexer.errorNear('syntax error');
  }

  private markAssigned(target: AssignmentTarget): void {
    if (target.kind === 'local') target.variable.isAssigned = true;
  }
}
