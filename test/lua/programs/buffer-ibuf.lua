-- Growing buffers.
local ffi=require'ffi' local buffer=require'buffer' local msgpack=require'msgpack'
local b=buffer.ibuf() for k,v in pairs(getmetatable and {} or {}) do end
print(b,ffi.typeof(b),ffi.sizeof(b)) print(b:size(),b:capacity(),b:pos(),b:unused()) print(pcall(function() return b.foo end)) print(b.buf,b.rpos,b.wpos,b.epos)
local p=b:alloc(10) print(type(p),tostring(ffi.typeof(p)),b:size(),b:capacity(),b:pos(),b:unused()) b:reset() print(b:size(),b:pos()) b:reserve(100) print(b:capacity(),b:unused()) b:alloc(3) b.rpos=b.rpos+1 print(b:size(),b:pos()) b:recycle() print(b:size(),b:capacity())
ffi.copy(b:alloc(3),'abc',3) print(ffi.string(b.rpos,3)) print(b:read(2)~=nil,b:size()) print(pcall(b.read,b,5)) print(pcall(b.checksize,b,5)) print(pcall(b.reserve,1,2)) print(pcall(b.size))
print(pcall(function() b.foo=1 end)) print(msgpack.encode({1,2,3},b)) print(b:size())
print(buffer.ibuf(100):capacity()) print(pcall(buffer.ibuf,'x')) print(pcall(buffer.ibuf,{})) print(buffer.IBUF_SHARED, ffi.sizeof(buffer.reg1)) print(ffi.typeof(buffer.static_alloc('char',10)),ffi.typeof(buffer.static_alloc('int',2)))
local r,rp=msgpack.ibuf_decode(b.rpos+1) print(tostring(ffi.typeof(r)),type(rp)) for _,n in ipairs{'alloc','reserve','read','checksize','size','capacity','pos','unused','reset','recycle'} do io.write(n,' ',type((select(2,pcall(function() return b[n] end)))),'; ') end
print(ffi.typeof(ffi.cast('const char*','a')), pcall(msgpack.decode_unchecked,ffi.cast('const unsigned char*','\1')))
local c=ffi.cast('const char *',msgpack.encode{1,{2}}) local v,q=msgpack.decode_unchecked(c) print(v[2][1],q-c,ffi.typeof(q)) v,q=msgpack.decode(c,4) print(ffi.typeof(q),q-c)  print(pcall(msgpack.decode_array_header,ffi.cast('const char*','\xdc\0'),2)) local n,q=msgpack.decode_array_header(ffi.cast('char*',c),4) print(n,ffi.typeof(q))
