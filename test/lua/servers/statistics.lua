-- What box.stat counts: requests of Lua and of the network. Errors are left out: here only those that were answered count.
local net_box = require('net.box')
box.cfg{listen = 'unix/:./socket', log = 'log', log_level = 2}
box.schema.user.grant('guest', 'super')
local c = net_box.connect('unix/:./socket')
local space = box.schema.space.create('t')
space:create_index('p')
c:reload_schema()
box.stat.reset()
local function show(what)
    local parts = {}
    for name, counter in pairs(box.stat()) do
        if name ~= 'ERROR' then parts[#parts + 1] = name .. '=' .. counter.total end
    end
    table.sort(parts)
    print(what, table.concat(parts, ' '))
end
show('reset')
c:eval('return 1') c:call('box.info') pcall(c.call, c, 'nosuch')
show('calls')
space:insert{1} pcall(space.insert, space, {1}) pcall(space.insert, space, {'x'})
show('inserts')
space:get{1} space:select{} space:count() space:len() space.index.p:min() space.index.p:max() space:pairs():totable()
show('reads')
space:upsert({1}, {}) space:update({1}, {}) space:replace{7} space:delete{1} space:truncate()
show('changes')
box.begin() space:replace{5} box.rollback()
show('rolled back')
c.space.t:insert{2} c.space.t:select() c.space.t:get{1} pcall(c.space.t.insert, c.space.t, {2})
show('network')
c:ping()
show('ping')
local names = {}
for name, counter in pairs(box.stat.net()) do
    names[#names + 1] = ('%s %s %s %s'):format(name, counter.current, type(counter.total), type(counter.rps))
end
table.sort(names)
print(table.concat(names, '; '))
print(box.stat.net.SENT.total > 0, box.stat.net.RECEIVED.total > 0, box.stat.INSERT.total, box.stat.nosuch, box.stat.net.nosuch)
c:close()
os.exit(0)
