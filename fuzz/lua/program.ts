/**
 * Lua programs by chance: they end (every function and loop calls `tick`, which fails when it was called too often), print nothing that differs from run to run, and use the language at its seams:
 * scopes, closures, multiple values, metatables, coroutines, goto, errors with the names of what was wrong.
 */
import type { SeededRandom } from '../../src/base/index.ts';

const NAMES = ['a', 'b', 'c', 'x', 'y', 't', 'f', 'self'] as const;
const FIELDS = ['x', 'y', 'n', 'name'] as const;
const GLOBALS = ['G1', 'G2', 'unknown'] as const;
const LITERALS = [
  ...['nil', 'true', 'false', '0', '1', '2', '-1', '0.5', '3', '1e15', '-0', '1/0', '0x10'],
  ...['"a"', '"10"', '""', "'x y'", '[[z]]', '"1e1"', '{}', '{1,2,3}', '{x=1,y={n=2}}'],
] as const;
const INTEGERS = ['5LL', '7ULL', '-1LL', '0LL'] as const;
const BINARY = ['+', '-', '*', '/', '%', '^', '..', '==', '~=', '<', '<=', '>', '>=', 'and', 'or'] as const;
const UNARY = ['-', 'not ', '#'] as const;
const EVENTS = [
  ...['__add', '__sub', '__mul', '__div', '__mod', '__unm', '__concat', '__eq', '__lt', '__le'],
  ...['__index', '__newindex', '__call', '__tostring', '__len', '__pow'],
] as const;
const CALLS = [
  ...['tostring', 'type', 'tonumber', 'select', 'unpack', 'rawget', 'rawlen', 'string.rep'],
  ...['string.sub', 'string.format', 'table.concat', 'table.remove', 'error', 'assert', 'getmetatable', 'ipairs'],
] as const;

const DEPTH_MAX = 4;
const STATEMENTS_MAX = 5;
const BLOCKS_MAX = 40;

export function randomProgram(random: SeededRandom): string {
  return new ProgramWriter(random).program();
}

type FunctionKind = Readonly<{ isVariadic: boolean }>;

