/** `msgpack.object` and functions that take their arguments so, as Tarantool 2.10 documents them; 2.6.0 has neither. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, type Connection } from '../../src/client/index.ts';
import { DirectoryFixture } from '../support/directory-fixture.ts';
import { createTestEnv } from '../support/node-env.ts';

let fixture: DirectoryFixture;
let connection: Connection;

beforeEach(async () => {
  fixture = new DirectoryFixture();
  const instance = await fixture.start({
    dataDir: await fixture.directory(),
    listen: '127.0.0.1:0',
    trust: 'open',
    walMode: 'none',
  });
  connection = await connect(createTestEnv(), { address: instance.information.listen[0]! });
  fixture.onClose(() => Promise.resolve(connection.close()));
});
afterEach(() => fixture.close());

test('an object keeps the bytes, and decodes them when it is asked to', async () => {
  const text = `local m = require('msgpack')
local o = m.object({1, {a = 2}, 'x', {}})
return type(o), tostring(o), m.is_object(o), m.is_object(1), o:decode(), m.encode(o) == m.encode(o:decode()), o`;
  const [type, shown, isObject, isNone, decoded, isSame, written] = await connection.eval(text);
  expect([type, shown, isObject, isNone, isSame]).toEqual(['userdata', 'msgpack.object', true, false, true]);
  expect(JSON.stringify(decoded)).toBe('[1,{"a":2},"x",[]]');
  expect(written).toEqual(decoded);
});

test('an iterator takes values one after the other', async () => {
  const text = `local m = require('msgpack')
local it = m.object({1, {a = 2}, 'x', {}}):iterator()
local results = {it:decode_array_header(), it:decode()}
results[3] = {pcall(it.decode_array_header, it)}
local map = it:take():iterator()
results[4] = {map:decode_map_header(), map:decode(), map:decode()}
results[5] = {pcall(it.take_array, it, 3)}
it:skip()
results[6] = it:take_array(1):decode()
results[7] = {pcall(it.decode, it)}
return results`;
  const results = [
    ...[4, 1, [false, 'unexpected msgpack type']],
    ...[[1, 'a', 2], [false, 'iteration ended'], [[]], [false, 'iteration ended']],
  ];
  expect(await connection.eval(text)).toEqual([results]);
});

test('bytes that are no single value are refused', async () => {
  const text = `local m = require('msgpack')
local results = {}
for i, raw in ipairs({'\\x91', '', '\\x01\\x02', 1}) do results[i] = select(2, pcall(m.object_from_raw, raw)) end
results[5] = m.object_from_raw('\\x92\\x01\\x02'):decode()
return results`;
  const invalid = 'msgpack.object_from_raw: invalid MsgPack';
  const wrong = "msgpack.object_from_raw: a Lua string or 'char *' expected";
  expect(await connection.eval(text)).toEqual([[invalid, invalid, invalid, wrong, [1, 2]]]);
});

test('a function of takes_raw_args gets one object, over the network and from Lua', async () => {
  await connection.eval(`function raw(...)
    local args = ...
    return select('#', ...), require('msgpack').is_object(args), args:decode()
end
box.schema.func.create('raw', {takes_raw_args = true})
box.schema.func.create('stored', {takes_raw_args = true, body = "function(args) return args end"})`);
  expect(await connection.call('raw', [1, 'x'])).toEqual([1, true, [1, 'x']]);
  expect(await connection.call('raw')).toEqual([1, true, []]);
  expect(await connection.eval("return box.func.raw:call({1, 'x'})")).toEqual([1, true, [1, 'x']]);
  expect(await connection.call('stored', [1, 'x'])).toEqual([[1, 'x']]);
});
