/** The library `csv`. Reading follows Tarantool 2.6.0, oddities included: `""` between delimiters is a quotation mark. */
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
  const rows: string[][] = [];
  let row: string[] = [];
  let field = new FieldBuilder();
  let isQuoted = false;
  const endRow = (): void => {
    row.push(field.finish());
    rows.push(row);
    row = [];
    field = new FieldBuilder();
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === quote) {
      if (at > 0 && text[at - 1] === quote && field.isAfterQuote) field.add(quote, true);
      isQuoted = !isQuoted;
      field.isAfterQuote = true;
      continue;
    }
    field.isAfterQuote = false;
    if (isQuoted) field.add(character, true);
    else if (character === delimiter) {
      row.push(field.finish());
      field = new FieldBuilder();
    } else if (character === '\n' || character === '\r') {
      if (character === '\r' && text[at + 1] === '\n') at++;
      endRow();
    } else field.add(character, false);
  }
  if (isQuoted) return rows;
  if (text !== '' && (row.length > 0 || !/[\n\r]$/.test(text) || !field.isEmpty)) endRow();
  return rows;
}

/** A field without the blanks around it; those inside quotation marks stay. */
class FieldBuilder {
  isAfterQuote = false;
  #text = '';
  /** Length up to the last character that stays. */
  #length = 0;

  get isEmpty(): boolean {
    return this.#text === '';
  }

  add(character: string, isQuoted: boolean): void {
    if (!isQuoted && character === ' ') {
      if (this.#text !== '') this.#text += character;
      return;
    }
    this.#text += character;
    this.#length = this.#text.length;
  }

  finish(): string {
    return this.#text.slice(0, this.#length);
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
