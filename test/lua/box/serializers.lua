-- json, yaml and msgpack: errors that are objects, tuples, and errors as values.
local json = require('json')
local yaml = require('yaml')
local msgpack = require('msgpack')
local function hex(s) return (s:gsub('.', function(c) return string.format('%02x', c:byte()) end)) end
local function try(f, ...)
  local r = {pcall(f, ...)}
  if r[1] then return r[2] end
  if type(r[2]) == 'cdata' then return 'error ' .. r[2].type .. ': ' .. r[2].message end
  return 'error: ' .. tostring(r[2])
end
local function marked(serialize) return setmetatable({}, {__serialize = serialize}) end
for _, m in ipairs{json, yaml, msgpack} do
  local own = m.new()
  for _, v in ipairs{marked('x'), marked(1), marked({}), marked(function() error('boo') end),
      marked(function() error({}) end), marked(function() box.error(1, 'x') end)} do
    print(try(own.encode, v))
  end
  own.cfg{encode_sparse_convert = false}
  print(try(own.encode, {[20] = 1}))
  own.cfg{encode_invalid_numbers = false}
  print(try(own.encode, {0/0}), try(own.encode, {1/0}))
end
local tuple = box.tuple.new{1, 'a', {b = {c = {}}}, {}, box.NULL, 2^60}
print(json.encode(tuple), json.encode{tuple, {x = tuple}})
print(yaml.encode(tuple), yaml.encode{tuple, {x = tuple}})
print(hex(msgpack.encode(tuple)), hex(msgpack.encode{tuple, {x = tuple}}))
local shared = {1}
local nested = box.tuple.new{shared, shared}
print(yaml.encode{nested, nested})
local e = box.error.new{code = 1, reason = 'two: words # a'}
print(json.encode(e), json.encode{e})
print(yaml.encode(e), yaml.encode{e})
print(pcall(msgpack.decode, '\xc7\x01\x03\x80'))
print(box.NULL == json.NULL, box.NULL == msgpack.NULL, box.NULL == yaml.NULL)
