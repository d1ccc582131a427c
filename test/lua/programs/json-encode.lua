-- JSON from Lua values.
local json = require('json')
local ffi = require('ffi')
local uuid = require('uuid')
local decimal = require('decimal')
local function try(f, ...)
  local r = {pcall(f, ...)}
  if r[1] then return r[2] end
  return 'error: ' .. tostring(r[2])
end
local function show(...) print(try(json.encode, ...)) end
for _, n in ipairs{0, -0.0, 1, 1.5, 1e14, 1e15, 1e16, 123456789012345678, 2^53, 2^63, 2^64, 1e100, -1e15, -1e100, 0.1,
    1/3, 1e-10, 123456.789, 100000.5, 1e21, 0/0, 1/0, -1/0, 3.14159265358979, 1ULL, -1LL, 18446744073709551615ULL,
    ffi.cast('double', 1.5), ffi.cast('float', 1.1), ffi.cast('int8_t', -5), ffi.new('bool', true),
    uuid.fromstr('c8f0fa1f-da29-438c-a040-393f1126ad39'), decimal.new('1.50')} do
  show(n)
end
for precision = 0, 17 do show(1/3, {encode_number_precision = precision}) end
show('a"b\\c/d\b\f\n\r\t\1\127\200é\0')
for _, t in ipairs{{}, {1, nil, 3}, {nil, nil, 3}, {1, 2, x = 3}, {[0] = 1}, {[-1] = 1}, {[1.5] = 1}, {[true] = 1},
    {[{}] = 1}, {[1ULL] = 1}, {[ffi.cast('int', 3)] = 1}, {[ffi.cast('double', 3)] = 1}, {require('msgpack').NULL}, {{}, {{}}},
    setmetatable({}, json.map_mt), setmetatable({1, a = 1}, json.array_mt),
    setmetatable({}, {__index = {__serialize = 'map'}})} do
  show(t)
end
for _, v in ipairs{print, coroutine.create(print), io.stdout, ffi.new('int[2]')} do show(v) end
show()
show(1, 2, 3)
show({{{}}}, {encode_max_depth = 1})
show({{{}}}, {encode_max_depth = 1, encode_deep_as_nil = true})
show({1, 2, [7] = 1}, {encode_sparse_ratio = 1, encode_sparse_safe = 0})
show({print, 1}, {encode_invalid_as_nil = true})
show(setmetatable({}, {__tostring = function() return 'me' end}), {encode_use_tostring = true})
show({}, 5)
print(json.NULL == require('msgpack').NULL, json.null == nil, json.new().null, tostring(json.NULL))
local names = {}
for name in pairs(json) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, ' '))
names = {}
for name, value in pairs(json.cfg) do names[#names + 1] = name .. '=' .. tostring(value) end
table.sort(names)
print(table.concat(names, ' '))
