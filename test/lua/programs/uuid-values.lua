-- The library uuid and its values.
local uuid = require('uuid')
local ffi = require('ffi')
local function hex(s) return (s:gsub('.', function(c) return string.format('%02x', c:byte()) end)) end
local function try(f, ...)
  local r = {pcall(f, ...)}
  if r[1] then return tostring(r[2]) end
  return 'error: ' .. tostring(r[2])
end

local u = uuid.fromstr('c8f0fa1f-da29-438c-a040-393f1126ad39')
print(u, type(u), ffi.typeof(u), #u:bin(), #u:str(), u:isnil(), uuid.NULL, uuid.NULL:isnil())
print(u == uuid.fromstr(u:str()), u == u:str(), u == 1, u == nil, u ~= uuid.NULL)
for _, order in ipairs{'l', 'b', 'h', 'n', 'network', 'host', 'little', 'x'} do
  print(order, try(function() return hex(u:bin(order)) end))
end
print(try(u.bin), try(u.str), try(u.isnil), try(u.str, 5))
print(try(function() return u.foo end), try(function() u.foo = 1 end), try(function() return u < u end))
print(try(function() return u < 'x' end), try(function() return u .. 'x' end), try(function() return u + 1 end))
print(try(function() return u[1] end))
for _, s in ipairs{'x', 1, ('x'):rep(36), 'C8F0FA1F-da29-438c-a040-393f1126ad39', 'c8f0fa1fda29438ca040393f1126ad39',
    'c8f0fa1f-da29-f38c-8040-393f1126ad39', 'c8f0fa1f-da29-438c-c040-393f1126ad39', 'c8f0fa1f-da29-438c-e040-393f1126ad39',
    'ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000'} do
  print(s, try(uuid.fromstr, s))
end
print(try(uuid.fromstr), try(uuid.frombin), try(uuid.frombin, 'x'), try(uuid.frombin, u:bin(), 'x'), try(uuid.bin, 'x'))
print(uuid.frombin(u:bin()) == u, uuid.frombin(u:bin('b'), 'b') == u, uuid.frombin(('\xff'):rep(16)))
print(#uuid.bin(), #uuid.str(), type(uuid()), type(uuid.new()), #uuid.bin('b'))
print(uuid.str():match('^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$') ~= nil, uuid.new() ~= uuid.new())
print(u.time_low, u.time_mid, u.time_hi_and_version, u.clock_seq_hi_and_reserved, u.clock_seq_low)
print(ffi.istype('struct tt_uuid', u), ffi.sizeof(u), tonumber(u), getmetatable(u))
