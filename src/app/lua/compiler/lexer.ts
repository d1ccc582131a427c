/**
 * Lua's lexical elements, from bytes given as characters of the codes 0 to 255.
 * Messages are LuaJIT's (checked on the one inside Tarantool 2.6.0).
 */

/** Why a program cannot be compiled; the message begins with `chunk name:line:`. */
export class LuaSyntaxError extends Error {
  override readonly name = 'LuaSyntaxError';
}

export type TokenKind = 'name' | 'keyword' | 'symbol' | 'string' | 'number' | 'integer64' | 'imaginary' | 'end';

const KEYWORDS: ReadonlySet<string> = new Set([
  ...['and', 'break', 'do', 'else', 'elseif', 'end', 'false', 'for', 'function', 'goto', 'if', 'in'],
  ...['local', 'nil', 'not', 'or', 'repeat', 'return', 'then', 'true', 'until', 'while'],
]);

/** Longest first. */
const SYMBOLS = [
  ...['...', '..', '==', '~=', '<=', '>=', '::'],
  ...['+', '-', '*', '/', '%', '^', '#', '<', '>', '=', '(', ')', '{', '}', '[', ']', ';', ':', ',', '.'],
];

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

const UINT64_MAX = (1n << 64n) - 1n;

export class Lexer {
  kind: TokenKind = 'end';
  /** Name, keyword, symbol, or the string's bytes. */
  text = '';
  number = 0;
  integer = 0n;
  isUnsigned = false;
  /** Line of the current token. */
  line = 1;
  /** Line at which the token before ended. */
  previousLine = 1;
  readonly chunkName: string;
  readonly #source: string;
  #at = 0;
  #line = 1;
  #tokenStart = 0;
  /** Where the token after the current one ends if somebody has looked: for LuaJIT it counts as passed then. */
  #lineAhead: number | null = null;
  /** What the last string began with. */
  #opening = '';

  /** `chunkName` as messages show it. A first line that begins with `#` is passed over. */
  constructor(source: string, chunkName: string) {
    this.#source = source;
    this.chunkName = chunkName;
    if (source.startsWith('#')) {
      const end = source.indexOf('\n');
      this.#at = end < 0 ? source.length : end;
    }
    this.next();
  }

