/**
 * JavaScript for Lua's expressions.
 *
 * Each operation has its common case in place and calls the runtime for all others (metatables, 64-bit integers,
 * conversions, errors). The names with a dollar sign are those of `runtime/generated-code.ts`.
 */
import { unreachable } from '../../../base/index.ts';
import type { CallSite } from '../runtime/stack.ts';
import type { Expression, FunctionBody, TableField } from './ast.ts';
import { isMultiple } from './ast.ts';
import { type FunctionContext, variableName } from './function-context.ts';
import { isConstant, isNumber, isPrimitive, literal, numberLiteral } from './literals.ts';
import { describeExpression, isComparison, type Named, namingOf } from './naming.ts';
import { Output } from './output.ts';

type Binary = Extract<Expression, { kind: 'binary' }>;
type Call = Extract<Expression, { kind: 'call' | 'method' }>;

const ARITHMETIC = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '%': 'mod', '^': 'pow' } as const;
type ArithmeticSymbol = keyof typeof ARITHMETIC;

function isArithmetic(operator: string): operator is ArithmeticSymbol {
  return Object.hasOwn(ARITHMETIC, operator);
}

export abstract class ExpressionGenerator {
  protected readonly output = new Output();
  protected readonly callSites = new Map<string, CallSite>();
  protected context!: FunctionContext;

  protected abstract functionCode(body: FunctionBody): void;

  /** One value. */
  protected value(expression: Expression): void {
    const { output } = this;
    if (!isComposite(expression)) output.atLine(expression.line);
    switch (expression.kind) {
      case 'nil':
        return output.write('undefined');
      case 'true':
      case 'false':
        return output.write(expression.kind);
      case 'number':
        return output.write(numberLiteral(expression.value));
      case 'string':
        return output.write(JSON.stringify(expression.value));
      case 'integer64':
        return output.write(`$int64(${expression.value}n,${expression.isUnsigned})`);
      case 'imaginary':
        return output.write(`$imaginary(${numberLiteral(expression.value)})`);
      case 'local':
        return output.write(variableName(expression.variable));
      case 'global':
        return this.#global(expression.name, expression.line);
      case 'varargs':
        return output.write('$varargs[0]');
      case 'function':
        return this.functionCode(expression.body);
      case 'index':
        return this.#index(expression);
      case 'call':
      case 'method':
        return this.context.withTemporaries(1, (result) => {
          output.write(`((${result}=`);
          this.call(expression);
          output.write(`) instanceof Array?${result}[0]:${result})`);
        });
      case 'single':
        return this.value(expression.inner);
      case 'unary':
        return this.#unary(expression);
      case 'binary':
        return this.#binary(expression);
      case 'table':
        return this.#table(expression.fields);
      default:
        return unreachable(expression);
    }
  }

  /** A JavaScript boolean: whether the value is true for Lua. */
  protected condition(expression: Expression): void {
    const { output } = this;
    if (expression.kind === 'single') return this.condition(expression.inner);
    if (expression.kind === 'unary' && expression.operator === 'not') {
      output.write('!');
      output.write('(');
      this.condition(expression.operand);
      return output.write(')');
    }
    if (expression.kind === 'binary') {
      if (isComparison(expression)) return this.#comparison(expression);
      if (expression.operator === 'and' || expression.operator === 'or') {
        output.write('((');
        this.condition(expression.left);
        output.write(expression.operator === 'and' ? ')&&(' : ')||(');
        this.condition(expression.right);
        return output.write('))');
      }
    }
    if (expression.kind === 'true') return output.write('true');
    this.context.withTemporaries(1, (held) => {
      output.write(`((${held}=`);
      this.value(expression);
      output.write(`)!==undefined&&${held}!==false)`);
    });
  }

  /** Values as JavaScript's arguments or items: the last one may give any number. */
  protected list(expressions: readonly Expression[]): void {
    expressions.forEach((expression, at) => {
      if (at > 0) this.output.write(',');
      if (at === expressions.length - 1 && isMultiple(expression)) this.#spread(expression);
      else this.value(expression);
    });
  }

