-- The library merger: sources, mergers of them, results in tables and buffers, and what is refused.
local key_def = require('key_def')
local merger = require('merger')
local buffer = require('buffer')
local msgpack = require('msgpack')
local json = require('json')

local key = key_def.new({{fieldno = 1, type = 'unsigned'}})

local function text(value)
    local plain = type(value) == 'table' and json.encode(value) or tostring(value)
    return (plain:gsub('0x%x+', 'ADDRESS'))
end
local function show(...)
    local texts = {}
    for at = 1, select('#', ...) do texts[at] = text((select(at, ...))) end
    local last = select('#', ...) > 0 and select(select('#', ...), ...)
    if (...) == false and type(last) == 'cdata' then texts[#texts + 1] = last.type .. ' ' .. tostring(last.code) end
    print(unpack(texts))
end
local function tables(...)
    local sources = {}
    for at, list in ipairs({...}) do sources[at] = merger.new_source_fromtable(list) end
    return sources
end
local function encoded(value)
    local written = buffer.ibuf()
    msgpack.encode(value, written)
    return written
end
local function merged(...)
    return pcall(function(...) return merger.new(key, {...}):select() end, ...)
end

local names = {}
for name, value in pairs(merger) do names[#names + 1] = name .. ': ' .. type(value) end
table.sort(names)
print(table.concat(names, ', '))

print('select')
local source = merger.new_source_fromtable({{1}, {3}, {5}})
show(type(source), source)
local merge = merger.new(key, {source, merger.new_source_fromtable({{2}, {3, 'b'}, {9}})})
show(merge:select())
show(merge:select())
show(source:select())
show(merger.new(key, tables({{1}, {2}}, {{1, 'x'}, {4}}), {reverse = false}):select({limit = 2}))
show(merger.new(key, tables({{2}, {1}}, {{4, 'x'}, {1}}), {reverse = true}):select())
show(merger.new(key, {}):select())
show(box.tuple.is(merger.new_source_fromtable({{1}}):select()[1]))
for _, options in ipairs({{limit = -1}, {limit = 0}, {limit = 0.5}, {limit = 1.9}, {nope = 1}}) do
    show(merger.new_source_fromtable({{1}, {2}, {3}}):select(options))
end
show(merger.new_source_fromtable({{1}}):select(nil))

print('equal keys')
show(merger.new(key, tables({{1, 'a'}, {1, 'b'}}, {{1, 'c'}}, {{1, 'd'}})):select())
show(merger.new(key, tables({{1, 'a'}, {1, 'b'}}, {{1, 'c'}}, {{1, 'd'}}), {reverse = true}):select())
-- Many sources with few different keys: which of two equal ones comes first.
local seed = 7
local function random(limit)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return math.floor(seed / 65536) % limit
end
for round = 1, 20 do
    for _, reverse in ipairs({false, true}) do
        local sources = {}
        for at = 1, 1 + random(7) do
            local list = {}
            for _ = 1, random(8) do list[#list + 1] = random(4) end
            table.sort(list, function(a, b) if reverse then return a > b end return a < b end)
            for place, number in ipairs(list) do list[place] = {number, at .. '.' .. place} end
            sources[at] = merger.new_source_fromtable(list)
        end
        print(round, reverse, json.encode(merger.new(key, sources, {reverse = reverse}):select()))
    end
end

print('pairs')
for from, tuple in merger.new(key, tables({{1}, {2}, {3}}, {{2, 'z'}})):pairs() do show(type(from), tuple) end
show(merger.new(key, tables({{1}, {4}}, {{2, 'z'}})):pairs():map(function(tuple) return tuple[1] end):totable())
show(merger.new_source_fromtable({{1}, {2}}):ipairs():totable())

print('iterators')
show(merged(merger.new_tuple_source(ipairs({{1}, {2}}))))
show(merged(merger.new_tuple_source(function(_, state)
    if state == nil then return 1, {7} end
    if state < 3 then return state + 1, box.tuple.new({7 + state}) end
end)))
show(merged(merger.new_table_source(function(_, state)
    if state == nil then return 1, {{1}, {5}} end
    if state == 1 then return 2, {} end
    if state == 2 then return 3, {{9}} end
end), merger.new_source_fromtable({{4}})))
show(merged(merger.new_buffer_source(function(_, state)
    if state == nil then return 1, encoded({{3}}) end
    if state == 1 then return 2, encoded({{4}, {5}}) end
end)))
show(merged(merger.new_tuple_source(function(parameter, state)
    if state < parameter then return state + 1, {state} end
end, 3, 0)))
show(merged(merger.new_tuple_source(function(_, state)
    require('fiber').sleep(0)
    if state == nil then return true, {1} end
end)))

print('buffers')
local filled = encoded({{1}, {2}, {3}})
local from_buffer = merger.new_source_frombuffer(filled)
print(filled:size())
show(from_buffer:select({limit = 1}))
print(filled:size())
show(from_buffer:select())
print(filled:size())
show(merged(merger.new_source_frombuffer(encoded({{1}, {5}})), merger.new_source_fromtable({{2}})))
show(merged(merger.new_source_frombuffer(buffer.ibuf(), 1)))
local out = buffer.ibuf()
local into = merger.new(key, tables({{1}, {2}}, {{2, 'z'}}))
show(into:select({buffer = out, limit = 2}))
print(out:size(), json.encode((msgpack.decode(out.rpos, out:size()))))
show(into:select({buffer = out}))
print(out:size())
local all = buffer.ibuf()
merger.new(key, {merger.new(key, tables({{1}, {2}}, {{2, 'z'}})), merger.new_source_fromtable({{0}, {7}})}):select({buffer = all})
print(json.encode((msgpack.decode(all.rpos, all:size()))))

print('refused')
for _, given in ipairs({
    {}, {1}, {key}, {key, 1}, {key, {1}}, {key, {source, 1}}, {key, {source, key}}, {key, {source}, 1},
    {key, {source}, {reverse = 1}}, {key, {source}, {reverse = 'x'}}, {key, {source}, {reverse = true}, 2}, {{}, {source}},
    {source, {source}}, {key, {source}, box.NULL},
}) do
    show(pcall(merger.new, unpack(given)))
end
for _, given in ipairs({
    {}, {1}, {key}, {source, 1}, {source, {limit = 'x'}}, {source, {buffer = 1}}, {source, 'x'}, {source, {}, 1},
    {source, box.NULL},
}) do
    show(pcall(source.select, unpack(given)))
end
show(pcall(source.pairs))
show(pcall(source.pairs, 1))
show(pcall(source.pairs, key))
show(pcall(source.pairs, source, 1))
for _, name in ipairs({'new_table_source', 'new_buffer_source', 'new_tuple_source', 'new_source_fromtable', 'new_source_frombuffer'}) do
    for _, given in ipairs({{}, {1}, {'x'}, {{}}, {print}, {print, 1}, {print, 1, 2, 3}, {{1}, 2}}) do
        show(name, pcall(merger[name], unpack(given)))
    end
end
for _, list in ipairs({{{'x'}}, {5}, {{}}, {{a = 1}}, {box.tuple.new('x')}, {'x'}}) do
    show(merged(merger.new_source_fromtable(list), merger.new_source_fromtable({{1}})))
end
for _, step in ipairs({
    function() return 5 end, function() return 1, 5 end, function() error('boo', 0) end, function() return 1, {1}, 3 end,
    function() return nil, 5, 6 end, function() return 1, {a = 1} end, function() return 1, {} end,
}) do
    show('tuple', merged(merger.new_tuple_source(step)))
end
for _, step in ipairs({function() return 1 end, function() return 1, 5 end, function() return nil, 1 end}) do
    show('table', merged(merger.new_table_source(step)))
    show('buffer', merged(merger.new_buffer_source(step)))
end
show(merged(merger.new_source_frombuffer(encoded({a = 1}))))
show(merged(merger.new_source_frombuffer(encoded(5))))
show(pcall(json.encode, source))
show(pcall(function() return #source end))
show(pcall(function() source.field = 1 end))
show(source == source, source.nothing)
os.exit(0)
