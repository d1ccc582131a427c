/** JavaScript for Lua's statements and functions. */
import { unreachable } from '../../../base/index.ts';
import type { CallSite, FunctionDefinition } from '../runtime/stack.ts';
import type { AssignmentTarget, Block, Expression, FunctionBody, Label, LocalVariable, Statement } from './ast.ts';
import { isMultiple } from './ast.ts';
import { ExpressionGenerator } from './expression-generator.ts';
import { FunctionContext, variableName } from './function-context.ts';

export type GeneratedCode = Readonly<{
  /** A JavaScript expression: `(runtime) => (environment, chunk) => LuaFunction`. */
  source: string;
  callSites: ReadonlyMap<string, CallSite>;
  /** By the function's name in JavaScript. */
  definitions: ReadonlyMap<string, FunctionDefinition>;
}>;

export type GeneratorOptions = Readonly<{
  /** Names that the code takes from the runtime. */
  runtimeNames: readonly string[];
  /** Each function leaves word in `$chunk` when it begins. */
  asksForLevels: boolean;
}>;

/** The chunk as JavaScript. */
export function generateCode(chunk: FunctionBody, options: GeneratorOptions): GeneratedCode {
  return new StatementGenerator(options).chunk(chunk);
}

/** The last statement of a block that ends it, so that nothing behind it can be reached. */
const ENDINGS: ReadonlySet<Statement['kind']> = new Set(['return', 'break', 'goto']);

class StatementGenerator extends ExpressionGenerator {
  readonly #options: GeneratorOptions;
  readonly #definitions = new Map<string, FunctionDefinition>();
  #nextId = 0;

  constructor(options: GeneratorOptions) {
    super();
    this.#options = options;
  }

