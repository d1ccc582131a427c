/**
 * C declarations as `ffi.cdef` and `ffi.typeof` take them: typedefs, structures, unions, enumerations, constants, variables
 * and functions. Throws LuaError with LuaJIT's words for what it does not understand.
 */
import { runtimeError } from '../runtime/errors.ts';
import { asConst, type CEnum, type CStructure, type CType, layOut, NAMED_TYPES, pointerTo, sizeOf } from './c-types.ts';

const TOKEN =
  /\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*|([A-Za-z_]\w*)|(0[xX][0-9a-fA-F]+|\d+)[uUlL]*|('(?:\\.|[^'])')|("(?:\\.|[^"])*")|(\.\.\.|<<|>>|.)/y;

const QUALIFIERS = new Set([
  'const',
  'volatile',
  'restrict',
  '__restrict',
  '__const',
  '__volatile__',
  'inline',
  '__inline',
  '__inline__',
  'extern',
  'static',
  'register',
  '__extension__',
]);
const NUMBER_WORDS = new Set([
  'void',
  'bool',
  '_Bool',
  'char',
  'short',
  'int',
  'long',
  'float',
  'double',
  'signed',
  'unsigned',
]);

/** What was declared by name, of one Lua state. */
export class Declarations {
  readonly types = new Map<string, CType>(NAMED_TYPES);
  readonly structures = new Map<string, CStructure>();
  readonly enumerations = new Map<string, CEnum>();
  readonly constants = new Map<string, number>();
  readonly functions = new Set<string>();
  nextAnonymous = 115;
}

type Declarator = Readonly<{ name: string; wrap: (type: CType) => CType }>;
type Specifier = Readonly<{ type: CType; isTypedef: boolean; isConstant: boolean }>;

export class CParser {
  readonly #declarations: Declarations;
  readonly #tokens: readonly string[];
  readonly #lines: readonly number[];
  readonly #arguments: CType[];
  #at = 0;
  /** A new name of a structure declares it, unless only a type is asked for. */
  #mayDeclare = true;

