-- Which bytes each Lua value becomes.
local msgpack = require('msgpack')
local ffi = require('ffi')
local function hex(s)
  return (s:gsub('.', function(c) return string.format('%02x', c:byte()) end))
end
local function try(f, ...)
  local r = {pcall(f, ...)}
  if r[1] then return r[2] end
  return 'error: ' .. tostring(r[2])
end
local function show(v)
  local r = try(msgpack.encode, v)
  print(type(v), r:sub(1, 5) == 'error' and r or hex(r))
end
for _, v in ipairs{1, 0, -0.0, -1, 127, 128, 255, 256, 65535, 65536, 2^31, 2^32 - 1, 2^32, 2^53, 2^63, 2^64, -2^63,
    -2^64, -32, -33, -128, -129, -32768, -32769, -2^31, -2^31 - 1, 0.5, 1e300, 0/0, 1/0, -1/0, 1ULL, -1LL,
    2^53 + 0ULL, 18446744073709551615ULL, -9223372036854775807LL, ffi.cast('double', 1), ffi.cast('float', 1),
    ffi.cast('int8_t', -5), ffi.cast('char', 65), ffi.new('bool', true), ffi.cast('uint32_t', 7), ffi.cast('int', -7),
    'x', ('x'):rep(40), ('x'):rep(300), true, false, require('msgpack').NULL, '\xff\0'} do
  show(v)
end
for _, t in ipairs{{}, {1, 2, 3}, {x = 1}, {1, 2, x = 3}, {[0] = 1}, {[-1] = 1}, {[1.5] = 1}, {[true] = 1}, {[{}] = 1},
    {[1ULL] = 1}, {1, nil, 3}, {[5] = 1}, {[10] = 1}, {[11] = 1}, {1, 2, 3, 4, 5, [12] = 1}, {1, 2, 3, 4, 5, [13] = 1},
    {{}, {{}}, {a = {b = {}}}}} do
  show(t)
end
local function marked(t, serialize) return setmetatable(t, {__serialize = serialize}) end
for _, t in ipairs{marked({}, 'map'), marked({1, x = 1}, 'seq'), marked({1, 2}, 'mapping'), marked({1, [3] = 3}, 'array'),
    marked({1, [4] = 3}, 'sequence'), marked({}, function() return nil end), marked({}, function() return 'text' end),
    marked({}, function() return marked({}, function() return {1} end) end)} do
  show(t)
end
show({marked({}, function() return nil end)})
show(print)
show({1, print})
show(coroutine.create(print))
show(io.stdout)
show(ffi.new('int[2]'))
show(ffi.cast('void *', 1))
print(try(msgpack.encode))
print(try(msgpack.encode, 1, 2))
local recursive = {}
recursive.x = recursive
show(recursive)
local own = msgpack.new()
own.cfg{encode_max_depth = 2}
print(try(own.encode, {{{{}}}}))
own.cfg{encode_deep_as_nil = true}
print(hex(own.encode{{{{}}}}), hex(own.encode{{{1}}}), hex(own.encode{{}}), hex(own.encode{{1}}))
own.cfg{encode_invalid_numbers = false, encode_invalid_as_nil = true}
print(hex(own.encode(0/0)), hex(own.encode{print, 1}))
own.cfg{encode_load_metatables = false}
print(hex(own.encode(marked({}, 'map'))))
own.cfg{encode_use_tostring = true, encode_load_metatables = true}
print(own.cfg.encode_max_depth, msgpack.cfg.encode_max_depth, own.cfg.encode_invalid_numbers, own.NULL == nil)
print(try(own.cfg, 1), try(own.cfg, {unknown = 1}))
print(pcall(function() msgpack.encode(print) end))
