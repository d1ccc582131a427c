-- Bad arguments of msgpack and yaml, and tags.
local m=require'msgpack' local ffi=require'ffi' local yaml=require'yaml'
for _,n in ipairs{'decode_array_header','decode_map_header'} do local f=m[n]
print(pcall(f,nil,4)) print(pcall(f,1,4)) print(pcall(f,ffi.new('int*'),4)) print(pcall(f,'abc',4)) print(pcall(f,box.NULL,4)) print(pcall(f,ffi.cast('const char*','abc'),1,2))end
print(pcall(yaml.encode, 300, {tag_handle='!push', tag_prefix='tag:tarantool.io/push,2018'}))
print(pcall(yaml.encode, 300, {tag_handle='!push!', tag_prefix='tag:tarantool.io/push,2018'}))
print(pcall(yaml.encode, 300, {tag_handle='!push!'})) print(pcall(yaml.encode, 300, {tag_prefix='x'})) print(pcall(yaml.encode, 300, {tag_handle=1,tag_prefix='x'})) print(pcall(yaml.encode, 300, 1)) print(pcall(yaml.encode)) print(pcall(yaml.encode,1,2,3)) print(pcall(yaml.encode, 300, {tag_handle='', tag_prefix=''}))
print(pcall(yaml.encode,1,nil)) print(pcall(yaml.encode,nil,{}))
print(pcall(yaml.decode, '%TAG !tag1! tag:tarantool.io/tag1,2018\n--- 1\n...', {tag_only=true}))
print(pcall(yaml.decode, '%TAG !tag1! tag:tarantool.io/tag1,2018\n%TAG !tag2! tag:x\n--- 1\n...', {tag_only=true}))
print(pcall(yaml.decode, '--- 1\n...', {tag_only=true})) print(pcall(yaml.decode, '', {tag_only=true})) print(pcall(yaml.decode)) print(pcall(yaml.decode,1)) print(pcall(yaml.decode,false)) print(pcall(yaml.decode,'1',1)) print(pcall(yaml.decode,'1',nil)) print(pcall(yaml.decode,'1',2,3)) print(pcall(yaml.decode,'1',{}))