class ProgramWriter {
  readonly #random: SeededRandom;
  readonly #lines: string[] = [];
  /** Names of local variables that can be seen, innermost last. */
  #locals: string[] = [];
  readonly #functions: FunctionKind[] = [{ isVariadic: true }];
  #loops = 0;
  #blocks = 0;
  #labels = 0;
  #indent = '';
  /** With 64-bit integers; LuaJIT's concatenation takes their addresses for numbers, so there is none then. */
  readonly #hasIntegers: boolean;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#hasIntegers = random.chance(0.2);
  }

  program(): string {
    this.#line("G1, G2 = {x = 1, y = {n = 2}, name = 'g'}, function(...) return ... end");
    this.#line("local a, b, c, x, y = 1, 's', {1, 2, 3}, 2.5, nil");
    this.#line('local t, f = {x = 1, y = {n = 2}}, function(p, ...) tick() return p, ... end');
    this.#line("local self = {name = 'self', x = function(self, ...) tick() return self.name, ... end}");
    this.#locals.push(...NAMES);
    this.#block(0);
    return `${this.#lines.join('\n')}\n`;
  }

  #line(text: string): void {
    this.#lines.push(this.#indent + text);
  }

  /** Statements with a scope of their own. */
  #block(depth: number, isFunction = false): void {
    this.#blocks++;
    const count = this.#locals.length;
    const indent = this.#indent;
    if (depth > 0) this.#indent += '  ';
    const statements = 1 + this.#random.below(depth === 0 ? 3 * STATEMENTS_MAX : STATEMENTS_MAX);
    for (let at = 0; at < statements; at++) this.#statement(depth);
    if (isFunction || this.#random.chance(0.05)) this.#return(depth);
    else if (this.#loops > 0 && this.#random.chance(0.15)) this.#line('break');
    this.#indent = indent;
    this.#locals.length = count;
  }

  #return(depth: number): void {
    this.#line(`return ${this.#list(depth, 3, true)}`.trimEnd());
  }

  /** At the outside an error ends one statement only, most of the time. */
  #statement(depth: number): void {
    if (depth > 0 || this.#random.chance(0.3)) return this.#bareStatement(depth);
    this.#functions.push({ isVariadic: true });
    const count = this.#locals.length;
    this.#line('print(pcall(function(...)');
    this.#bareStatement(depth + 1);
    this.#line('end, 1, nil, 3));');
    this.#locals.length = count;
    this.#functions.pop();
  }

  #bareStatement(depth: number): void {
    const isDeep = depth >= DEPTH_MAX || this.#blocks > BLOCKS_MAX;
    const kind = this.#random.below(isDeep ? 6 : 18);
    switch (kind) {
      case 0:
      case 1:
        return this.#line(`print(${this.#list(depth, 3)});`);
      case 2:
        return this.#declare(depth);
      case 3:
        return this.#assign(depth);
      case 4:
        return this.#line(`${this.#call(depth)};`);
      case 5:
        return this.#line(`${this.#place(depth)} = ${this.#expression(depth)};`);
      case 6:
        return this.#if(depth);
      case 7:
        return this.#loop(depth, 'for i = 1, 3 do', 'end', ['i']);
      case 8:
        return this.#loop(depth, `for i, v in ipairs({${this.#list(depth, 3)}}) do`, 'end', ['i', 'v']);
      case 9:
        return this.#countedLoop(depth);
      case 10:
        return this.#enclosed(depth, 'do', 'end');
      case 11:
      case 12:
        return this.#function(depth);
      case 13:
      case 14:
        return this.#protected(depth);
      case 15:
        return this.#coroutine(depth);
      case 16:
        return this.#metatable(depth);
      default:
        return this.#goto(depth);
    }
  }

  #enclosed(depth: number, head: string, end: string): void {
    this.#line(head);
    this.#block(depth + 1);
    this.#line(end);
  }

  #declare(depth: number): void {
    const names = this.#newNames(1 + this.#random.below(3));
    const values = this.#random.chance(0.9) ? ` = ${this.#list(depth, 3, false) || 'nil'}` : '';
    this.#line(`local ${names.join(', ')}${values};`);
    this.#locals.push(...names);
  }

  #newNames(count: number): string[] {
    return Array.from({ length: count }, () => this.#random.pick(NAMES));
  }

  #assign(depth: number): void {
    const count = 1 + this.#random.below(3);
    const places = Array.from({ length: count }, () => this.#place(depth));
    this.#line(`${places.join(', ')} = ${this.#list(depth, 3) || '1'};`);
  }

  #place(depth: number): string {
    const roll = this.#random.below(10);
    if (roll < 5) return this.#name();
    const object = this.#random.chance(0.8) ? this.#name() : `(${this.#expression(depth + 2)})`;
    return roll < 8 ? `${object}.${this.#random.pick(FIELDS)}` : `${object}[ ${this.#expression(depth + 2)} ]`;
  }

  #if(depth: number): void {
    this.#line(`if ${this.#expression(depth)} then`);
    this.#block(depth + 1);
    if (this.#random.chance(0.3)) {
      this.#line(`elseif ${this.#expression(depth)} then`);
      this.#block(depth + 1);
    }
    if (this.#random.chance(0.5)) {
      this.#line('else');
      this.#block(depth + 1);
    }
    this.#line('end');
  }

  #loop(depth: number, head: string, end: string, names: readonly string[]): void {
    const count = this.#locals.length;
    this.#line(`${head} tick();`);
    this.#locals.push(...names);
    this.#loops++;
    this.#block(depth + 1);
    this.#loops--;
    this.#locals.length = count;
    this.#line(end);
  }

  /** A loop with a condition: a counter that nobody else sees ends it. */
  #countedLoop(depth: number): void {
    const counter = `count${this.#labels++}`;
    this.#line(`local ${counter} = 0;`);
    const step = `${counter} = ${counter} + 1`;
    if (this.#random.chance(0.5)) {
      this.#loop(depth, `while ${counter} < 3 and ${this.#expression(depth + 1)} do ${step}`, 'end', []);
      return;
    }
    this.#line(`repeat ${step} tick();`);
    const names = this.#newNames(1);
    this.#line(`  local ${names[0]!} = ${this.#expression(depth + 1)};`);
    const count = this.#locals.length;
    this.#locals.push(...names);
    this.#loops++;
    const indent = this.#indent;
    this.#indent += '  ';
    for (let at = 0; at < 2; at++) this.#statement(depth + 1);
    this.#indent = indent;
    this.#loops--;
    this.#line(`until ${counter} >= 3 or ${this.#expression(depth + 1)}`);
    this.#locals.length = count;
  }

  #function(depth: number): void {
    const form = this.#random.below(4);
    const name = this.#random.pick(NAMES);
    if (form === 0) {
      this.#locals.push(name);
      this.#line(`local function ${name}${this.#functionRest(depth)}`);
    } else if (form === 1) this.#line(`function ${this.#random.pick(GLOBALS)}${this.#functionRest(depth)}`);
    else if (form === 2) {
      this.#line(`local ${name} = {x = ${this.#expression(depth + 1)}};`);
      this.#locals.push(name);
      this.#line(`function ${name}:${this.#random.pick(FIELDS)}${this.#functionRest(depth, ['self'])}`);
    } else {
      this.#line(`local ${name} = function${this.#functionRest(depth)};`);
      this.#locals.push(name);
    }
  }

  /** Parameters and body, with `end`; written with the lines so far, of which the last one is still to come. */
  #functionRest(depth: number, hidden: readonly string[] = []): string {
    const parameters = this.#newNames(this.#random.below(3));
    const isVariadic = this.#random.chance(0.3);
    const count = this.#locals.length;
    const loops = this.#loops;
    this.#loops = 0;
    this.#locals.push(...hidden, ...parameters);
    this.#functions.push({ isVariadic });
    const at = this.#lines.length;
    this.#line('  tick();');
    this.#block(depth + 1, this.#random.chance(0.7));
    this.#functions.pop();
    this.#loops = loops;
    this.#locals.length = count;
    const body = this.#lines.splice(at).join('\n');
    const list = [...parameters, ...(isVariadic ? ['...'] : [])].join(', ');
    return `(${list})\n${body}\n${this.#indent}end`;
  }

  #protected(depth: number): void {
    this.#line(`print(pcall(function${this.#functionRest(depth)}${this.#arguments(depth, ', ')}));`);
  }

  #coroutine(depth: number): void {
    const name = this.#random.pick(NAMES);
    this.#line(
      `local ${name} = coroutine.${this.#random.pick(['wrap', 'create'])}(function${this.#functionRest(depth)});`,
    );
    this.#locals.push(name);
    const call = this.#random.chance(0.5) ? `pcall(${name}` : `pcall(coroutine.resume, ${name}`;
    this.#line(`print(${call}${this.#arguments(depth, ', ')}));`);
  }

  #metatable(depth: number): void {
    const events = Array.from({ length: 1 + this.#random.below(3) }, () => this.#random.pick(EVENTS));
    const fields = events.map((event) => {
      const isTable = (event === '__index' || event === '__newindex') && this.#random.chance(0.4);
      return `${event} = ${isTable ? '{x = 7}' : `function${this.#functionRest(depth + 1)}`}`;
    });
    const name = this.#random.pick(NAMES);
    this.#line(`local ${name} = setmetatable({y = 2}, {${fields.join(', ')}});`);
    this.#locals.push(name);
  }

  /** Forwards to the end of a block, or back a bounded number of times. */
  #goto(depth: number): void {
    const label = `l${this.#labels++}`;
    if (this.#random.chance(0.5)) {
      this.#line('do');
      this.#line(`  if ${this.#expression(depth + 1)} then goto ${label} end`);
      this.#line('  do');
      this.#block(depth + 2);
      this.#line('  end');
      this.#line(`  ::${label}::`);
      this.#line('end');
      return;
    }
    const counter = `count${label}`;
    this.#line('do');
    this.#line(`  local ${counter} = 0`);
    this.#line(`  ::${label}:: ${counter} = ${counter} + 1 tick();`);
    this.#line('  do');
    const loops = this.#loops;
    this.#loops = 0;
    this.#block(depth + 2);
    this.#loops = loops;
    this.#line('  end');
    this.#line(`  if ${counter} < 3 then goto ${label} end`);
    this.#line('end');
  }

  #arguments(depth: number, before: string): string {
    const list = this.#list(depth + 1, 2);
    return list === '' ? '' : before + list;
  }

  #list(depth: number, most: number, mayBeEmpty = true): string {
    const count = this.#random.below(most + (mayBeEmpty ? 1 : 0)) + (mayBeEmpty ? 0 : 1);
    return Array.from({ length: count }, () => this.#expression(depth)).join(', ');
  }

  #name(): string {
    if (this.#locals.length > 0 && this.#random.chance(0.8)) {
      return this.#locals[this.#random.below(this.#locals.length)]!;
    }
    return this.#random.pick(GLOBALS);
  }

  #call(depth: number): string {
    const roll = this.#random.below(10);
    const list = this.#list(depth + 1, 3);
    if (roll < 4) return `${this.#name()}(${list})`;
    if (roll < 6) return `${this.#name()}:${this.#random.pick(FIELDS)}(${list})`;
    if (roll < 7) return `${this.#name()}.${this.#random.pick(FIELDS)}(${list})`;
    if (roll < 8) return `(${this.#expression(depth + 2)})(${list})`;
    if (roll === 8 && this.#random.chance(0.3))
      return `math.${this.#random.pick(['floor', 'max', 'abs'])}(1, ${list || 'nil'})`;
    if (roll < 9 && this.#functions.length > 1) return `coroutine.yield(${list})`;
    return `${this.#random.pick(CALLS)}(${list})`;
  }

  #expression(depth: number): string {
    if (depth > DEPTH_MAX || this.#random.chance(0.25)) {
      if (this.#random.chance(0.5)) return this.#name();
      return this.#hasIntegers && this.#random.chance(0.3) ? this.#random.pick(INTEGERS) : this.#random.pick(LITERALS);
    }
    switch (this.#random.below(11)) {
      case 0:
      case 1:
      case 2:
        return `${this.#operand(depth)} ${this.#binaryOperator()} ${this.#operand(depth)}`;
      case 3:
        return `${this.#random.pick(UNARY)}${this.#operand(depth)}`;
      case 4:
        return this.#call(depth + 1);
      case 5:
        return `${this.#name()}.${this.#random.pick(FIELDS)}`;
      case 6:
        return `${this.#name()}[ ${this.#expression(depth + 1)} ]`;
      case 7:
        return `{${this.#tableFields(depth)}}`;
      case 8:
        return this.#functions.at(-1)!.isVariadic ? '...' : this.#name();
      case 9:
        return this.#blocks > BLOCKS_MAX ? 'nil' : `function${this.#functionRest(depth + 1)}`;
      default:
        return `(${this.#expression(depth + 1)})`;
    }
  }

  #binaryOperator(): string {
    const operator = this.#random.pick(BINARY);
    return operator === '..' && this.#hasIntegers ? '+' : operator;
  }

  #operand(depth: number): string {
    const text = this.#expression(depth + 1);
    return /^[\w.]+$/.test(text) || this.#random.chance(0.3) ? text : `(${text})`;
  }

  #tableFields(depth: number): string {
    return Array.from({ length: this.#random.below(4) }, () => {
      const value = this.#expression(depth + 1);
      const roll = this.#random.below(5);
      if (roll === 0) return `${this.#random.pick(FIELDS)} = ${value}`;
      return roll === 1 ? `[ ${this.#expression(depth + 2)} ] = ${value}` : value;
    }).join(', ');
  }
}