  /** Moves to the next token. Throws LuaSyntaxError. */
  next(): void {
    this.previousLine = this.#lineAhead ?? this.#line;
    this.#lineAhead = null;
    this.#skipBlanks();
    this.line = this.#line;
    this.#tokenStart = this.#at;
    const character = this.#source[this.#at];
    if (character === undefined) {
      this.kind = 'end';
      this.text = '<eof>';
      return;
    }
    if (isNameStart(character)) return this.#readName();
    if (isDigit(character) || (character === '.' && isDigit(this.#source[this.#at + 1]))) return this.#readNumber();
    if (character === '"' || character === "'") return this.#readString(character);
    if (character === '[') {
      const level = this.#longBracketLevel();
      if (level >= 0) {
        this.kind = 'string';
        this.#opening = `[${'='.repeat(level)}[`;
        this.text = this.#readLong(level, 'string');
        return;
      }
      if (this.#source[this.#at + 1] === '=') {
        const delimiter = /^\[=*/.exec(this.#source.slice(this.#at))![0];
        throw this.#errorAtText('invalid long string delimiter', delimiter);
      }
    }
    const symbol = SYMBOLS.find((candidate) => this.#source.startsWith(candidate, this.#at));
    this.kind = 'symbol';
    this.text = symbol ?? character;
    this.#at += this.text.length;
  }

  /** What the token after the current one is, without moving. */
  peek(): Readonly<{ kind: TokenKind; text: string }> {
    const { kind, text, number, integer, isUnsigned, line, previousLine } = this;
    const at = this.#at;
    const innerLine = this.#line;
    const start = this.#tokenStart;
    this.next();
    const ahead = { kind: this.kind, text: this.text };
    const lineAhead = this.#line;
    Object.assign(this, { kind, text, number, integer, isUnsigned, line, previousLine });
    this.#at = at;
    this.#line = innerLine;
    this.#lineAhead = lineAhead;
    this.#tokenStart = start;
    return ahead;
  }

  /** Line at which the current token ends. */
  get endLine(): number {
    return this.#line;
  }

  is(text: string): boolean {
    return this.text === text && (this.kind === 'symbol' || this.kind === 'keyword');
  }

  /** An error at the current token. */
  errorNear(message: string): LuaSyntaxError {
    const isZero = this.kind === 'symbol' && this.text === '\0';
    return isZero ? this.error(message, this.#line) : this.#errorAtText(message, this.#shown());
  }

  /** The current token as messages show it. */
  #shown(): string {
    if (this.kind === 'end') return '<eof>';
    if (this.kind === 'string') return this.#opening + this.text + this.#opening.replaceAll('[', ']');
    const text = this.#source.slice(this.#tokenStart, this.#at);
    return text.length === 1 && text < ' ' ? `char(${text.charCodeAt(0)})` : text;
  }

  /** An error whose token is shown as C shows a text: up to the first zero byte. */
  #errorAtText(message: string, text: string): LuaSyntaxError {
    return this.error(`${message} near '${text.split('\0')[0]!}'`, this.#line);
  }

  error(message: string, line: number): LuaSyntaxError {
    return new LuaSyntaxError(`${this.chunkName}:${line}: ${message}`);
  }

  #skipBlanks(): void {
    for (;;) {
      const character = this.#source[this.#at];
      if (character === '\n' || character === '\r') this.#newLine();
      else if (character === ' ' || character === '\t' || character === '\v' || character === '\f') this.#at++;
      else if (character === '-' && this.#source[this.#at + 1] === '-') this.#skipComment();
      else return;
    }
  }

  /** Passes over one line end, of one or two characters. */
  #newLine(): void {
    const first = this.#source[this.#at++];
    const second = this.#source[this.#at];
    if ((second === '\n' || second === '\r') && second !== first) this.#at++;
    this.#line++;
  }

  #skipComment(): void {
    this.#at += 2;
    const level = this.#source[this.#at] === '[' ? this.#longBracketLevel() : -1;
    if (level >= 0) {
      this.#readLong(level, 'comment');
      return;
    }
    while (this.#at < this.#source.length && this.#source[this.#at] !== '\n' && this.#source[this.#at] !== '\r') {
      this.#at++;
    }
  }

  /** Number of `=` of a long bracket that opens here, or -1. */
  #longBracketLevel(): number {
    let at = this.#at + 1;
    while (this.#source[at] === '=') at++;
    return this.#source[at] === '[' ? at - this.#at - 1 : -1;
  }

  #readLong(level: number, what: 'string' | 'comment'): string {
    this.#at += level + 2;
    const close = `]${'='.repeat(level)}]`;
    const end = this.#source.indexOf(close, this.#at);
    if (end < 0) {
      while (this.#at < this.#source.length) {
        if (this.#source[this.#at] === '\n' || this.#source[this.#at] === '\r') this.#newLine();
        else this.#at++;
      }
      throw this.error(`unfinished long ${what} near '<eof>'`, this.#line);
    }
    let text = '';
    if (this.#source[this.#at] === '\n' || this.#source[this.#at] === '\r') this.#newLine();
    let start = this.#at;
    while (this.#at < end) {
      const character = this.#source[this.#at];
      if (character === '\n' || character === '\r') {
        text += `${this.#source.slice(start, this.#at)}\n`;
        this.#newLine();
        start = this.#at;
      } else this.#at++;
    }
    text += this.#source.slice(start, end);
    this.#at = end + close.length;
    return text;
  }

  #readName(): void {
    let end = this.#at + 1;
    while (isNamePart(this.#source[end])) end++;
    this.text = this.#source.slice(this.#at, end);
    this.kind = KEYWORDS.has(this.text) ? 'keyword' : 'name';
    this.#at = end;
  }

  #readNumber(): void {
    const source = this.#source;
    let end = this.#at;
    const exponents = /^0[xX]/.test(source.slice(end, end + 2)) ? 'pP' : 'eE';
    for (;;) {
      const character = source[end];
      if (character === undefined) break;
      if ((character === '+' || character === '-') && exponents.includes(source[end - 1]!)) end++;
      else if (isNamePart(character) || character === '.') end++;
      else break;
    }
    const text = source.slice(this.#at, end);
    this.#at = end;
    this.text = text;
    const integer = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uU]?[lL][lL]|[lL][lL][uU])$/.exec(text);
    if (integer !== null) {
      this.kind = 'integer64';
      this.isUnsigned = integer[2]!.length === 3;
      this.integer = BigInt(integer[1]!) & UINT64_MAX;
      if (!this.isUnsigned) this.integer = BigInt.asIntN(64, this.integer);
      return;
    }
    const isImaginary = /[iI]$/.test(text);
    const value = parseNumeral(isImaginary ? text.slice(0, -1) : text);
    if (value === undefined) throw this.#errorAtText('malformed number', text);
    this.kind = isImaginary ? 'imaginary' : 'number';
    this.number = value;
  }

  #readString(quote: string): void {
    this.#opening = quote;
    let text = '';
    this.#at++;
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined) throw this.error("unfinished string near '<eof>'", this.#line);
      if (character === '\n' || character === '\r') {
        throw this.#errorAtText('unfinished string', `${quote}${text}`);
      }
      if (character === '\\') {
        text += this.#readEscape(quote + text);
        continue;
      }
      this.#at++;
      if (character === quote) break;
      text += character;
    }
    this.kind = 'string';
    this.text = text;
  }

  /** `before` is the token up to the escape, for messages. */
  #readEscape(before: string): string {
    const source = this.#source;
    const letter = source[++this.#at];
    if (letter === undefined) throw this.error("unfinished string near '<eof>'", this.#line);
    if (letter === '\n' || letter === '\r') {
      this.#newLine();
      return '\n';
    }
    const plain = ESCAPES[letter];
    if (plain !== undefined) {
      this.#at++;
      return plain;
    }
    if (letter === 'z') {
      this.#at++;
      for (;;) {
        const blank = source[this.#at];
        if (blank === '\n' || blank === '\r') this.#newLine();
        else if (blank !== undefined && /[ \t\v\f]/.test(blank)) this.#at++;
        else return '';
      }
    }
    if (letter === 'x') {
      const digits = source.slice(this.#at + 1, this.#at + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) throw this.#escapeError(before);
      this.#at += 3;
      return String.fromCharCode(parseInt(digits, 16));
    }
    if (letter === 'u') return this.#readCodePoint(before);
    const digits = /^[0-9]{1,3}/.exec(source.slice(this.#at, this.#at + 3))?.[0];
    if (digits === undefined || Number(digits) > 255) throw this.#escapeError(before);
    this.#at += digits.length;
    return String.fromCharCode(Number(digits));
  }

  /** `\u{XXX}`: the UTF-8 bytes of a code point. */
  #readCodePoint(before: string): string {
    const match = /^u\{([0-9a-fA-F]+)\}/.exec(this.#source.slice(this.#at, this.#at + 12));
    const code = match === null ? -1 : parseInt(match[1]!, 16);
    if (match === null || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw this.#escapeError(before);
    this.#at += match[0].length;
    return utf8Bytes(code);
  }

  #escapeError(before: string): LuaSyntaxError {
    return this.#errorAtText('invalid escape sequence', before);
  }
}

/** The UTF-8 bytes of a code point, as characters. */
export function utf8Bytes(code: number): string {
  if (code < 0x80) return String.fromCharCode(code);
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
  if (code < 0x10000) {
    return String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return String.fromCharCode(
    0xf0 | (code >> 18),
    0x80 | ((code >> 12) & 0x3f),
    0x80 | ((code >> 6) & 0x3f),
    0x80 | (code & 0x3f),
  );
}

/** The number that a numeral without sign and blanks stands for, decimal or hexadecimal; undefined if it is none. */
export function parseNumeral(text: string): number | undefined {
  if (/^([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text)) return Number(text);
  if (/^0[bB][01]+$/.test(text)) return Number(BigInt(text));
  const hexadecimal = /^0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?[0-9]+))?$/.exec(text);
  if (hexadecimal === null) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = hexadecimal;
  if (whole === '' && fraction === '') return undefined;
  let value = 0;
  for (const digit of whole + fraction) value = value * 16 + parseInt(digit, 16);
  // In two steps: the power alone may be too small or too great for a number.
  const power = Number(exponent) - 4 * fraction.length;
  const half = Math.trunc(power / 2);
  return value * 2 ** half * 2 ** (power - half);
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

function isNameStart(character: string | undefined): boolean {
  if (character === undefined) return false;
  const code = character.charCodeAt(0);
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code >= 128;
}

function isNamePart(character: string | undefined): boolean {
  return isNameStart(character) || isDigit(character);
}
