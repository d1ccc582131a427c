local fiber = require('fiber')
_G.fiber, _G.json, _G.yaml = fiber, require('json'), require('yaml')
y = yaml
s = box.schema.space.create('t', {format = {{'id', 'unsigned'}, {'name', 'string'}, {'v', 'any', is_nullable = true}}})
i = s:create_index('pk')
i2 = s:create_index('n', {parts = {{'name', 'string', collation = 'unicode_ci'}}, unique = false})
t = s:insert{1, 'a'}

each[==[
box.tuple.new(1,2,3)
box.tuple.new({1,2})
box.tuple.new()
box.tuple.new{}
box.tuple.new(nil,2)
box.tuple.new(nil)
box.tuple.new{1,nil,3}
box.tuple.new{a=1}
box.tuple.new(print)
box.tuple.new({print})
box.tuple.new(t)
box.tuple.new('x')
box.tuple.new({1},{2})
box.tuple.new{1,'x',{a=1},{1,2},1.5,-1,true,box.NULL, 1e300, 2^53,18446744073709551615ULL,'\x00\x01', 'привет', "it's", "a\nb"}
box.tuple.new{'','1','true','null','~','a: b','- x','#c',' x','x ','1.5','0x1f','[a]','{a}','a,b','yes','no','on','"q"','a"b',':','-','?','!x','&a','*a','%a','@a','`a','|','>'}
box.tuple.new{{},{{}},{1,{2,{3}}},{[1]=1,[5]=5},{a={b={}}}}
box.tuple.new{1,2,3,4}:find(3)
box.tuple.new{1,2,3,2}:findall(2)
box.tuple.new{1,2,3,2}:find(2,2)
box.tuple.new{1,2,3,2}:find(9)
box.tuple.new{1,2,3,4}:slice(1,3)
box.tuple.new{1,2,3,4}:slice(-2)
box.tuple.new{1,2,3,4}:slice(0)
box.tuple.new{1,2,3,4}:slice(4)
box.tuple.new{1,2,3,4}:slice(1,-1)
box.tuple.new{1,2,3,4}:slice(2,2)
box.tuple.new{1,2,3,4}:slice()
box.tuple.new{1,2,3,4}:slice(1,9)
box.tuple.new{1,2,3,4}:transform(2,1)
box.tuple.new{1,2,3,4}:transform(2,2,'a','b','c')
box.tuple.new{1,2,3,4}:transform(-1,1,'a')
box.tuple.new{1,2,3}:transform(4,0,'z')
box.tuple.new{1,2,3}:transform(2)
box.tuple.new{1,2}:transform()
box.tuple.new{1,2}:transform(0,1)
box.tuple.new{1,2}:transform(9,1)
box.tuple.new{1,2}:transform(-9,1)
box.tuple.new{1,2}:transform(1,9)
box.tuple.new{1,2}:transform(1,-1)
box.tuple.new{1,2}:update{{'=',2,'x'},{'!',-1,9}}
box.tuple.new{1,2}:upsert{{'+',2,5},{'=',9,9}}
box.tuple.new{1,2}:update{{'+',9,9}}
box.tuple.new{1,2}:update('x')
box.tuple.new{1,2}:update()
box.tuple.new{1,2}:update{1}
t:update{{'=','name','zz'}}
t:update{{'=','nope','zz'}}
t:update{{'=',3,{a={b=1}}}}:update{{'=','v.a.b',5}}
t:next()
t:next(1)
t:next(2)
t:next(5)
t:next('x')
t:tomap()
t:tomap{names_only=true}
box.tuple.new{1,2}:tomap()
t:tomap(1)
t:bsize()
box.tuple.is(t)
box.tuple.is({})
box.tuple.is(nil)
box.tuple.is()
t:totable(2)
t:totable(1,1)
t:totable(2,1)
t:totable(0)
t:totable(-1)
t:totable('x')
t:totable(1,'x')
t.totable()
t.bsize(1)
t:unpack()
t:unpack(2)
t:unpack(1,1)
t:unpack(0)
t:unpack(3)
tostring(t.new)
t.foo
t['v.a']
t['name.x']
t['[1]']
t['[2]']
t['["name"]']
box.tuple.new{{a={1,{b=3}}}}['[1].a[2].b']
box.tuple.new{{a={1,{b=3}}}}['[1]["a"][2]["b"]']
box.tuple.new{{a={1,{b=3}}}}['[1].a[']
box.tuple.new{{a={1,{b=3}}}}['[1].a[0]']
t[1.5]
t[{}]
t[nil]
t[true]
t[2LL]
t.id
t..'x'
t+1
t()
#t
t<t
t==nil
t~=nil
t==s:get(1)
t==s:select()[1]
t=='x'
t[3]
json.encode(t)
s:frommap{id=1,name='x'}
s:frommap{id=1}
s:frommap({id=1,zz=2})
s:frommap({id=1,name='x',v=5},{table=true})
s:frommap(1)
s:frommap()
s:frommap({name='x'},{table=true})
s:frommap({name='x'})
s:frommap({name='x'},{table=1})
s:frommap({name='x'},1)
t.format
box.tuple.bsize(t)
box.tuple.new(1,{2,3})
box.tuple.new{1, y}
box.tuple.new{1, setmetatable({1,2},{__serialize='map'})}
box.tuple.new{setmetatable({},{__serialize='map'}),setmetatable({a=1},{__serialize='seq'}),setmetatable({},{__serialize=function() return 5 end})}
box.tuple.new{1,fiber.self}
box.tuple.new{1,{1,2,[10]=10}}
box.tuple.new{1,{1,2,[20]=10}}
box.tuple.new{1,{[1]=1,[2]=2,x=1}}
]==]
