/** `space:fselect` and `index:fselect`: a selection, drawn by `fselect.ts` with the names of the space's format. */
import { boxError } from '../../../../base/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { JsonEncoder } from '../../values/json-encoder.ts';
import { DEFAULT_SERIALIZER_OPTIONS } from '../../values/serializer-options.ts';
import { serializerOf } from '../../values/serializer.ts';
import { byteStringOf } from '../byte-strings.ts';
import type { BoxContext } from '../context.ts';
import { LuaTuple } from '../tuple/lua-tuple.ts';
import type { DataStatements } from './data-statements.ts';
import { cellText, drawTable, lineWidth, readFselectOptions } from './fselect.ts';

export class FormattedSelect {
  readonly #context: BoxContext;
  readonly #data: DataStatements;
  readonly #encoder: JsonEncoder;

  constructor(context: BoxContext, data: DataStatements) {
    this.#context = context;
    this.#data = data;
    this.#encoder = new JsonEncoder(serializerOf(context.runtime), DEFAULT_SERIALIZER_OPTIONS);
  }

  /** Lines as an array of strings. Throws what `select` throws, and ILLEGAL_PARAMS (1). */
  run(spaceId: number, indexId: number, key: LuaValue, options: LuaValue, fselectOptions: LuaValue): LuaTable {
    const { style, columns, widths, maxWidth } = readFselectOptions(options, fselectOptions);
    const rows = this.#data.select(spaceId, indexId, key, options).array.map((tuple) => {
      return tuple instanceof LuaTuple ? tuple.fields() : [];
    });
    const format = this.#context.box.catalog.space(spaceId)?.format.fields ?? [];
    const count = rows.reduce((most, row) => Math.max(most, row.length), format.length);
    const names = Array.from({ length: count }, (_, at) => byteStringOf(format[at]?.name ?? `col${at + 1}`));
    const shown = columns?.map((column) => columnNumber(column, names)) ?? names.map((_, at) => at);
    const cells = rows.map((row) => shown.map((at) => cellText(row[at], (value) => this.#encoder.encode(value))));
    const drawing = { style, widths, maxWidth: lineWidth(maxWidth, this.#screenColumns()) };
    const shownNames = shown.map((at) => names[at] ?? '');
    return new LuaTable(drawTable(shownNames, cells, drawing));
  }

  /** Whoever asks from elsewhere does not sit at this process's screen. */
  #screenColumns(): number | null {
    const { machine, session } = this.#context;
    return session.peer === '' ? (machine.options.screenColumns?.() ?? null) : null;
  }
}

/** Counts from 0. */
function columnNumber(column: string | number, names: readonly string[]): number {
  const at = typeof column === 'number' ? column - 1 : names.indexOf(column);
  if (at >= 0 && at < names.length) return at;
  throw boxError('ILLEGAL_PARAMS', `options parameter 'columns': there is no field ${quoted(column)}`);
}

function quoted(column: string | number): string {
  return typeof column === 'number' ? String(column) : `'${column}'`;
}
