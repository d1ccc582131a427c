/** The library `csv`. Reading follows Tarantool 2.6.0, oddities included: `""` between delimiters is a quotation mark. */
import { unreachable } from '../../../base/index.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText, typeOf } from '../runtime/types.ts';
import {
  firstOf,
  type LuaExecution,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { builtinError } from './builtin-error.ts';

type CsvOptions = Readonly<{ delimiter: string; quote: string; skippedLines: number; chunkBytes: number }>;

const CHUNK_BYTES = 4096;

function optionsOf(argument: LuaValue): CsvOptions {
  const table = argument instanceof LuaTable ? argument : new LuaTable();
  const text = (name: string, otherwise: string): string => {
    const value = table.getString(name);
    return typeof value === 'string' && value !== '' ? value[0]! : otherwise;
  };
  const count = (name: string, otherwise: number): number => {
    const value = table.getString(name);
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    delimiter: text('delimiter', ','),
    quote: text('quote_char', '"'),
    skippedLines: count('skip_head_lines', 0),
    chunkBytes: count('chunk_size', CHUNK_BYTES),
  };
}

/** The rows of a text; a last one whose quotation is not closed is dropped. */
export function parseCsv(text: string, { delimiter, quote }: Pick<CsvOptions, 'delimiter' | 'quote'>): string[][] {
  const parser = new CsvParser(delimiter, quote);
  for (const character of text) parser.take(character);
  return parser.finish();
}

/**
 * Where the parser is: before a field's first character, outside of quotation marks, behind a mark that opens, inside of
 * marks, or behind a mark inside of them, which closes them unless another one follows.
 */
type CsvState = 'before' | 'outside' | 'opened' | 'inside' | 'closing';

class CsvParser {
  readonly #delimiter: string;
  readonly #quote: string;
  readonly #rows: string[][] = [];
  #row: string[] = [];
  #state: CsvState = 'before';
  /** Null between the end of a line and the next character. */
  #field: string | null = null;
  /** Blanks at the field's end, outside of quotation marks: they are none of it. */
  #blanks = 0;
  #lineEnd = '';

  constructor(delimiter: string, quote: string) {
    this.#delimiter = delimiter;
    this.#quote = quote;
  }

  take(character: string): void {
    const isLineEnd = character === '\n' || character === '\r';
    if (this.#state !== 'inside') {
      const isSecondHalf = isLineEnd && this.#lineEnd !== '' && this.#lineEnd !== character;
      this.#lineEnd = isLineEnd && !isSecondHalf ? character : '';
      if (isSecondHalf) return;
    }
    const isQuote = character === this.#quote;
    switch (this.#state) {
      case 'before':
        this.#field = '';
        if (character !== ' ') this.#takeOutside(character, isLineEnd);
        return;
      case 'opened':
        if (!isQuote) return this.#takeInside(character);
        this.#field += character;
        this.#state = 'outside';
        return;
      case 'closing':
        if (!isQuote) return this.#takeOutside(character, isLineEnd);
        this.#field += character;
        this.#state = 'inside';
        return;
      case 'inside':
        return this.#takeInside(character);
      case 'outside':
        return this.#takeOutside(character, isLineEnd);
      default:
        return unreachable(this.#state);
    }
  }

  finish(): string[][] {
    if (this.#state === 'inside') return this.#rows;
    if (this.#field !== null) this.#endRow();
    return this.#rows;
  }

  #takeInside(character: string): void {
    const isQuote = character === this.#quote;
    this.#state = isQuote ? 'closing' : 'inside';
    if (!isQuote) this.#field += character;
  }

  #takeOutside(character: string, isLineEnd: boolean): void {
    this.#state = 'outside';
    if (isLineEnd) this.#endRow();
    else if (character === this.#delimiter) this.#endField();
    else if (character === this.#quote) this.#state = 'opened';
    else this.#field += character;
    this.#blanks = character === ' ' ? this.#blanks + 1 : 0;
  }

  #endField(): void {
    const field = this.#field ?? '';
    this.#row.push(field.slice(0, field.length - this.#blanks));
    this.#field = '';
    this.#state = 'before';
  }

  #endRow(): void {
    this.#endField();
    this.#rows.push(this.#row);
    this.#row = [];
    this.#field = null;
  }
}

/** One row with its end of line. */
export function formatCsvRow(fields: readonly string[], { delimiter, quote }: CsvOptions): string {
  const texts = fields.map((field) => {
    const doubled = field.replaceAll(quote, quote + quote);
    const needsQuotes = field.includes(delimiter) || /[\n\r]/.test(field);
    return needsQuotes ? quote + doubled + quote : doubled;
  });
  return `${texts.join(delimiter)}\n`;
}

export function createCsvLibrary(runtime: LuaRuntime): LuaTable {
  const library = new LuaTable();
  library.setString(
    'load',
    suspendableFunction(function* (readable, options) {
      const rows = yield* readRows(runtime, readable, optionsOf(options));
      return new LuaTable(rows.map((row) => new LuaTable([...row])));
    }),
  );
  library.setString(
    'iterate',
    suspendableFunction(function* (readable, options) {
      const rows = yield* readRows(runtime, readable, optionsOf(options));
      const step = plainFunction((_rows, index) => {
        const row = rows[Number(index)];
        return row === undefined ? undefined : [Number(index) + 1, new LuaTable([...row])];
      });
      return [step, undefined, 0];
    }),
  );
  library.setString(
    'dump',
    suspendableFunction((table, options, writable) => dump(runtime, table, options, writable)),
  );
  return library;
}

function* readRows(
  runtime: LuaRuntime,
  readable: LuaValue,
  options: CsvOptions,
): Generator<object, string[][], unknown> {
  let text = '';
  if (typeof readable === 'string') text = readable;
  else {
    if (readable === undefined || typeof readable !== 'object') {
      throw builtinError('csv', 102, `attempt to index local 'readable' (a ${typeOf(readable)} value)`);
    }
    for (;;) {
      const read = firstOf(yield* runtime.index(readable, 'read', ''));
      const chunk = firstOf(yield* runtime.call(read, [readable, options.chunkBytes]));
      if (typeof chunk !== 'string' || chunk === '') break;
      text += chunk;
    }
  }
  return parseCsv(text, options).slice(options.skippedLines);
}

function* dump(runtime: LuaRuntime, table: LuaValue, argument: LuaValue, writable: LuaValue): LuaExecution {
  if (!(table instanceof LuaTable)) throw builtinError('csv', 174, 'Usage: dump(table[, opts, writable])');
  const options = optionsOf(argument);
  const rows = table.get(1) instanceof LuaTable ? table.array : [table];
  let text = '';
  for (const row of rows) {
    const fields: string[] = [];
    if (row instanceof LuaTable) {
      const { array } = row;
      for (const value of array) if (value !== undefined) fields.push(yield* runtime.toText(value, rawToText));
      for (let place = row.hashEntryFrom(0); place >= 0; place = row.hashEntryFrom(place + 1)) {
        fields.push(yield* runtime.toText(row.hashValueAt(place), rawToText));
      }
    }
    const line = formatCsvRow(fields, options);
    if (writable === undefined) text += line;
    else yield* runtime.call(firstOf(yield* runtime.index(writable, 'write', '')), [writable, line]);
  }
  return writable === undefined ? text : NO_VALUES;
}
