local space = box.schema.space.create('walk', {format = {{'id', 'unsigned'}, {'group', 'string'}}})
space:create_index('pk')
local groups = space:create_index('groups', {parts = {{'group'}}, unique = false})
local hashed = box.schema.space.create('hashed')
hashed:create_index('pk', {type = 'hash'})
for key = 1, 10 do
    space:insert{key, ({'a', 'b', 'c'})[key % 3 + 1]}
    hashed:insert{key}
end

local function walk(title, ...)
    local seen = {}
    for _, tuple in ... do seen[#seen + 1] = tostring(tuple) end
    print(title, table.concat(seen, ' '))
end
walk('all', space:pairs())
walk('from', space:pairs(7, {iterator = 'GE'}))
walk('down', space:pairs({4}, {iterator = box.index.LE}))
walk('by name', groups:pairs('b'))
walk('backwards', groups:pairs({}, {iterator = 'REQ'}))
walk('none', space:pairs(99))
local count = 0
for _ in hashed:pairs() do count = count + 1 end
print('hashed', count)

print('changes under way')
local seen = {}
for _, tuple in space:pairs() do
    seen[#seen + 1] = tuple[1]
    space:delete(tuple[1])
    if tuple[1] < 5 then space:insert{tuple[1] + 100, 'new'} end
end
print(table.concat(seen, ' '), space:len())

print('an index that goes')
local steps = 0
for _ in groups:pairs() do
    steps = steps + 1
    if steps == 2 then groups:drop() end
    if steps == 1 then space:insert{200, 'x'} space:insert{201, 'y'} end
end
print(steps)

print('tuples')
local tuple = box.tuple.new{1, 'two', {3}, box.NULL, 5}
for number, value in tuple:pairs() do io.write(number, '=', type(value) == 'table' and '{}' or tostring(value), ' ') end
for number, value in pairs(tuple) do io.write(number, ' ') end
for number, value in ipairs(tuple) do io.write(number, ' ') end
print(#tuple)
print(pcall(function() for _ in space:pairs('x') do end end))
print(pcall(function() for _ in space:pairs(1, {iterator = 'BITS_ALL_SET'}) do end end))

print('several fibers')
local fiber = require('fiber')
local order = {}
local fibers = {}
for number = 1, 3 do
    fibers[number] = fiber.new(function()
        for turn = 1, 2 do
            space:replace{1000 + number, tostring(turn)}
            order[#order + 1] = number .. ':' .. turn
        end
    end)
    fibers[number]:set_joinable(true)
end
for number = 1, 3 do fibers[number]:join() end
table.sort(order)
print(table.concat(order, ' '), space:get(1002))