  /** `parameters` take the places of `$`. */
  constructor(declarations: Declarations, source: string, parameters: readonly CType[] = []) {
    this.#declarations = declarations;
    this.#arguments = [...parameters];
    const tokens: string[] = [];
    const lines: number[] = [];
    let line = 1;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < source.length) {
      const start = TOKEN.lastIndex;
      const match = TOKEN.exec(source);
      if (match === null) throw runtimeError(`unexpected symbol near '${source[start]!}'`);
      const token = match[1] ?? match[2] ?? match[3] ?? match[4] ?? match[5];
      if (token !== undefined) {
        tokens.push(token);
        lines.push(line);
      }
      line += match[0].split('\n').length - 1;
    }
    this.#tokens = tokens;
    this.#lines = lines;
  }

  /** The text as declarations. */
  declareAll(): void {
    while (this.#at < this.#tokens.length) {
      if (this.#take(';')) continue;
      this.#declaration();
    }
  }

  /** The text as one type. */
  singleType(): CType {
    this.#mayDeclare = false;
    const { type } = this.#specifier();
    const declarator = this.#declarator();
    if (declarator.name !== '') this.#at--;
    if (this.#at < this.#tokens.length) throw this.#expected('<eof>');
    return declarator.wrap(type);
  }

  #peek(ahead = 0): string {
    return this.#tokens[this.#at + ahead] ?? '';
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#expected(token);
  }

  #expected(what: string): Error {
    const near = this.#peek() === '' ? '<eof>' : this.#peek();
    const line = this.#lines[this.#at] ?? 1;
    return runtimeError(`'${what}' expected near '${near}'${this.#suffix(line)}`);
  }

  #expectedSpecifier(): Error {
    const near = this.#peek() === '' ? '<eof>' : this.#peek();
    return runtimeError(`declaration specifier expected near '${near}'${this.#suffix(this.#lines[this.#at] ?? 1)}`);
  }

  #unexpected(near: string): Error {
    return runtimeError(
      `unexpected symbol near '${near === '' ? '<eof>' : near}'${this.#suffix(this.#lines[this.#at] ?? 1)}`,
    );
  }

  #suffix(line: number): string {
    return line > 1 ? ` at line ${line}` : '';
  }

  #declaration(): void {
    const specifier = this.#specifier();
    if (this.#takeEnd()) return;
    do {
      const { name, wrap } = this.#declarator();
      if (name === '') throw this.#expected('<identifier>');
      const type = wrap(specifier.type);
      this.#attributes();
      if (specifier.isTypedef) this.#declarations.types.set(name, type);
      else if (this.#take('=')) this.#declarations.constants.set(name, this.#expression());
      else if (type.kind === 'function') this.#declarations.functions.add(name);
    } while (this.#take(','));
    if (!this.#takeEnd()) throw this.#expected(';');
  }

  #specifier(): Specifier {
    const words: string[] = [];
    let type: CType | null = null;
    let isTypedef = false;
    let isConstant = false;
    for (;;) {
      this.#attributes();
      const token = this.#peek();
      if (token === 'typedef') isTypedef = true;
      else if (token === 'const' || token === '__const') isConstant = true;
      else if (NUMBER_WORDS.has(token)) words.push(token);
      else if (!QUALIFIERS.has(token)) {
        if (type !== null || words.length > 0) break;
        type = this.#namedType(token);
        continue;
      }
      this.#at++;
    }
    const base = type ?? NAMED_TYPES.get(words.sort().join(' '));
    if (base === undefined) throw this.#unexpected(this.#peek());
    return { type: isConstant ? asConst(base) : base, isTypedef, isConstant };
  }

  /** A type by its name, a structure, an enumeration, or the next parameter. */
  #namedType(token: string): CType {
    this.#at++;
    if (token === 'struct' || token === 'union') return this.#structure(token === 'union');
    if (token === 'enum') return this.#enumeration();
    if (token === '$') {
      const parameter = this.#arguments.shift();
      if (parameter === undefined) throw runtimeError('wrong number of type parameters');
      return parameter;
    }
    const type = this.#declarations.types.get(token);
    if (type === undefined) {
      this.#at--;
      throw this.#expectedSpecifier();
    }
    return type;
  }

  #structure(isUnion: boolean): CStructure {
    this.#attributes();
    const isNamed = /^[A-Za-z_]/.test(this.#peek());
    const name = isNamed ? this.#tokens[this.#at++]! : String(this.#declarations.nextAnonymous++);
    const known = isNamed ? this.#declarations.structures.get(name) : undefined;
    const structure: CStructure = known ?? {
      kind: 'struct',
      isUnion,
      name,
      fields: null,
      sizeBytes: 0,
      alignment: 1,
      metatable: null,
      call: null,
    };
    if (known === undefined && isNamed && !this.#mayDeclare && this.#peek() !== '{') {
      throw runtimeError(`undeclared or implicit tag '${name}'`);
    }
    if (isNamed) this.#declarations.structures.set(name, structure);
    if (!this.#take('{')) return structure;
    if (structure.fields !== null)
      throw runtimeError(`attempt to redefine '${name}'${this.#suffix(this.#lines[this.#at] ?? 1)}`);
    const members: { name: string; type: CType; bits: number | null }[] = [];
    while (!this.#take('}')) this.#member(members);
    this.#attributes();
    layOut(structure, members);
    return structure;
  }

  /** The end of a declaration: the last one of a text needs no sign of it. */
  #takeEnd(): boolean {
    return this.#take(';') || this.#at >= this.#tokens.length;
  }

  #member(members: { name: string; type: CType; bits: number | null }[]): void {
    const { type } = this.#specifier();
    if (this.#take(';')) {
      if (type.kind === 'struct') members.push({ name: '', type, bits: null });
      return;
    }
    do {
      const { name, wrap } = this.#declarator();
      const bits = this.#take(':') ? this.#expression() : null;
      this.#attributes();
      members.push({ name, type: wrap(type), bits });
    } while (this.#take(','));
    this.#expect(';');
  }

  #enumeration(): CEnum {
    const isNamed = /^[A-Za-z_]/.test(this.#peek());
    const name = isNamed ? this.#tokens[this.#at++]! : String(this.#declarations.nextAnonymous++);
    if (!this.#take('{'))
      return this.#declarations.enumerations.get(name) ?? { kind: 'enum', name, constants: new Map(), isConst: false };
    const constants = new Map<string, number>();
    let next = 0;
    while (!this.#take('}')) {
      const constant = this.#tokens[this.#at++]!;
      if (this.#take('=')) next = this.#expression();
      constants.set(constant, next);
      this.#declarations.constants.set(constant, next);
      next++;
      if (!this.#take(',') && this.#peek() !== '}') throw this.#expected('}');
    }
    const enumeration: CEnum = { kind: 'enum', name, constants, isConst: false };
    if (isNamed) this.#declarations.enumerations.set(name, enumeration);
    return enumeration;
  }

  /** `__attribute__((...))` and `__asm__(...)` change nothing that can be seen here. */
  #attributes(): void {
    while (/^(__attribute__|__attribute|__asm__|__asm|asm|__declspec)$/.test(this.#peek())) {
      this.#at++;
      this.#skipParentheses();
    }
  }

  #skipParentheses(): void {
    this.#expect('(');
    for (let depth = 1; depth > 0; this.#at++) {
      const token = this.#peek();
      if (token === '') throw this.#expected(')');
      depth += token === '(' ? 1 : token === ')' ? -1 : 0;
    }
  }

  /** Pointers, a name or a declarator in parentheses, then arrays and parameters: read inside out. */
  #declarator(): Declarator {
    let isConst = false;
    for (; QUALIFIERS.has(this.#peek()); this.#at++) isConst = isConst || this.#peek() === 'const';
    this.#attributes();
    if (this.#take('*') || this.#take('&')) {
      const isReference = this.#tokens[this.#at - 1] === '&';
      let isPointerConst = false;
      for (; QUALIFIERS.has(this.#peek()); this.#at++) isPointerConst = isPointerConst || this.#peek() === 'const';
      const inner = this.#declarator();
      return {
        name: inner.name,
        wrap: (type) => {
          const pointer = pointerTo(isConst ? asConst(type) : type, isReference);
          return inner.wrap(isPointerConst ? asConst(pointer) : pointer);
        },
      };
    }
    let inner: Declarator = { name: '', wrap: (type) => type };
    if (this.#peek() === '(' && this.#isNestedDeclarator()) {
      this.#at++;
      inner = this.#declarator();
      this.#expect(')');
    } else if (/^[A-Za-z_]/.test(this.#peek())) {
      inner = { name: this.#tokens[this.#at++]!, wrap: (type) => type };
    }
    const suffix = this.#suffixes();
    return { name: inner.name, wrap: (type) => inner.wrap(suffix(isConst ? asConst(type) : type)) };
  }

  #isNestedDeclarator(): boolean {
    const next = this.#peek(1);
    return next === '*' || next === '&' || next === '(' || next.startsWith('__attribute');
  }

  #suffixes(): (type: CType) => CType {
    this.#attributes();
    if (this.#take('[')) {
      const length = this.#take('?') ? 'variable' : this.#peek() === ']' ? 'open' : this.#expression();
      this.#expect(']');
      const rest = this.#suffixes();
      return (type) => ({ kind: 'array', item: rest(type), length });
    }
    if (this.#take('(')) {
      const parameters: CType[] = [];
      while (!this.#take(')')) {
        if (this.#take('...')) continue;
        const { type } = this.#specifier();
        parameters.push(this.#declarator().wrap(type));
        if (!this.#take(',') && this.#peek() !== ')') throw this.#expected(')');
      }
      const rest = this.#suffixes();
      return (type) => ({ kind: 'function', result: rest(type), parameters });
    }
    return (type) => type;
  }

  /** A constant expression with the operators of C from `|` down to `*`. */
  #expression(level = 0): number {
    if (level === LEVELS.length) return this.#operand();
    let left = this.#expression(level + 1);
    for (;;) {
      const operation = LEVELS[level]![this.#peek()];
      if (operation === undefined) return left;
      this.#at++;
      left = operation(left, this.#expression(level + 1));
    }
  }

  #operand(): number {
    const token = this.#tokens[this.#at++] ?? '';
    if (token === '-') return -this.#operand();
    if (token === '+') return this.#operand();
    if (token === '~') return ~this.#operand();
    if (token === '(') {
      const value = this.#expression();
      this.#expect(')');
      return value;
    }
    if (token === 'sizeof') {
      this.#expect('(');
      const { type } = this.#specifier();
      const size = sizeOf(this.#declarator().wrap(type)) ?? 0;
      this.#expect(')');
      return size;
    }
    if (/^\d/.test(token)) return /^0[0-7]+$/.test(token) ? parseInt(token, 8) : Number(token);
    if (token.startsWith("'")) return token.charCodeAt(1);
    const constant = this.#declarations.constants.get(token);
    if (constant === undefined) throw this.#unexpected(token);
    return constant;
  }
}

type BinaryOperation = (left: number, right: number) => number;
const LEVELS: readonly Readonly<Record<string, BinaryOperation>>[] = [
  { '|': (left, right) => left | right },
  { '^': (left, right) => left ^ right },
  { '&': (left, right) => left & right },
  { '<<': (left, right) => left << right, '>>': (left, right) => left >> right },
  { '+': (left, right) => left + right, '-': (left, right) => left - right },
  {
    '*': (left, right) => left * right,
    '/': (left, right) => Math.trunc(left / right),
    '%': (left, right) => left % right,
  },
];

/** A text as one type. */
export function parseType(declarations: Declarations, source: string, parameters: readonly CType[] = []): CType {
  const words = source.trim();
  return declarations.types.get(words) ?? new CParser(declarations, source, parameters).singleType();
}
