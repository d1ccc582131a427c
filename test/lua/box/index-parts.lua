local fiber = require('fiber')
_G.fiber, _G.json, _G.yaml = fiber, require('json'), require('yaml')
y = yaml
s = box.schema.space.create('t', {format = {{'id', 'unsigned'}, {'name', 'string'}, {'v', 'any', is_nullable = true}}})
i = s:create_index('pk')
i2 = s:create_index('n', {parts = {{'name', 'string', collation = 'unicode_ci'}}, unique = false})
t = s:insert{1, 'a'}

each[==[
a=box.schema.space.create('aaa',{format={{name='x',type='unsigned'},{name='y'},{name='z',type='string',is_nullable=true,collation='unicode'}}}) return a.id
a:create_index('i',{parts={1,'unsigned',2}})
a:create_index('i2',{parts={'zz'}})
a:create_index('i2',{parts={{'zz','unsigned'}}})
a:create_index('i2',{parts={{1,'zz'}}})
a:create_index('i2',{parts={{0,'unsigned'}}})
a:create_index('i2',{parts={{field=1,type='unsigned',nope=1}}})
a:create_index('i2',{parts={{field=1,type=5}}})
a:create_index('i2',{parts={{field=1,type='unsigned',collation='zz'}}})
a:create_index('i2',{parts={{field=1,type='unsigned',collation=5}}})
a:create_index('i2',{parts={{field=1,type='unsigned',is_nullable='x'}}})
a:create_index('i2',{parts={{type='unsigned'}}})
a:create_index('i3',{parts={{1,'unsigned',is_nullable=true}}})
a:create_index('i4',{parts={{1,'unsigned',5}}})
a:create_index('i5',{parts={{'x'},'y'}})
a:create_index('i6',{parts={{'x.y','unsigned'}}})
a:create_index('i7',{parts={1,'unsigned',nope=1}})
a:create_index('i8',{parts={print}})
a:create_index('i9',{parts={{field={}}}})
a:create_index('i10',{parts={{field=1.5}}})
a:create_index('i11',{parts={1,'UNSIGNED'}}).parts
a:create_index('i12',{parts={{'z'}}}).parts
a:create_index('i13',{parts={{3}}}).parts
a:create_index('i14',{parts={'x','z'}}).parts
a:create_index('i15',{parts={{'[*]'}}}).parts
a:create_index('i16',{parts={{field=1,path=5}}}).parts
a:create_index('i17',{parts={{field='x.a',path='b'}}}).parts
a:create_index('i18',{parts={{field='x['}}}).parts
a:create_index('i19',{parts={{field='y[*].q',type='unsigned'}},unique=false}).parts
a:create_index('i20',{parts={{field='y',path='[*].q2',type='unsigned'}},unique=false}).parts
a:create_index('i21',{parts={'unsigned'}})
a:create_index('i22',{parts={{1,'unsigned'},{2,'str'}}, type='TREE'}).type
a:create_index('i23',{sequence=true,parts={1,'unsigned'}})
a:create_index('i24',{func='nofn'})
a:create_index('i25',{func=77})
a:create_index('i26',{parts={1,'int'}}).parts
a:create_index('i27',{parts={1,'uint'}}).parts
a:create_index('i28',{parts={1,'scalar',2,'*'}})
a:create_index('i29',{parts={2,'any'}})
a:create_index('i30',{page_size=100,type='tree',unique=false}).unique
a:create_index('i31',{sequence=5})
a:create_index('i32',{unique=5,nope=1})
a:create_index('i33',{id=200})
a:create_index('i34',{id=-1})
a:create_index('i35',{parts={{3,'string',is_nullable=true,sort_order='desc'}}}).parts
a:create_index('')
p=box.schema.space.create('ppp')
p:create_index('pk',{sequence={field=2},parts={{1,'unsigned'},{2,'unsigned'}}})
p.index.pk.sequence_fieldno
p:create_index('pk2',{parts={1,'unsigned'}})
p.index.pk:alter{parts={{1,'unsigned'}},sequence={field=1}}
p.index.pk:alter{sequence=true}
p.index.pk:alter{sequence='nope'}
p.index.pk:alter{sequence={id='nope'}}
p.index.pk:alter{sequence=false}
p.index.pk:alter{sequence=true}
p2=box.schema.space.create('p2')
p2.index.pk.sequence_path
p3=box.schema.space.create('p3',{format={{'id','unsigned'},{'n','unsigned'}}})
p3.index.pk.sequence_fieldno
p3.index.pk:alter{name='kk',unique=false}
p3.index.pk:alter{type='hash'}
p3.index.pk:alter{parts={'n'}}
p3.index.pk:alter{if_not_exists=true}
p3.index.pk:alter{dimension=3}
p3:insert{1,2}
p3:create_index('sec',{parts={'n'},unique=false})
box.begin() p3:create_index('sec2',{parts={'n'},unique=false}) box.commit()
box.rollback()
p3:frommap{id=1}
type(select(2,p3:frommap{id=1}))
p3:frommap{id=1,n=box.NULL}
p3:frommap{zz=1}
type(select(2,p3:frommap{zz=1}))
p3:frommap{[1]=1}
box.schema.sequence.create('q2',{cycle=5})
box.schema.sequence.create('q2',{user='nope'})
box.schema.sequence.create('q2',{user='guest'}).uid
box.sequence.q2.next(5)
box.sequence.q2:set()
box.sequence.q2:set(1.5)
box.sequence.q2:current()
box.sequence.q2:set(5)
box.sequence.q2:next()
]==]
