local fiber = require('fiber')
_G.fiber, _G.json, _G.yaml = fiber, require('json'), require('yaml')
y = yaml
s = box.schema.space.create('t', {format = {{'id', 'unsigned'}, {'name', 'string'}, {'v', 'any', is_nullable = true}}})
i = s:create_index('pk')
i2 = s:create_index('n', {parts = {{'name', 'string', collation = 'unicode_ci'}}, unique = false})
t = s:insert{1, 'a'}

each[==[
s:on_replace(function() print('first') end)
s:on_replace(function() print('second') end)
s:insert{1,'z'}
s:insert{2,'z'}
s:on_replace({function() end})
s:on_replace({})
s:on_replace(nil,nil)
s:on_replace(function() end, function() end)
s.on_replace(function() end)
s.on_replace()
box.session.on_connect(function() end,function() end)
box.session.on_connect('x')
e=select(2,pcall(box.session.su,'guest',function() return s:get(1) end)) return e.object_type, e.access_type, e.object_name, e.type
e=select(2,pcall(s.insert,s,{1,'z'}))
box.space._space:get(512):tomap{names_only=true}
s:select({},{limit=2}) 
s:select({},{limit=0}) 
s:select({},{offset=1}) 
s:select({},{offset=1.7,limit=1.2}) 
s:select(1,{iterator=box.index.GE,limit=1})
s:select(1,{iterator=nil})
s:get({1},{2})
s:len(1)
s.len()
s:update(1,{{'=',2,box.NULL}})
s:update({1},{})
s:update({},{})
s:replace{1,'a',box.NULL}
s:replace{1,'a',nil,5}
s:replace(box.tuple.new{1,'b'})
s:replace{1,'a',{x={1,2,{}}},'y'}
s:get(1).v
s:get(1)['v.x[1]']
s:get(1)['v.x[3]']
s:get(1)[3]
type(s:replace{77,'a',box.NULL}[3])
s:replace{78,'a',2^53}[3]
s:replace{78,'a',1e14}[3]
s:replace{78,'a',-1e14}[3]
s:replace{78,'a',1e14-1}[3]
s:replace{78,'a',-1e14+1}[3]
s:replace{78,'a',1.5e300}[3]
s:replace{1e15,'a'}
s:delete(1e15)
s:insert{1.5,'x'}
s:insert{-1,'x'}
s:insert{18446744073709551615ULL,'x'}
s.index[1]:count('z')
s.index.pk:select({},{iterator='ALL',limit=1})
s.index.pk:update(1,{{'=',2,'q'}})
s.index.n:update('q',{{'=',2,'q'}})
s.index.pk:delete(1)
s.index.n:delete('q')
s.index.pk.delete()
s.index.pk:get()
s.index.pk:min('x')
s.index.pk:min({1,2})
s.index.n:max()
box.space._vspace:count()
box.space._session_settings:select('sql_default_engine')
box.space._vspace:insert{1}
box.space._schema:len()
h=box.schema.space.create('h') h:create_index('pk',{type='hash'}) 
h:insert{1}
h.index.pk:min()
h:select(1,{iterator='GE'})
h:select({},{iterator='GT'})
h:count()
h:select{}
m=box.schema.space.create('m') m:create_index('pk') m:create_index('mk',{parts={{'[2][*]','unsigned'}},unique=false}) m:insert{1,{1,2,3}}
m.index.mk:count()
m.index.mk:select(2)
m.index.mk:len()
tmp=box.schema.space.create('tmp',{temporary=true}) tmp:create_index('pk') return tmp:insert{1}
]==]
