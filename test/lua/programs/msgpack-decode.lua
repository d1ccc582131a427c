-- Which Lua values bytes become, and what is refused.
local msgpack = require('msgpack')
local ffi = require('ffi')
local buffer = require('buffer')
local function hex(s)
  return (s:gsub('.', function(c) return string.format('%02x', c:byte()) end))
end
for _, b in ipairs{'\xc0', '\xcf\0\0\0\0\0\0\0\1', '\xcf\0\0\x5a\xf3\x10\x7a\x3f\xff', '\xcf\0\0\x5a\xf3\x10\x7a\x40\x00',
    '\xcf\0\x20\0\0\0\0\0\0', '\xcf\x80\0\0\0\0\0\0\0', '\xd3\xff\xff\xff\xff\xff\xff\xff\xff',
    '\xd3\xff\xdf\xff\xff\xff\xff\xff\xff', '\xd3\x80\0\0\0\0\0\0\0', '\xd3\0\0\0\0\0\0\0\1', '\xd3\xff\xff\xa5\x0c\xef\x85\xc0\x01',
    '\xd3\xff\xff\xa5\x0c\xef\x85\xc0\x00', '\xd0\x80', '\xd1\x80\0', '\xd2\x80\0\0\0', '\xcc\xff', '\xcd\xff\xff', '\xe0',
    '\xca\x3f\x80\0\0', '\xcb\x3f\xf0\0\0\0\0\0\0', '\xc4\1a', '\xa1a', '\xd9\1a', '\xc2', '\xc7\1\x15a', '\xd4\x09a', '\x91',
    '\x92\1', '\x81\1', '\xa2a', '\xc7\x03\x01\x02\x12\x3c', '\xc7\x02\x01\x02\x12', '\xd8\x02aaaaaaaaaaaaaaa',
    '\xd8\x02aaaaaaaaaaaaaaaa', '\xd5\x02aa', '\xc7\x01\x03\x80', '\xc7\x03\x03\x81\x00\x90', ''} do
  local r = {pcall(msgpack.decode, b)}
  print(hex(b), unpack(r, 1, 3))
end
local t = msgpack.decode(msgpack.encode{1, {a = require('msgpack').NULL}, {}, 'x'})
print(#t, t[2].a == nil, type(t[2].a), getmetatable(t).__serialize, getmetatable(t[2]).__serialize, t[4])
print(getmetatable(t) == msgpack.array_mt, getmetatable(t[2]) == msgpack.map_mt)
t[2].b = 1
print(getmetatable(t[2]), t[2].b)
for _, offset in ipairs{1, 2, 3, 0, -1, 'x'} do print(offset, pcall(msgpack.decode, '\1\2', offset)) end
for _, v in ipairs{{}, 5, true} do print(pcall(msgpack.decode, v)) end
print(pcall(msgpack.decode))
local packed = msgpack.encode{1, 2}
local p = ffi.cast('const char *', packed)
local value, rest = msgpack.decode(p, #packed)
print(#value, type(rest), tostring(rest - p), tostring(ffi.typeof(rest)))
print(pcall(msgpack.decode, p, 2))
print(pcall(msgpack.decode, p, -2))
value, rest = msgpack.decode_unchecked(p)
print(#value, tostring(rest - p))
local count, items = msgpack.decode_array_header(p, #packed)
print(count, tostring(items - p))
print(pcall(msgpack.decode_array_header, packed))
print(pcall(msgpack.decode_array_header, p, 0))
print(pcall(msgpack.decode_map_header, p, 2))
print(pcall(msgpack.decode_array_header, 5, 2))
print(pcall(msgpack.decode_array_header, ffi.cast('const char *', '\xdc\0'), 2))
local map = msgpack.encode{a = 1}
print((msgpack.decode_map_header(ffi.cast('const char *', map), #map)))
local ibuf = buffer.ibuf()
print(msgpack.encode({1, 2, 3}, ibuf), ibuf:size(), ibuf)
local after, list = msgpack.ibuf_decode(ibuf.rpos)
print(#list, tostring(ffi.typeof(after)), after == ibuf.wpos)
print(pcall(msgpack.ibuf_decode, 5))
ibuf.rpos = after
print(ibuf:size(), ibuf:pos())
print(pcall(function() return msgpack.decode(nil) end))
