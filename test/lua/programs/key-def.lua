-- The library key_def, without a database: parts, keys, comparisons, and what is refused.
local key_def = require('key_def')
local json = require('json')
local yaml = require('yaml')

local function sign(number)
    if type(number) ~= 'number' then return tostring(number) end
    return number < 0 and '-' or number > 0 and '+' or '='
end

local function show(ok, value)
    local code = type(value) == 'cdata' and not box.tuple.is(value) and not ok and tostring(value.code) or ''
    print(ok, type(value) == 'table' and json.encode(value) or tostring(value), type(value), code)
end

local function names_of(library)
    local names = {}
    for name, value in pairs(library) do names[#names + 1] = name .. ': ' .. type(value) end
    table.sort(names)
    return table.concat(names, ', ')
end
print(names_of(key_def))

local key = key_def.new({{fieldno = 1, type = 'unsigned'}, {fieldno = 2, type = 'string', is_nullable = true}})
print(type(key), tostring(key))
print(json.encode(key:totable()))
print(json.encode(key))
print(yaml.encode(key))
print(key.nothing, key[1], key.totable == key_def.totable)
show(pcall(function() return #key end))
show(pcall(function() key.field = 1 end))

print('extract_key')
for _, given in ipairs({
    {}, {1}, {{}}, {{'x'}}, {{1}}, {{1, 2}}, {{a = 1}}, {box.tuple.new({1, 'q', 3})}, {'x'}, {{5, 'A', 7}}, {{1, box.NULL}},
    {{1, 'a'}, {2, 'b'}}, {box.NULL},
}) do
    show(pcall(key.extract_key, key, unpack(given)))
end
show(pcall(key.extract_key))
show(pcall(key.extract_key, {}))
print(box.tuple.is(key:extract_key({5, 'A', 7})))

print('compare')
for _, given in ipairs({
    {{1, 'a'}, {1, 'a', 5}}, {{1, 'a'}, {1, 'b'}}, {{2}, {1}}, {{1}, {1, ''}}, {{1, box.NULL}, {1}},
    {box.tuple.new({7, 'x'}), {7, 'w'}}, {}, {1}, {{1, 'a'}, {}}, {{1, 'a'}, 5}, {{1, 'a'}}, {{'x'}, {1}},
    {{1, 5}, {1, 'a'}}, {1, 2}, {{{}, 1}, {1}}, {{a = 1}, {1}},
}) do
    local ok, value = pcall(key.compare, key, unpack(given))
    if ok then print(sign(value)) else show(ok, value) end
end
show(pcall(key.compare))
show(pcall(key.compare, {}, {1}, {1}))

print('compare_with_key')
for _, given in ipairs({
    {{1, 'a'}, {}}, {{1, 'a'}, {1}}, {{1, 'a'}, {2}}, {{1, 'a'}, {1, 'A'}}, {{1, 'a'}, {1, box.NULL}}, {{1}, {1, 'a'}},
    {{1, 'a'}, box.tuple.new({1})}, {}, {1}, {{1, 'a'}, 5}, {{1, 'a'}, {'x'}}, {{1, 'a'}, {1, 5}}, {{1, 'a'}},
    {{1, 'a'}, box.NULL}, {{1, 'a'}, {box.NULL}}, {{1, 'a'}, {a = 1}},
}) do
    local ok, value = pcall(key.compare_with_key, key, unpack(given))
    if ok then print(sign(value)) else show(ok, value) end
end

print('merge, totable')
local other = key_def.new({{fieldno = 3, type = 'number'}, {fieldno = 1, type = 'unsigned'}})
print(json.encode(key:merge(other)), json.encode(other:merge(key)))
show(pcall(key.merge, key))
show(pcall(key.merge, key, {}))
show(pcall(key.merge, 1, key))
show(pcall(key.totable))
show(pcall(key.totable, key, 1))

print('paths')
local path = key_def.new({{fieldno = 2, type = 'string', path = 'a.b'}, {fieldno = 1, type = 'unsigned', is_nullable = true}})
print(json.encode(path))
for _, given in ipairs({{1, {a = {b = 'x'}}}, {1, {a = {c = 'x'}}}, {1}, {box.NULL, {a = {b = 'x'}}}, {1, {a = {b = 1}}}}) do
    show(pcall(path.extract_key, path, given))
end
print(sign(path:compare({1, {a = {b = 'x'}}}, {1, {a = {b = 'y'}}})))
show(pcall(path.compare_with_key, path, {1, {a = {b = 'x'}}}, {'x', 'y'}))

print('new')
local refused = {
    {}, {1}, {{}}, {{1}}, {{{}}}, {{{fieldno = 1}}}, {{{type = 'unsigned'}}}, {{{fieldno = '2', type = 'unsigned'}}},
    {{{fieldno = 1.5, type = 'unsigned'}}}, {{{fieldno = 'x', type = 'unsigned'}}}, {{{fieldno = 0, type = 'unsigned'}}},
    {{{fieldno = -1, type = 'unsigned'}}}, {{{fieldno = 2 ^ 31, type = 'unsigned'}}}, {{{field = 3, type = 'unsigned'}}},
    {{{field = 'x', type = 'unsigned'}}}, {{{1, 'unsigned'}}}, {{{fieldno = 1, type = 1}}}, {'x'},
    {{{fieldno = 1, type = 'unsigned'}}, 2}, {{{fieldno = 1, type = 'unsigned', is_nullable = 'x'}}},
    {{{fieldno = 1, type = 'unsigned', nonsense = 1}}}, {{{fieldno = 1, type = 'unsigned'}, 5}},
    {{a = {fieldno = 1, type = 'string'}}}, {{{fieldno = 1, type = 'string', collation = 'nope'}}},
    {{{fieldno = 1, type = 'string', collation = 1}}}, {{{fieldno = 1, type = 'string', collation_id = 2}}},
    {{{fieldno = 1, type = 'string', collation_id = 'x'}}},
    {{{fieldno = 1, type = 'string', collation_id = 2, collation = 'unicode'}}},
    {{{fieldno = 1, type = 'unsigned', path = '[*]'}}}, {{{fieldno = 1, type = 'unsigned', path = '[['}}},
    {{{fieldno = 1, type = 'unsigned', path = 1}}},
    {{{fieldno = 1, type = 'unsigned'}, {fieldno = 1, type = 'unsigned'}}},
}
for _, given in ipairs(refused) do
    local ok, value = pcall(key_def.new, unpack(given))
    show(ok, ok and value:totable() or value)
end
for _, name in ipairs({
    'foo', 'any', 'array', 'map', 'varbinary', 'uuid', 'decimal', 'double', 'scalar', 'boolean', 'integer', 'number', 'num',
    'str', 'UNSIGNED',
}) do
    local ok, value = pcall(key_def.new, {{fieldno = 1, type = name}})
    show(ok, ok and value:totable() or value)
end