  chunk(chunk: FunctionBody): GeneratedCode {
    this.output.write(`(({${this.#options.runtimeNames.join(',')}})=>($environment,$chunk)=>`);
    this.#functionCode(chunk, '$environment');
    this.output.write(')');
    return { source: this.output.toString(), callSites: this.callSites, definitions: this.#definitions };
  }

  protected override functionCode(body: FunctionBody): void {
    this.#functionCode(body, '$self.environment');
  }

  #functionCode({ scope, parameters, body, line, endLine, name }: FunctionBody, environment: string): void {
    const outer = this.context;
    this.context = new FunctionContext(scope, parameters);
    const jsName = `$f${this.#nextId++}`;
    const names = parameters.map(variableName);
    if (scope.isVariadic) names.push('...$varargs');
    this.output.write(`$function(function*${jsName}(${names.join(',')}){const $self=this;`);
    this.output.write(TICK);
    if (this.#options.asksForLevels) this.output.write(`$chunk.entered.${jsName}=$self;`);
    this.#statements(body);
    this.output.atLine(endLine);
    if (!ENDINGS.has(body.statements.at(-1)?.kind ?? 'do')) {
      this.output.write('return $none;');
      this.context.activeLines.add(endLine);
    }
    this.output.write(`${this.context.declaration}},${environment},$chunk)`);
    this.#definitions.set(jsName, {
      line,
      endLine,
      name,
      parameterNames: parameters.map((parameter) => parameter.name),
      isVariadic: scope.isVariadic,
      upvalueNames: scope.upvalues.map((variable) => variable.name),
      activeLines: this.context.activeLines,
    });
    this.context = outer;
  }

  #block(block: Block): void {
    this.output.write('{');
    this.#statements(block);
    this.output.write('}');
  }

  /**
   * Statements of a block with its labels. What stands before a label that is jumped to from there is wrapped in a labelled
   * block that the jump leaves; what stands behind one that is jumped back to, in a loop that the jump continues.
   */
  #statements({ statements }: Block): void {
    const labels = statements.flatMap((statement, at) => (statement.kind === 'label' ? [{ ...statement, at }] : []));
    const forward = labels.filter(({ label }) => label.isReachedForwards);
    const lastForward = forward.at(-1);
    if (lastForward !== undefined && labels.some(({ label }) => label.isReachedBackwards)) {
      this.#states(statements);
      return;
    }
    if (lastForward !== undefined && statements.slice(lastForward.at).some(({ kind }) => kind !== 'label')) {
      this.#hoist(statements.slice(0, lastForward.at));
    }
    for (const { label } of [...forward].reverse()) this.output.write(`${labelName(label)}:{`);
    const loops: Label[] = [];
    for (const statement of statements) {
      if (statement.kind !== 'label') {
        this.#statement(statement);
        continue;
      }
      const { label } = statement;
      if (label.isReachedForwards) this.output.write('}');
      this.context.passedLabels.add(label.id);
      if (label.isReachedBackwards) {
        this.output.write(`${loopLabelName(label)}:for(;;){${TICK}`);
        loops.push(label);
      }
    }
    for (const label of loops.reverse()) this.output.write(`break ${loopLabelName(label)};}`);
  }

  /**
   * Statements among which is jumped to and fro: a loop over a switch, with a case for each label. Closures of different
   * rounds share the locals of such a block.
   */
  #states(statements: readonly Statement[]): void {
    const { output } = this;
    const id = this.#nextId++;
    const [machine, state] = [`states$${id}`, `$state${id}`];
    const labels = statements.flatMap((statement) => (statement.kind === 'label' ? [statement.label] : []));
    labels.forEach((label, at) => this.context.jumps.set(label.id, `{${state}=${at + 1};continue ${machine};}`));
    this.#hoist(statements);
    output.write(`let ${state}=0;${machine}:for(;;){${TICK}switch(${state}){case 0:`);
    let next = 1;
    for (const statement of statements) {
      if (statement.kind === 'label') output.write(`case ${next++}:`);
      else this.#statement(statement);
    }
    output.write(`}break;}`);
  }

  /** Declares locals ahead, because their declarations will stand in an inner block of the JavaScript. */
  #hoist(statements: readonly Statement[]): void {
    const variables = statements.flatMap((statement) => {
      if (statement.kind === 'local') return statement.variables;
      return statement.kind === 'local-function' ? [statement.variable] : [];
    });
    if (variables.length === 0) return;
    for (const variable of variables) this.context.hoisted.add(variable);
    this.output.write(`let ${variables.map(variableName).join(',')};`);
  }

  #statement(statement: Statement): void {
    const { output } = this;
    output.atLine(statement.line);
    this.context.activeLines.add(statement.line);
    switch (statement.kind) {
      case 'local':
        return this.#local(statement.variables, statement.values);
      case 'local-function':
        output.write(`${this.#declarator(statement.variable)}${variableName(statement.variable)}=`);
        this.functionCode(statement.body);
        return output.write(';');
      case 'assign':
        return this.#assign(statement);
      case 'call':
        if (statement.call.kind === 'call' || statement.call.kind === 'method') this.call(statement.call);
        return output.write(';');
      case 'do':
        return this.#block(statement.body);
      case 'while':
        return this.#loop((head) => {
          output.write(`${head}while(`);
          this.condition(statement.condition);
          output.write(`){${TICK}`);
          this.#statements(statement.body);
          output.write('}');
        });
      case 'repeat':
        return this.#loop((head) => {
          output.write(`${head}for(;;){${TICK}`);
          this.#statements(statement.body);
          if (!ENDINGS.has(statement.body.statements.at(-1)?.kind ?? 'do')) {
            output.write('if(');
            this.condition(statement.condition);
            output.write(')break;');
          }
          output.write('}');
        });
      case 'if':
        return this.#if(statement);
      case 'for-number':
        return this.#forNumber(statement);
      case 'for-in':
        return this.#forIn(statement);
      case 'return':
        output.write('return(');
        this.result(statement.values, statement.callLine);
        return output.write(');');
      case 'break':
        return output.write(`break ${this.context.loops.at(-1)};`);
      case 'goto': {
        const { label } = statement;
        const jump = this.context.jumps.get(label.id);
        if (jump !== undefined) return output.write(jump);
        const isBack = this.context.passedLabels.has(label.id);
        return output.write(isBack ? `continue ${loopLabelName(label)};` : `break ${labelName(label)};`);
      }
      case 'label':
        return;
      default:
        return unreachable(statement);
    }
  }

  #declarator(variable: LocalVariable): string {
    return this.context.hoisted.has(variable) ? '' : 'let ';
  }

  #local(variables: readonly LocalVariable[], values: readonly Expression[]): void {
    const { output } = this;
    const [variable] = variables;
    const [value] = values;
    if (variables.length === 1 && values.length <= 1 && variable !== undefined) {
      output.write(`${this.#declarator(variable)}${variableName(variable)}=`);
      if (value === undefined) output.write('undefined');
      else this.value(value);
      return output.write(';');
    }
    this.#withValues(values, variables.length, (texts) => {
      variables.forEach((each, at) => {
        output.write(`${this.#declarator(each)}${variableName(each)}=${texts[at]!};`);
      });
    });
  }

  /** Evaluates a list into variables and gives texts for `count` of its values; each text may be used once. */
  #withValues(values: readonly Expression[], count: number, use: (texts: readonly string[]) => void): void {
    const { output } = this;
    this.context.withTemporaries(values.length, (...held) => {
      const texts: string[] = [];
      values.forEach((value, at) => {
        const name = held[at]!;
        output.write(`${name}=`);
        if (at === values.length - 1 && isMultiple(value) && count > values.length) {
          output.write('$all(');
          this.result([value]);
          output.write(')');
          for (let index = 0; at + index < count; index++) texts.push(`${name}[${index}]`);
        } else {
          this.value(value);
          texts.push(name);
        }
        output.write(';');
      });
      while (texts.length < count) texts.push('undefined');
      use(texts);
    });
  }

  #assign({ targets, values, storeLine }: Extract<Statement, { kind: 'assign' }>): void {
    const { output } = this;
    const [target] = targets;
    const [value] = values;
    if (targets.length === 1 && values.length === 1 && target !== undefined && value !== undefined) {
      this.#store(target, storeLine, () => this.value(value));
      return;
    }
    // Tables and keys are evaluated before anything is assigned.
    const places = targets.map(() => ['', ''] as [string, string]);
    const indexed = targets.filter(({ kind }) => kind === 'index').length;
    this.context.withTemporaries(2 * indexed, (...held) => {
      targets.forEach((each, at) => {
        if (each.kind !== 'index') return;
        const [table, key] = held.splice(0, 2) as [string, string];
        places[at] = [table, key];
        output.write(`${table}=`);
        this.value(each.object);
        output.write(`;${key}=`);
        this.value(each.key);
        output.write(';');
      });
      this.#withValues(values, targets.length, (texts) => {
        for (const [at, each] of [...targets.entries()].reverse()) {
          if (each.kind === 'index') {
            this.#storeIndexed([...places[at]!, texts[at]!], this.siteOf(each.object), storeLine);
          } else this.#store(each, storeLine, () => output.write(texts[at]!));
        }
      });
    });
  }

  #store(target: AssignmentTarget, line: number, write: () => void): void {
    const { output } = this;
    switch (target.kind) {
      case 'local':
        output.write(`${variableName(target.variable)}=`);
        write();
        return output.write(';');
      case 'global':
        return this.context.withTemporaries(1, (held) => {
          output.write(`${held}=`);
          write();
          const key = JSON.stringify(target.name);
          output.write(`;if($self.environment.metatable===null)$self.environment.setString(${key},${held});else `);
          this.metamethod('__newindex', `$setIndex($self.environment,${key},${held},"");`, line);
        });
      case 'index':
        return this.context.withTemporaries(3, (table, key, held) => {
          output.write(`${table}=`);
          this.value(target.object);
          let keyText: string = key;
          if (target.key.kind === 'string') keyText = JSON.stringify(target.key.value);
          else {
            output.write(`;${key}=`);
            this.value(target.key);
          }
          output.write(`;${held}=`);
          write();
          output.write(';');
          this.#storeIndexed([table, keyText, held], this.siteOf(target.object), line);
        });
      default:
        return unreachable(target);
    }
  }

  #storeIndexed([table, key, value]: readonly [string, string, string], site: string, line: number): void {
    const check = key.startsWith('"') ? '' : `&&${key}!==undefined&&${key}===${key}`;
    const set = key.startsWith('"') ? 'setString' : 'set';
    this.output.write(
      `if(${table} instanceof $Table&&${table}.metatable===null${check})${table}.${set}(${key},${value});` + 'else ',
    );
    this.metamethod('__newindex', `$setIndex(${table},${key},${value},${JSON.stringify(site)});`, line);
  }

  #loop(write: (head: string) => void): void {
    const name = `loop$${this.#nextId++}`;
    this.context.loops.push(name);
    write(`${name}:`);
    this.context.loops.pop();
  }

  #if({ branches, otherwise }: Extract<Statement, { kind: 'if' }>): void {
    const { output } = this;
    branches.forEach(({ condition, body }, at) => {
      output.write(at === 0 ? 'if(' : 'else if(');
      this.condition(condition);
      output.write(')');
      this.#block(body);
    });
    if (otherwise === null) return;
    output.write('else');
    this.#block(otherwise);
  }

  #forNumber({ variable, start, limit, step, body, line }: Extract<Statement, { kind: 'for-number' }>): void {
    const { output } = this;
    const id = this.#nextId++;
    const [index, end, by] = [`$i${id}`, `$end${id}`, `$by${id}`];
    output.write(`{let ${index}=`);
    this.value(start);
    output.write(`,${end}=`);
    this.value(limit);
    const constantStep = step === null ? 1 : constantNumber(step);
    if (constantStep === null && step !== null) {
      output.write(`,${by}=`);
      this.value(step);
    }
    const stepText = constantStep === null ? by : String(constantStep);
    const unchecked = [start, limit].every(({ kind }) => kind === 'number') && constantStep !== null;
    if (!unchecked) {
      output.write(`;if(typeof ${index}!=='number'||typeof ${end}!=='number'||typeof ${stepText}!=='number'){`);
      const bounds: [string, string][] = [
        [index, 'initial value'],
        [end, 'limit'],
      ];
      if (constantStep === null) bounds.push([by, 'step']);
      for (const [bound, what] of bounds) {
        output.write(`${bound}=`);
        this.runtimeCall('', `$forNumber(${bound},'${what}');`, line);
      }
      output.write('}');
    }
    const up = `${index}<=${end}`;
    const down = `${index}>=${end}`;
    const goesOn = constantStep === null ? `${by}>0?${up}:${down}` : constantStep > 0 ? up : down;
    variable.isNumber = !variable.isAssigned;
    const writeIteration = (): void => {
      output.write(`let ${variableName(variable)}=${index};`);
      this.#statements(body);
      output.write('}');
    };
    if (constantStep === 1) this.#countUp(id, index, end, writeIteration);
    else {
      output.write(';');
      this.#loop((head) => {
        output.write(`${head}for(;${goesOn};${index}+=${stepText}){${TICK}`);
        writeIteration();
      });
    }
    output.write('}');
  }

  /**
   * A loop by steps of 1 goes through so many at once, and tells the budget before: what is left of an iteration is shorter
   * than a look at the budget. Where adding 1 may change nothing it goes through one at a time.
   */
  #countUp(id: number, index: string, end: string, writeIteration: () => void): void {
    const { output } = this;
    const [stop, count] = [`$stop${id}`, `$count${id}`];
    output.write(';');
    this.#loop((head) => {
      output.write(`${head}for(;${index}<=${end};){let ${stop}=${index},${count}=1;`);
      output.write(`if(${index}<${EXACT_MAX}&&${index}>-${EXACT_MAX}){${stop}+=${TICKS_AT_ONCE - 1};`);
      output.write(`if(${stop}>${end})${stop}=${end};${count}+=${stop}-${index};}`);
      output.write(`if(($budget.ticks-=${count})<0)$budget.spent();`);
      output.write(`for(;${index}<=${stop};${index}++){`);
      writeIteration();
      output.write('}');
    });
  }

  #forIn({ variables, values, body, callLine: line }: Extract<Statement, { kind: 'for-in' }>): void {
    const { output } = this;
    const id = this.#nextId++;
    const [step, state, control, cursor] = ['$step', '$state', '$control', '$cursor'].map((name) => `${name}${id}`);
    const names = variables.map(variableName);
    const [first] = names;
    output.write('{');
    this.#withValues(values, 3, (texts) => {
      output.write(`let ${step}=${texts[0]},${state}=${texts[1]},${control}=${texts[2]};`);
    });
    output.write(`if(!(${step} instanceof $Function))${step}=`);
    this.runtimeCall('__call', `$callee(${step},"");`, line);
    output.write(`const ${cursor}=$cursor(${step},${state},${control});`);
    this.#loop((head) => {
      output.write(`${head}for(;;){${TICK}let ${names.join(',')};if(${cursor}!==null){if(!${cursor}.advance())break;`);
      output.write(`${first}=${cursor}.key;${names[1] === undefined ? '' : `${names[1]}=${cursor}.value;`}}else{`);
      this.context.withTemporaries(1, (held) => {
        const site = { name: '(for generator)', kind: 'local', line, isTail: false } as const;
        output.write(`${held}=${step}.plain!==null?${step}.`);
        this.callSites.set(output.place, site);
        output.write(`plain(${state},${control}):(${held}=yield*${step}.`);
        this.callSites.set(output.place, site);
        output.write(`suspendable(${state},${control})) instanceof $Tail?yield*`);
        this.callSites.set(output.place, site);
        output.write(`$finish(${held}):${held};`);
        output.write(
          `if(${held} instanceof Array){${names.map((name, at) => `${name}=${held}[${at}];`).join('')}}else ${first}=${held};`,
        );
      });
      output.write(`if(${first}===undefined)break;${control}=${first};}`);
      this.#statements(body);
      output.write('}');
    });
    output.write('}');
  }
}

/** Spends the fiber's time: a loop or recursion that never ends is stopped by its limit. */
const TICK = 'if(--$budget.ticks<0)$budget.spent();';

const TICKS_AT_ONCE = 1000;
/** Up to here a number and the next one differ, also after some thousand steps. */
const EXACT_MAX = 2 ** 52;

function labelName({ id }: Label): string {
  return `label$${id}`;
}

function loopLabelName({ id }: Label): string {
  return `again$${id}`;
}

/** The value of a literal number with or without a sign; null for anything else, and for 0, which is no step. */
function constantNumber(expression: Expression): number | null {
  if (expression.kind === 'number') return expression.value || null;
  if (expression.kind === 'unary' && expression.operator === '-' && expression.operand.kind === 'number') {
    return -expression.operand.value || null;
  }
  return null;
}
