/**
 * `fselect`: what `select` gives as a drawn table, one string a line.
 *
 * Widths count characters, not bytes. A table is never wider than asked for, unless each of its columns has a single
 * character already.
 */
import { boxError, fromByteText, toByteText, unreachable } from '../../../../base/index.ts';
import { LuaTable } from '../../runtime/table.ts';
import { LuaCdata, type LuaValue } from '../../runtime/values.ts';

export type DrawingStyle = 'sql' | 'markdown' | 'jira';

export type Drawing = Readonly<{
  style: DrawingStyle;
  /** In the order of the columns; a column without one is as wide as its longest cell. */
  widths: readonly (number | undefined)[];
  /** Of a whole line. */
  maxWidth: number;
}>;

/** Characters that a prompt or the mark of a list takes from the screen's width. */
const SCREEN_MARGIN = 3;
const WIDTH_WITHOUT_SCREEN = 140;
const COLUMN_MIN = 5;
const COLUMN_MAX = 1000;
const BINARY = '<binary>';
const STYLES: readonly DrawingStyle[] = ['sql', 'markdown', 'jira'];

/** Options of `fselect` as they were given: in a table of their own, or with a prefix beside those of `select`. */
export type FselectOptions = Readonly<{
  style: DrawingStyle;
  /** Names, or numbers from 1 on; null for all. */
  columns: readonly (string | number)[] | null;
  widths: readonly (number | undefined)[];
  /** 0: as wide as the screen. */
  maxWidth: number;
}>;

/** Throws ILLEGAL_PARAMS (1) for what cannot be read. */
export function readFselectOptions(options: LuaValue, fselectOptions: LuaValue): FselectOptions {
  const option = (name: string): LuaValue => {
    const own = fselectOptions instanceof LuaTable ? fselectOptions.get(name) : undefined;
    const value = own ?? (options instanceof LuaTable ? options.get(`fselect_${name}`) : undefined);
    return value instanceof LuaCdata && value.isNull ? undefined : value;
  };
  const type = option('type') ?? 'sql';
  const style = STYLES.find((name) => name === type);
  if (style === undefined) throw boxError('ILLEGAL_PARAMS', "options parameter 'type' should be sql, markdown or jira");
  const maxWidth = option('max_width') ?? 0;
  if (!isCount(maxWidth))
    throw boxError('ILLEGAL_PARAMS', "options parameter 'max_width' should be a number from 0 on");
  return { style, columns: columnsOption(option('columns')), widths: widthsOption(option('widths')), maxWidth };
}

function isCount(value: LuaValue): value is number {
  return typeof value === 'number' && value >= 0 && Number.isInteger(value);
}

function columnsOption(value: LuaValue): readonly (string | number)[] | null {
  if (value === undefined) return null;
  const problem = "options parameter 'columns' should be a table of names and numbers of fields";
  if (!(value instanceof LuaTable)) throw boxError('ILLEGAL_PARAMS', problem);
  return value.array.map((column) => {
    if (typeof column === 'string' || (isCount(column) && column > 0)) return column;
    throw boxError('ILLEGAL_PARAMS', problem);
  });
}

function widthsOption(value: LuaValue): readonly (number | undefined)[] {
  if (value === undefined) return [];
  const problem = "options parameter 'widths' should be a table of numbers from 1 on";
  if (!(value instanceof LuaTable)) throw boxError('ILLEGAL_PARAMS', problem);
  return value.array.map((width) => {
    if (width === undefined || (width instanceof LuaCdata && width.isNull)) return undefined;
    if (isCount(width) && width > 0) return width;
    throw boxError('ILLEGAL_PARAMS', problem);
  });
}

/** `screenColumns`: null where there is no screen. */
export function lineWidth(maxWidth: number, screenColumns: number | null): number {
  if (maxWidth > 0) return maxWidth;
  return screenColumns === null ? WIDTH_WITHOUT_SCREEN : Math.max(1, screenColumns - SCREEN_MARGIN);
}

/** The text of a cell, bytes as characters. */
export function cellText(value: LuaValue, encodeJson: (value: LuaValue) => string): string {
  if (value === undefined || (value instanceof LuaCdata && value.isNull)) return '';
  const text = encodeJson(value);
  return toByteText(fromByteText(text)) === text ? text : BINARY;
}

/** The lines of a table; texts are bytes as characters, in and out. */
export function drawTable(names: readonly string[], rows: readonly (readonly string[])[], drawing: Drawing): string[] {
  const header = names.map(charactersOf);
  const cells = rows.map((row) => row.map(charactersOf));
  const widths = header.map((name, column) => {
    const given = drawing.widths[column];
    if (given !== undefined) return given;
    const longest = cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), name.length);
    return Math.min(COLUMN_MAX, Math.max(COLUMN_MIN, longest));
  });
  narrow(widths, drawing.maxWidth);
  const line = (row: readonly (readonly string[])[], bar = '|'): string => {
    const drawn = widths.map((width, column) => centred(row[column] ?? [], width));
    return toByteText(`${bar}${drawn.join(bar)}${bar}`);
  };
  const rule = (joint: string): string => `${joint}${widths.map((width) => '-'.repeat(width)).join(joint)}${joint}`;
  const body = cells.map((row) => line(row));
  switch (drawing.style) {
    case 'sql':
      return [rule('+'), line(header), rule('+'), ...body, rule('+')];
    case 'markdown':
      return [line(header), rule('|'), ...body];
    case 'jira':
      return [line(header, '||'), ...body];
    default:
      return unreachable(drawing.style);
  }
}

/** Makes columns narrower until a line of them is no longer than it may be. */
function narrow(widths: number[], maxWidth: number): void {
  let length = widths.reduce((sum, width) => sum + width + 1, 1);
  for (; length > maxWidth; length--) {
    const widest = Math.max(...widths);
    if (widest <= 1) return;
    const column = widths.lastIndexOf(widest);
    widths[column] = widest - 1;
  }
}

function charactersOf(text: string): readonly string[] {
  return [...fromByteText(text)];
}

/** An odd blank stands on the right. */
function centred(characters: readonly string[], width: number): string {
  const blanks = Math.max(0, width - characters.length);
  const left = Math.floor(blanks / 2);
  return ' '.repeat(left) + characters.slice(0, width).join('') + ' '.repeat(blanks - left);
}
