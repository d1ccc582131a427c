local fiber = require('fiber')
_G.fiber, _G.json, _G.yaml = fiber, require('json'), require('yaml')
y = yaml
s = box.schema.space.create('t', {format = {{'id', 'unsigned'}, {'name', 'string'}, {'v', 'any', is_nullable = true}}})
i = s:create_index('pk')
i2 = s:create_index('n', {parts = {{'name', 'string', collation = 'unicode_ci'}}, unique = false})
t = s:insert{1, 'a'}

each[==[
box.error(5,'x')
box.error(1,'bad thing')
box.error()
box.error(99999)
box.error(99999,'x')
box.error{code=5,reason='rr'}
box.error{code=5}
box.error{reason='rr'}
box.error{type='My',reason='a %s'}
box.error{type='My'}
box.error{'rr'}
box.error('My','a %s %d','b',5)
box.error('str')
box.error(nil)
box.error(box.error.new(5))
box.error({})
box.error(box.error.NO_SUCH_SPACE,'zz')
box.error.NO_SUCH_SPACE
e=box.error.new(36,'zz')
e.type
e.code
e.message
e.prev
e.errno
e.custom_type
e.base_type
e.nope
e:unpack()
e:raise()
e:match('zz')
tostring(e)
type(e)
e==e
e==box.error.new(36,'zz')
json.encode(e)
e2=box.error.new('Cust','hello')
e2.type
e2.code
e2.custom_type
e2.base_type
e2:unpack()
e2:set_prev(e)
e2.prev==e
e2:unpack().prev
e:set_prev(e2)
e2:set_prev(5)
e2:set_prev(nil)
e2.prev
e.is_network_error
box.error.is(e)
box.error.last()
box.error.clear()
box.error.last()
pcall(s.get,s,'x')
box.error.last().code
box.error.set(e)
box.error.last()==e
box.error.set(5)
box.error.set()
box.error.new()
box.error.new(5)
box.error.new{code=5,reason='zz',type='qq'}
box.error.new{code=5,reason='zz',type='qq'}.type
box.error.new{type='qq'}
box.error.new{type='qq'}.message
box.error.new('qq').message
box.error.new('qq').type
box.error.new(3,'a','b').message
box.error.new(3,'a').message
box.error.new(54,'%s','b').message
box.error.new{code=3,reason='%s zz'}.message
box.error.new(99999).message
box.error.new(99999,'x %s',5).message
box.error.nope
e.message='x'
e.type='x'
e.raise
e.set_prev
e['unpack']
e[1]
box.error.unpack(e)
box.error.raise(e)
box.error.prev
select(2,pcall(error,'x'))
select(2,pcall(error,e))==e
box.begin()
box.is_in_txn()
box.begin()
box.rollback()
box.rollback()
box.commit()
box.is_in_txn()
sv=nil
box.savepoint()
box.begin() sv=box.savepoint() s:insert{5,'x'} box.rollback_to_savepoint(sv) box.commit() return s:get(5)
box.rollback_to_savepoint(sv)
box.begin() box.rollback_to_savepoint(sv)
box.rollback()
box.begin() box.rollback_to_savepoint(5)
box.rollback()
box.atomic(function(a) s:insert{6,a} return 1,2 end,'z')
box.atomic(function() s:insert{7,'x'} error('boo') end)
s:get(7)
box.begin() fiber.yield() 
box.is_in_txn()
s:insert{8,'x'}
s:get(1)
box.commit()
box.is_in_txn()
s:get(8)
box.begin() fiber.yield() pcall(s.insert,s,{8,'x'}) box.rollback() return s:get(8)
box.begin() s:insert{10,'x'} fiber.sleep(0) box.commit()
box.begin() s:insert{11,'x'} fiber.sleep(0) return s:get(11)
s:select{10}
box.rollback()
s:select{11}
box.begin() box.on_commit(function(it) for n,o,nw,id in it() do print('C',n,o,nw,id) end end) box.on_rollback(function(it) print('R') end) s:insert{20,'x'} s:replace{20,'y'} s:delete{20} box.commit()
box.on_commit()
box.on_commit(function() end)
box.begin(1)
box.rollback()
box.begin() box.on_rollback(function(it) for n,o,nw,id in it() do print('R',n,o,nw,id) end end) s:insert{21,'x'} s:insert{22,'x'} box.rollback()
box.begin() s:insert{23,'x'} pcall(s.insert,s,{23,'y'}) s:insert{24,'x'} box.commit() return s:get(23),s:get(24)
tr=s:on_replace(function(o,n,sp,op) print('T',o,n,sp,op) end)
s:insert{30,'x'}
s:replace{30,'y'}
s:update(30,{{'=',2,'z'}})
s:upsert({30,'z'},{{'=',2,'q'}})
s:upsert({31,'z'},{{'=',2,'q'}})
s:delete(30)
s:delete(3000)
s:on_replace(nil,tr)
s:on_replace()
s:on_replace(5)
s:on_replace(nil,5)
s:on_replace(nil,function() end)
tr=s:on_replace(function() error('no') end)
s:insert{32,'x'}
s:get(32)
s:on_replace(function() box.error(5,'q') end,tr)==nil
s:insert{32,'x'}
#s:on_replace()
s:run_triggers(false)
s:insert{32,'x'}
s:run_triggers(true)
s:insert{33,'x'}
for _,f in ipairs(s:on_replace()) do s:on_replace(nil,f) end
tb=s:before_replace(function(o,n,sp,op) print('B',o,n,sp,op) if n and n[1]==50 then return nil end if n and n[1]==51 then return n:update{{'=',2,'chg'}} end if n and n[1]==52 then return 5 end if n and n[1]==53 then return o end if n and n[1]==54 then return {54,'tbl'} end if not n then return o end return n end)
s:insert{50,'x'}
s:insert{51,'x'}
s:insert{52,'x'}
s:insert{53,'x'}
s:insert{54,'x'}
s:replace{51,'z'}
s:delete{51}
s:get(51)
s:before_replace(nil,tb)
s:before_replace(function() end)
s:insert{60,'x'}
s:get(60)
]==]