  /** A LuaResult: all that a call gives, or all values. With `tailLine` a call is the last act of its function. */
  protected result(expressions: readonly Expression[], tailLine: number | null = null): void {
    const { output } = this;
    const [only] = expressions;
    if (only === undefined) return output.write('$none');
    if (expressions.length > 1) {
      output.write('[');
      this.list(expressions);
      return output.write(']');
    }
    if (only.kind === 'varargs') return output.write('$varargs');
    if (only.kind === 'call' || only.kind === 'method') return this.call(only, tailLine);
    this.value(only);
  }

  /** The call itself, a LuaResult. The callee and the arguments are evaluated first, then it is seen whether it can be called. */
  protected call(expression: Call, tailLine: number | null = null): void {
    const { output } = this;
    const { arguments: values } = expression;
    const last = values.at(-1);
    const isOpen = last !== undefined && isMultiple(last);
    const isTail = tailLine !== null;
    const line = tailLine ?? expression.line;
    const named: Named =
      expression.kind === 'method' ? { name: expression.name, kind: 'method' } : this.#describe(expression.callee);
    const site: CallSite = { ...named, line, isTail };
    const heldCount = values.length + (expression.kind === 'method' ? 2 : 1);
    this.context.withTemporaries(heldCount, (callee, ...held) => {
      const given: string[] = [];
      output.write('(');
      if (expression.kind === 'call' && named.name === ARGUMENT_CHECKER) this.#noteArguments();
      if (expression.kind === 'method') {
        const self = held.pop()!;
        output.write(`${self}=`);
        this.value(expression.object);
        output.write(`,${callee}=`);
        this.#member(self, expression.name, this.#describe(expression.object), expression.nameLine);
        given.push(self);
      } else {
        output.write(`${callee}=`);
        this.value(expression.callee);
      }
      values.forEach((value, at) => {
        const name = held[at]!;
        if (isOpen && at === values.length - 1) {
          output.write(`,${name}=`);
          this.#all(value);
          given.push(`...${name}`);
        } else if (isConstant(value)) {
          given.push(literal(value));
        } else {
          output.write(`,${name}=`);
          this.value(value);
          given.push(name);
        }
      });
      output.write(`,${callee} instanceof $Function||(${callee}=`);
      this.runtimeCall('__call', `$callee(${callee},${JSON.stringify(namingOf(site))}))`, line);
      output.write(`,${callee}.plain!==null?${callee}.`);
      this.callSites.set(output.place, site);
      const list = given.join(',');
      output.write(`plain(${list}):`);
      if (isTail) output.write(`$tail(${callee},[${list}]))`);
      else this.suspendableCall(callee, list, site);
    });
  }

  /** A call that may wait; tail calls of the callee are run to their end. Closes a parenthesis. */
  protected suspendableCall(callee: string, list: string, site: CallSite): void {
    const { output } = this;
    output.write(`(${callee}=yield*${callee}.`);
    this.callSites.set(output.place, site);
    output.write(`suspendable(${list})) instanceof $Tail?yield*`);
    this.callSites.set(output.place, site);
    output.write(`$finish(${callee}):${callee})`);
  }

