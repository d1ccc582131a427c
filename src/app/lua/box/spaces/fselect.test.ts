import { describe, expect, it } from 'vitest';
import { toByteText } from '../../../../base/index.ts';
import { NULL } from '../../ffi/null.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { cellText, type Drawing, drawTable, lineWidth, readFselectOptions } from './fselect.ts';

const WIDE: Drawing = { style: 'sql', widths: [], maxWidth: 140 };
const plain = (value: LuaValue): string => (typeof value === 'string' ? `"${value}"` : String(value as number));

describe('the table', () => {
  it('has lines above, below the header and at the end', () => {
    expect(drawTable(['id', 'name'], [['1', '"Ann"']], WIDE)).toEqual([
      '+-----+-----+',
      '| id  |name |',
      '+-----+-----+',
      '|  1  |"Ann"|',
      '+-----+-----+',
    ]);
  });

  it('has its header and its lines without rows, too', () => {
    expect(drawTable(['id'], [], WIDE)).toEqual(['+-----+', '| id  |', '+-----+', '+-----+']);
  });

  it('centres cells, an odd blank is on the right', () => {
    const [, header, , first, second] = drawTable(['abcdef'], [['12'], ['123']], WIDE);
    expect([header, first, second]).toEqual(['|abcdef|', '|  12  |', '| 123  |']);
  });

  it('is as wide as the longest of name and values', () => {
    expect(drawTable(['a name that is long'], [['1']], WIDE)[0]).toBe(`+${'-'.repeat(19)}+`);
    expect(drawTable(['a'], [['1'], ['"a value that is long"']], WIDE)[0]).toBe(`+${'-'.repeat(22)}+`);
  });

  it('has columns of 5 characters at least, of 1000 at most', () => {
    expect(drawTable(['a'], [['1']], WIDE)[0]).toBe('+-----+');
    const lines = drawTable(['a'], [['x'.repeat(1001)]], { ...WIDE, maxWidth: 5000 });
    expect(lines[0]).toBe(`+${'-'.repeat(1000)}+`);
    expect(lines[3]).toBe(`|${'x'.repeat(1000)}|`);
  });

  it('takes one from the last of the widest columns while it is too wide, and cuts', () => {
    const row = ['aaaaaaaa', 'bbbbbbbb', 'cccccc'];
    const widthsAt = (maxWidth: number): number[] =>
      drawTable(['a', 'b', 'c'], [row], { ...WIDE, maxWidth })[0]!
        .slice(1, -1)
        .split('+')
        .map((part) => part.length);
    expect(widthsAt(26)).toEqual([8, 8, 6]);
    expect(widthsAt(25)).toEqual([8, 7, 6]);
    expect(widthsAt(24)).toEqual([7, 7, 6]);
    expect(widthsAt(23)).toEqual([7, 6, 6]);
    expect(widthsAt(21)).toEqual([6, 6, 5]);
    expect(drawTable(['a', 'b', 'c'], [row], { ...WIDE, maxWidth: 21 })[3]).toBe('|aaaaaa|bbbbbb|ccccc|');
    expect(widthsAt(1)).toEqual([1, 1, 1]);
  });

  it('takes widths as they are given', () => {
    const lines = drawTable(['id', 'name'], [['1', '"Alexandra"']], { ...WIDE, widths: [undefined, 4] });
    expect(lines.slice(1, 4)).toEqual(['| id  |name|', '+-----+----+', '|  1  |"Ale|']);
  });

  it('counts characters, not bytes', () => {
    const lines = drawTable([toByteText('имя')], [[toByteText('"Яна"')]], WIDE);
    expect(lines.slice(1, 4)).toEqual([toByteText('| имя |'), '+-----+', toByteText('|"Яна"|')]);
  });

  it('is Markdown or Jira as asked', () => {
    const draw = (style: Drawing['style']): string[] => drawTable(['id', 'name'], [['1', '"Ann"']], { ...WIDE, style });
    expect(draw('markdown')).toEqual(['| id  |name |', '|-----|-----|', '|  1  |"Ann"|']);
    expect(draw('jira')).toEqual(['|| id  ||name ||', '|  1  |"Ann"|']);
  });
});

describe('cells', () => {
  it('are JSON, nil is empty, bytes that are no UTF-8 are <binary>', () => {
    expect(cellText(1, plain)).toBe('1');
    expect(cellText('a', plain)).toBe('"a"');
    expect(cellText(toByteText('я'), plain)).toBe(toByteText('"я"'));
    expect(cellText(undefined, plain)).toBe('');
    expect(cellText(NULL, plain)).toBe('');
    expect(cellText('\xff', plain)).toBe('<binary>');
  });
});

describe('options', () => {
  it('are those of their own table, or of the keys fselect_* of the selection', () => {
    const beside = tableOf({ limit: 1, fselect_type: 'jira', fselect_max_width: 50 });
    expect(readFselectOptions(beside, undefined)).toEqual({ style: 'jira', columns: null, widths: [], maxWidth: 50 });
    const own = tableOf({
      type: 'markdown',
      columns: new LuaTable(['name', 1]),
      widths: new LuaTable([NULL, 7]),
    });
    expect(readFselectOptions(beside, own)).toEqual({
      style: 'markdown',
      columns: ['name', 1],
      widths: [undefined, 7],
      maxWidth: 50,
    });
  });

  it('are sql, every column and the width of the screen without any', () => {
    const expected = { style: 'sql', columns: null, widths: [], maxWidth: 0 };
    expect(readFselectOptions(undefined, undefined)).toEqual(expected);
    expect(readFselectOptions('GE', NULL)).toEqual(expected);
  });

  it.each([
    [{ type: 'xml' }, "'type' should be"],
    [{ max_width: -1 }, "'max_width' should be"],
    [{ columns: 'id' }, "'columns' should be"],
    [{ columns: new LuaTable([0]) }, "'columns' should be"],
    [{ widths: new LuaTable(['5']) }, "'widths' should be"],
  ])('%j is refused', (options, problem) => {
    expect(() => readFselectOptions(undefined, tableOf(options))).toThrow(
      `Illegal parameters, options parameter ${problem}`,
    );
  });

  it('a width of 0 is that of the screen less 3, and 140 without a screen', () => {
    expect(lineWidth(0, 80)).toBe(77);
    expect(lineWidth(0, null)).toBe(140);
    expect(lineWidth(60, 80)).toBe(60);
  });
});
