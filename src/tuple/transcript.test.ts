/**
 * Formats, updates and upserts against what a real Tarantool 2.6.0 answered: the files beside hold its answers, line by
 * line, to cases with every operation, error and kind of field.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BoxError, ByteWriter } from '../base/index.ts';
import { createTupleFormat, validateTuple, type TupleFormat } from './format.ts';
import type { FieldType } from './field-type.ts';
import { parseJsonPath, type JsonPath } from './json-path.ts';
import { keyDef, keyPart } from './key-def.ts';
import { FastUpdate } from './update-fast.ts';
import { applyUpdate, applyUpsert } from './update.ts';

type PartText = Readonly<{ field: number; type: FieldType; path?: string; nullable?: boolean }>;
type SpaceText = Readonly<{
  name: string;
  fields: readonly (readonly [string, FieldType, boolean])[];
  exact?: number;
  keys: readonly (readonly PartText[])[];
}>;
type Case = Readonly<{
  line: number;
  kind: string;
  format: TupleFormat;
  base: number;
  tuple: Uint8Array;
  ops: Uint8Array;
  want: string;
}>;

function formatOf(space: SpaceText): TupleFormat {
  return createTupleFormat({
    fields: space.fields.map(([name, type, isNullable]) => {
      return { name, type, isNullable, nullableAction: isNullable ? 'none' : 'default' };
    }),
    keyDefs: space.keys.map((parts) =>
      keyDef(
        parts.map(({ field, type, path, nullable = false }) => {
          const parsed = path === undefined ? null : (parseJsonPath(path) as JsonPath);
          return keyPart({ fieldNo: field, type, path: parsed, isNullable: nullable });
        }),
      ),
    ),
    exactFieldCount: space.exact ?? 0,
  });
}

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function readTranscript(name: string): Case[] {
  const formats = new Map<string, TupleFormat>();
  const tuples = new Map<string, string>();
  const cases: Case[] = [];
  const lines = readFileSync(new URL(name, import.meta.url), 'utf8').split('\n');
  lines.forEach((text, index) => {
    const [kind = '', a = '', b = '', c = '', d = '', ...result] = text.split('\t');
    if (text === '' || text.startsWith('#')) return;
    if (kind === 'space') {
      const space = JSON.parse(a) as SpaceText;
      formats.set(space.name, formatOf(space));
    } else if (kind === 'tuple') {
      tuples.set(a, b);
    } else {
      const hex = tuples.get(c) ?? c;
      const want = result.join('\t').replace('ok\tsame', `ok\t${hex}`);
      const ops = fromHex(d === '-' ? '' : d);
      cases.push({ line: index + 1, kind, format: formats.get(a)!, base: Number(b), tuple: fromHex(hex), ops, want });
    }
  });
  return cases;
}

/** A tuple whose first field is a fixint, as all of the transcripts' are; that is the primary key. */
function primaryKey(tuple: Uint8Array): number {
  return tuple[1]!;
}

/** As the engine does it: what the fast path declines is done in general. */
function tryFast(writer: ByteWriter, { format, base, tuple, ops }: Case): boolean {
  const fast = new FastUpdate();
  return fast.read(format, ops, 0, base) && fast.apply(writer, format, tuple, 0, tuple.length);
}

function answer(one: Case, triesFast: boolean): string {
  const { kind, format, base, tuple, ops } = one;
  const request = { bytes: ops, position: 0, indexBase: base };
  const writer = new ByteWriter(16);
  try {
    if (kind === 'replace') {
      validateTuple(format, tuple, 0, tuple.length);
      return `ok\t${toHex(tuple)}`;
    }
    if (triesFast && tryFast(writer, one)) fastCount++;
    else if (kind === 'update') applyUpdate(writer, format, tuple, 0, request);
    else applyUpsert(writer, format, tuple, 0, request, () => {});
    validateTuple(format, writer.bytes, 0, writer.position);
  } catch (error) {
    if (error instanceof BoxError) return `err\t${error.code}\t${error.message}`;
    throw error;
  }
  const changesKey = primaryKey(writer.bytes) !== primaryKey(tuple);
  if (changesKey) return kind === 'update' ? 'err\t94' : `ok\t${toHex(tuple)}`;
  return `ok\t${toHex(writer.toBytes())}`;
}

let fastCount = 0;

test.each([
  ['format.transcript.txt', false],
  ['update.transcript.txt', false],
  ['update.transcript.txt', true],
])('%s, trying the fast path: %s', (name, triesFast) => {
  const cases = readTranscript(name);
  expect(cases.length).toBeGreaterThan(300);
  fastCount = 0;
  for (const one of cases) {
    const want = one.want.startsWith('err\t94') ? 'err\t94' : one.want;
    expect(`line ${one.line}: ${answer(one, triesFast)}`).toBe(`line ${one.line}: ${want}`);
  }
  if (triesFast) expect(fastCount).toBeGreaterThan(40);
});
