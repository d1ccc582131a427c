/** Rows of `_func`, `_collation` and `_sequence`, each alone. */
import type { Value } from '../../../codec/msgpack/index.ts';
import { SYSTEM_SPACE as SYSTEM } from '../system-space-ids.ts';
import { type DdlCase, func, sequence } from './steps.ts';

const FUNCTION_ROWS: readonly Partial<Record<string, Value>>[] = [
  {},
  { 0: 32001 },
  { 2: '' },
  { 2: 'x'.repeat(65001) },
  { 4: 'PYTHON' },
  { 4: 'lua' },
  { 4: 'SQL' },
  { 4: 'C' },
  { 4: 'C', 5: 'body' },
  { 4: 'C', 12: true },
  { 5: 'function() return 1 end' },
  { 5: 'function() return 1 end', 12: true, 11: true },
  { 6: 'procedure' },
  { 6: 'FUNCTION' },
  { 7: ['any', 'foo'] },
  { 7: [5] },
  { 7: ['unsigned', 'string'] },
  { 4: 'SQL_BUILTIN' },
  { 8: 'foo' },
  { 8: 'NUMBER' },
  { 9: 'foo' },
  { 9: 'group' },
  { 10: 'all' },
  { 12: true },
  { 13: false },
  { 14: ['PERL'] },
  { 14: [5] },
  { 14: ['lua', 'sql'] },
  { 15: { is_multikey: 5 } },
  { 15: { is_multikey: true } },
];

const COLLATION_ROWS: readonly (readonly Value[])[] = [
  [1000, 'c', 1, 'ICU', 'ru', {}],
  [1000, 'unicode', 1, 'ICU', 'ru', {}],
  [1000, '', 1, 'ICU', 'ru', {}],
  [1000, 'c', 1, 'foo', 'ru', {}],
  [1000, 'c', 1, 'BINARY', '', {}],
  [1000, 'c', 1, 'icu', 'x'.repeat(31), {}],
  [1000, 'c', 1, 'ICU', 'bad\u0001', {}],
  [1000, 'c', 1, 'ICU', 'ru', { strength: 'primary' }],
  [1000, 'c', 1, 'ICU', 'ru', { strength: 'foo' }],
  [1000, 'c', 1, 'ICU', 'ru', { strength: 5 }],
  [1000, 'c', 1, 'ICU', 'ru', { alternate_handling: 'foo' }],
  [1000, 'c', 1, 'ICU', 'ru', { case_first: 'foo' }],
  [1000, 'c', 1, 'ICU', 'ru', { case_level: 'foo' }],
  [1000, 'c', 1, 'ICU', 'ru', { normalization_mode: 'foo' }],
  [1000, 'c', 1, 'ICU', 'ru', { numeric_collation: 'foo' }],
  [1000, 'c', 1, 'ICU', 'ru', { french_collation: 'foo' }],
  [1000, 'c', 1, 'ICU', 'ru', { numeric_collation: 'ON', case_first: 'upper_first' }],
  [1000, 'c', 1, 'ICU', 'ru', { foo: 'ON' }],
  [1, 'c', 1, 'ICU', 'ru', {}],
];

const SEQUENCE_ROWS: readonly Partial<Record<string, Value>>[] = [
  {},
  { 2: '' },
  { 3: 0 },
  { 4: 10, 5: 5 },
  { 6: 500 },
  { 6: 0 },
  { 5: 9223372036854775807n },
  { 5: 9223372036854775808n },
  { 7: -5 },
  { 3: 'x' },
  { 3: -1, 4: -10, 5: -1, 6: -1 },
  { 8: 1 },
];

export const OTHER_CASES: readonly DdlCase[] = [
  ...FUNCTION_ROWS.map((row, at) => ({ name: `row ${at} of _func`, steps: [func(1000, 'f', row)] })),
  ...COLLATION_ROWS.map((row, at) => ({
    name: `row ${at} of _collation`,
    steps: [['insert', SYSTEM.collation, row] as const],
  })),
  ...SEQUENCE_ROWS.map((row, at) => ({ name: `row ${at} of _sequence`, steps: [sequence(1, 's', row)] })),
];