  /** Lets the callee see the arguments of the function that calls it. */
  #noteArguments(): void {
    const names = this.context.parameters.map(variableName);
    this.output.write(`$noteArguments([${names.join(',')}]),`);
  }

  /** An array of all values of an expression that may give any number. */
  #all(expression: Expression): void {
    if (expression.kind === 'varargs') return this.output.write('$varargs');
    this.output.write('$all(');
    this.call(expression as Call);
    this.output.write(')');
  }

  #spread(expression: Expression): void {
    this.output.write('...');
    this.#all(expression);
  }

  #global(name: string, line: number): void {
    const key = JSON.stringify(name);
    this.context.withTemporaries(1, (held) => {
      this.output.write(
        `((${held}=$self.environment.getString(${key}))!==undefined||$self.environment.metatable===null?${held}:`,
      );
      this.metamethod('__index', `$index($self.environment,${key},"")`, line);
      this.output.write(')');
    });
  }

  /** A call of the runtime that may call the metamethod of this event, or fail; errors of it stand at the line. */
  protected metamethod(event: string, call: string, line: number): void {
    this.output.write('yield*');
    this.runtimeCall(event, call, line);
  }

  protected runtimeCall(event: string, call: string, line: number): void {
    this.callSites.set(this.output.place, { name: event, kind: 'metamethod', line, isTail: false });
    this.output.write(call);
  }

  #index(expression: Extract<Expression, { kind: 'index' }>): void {
    const { object, key } = expression;
    const { output } = this;
    this.context.withTemporaries(2, (table, held) => {
      output.write(`(${table}=`);
      this.value(object);
      output.write(',');
      if (key.kind === 'string') this.#member(table, key.value, this.#describe(object), expression.line);
      else {
        this.context.withTemporaries(1, (name) => {
          output.write(`${name}=`);
          this.value(key);
          output.write(
            `,${table} instanceof $Table&&((${held}=${table}.get(${name}))!==undefined||${table}.metatable===null)` +
              `?${held}:`,
          );
          this.metamethod(
            '__index',
            `$index(${table},${name},${JSON.stringify(namingOf(this.#describe(object)))})`,
            expression.line,
          );
        });
      }
      output.write(')');
    });
  }

  /** `table.key` of what a variable holds. */
  #member(table: string, key: string, described: Named, line: number): void {
    const text = JSON.stringify(key);
    this.context.withTemporaries(1, (held) => {
      this.output.write(
        `(${table} instanceof $Table&&((${held}=${table}.getString(${text}))!==undefined||${table}.metatable===null)` +
          `?${held}:`,
      );
      this.metamethod('__index', `$index(${table},${text},${JSON.stringify(namingOf(described))}))`, line);
    });
  }

  #unary(expression: Extract<Expression, { kind: 'unary' }>): void {
    const { output } = this;
    const { operand, operator } = expression;
    if (operator === 'not') return this.condition(expression);
    if (operator === '-' && operand.kind === 'number') return output.write(`(${numberLiteral(-operand.value)})`);
    const named = JSON.stringify(namingOf(this.#describe(operand)));
    this.context.withTemporaries(1, (held) => {
      output.write(`(${held}=`);
      this.value(operand);
      if (operator === '-') {
        output.write(`,typeof ${held}==='number'?-${held}:`);
        this.metamethod('__unm', `$negate(${held},${named}))`, expression.line);
        return;
      }
      output.write(`,typeof ${held}==='string'?${held}.length:${held} instanceof $Table?${held}.length():`);
      this.metamethod('__len', `$length(${held},${named}))`, expression.line);
    });
  }

  #binary(expression: Binary): void {
    const { operator } = expression;
    if (isComparison(expression)) return this.#comparison(expression);
    if (operator === 'and' || operator === 'or') return this.#logical(expression);
    if (operator === '..') return this.#concatenation(expression);
    if (isArithmetic(operator)) this.#arithmetic(expression, operator);
  }

  /** Runs `write` with two texts that can be repeated, for the values of both sides. */
  #operands(expression: Binary, write: (left: string, right: string) => void): void {
    const { output } = this;
    const { left, right } = expression;
    this.context.withTemporaries(2, (leftHeld, rightHeld) => {
      output.write('(');
      const leftText = this.#hold(left, leftHeld, isConstant(right) || right.kind === 'local');
      const rightText = this.#hold(right, rightHeld, true);
      write(leftText, rightText);
      output.write(')');
    });
  }

  /** Evaluates into a variable what cannot be repeated; `staysSame`: nothing happens before the value is used. */
  #hold(expression: Expression, held: string, staysSame: boolean): string {
    if (isConstant(expression)) return literal(expression);
    if (expression.kind === 'local') {
      const { isCaptured, isAssigned } = expression.variable;
      if (staysSame || !(isCaptured && isAssigned)) return variableName(expression.variable);
    }
    this.output.write(`${held}=`);
    this.value(expression);
    this.output.write(',');
    return held;
  }

  #arithmetic(expression: Binary, operator: ArithmeticSymbol): void {
    const leftName = namingOf(this.#describe(expression.left));
    const rightName = namingOf(this.#describe(expression.right));
    this.#operands(expression, (left, right) => {
      const checks = [expression.left, expression.right]
        .map((side, at) => (isNumber(side) ? null : `typeof ${at === 0 ? left : right}==='number'`))
        .filter((check) => check !== null);
      const fast =
        operator === '%' || operator === '^'
          ? `$${ARITHMETIC[operator]}(${left},${right})`
          : `${left}${operator} ${right}`;
      const names = `${JSON.stringify(leftName)},${JSON.stringify(rightName)}`;
      if (checks.length === 0) return this.output.write(fast);
      const event = ARITHMETIC[operator];
      this.output.write(`${checks.join('&&')}?${fast}:`);
      this.metamethod(`__${event}`, `$arithmetic("${event}",${left},${right},${names})`, expression.line);
    });
  }

  #concatenation(expression: Binary): void {
    const names = [expression.left, expression.right].map((side) => JSON.stringify(namingOf(this.#describe(side))));
    this.#operands(expression, (left, right) => {
      this.output.write(`typeof ${left}==='string'&&typeof ${right}==='string'?$join(${left},${right}):`);
      this.metamethod('__concat', `$concatenate(${left},${right},${names.join(',')})`, expression.line);
    });
  }

  #comparison(expression: Binary): void {
    const { output } = this;
    const { operator } = expression;
    this.#operands(expression, (left, right) => {
      if (operator === '==' || operator === '~=') {
        output.write(operator === '==' ? `${left}===${right}||` : `!(${left}===${right}||`);
        if (isPrimitive(expression.left) || isPrimitive(expression.right)) {
          output.write(`$equalsPrimitive(${left},${right})`);
        } else {
          output.write(`typeof ${left}==='object'&&(`);
          this.metamethod('__eq', `$equals(${left},${right}))`, expression.line);
          output.write(`||typeof ${right}==='object'&&typeof ${left}!=='object'&&$equalsPrimitive(${left},${right})`);
        }
        return output.write(operator === '==' ? '' : ')');
      }
      if (isNumber(expression.left) && isNumber(expression.right)) {
        return output.write(`${left}${operator}${right}`);
      }
      output.write(`typeof ${left}==='number'&&typeof ${right}==='number'?${left}${operator}${right}:`);
      const event = operator === '<' || operator === '>' ? '__lt' : '__le';
      this.metamethod(event, `$compare("${operator}",${left},${right})`, expression.line);
    });
  }

  #logical(expression: Binary): void {
    const { output } = this;
    this.context.withTemporaries(1, (held) => {
      output.write(`((${held}=`);
      this.value(expression.left);
      output.write(`)===undefined||${held}===false?`);
      if (expression.operator === 'and') output.write(`${held}:`);
      this.value(expression.right);
      if (expression.operator === 'or') output.write(`:${held}`);
      output.write(')');
    });
  }

  #table(fields: readonly TableField[]): void {
    const { output } = this;
    if (fields.length === 0) return output.write('new $Table()');
    const areItems = fields.every(({ kind }) => kind === 'item');
    if (areItems) {
      output.write('$items([');
      this.list(fields.map(({ value }) => value));
      return output.write('])');
    }
    output.write(`$fields(${JSON.stringify(fields.map(({ kind }) => (kind === 'item' ? 'i' : 'p')).join(''))},[`);
    fields.forEach((field, at) => {
      if (at > 0) output.write(',');
      if (field.kind === 'pair') this.#pair(field);
      else if (at === fields.length - 1) this.list([field.value]);
      else this.value(field.value);
    });
    output.write('])');
  }

  /** Key and value; the key is checked once both are there. */
  #pair({ key, value, line }: Extract<TableField, { kind: 'pair' }>): void {
    const { output } = this;
    if (isConstant(key) && key.kind !== 'nil') {
      this.value(key);
      output.write(',');
      return this.value(value);
    }
    this.context.withTemporaries(2, (keyHeld, valueHeld) => {
      output.write(`(${keyHeld}=`);
      this.value(key);
      output.write(`,${valueHeld}=`);
      this.value(value);
      output.write(',');
      this.runtimeCall('__newindex', `$checkKey(${keyHeld})`, line);
      output.write(`,${keyHeld}),${valueHeld}`);
    });
  }

  /** The value's name for messages. */
  protected siteOf(expression: Expression): string {
    return namingOf(this.#describe(expression));
  }

  #describe(expression: Expression): Named {
    return describeExpression(expression, this.context.scope);
  }
}

/** A function of this name, of the package `checks`, looks at the arguments of its caller. */
const ARGUMENT_CHECKER = 'checks';

/** Whether its line is the one of its end, or near it, and not of its beginning. */
function isComposite({ kind }: Expression): boolean {
  return kind === 'binary' || kind === 'unary' || kind === 'index' || kind === 'call' || kind === 'method';
}
