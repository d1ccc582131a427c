local fiber = require('fiber')
_G.fiber, _G.json, _G.yaml = fiber, require('json'), require('yaml')
y = yaml
s = box.schema.space.create('t', {format = {{'id', 'unsigned'}, {'name', 'string'}, {'v', 'any', is_nullable = true}}})
i = s:create_index('pk')
i2 = s:create_index('n', {parts = {{'name', 'string', collation = 'unicode_ci'}}, unique = false})
t = s:insert{1, 'a'}

each[==[
box.begin() s:get(1) fiber.yield() box.commit()
box.begin() s:insert{12,'x'} fiber.yield() s:insert{13,'x'}
box.rollback()
box.begin() s:insert{12,'x'} fiber.yield() return s:get(1)
box.rollback()
box.commit()
box.schema.space_mt.zz=1 return s.zz
tostring(s):sub(1,5)
rawget(s,'get')
a=box.schema.space.create('aaa',{format={{name='x',type='unsigned'}},user='guest',id=600}) return a.id
box.space._space:get(600)
a:create_index()
a:create_index(5)
a:create_index('i',5)
a:create_index('i',{nope=1})
a:create_index('i',{type=5})
a:create_index('i',{type='xx'})
a:create_index('i',{parts=5})
a:create_index('i',{parts={}})
a:create_index('i',{parts={1}})
a:create_index('i',{parts={1,'unsigned',2}})
a:create_index('i',{parts={'zz'}})
a:create_index('i',{parts={{'zz','unsigned'}}})
a:create_index('i',{parts={{1,'zz'}}})
a:create_index('i',{parts={{0,'unsigned'}}})
a:create_index('i',{parts={{field=1,type='unsigned',nope=1}}})
a:create_index('i',{parts={{field=1,type=5}}})
a:create_index('i',{parts={{field=1,type='unsigned',collation='zz'}}})
a:create_index('i',{parts={{field=1,type='unsigned',is_nullable='x'}}})
a:create_index('i',{parts={{type='unsigned'}}})
a:create_index('i',{parts={{1,'unsigned',is_nullable=true}}})
a:create_index('i',{parts={{1,'unsigned',5}}})
a:create_index('i',{parts={{'x'},'y'}})
a:create_index('i',{parts={{'x.y','unsigned'}}})
a:create_index('i',{parts={1,'unsigned',nope=1}})
a:create_index('i',{parts={print}})
a:create_index('i',{unique='x'})
a:create_index('i',{unique=false})
a:create_index('i',{id='x'})
a:create_index('i',{id=5})
a:create_index('i',{sequence='nope'})
a:create_index('i',{func='nope'})
a:create_index('i',{func=5})
a:create_index('i',{dimension='x'})
a:create_index('i',{distance=5})
a:create_index('i',{if_not_exists=true}).id
a:create_index('i',{if_not_exists=true}).id
a:create_index('i')
a:create_index('j',{type='hash',parts={2,'str',3,'num'}}).parts
a:create_index('k',{parts={{'x'}},unique=false}).parts
a:create_index('l',{parts={'x'},unique=false}).parts
a:create_index('m',{parts={{4,'unsigned',is_nullable=true},{5,'str',collation='unicode'}},unique=false}).parts
a:create_index('r',{type='rtree',parts={6,'array'},dimension=3,distance='manhattan'})
a:create_index('o',{parts={{'[7].a.b','str'}},unique=false}).parts
a:create_index('o2',{parts={{8,'str',path='c.d'}},unique=false}).parts
a:create_index('sq',{sequence=true})
a:create_index('id9',{id=9,parts={1,'unsigned'}}).id
a:create_index('bad',{id=9,parts={1,'unsigned'}}).id
box.schema.index.create(600,'z')
box.schema.index.rename(600,0,'pk')
box.schema.index.rename(600,0)
box.schema.index.alter(600,0)
box.schema.index.alter(600,77,{})
a.index.j:alter()
a.index.j:alter{nope=1}
a.index.j:alter{id=3}
a.index.j:alter{name='jj'}
a.index.jj.name
a.index.jj.unique
a.index.jj:alter{parts={{'x'}}}
a.index.jj:drop()
a:create_index('u',{parts={{'x',type='unsigned'}}}).parts
a:create_index('w',{parts={{field='x'}}}).parts
a:create_index('w1',{parts={{field='x',type='integer'}, 2}}).parts
a:create_index('sq2',{sequence={id='nope'}})
box.schema.func.create('fk',{body='function(t) return {t[1]} end',is_deterministic=true,is_sandboxed=true})
a:create_index('fi',{func='fk',parts={{1,'unsigned'}}}).func
a:create_index('fi2',{func='nofn',parts={{1,'unsigned'}}})
a:create_index('bs',{type='bitset',unique=true})
a:create_index('bs',{type='bitset'}).type
a.index.r.dimension
a.index.r.distance
a.index.pk:rename(5)
a.index.pk:rename('u')
a:drop()
box.schema.space.create('f1',{format={{'a','unsigned',nullable=true}}})
box.schema.space.create('f1',{format={{name='a',type='unsigned',collation='unicode_ci'}}})
box.space.f2:drop{}
q:create_index('pk',{sequence={field=1,id=nil}})
q.index.pk.sequence_fieldno
q.index.pk.sequence_path
q:create_index('s2',{sequence=true,parts={2,'unsigned'}})
q:create_index('s2',{sequence={field=2},parts={2,'unsigned'}})
q.index.pk:alter{sequence={field=3}}
q.index.pk:alter{sequence=5}
q:drop()
tostring(box.tuple.new{'a\tb','a \nb','\r','😀','\xff','a\\b"c\'','\0','é', '\226\128\168','\239\191\190','tr \n','\n'})
tostring(box.tuple.new{{{'a\nb'}},{k='a\nb'},{['a\nb']=1}})
tostring(box.tuple.new{('x'):rep(100),('y '):rep(60)}):len()
]==]
