-- Tests in the Test Anything Protocol. Blocks of YAML are sorted: nothing says in which order their keys stand.
local output = {}
io.write = function(...) output[#output + 1] = table.concat({...}) end
local print = function(...)
    local texts = {}
    for i = 1, select('#', ...) do texts[i] = tostring((select(i, ...))) end
    io.write(table.concat(texts, '\t'), '\n')
end
local function flush()
    local block
    for line in (table.concat(output)):gmatch('([^\n]*)\n') do
        if line:match('^ *%-%-%-$') then
            block = {}
        elseif line:match('^ *%.%.%.$') then
            table.sort(block)
            io.stdout:write(table.concat(block, '\n'), '\n...\n')
            block = nil
        elseif block ~= nil then
            block[#block + 1] = line
        else
            io.stdout:write(line, '\n')
        end
    end
end
local tap=require'tap'
local t = tap.test('main test')
t.trace=false t:plan(22)
print(t:ok(true, 'is ok')) print(t:ok(false, 'not ok',{a=1,b={2}}))
t:ok(true)
t:ok(false)
t:fail('failed')
t:skip('skipped')
t:is(1,1, 'is')
t:is(1,2, 'is fails')
t:is(1, '1', 'is other type',{extra=1})
t:is(nil,nil, 'nil')
t:is(nil,box.NULL, 'null')
t:isnt(1,2, 'isnt')
t:isnt(1,1, 'isnt fails')
t:is_deeply({1,{a=2}},{1,{a=2}}, 'deep')
t:is_deeply({1,{a=2}},{1,{a=3}}, 'deep fails')
t:is_deeply({1},{1,2}, 'more')
t:is_deeply({a=1},{}, 'less')
t:is_deeply(1,1, 'plain')
t:is_deeply({}, 1, 'types')
t:is_deeply({a=box.NULL},{}, 'null in table')
t:is_deeply({[1]={b={c=5}}},{[1]={b={c=6}}}, 'path')
t:like('hello', '^he', 'like')
t:like('hello', 'x', 'like fails')
t:unlike('hello', 'x', 'unlike')
t:unlike('hello', 'he', 'unlike fails')
t:isnil(nil, 'isnil')
t:isnil(1, 'isnil fails')
t:isstring('x', 's')
t:isstring(1, 's fails')
t:isnumber(1, 'n')
t:isnumber('x', 'n fails')
t:istable({}, 't')
t:istable(1, 't fails')
t:isboolean(true, 'b')
t:isboolean(1, 'b fails')
t:isfunction(print, 'f')
t:isfunction(1, 'f fails')  t:iscdata(1LL, 'int64_t', 'c')  t:iscdata(1ULL, 'int64_t', 'c2')
t:diag('a diag %d %s',5, 'x')
t:diag('multi\nline')
t:isudata(require'fiber'.self(), 'fiber', 'u')
t:test('sub',function(t)
t:plan(2)
t:ok(true, 'in sub')
t:test('subsub',function(t)
t:plan(1)
t:ok(false, 'deep') end) end)
t:test('sub no plan',function(t)
t:ok(true, 'x') end)
t:test('sub bad plan',function(t)
t:plan(5)
t:ok(true, 'x') end)
t:test('sub args',function(t,a,b)
t:plan(1)
t:is(a,b, 'args') end,1,1)
print(pcall(t.test,t, 'err',function(t) error('boom') end))
print(t:check()) print(t.total, t.failed, t.planned, t.name, t.trace, t.strict, t.passed)
local t2 = tap.test('second') t2:plan(1) t2:ok(true, 'x') print(t2:check())
 print(pcall(tap.test, 'third',function(t)
t:plan(1)
t:ok(1, 'one') end))
flush()
os.exit(0)
