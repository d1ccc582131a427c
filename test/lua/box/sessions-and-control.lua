local fiber = require('fiber')
_G.fiber, _G.json, _G.yaml = fiber, require('json'), require('yaml')
y = yaml
s = box.schema.space.create('t', {format = {{'id', 'unsigned'}, {'name', 'string'}, {'v', 'any', is_nullable = true}}})
i = s:create_index('pk')
i2 = s:create_index('n', {parts = {{'name', 'string', collation = 'unicode_ci'}}, unique = false})
t = s:insert{1, 'a'}

each[==[
box.session.uid()
box.session.user()
box.session.euid()
box.session.effective_user()
box.session.sync()
box.session.exists(1)
box.session.exists(77)
box.session.exists()
box.session.exists('x')
box.session.su('guest')
box.session.user()
box.session.effective_user()
box.session.su('admin')
box.session.su('guest',function(...) return box.session.effective_user(), ... end,1,2)
box.session.effective_user()
box.session.su()
box.session.su('zz')
box.session.su(1)
box.session.su('guest',function() error('x') end)
box.session.effective_user()
box.session.su('guest',function() return s:get(1) end)
box.session.su('guest',function() return s:insert{9,'x'} end)
box.session.su('guest',function() return box.space._space:select() end)
box.session.su('guest',function() return box.space._vspace:len() end)
box.session.su('guest',function() return s:len() end)
box.session.su('guest',function() return box.schema.space.create('q') end)
box.session.su('guest',function() return box.schema.user.create('q') end)
box.session.su('guest',function() return box.schema.func.create('q') end)
box.session.su('guest',function() return box.schema.user.passwd('zz') end)
box.session.su('guest',function() return box.schema.user.info() end)
box.session.su('guest',function() return box.schema.user.info('admin') end)
box.session.su('guest',function() return box.snapshot() end)
box.session.su('guest',function() return s:drop() end)
box.session.su('guest',function() return s.index.pk:drop() end)
box.session.su('guest',function() return s:truncate() end)
box.session.su('guest',function() return box.schema.sequence.create('sq') end)
box.session.su('guest',function() return box.session.su('admin') end)
box.session.su('guest',function() return s:bsize() end)
box.session.su('guest',function() return s:count() end)
box.session.su('guest',function() return s:pairs() end)
box.session.su('guest',function() return s.index.pk:min() end)
box.session.storage
box.session.storage.x
box.session.storage.x=5 return box.session.storage.x
box.session.settings.sql_default_engine
box.session.settings.nope
box.session.settings.sql_default_engine
box.session.settings.sql_default_engine:set('memtx')
box.session.settings.sql_default_engine='zz'
box.session.settings.nope=5
box.session.push(1)
box.session.push()
box.session.push(1,2)
box.session.nope
box.session.on_connect()
box.session.on_connect(5)
tr=box.session.on_connect(function() end)
#box.session.on_connect()
box.session.on_connect(nil,tr)
box.session.on_access_denied(function(...) print('AD',...) end)
box.session.su('guest',function() return s:get(1) end)
box.session.on_auth(function() end)
box.info.id
box.info.ro
box.info.status
box.info.lsn
box.info.signature
box.info.vclock
box.info.cluster.uuid:len()
box.info.uuid:len()
box.info.package
box.info.listen
box.info.listen
box.info.nope
box.info.x=1
box.snapshot()
box.ctl.wait_ro(0.01)
box.ctl.wait_rw(0.01)
box.ctl.wait_rw()
box.ctl.wait_ro('x')
box.ctl.on_shutdown(function() end)
box.ctl.on_shutdown(5)
box.ctl.on_schema_init(function() end)
box.ctl.clear_synchro_queue()
box.once('k',function(a) return a end,5)
box.once('k',function(a) return a end,5)
box.once('k')
box.once()
box.once(5,print)
box.space._schema:get('oncek')
box.once('k2',5)
box.NULL
box.NULL==nil
type(box.NULL)
box.index.EQ
box.index.NEIGHBOR
box.priv.ALL
box.internal.check_space_arg
box.internal.check_space_arg(s,'x')
box.internal.check_space_arg(5,'x')
box.internal.check_primary_index(s)
box.internal.check_iterator_type({},true)
box.internal.check_iterator_type({},false)
box.internal.check_iterator_type('GE')
box.internal.collation.id_by_name('unicode')
box.internal.collation.id_by_name('zz')
box.internal.collation.exists('unicode')
box.internal.collation.create('cc','ICU','ru-RU',{})
box.internal.collation.create('cc','ICU','ru-RU',{})
box.internal.collation.drop('cc')
box.internal.space.frommap(s,{id=1,name='x'})
box.internal.call_loadproc('nope.x')
]==]
