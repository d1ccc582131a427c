/** json, yaml and msgpack against each other and against JavaScript's own; byte for byte against Tarantool in test/lua. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, bytesOfByteText, fromByteText, toByteText } from '../../../base/index.ts';
import { checkValue, decodeValue } from '../../../codec/msgpack/index.ts';
import { NULL } from '../ffi/null.ts';
import { Budget } from '../runtime/budget.ts';
import { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import type { LuaValue } from '../runtime/values.ts';
import { JsonDecoder } from './json-decoder.ts';
import { JsonEncoder } from './json-encoder.ts';
import { MsgpackConversion } from './msgpack-conversion.ts';
import { Serializer } from './serializer.ts';
import { DEFAULT_SERIALIZER_OPTIONS } from './serializer-options.ts';
import { decodeYaml } from './yaml-decoder.ts';
import { encodeYaml } from './yaml-encoder.ts';

const serializer = new Serializer(
  new LuaRuntime(
    new Budget(
      () => 0,
      () => 0,
    ),
  ),
);
const options = { ...DEFAULT_SERIALIZER_OPTIONS, encodeNumberPrecision: 14, encodeSparseRatio: 0 };
const msgpack = new MsgpackConversion(serializer, options, { errorValue: () => undefined });
const json = new JsonEncoder(serializer, options);

type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

const PLAIN = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { minKeys: 1, maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

function toLua(value: Plain): LuaValue {
  if (value === null) return NULL;
  if (typeof value === 'string') return toByteText(value);
  if (Array.isArray(value)) return new LuaTable(value.map(toLua));
  if (typeof value !== 'object') return value;
  const table = new LuaTable();
  for (const [key, item] of Object.entries(value)) table.setString(toByteText(key), toLua(item));
  return table;
}

function fromLua(value: LuaValue): Plain {
  if (value === undefined || value === NULL) return null;
  if (typeof value === 'string') return fromByteText(value);
  if (!(value instanceof LuaTable)) return value as Plain;
  if (serializer.form(value, options) >= 0) return value.array.map(fromLua);
  const entries: [string, Plain][] = [];
  for (let place = value.hashEntryFrom(0); place >= 0; place = value.hashEntryFrom(place + 1)) {
    entries.push([fromByteText(String(value.hashKeyAt(place))), fromLua(value.hashValueAt(place))]);
  }
  return Object.fromEntries(entries);
}

describe('msgpack', () => {
  it('writes valid bytes that mean the same, and reads them back', () => {
    fc.assert(
      fc.property(PLAIN, (value) => {
        const writer = new ByteWriter(16);
        msgpack.encode(writer, toLua(value));
        expect(checkValue(writer.bytes, 0, writer.position)).toBe(writer.position);
        expect(decodeValue(writer.bytes, 0)).toEqual(value);
        expect(fromLua(msgpack.decode(writer.bytes, 0))).toEqual(value);
        expect(msgpack.position).toBe(writer.position);
      }),
    );
  });

  it('leaves nothing behind when it fails', () => {
    const writer = new ByteWriter(16);
    msgpack.encode(writer, 1);
    const table = new LuaTable([1, 2]);
    table.array.push(table);
    expect(() => msgpack.encode(writer, table)).toThrow('Too high nest level - 129');
    expect(writer.position).toBe(1);
  });
});

describe('json', () => {
  it('writes what JSON.parse reads, and reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(PLAIN, (value) => {
        expect(JSON.parse(fromByteText(json.encode(toLua(value))))).toEqual(value);
        const text = toByteText(JSON.stringify(value));
        expect(fromLua(new JsonDecoder(text, options, serializer).decode())).toEqual(value);
      }),
    );
  });

  it('names the place of an error', () => {
    const decode = (text: string): LuaValue => new JsonDecoder(text, options, serializer).decode();
    expect(() => decode('[1,\n{"a" 1}]')).toThrow('Expected colon but found T_INT on line 2 at character 6');
    expect(() => decode('"abc')).toThrow('Expected value but found unexpected end of string on line 1 at character 5');
  });
});

describe('yaml', () => {
  const decode = (text: string): LuaValue => decodeYaml(text, options, serializer)[0];

  it('reads its own texts back', () => {
    fc.assert(
      fc.property(PLAIN, (value) => {
        expect(fromLua(decode(encodeYaml(toLua(value), options, serializer)))).toEqual(value);
      }),
    );
  });

  it('prints as a console shows it', () => {
    const inner = new LuaTable(['true', '1', 'a: b', '', 'x\n\ny', 1.5, NULL]);
    const table = new LuaTable();
    table.setString('list', inner);
    table.setString('again', inner);
    expect(encodeYaml(table, options, serializer)).toBe(
      "---\nlist: &0\n- 'true'\n- '1'\n- 'a: b'\n-\n- |-\n  x\n\n  y\n- 1.5\n- null\nagain: *0\n...\n",
    );
    inner.metatable = serializer.arrayMetatable;
    inner.array.length = 3;
    expect(encodeYaml(inner, options, serializer)).toBe("--- ['true', '1', 'a: b']\n...\n");
  });

  it('writes bytes that are no text as binary', () => {
    expect(encodeYaml('\xff\xfe', options, serializer)).toBe('--- !!binary //4=\n...\n');
    expect(bytesOfByteText(String(decode('!!binary //4=')))).toEqual(Uint8Array.of(0xff, 0xfe));
  });
});
