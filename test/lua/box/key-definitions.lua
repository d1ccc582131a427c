-- key_def and merger beside a database: collations, and tuples of spaces.
local key_def = require('key_def')
local merger = require('merger')
local json = require('json')

for _, part in ipairs({
    {fieldno = 1, type = 'string', collation = 'unicode_ci'}, {fieldno = 1, type = 'string', collation_id = 1},
    {fieldno = 1, type = 'string', collation = 'binary'}, {fieldno = 1, type = 'string', collation = 'none'},
    {fieldno = 1, type = 'unsigned', collation = 'unicode'}, {fieldno = 1, type = 'string', collation = 'nope'},
    {fieldno = 1, type = 'string', collation_id = 777}, {fieldno = 1, type = 'string', collation_id = 0},
}) do
    local ok, value = pcall(key_def.new, {part})
    print(ok, ok and json.encode(value) or tostring(value))
end

local exact = key_def.new({{fieldno = 1, type = 'string'}})
local caseless = key_def.new({{fieldno = 1, type = 'string', collation = 'unicode_ci'}})
local binary = key_def.new({{fieldno = 1, type = 'string', collation = 'binary'}})
for _, pair in ipairs({{'a', 'A'}, {'a', 'b'}, {'B', 'a'}, {'я', 'Я'}, {'ё', 'Ё'}, {'', 'a'}}) do
    local one, other = {pair[1]}, {pair[2]}
    local results = {}
    for _, key in ipairs({exact, caseless, binary}) do
        local order = key:compare(one, other)
        local with_key = key:compare_with_key(one, other)
        results[#results + 1] = order < 0 and -1 or order > 0 and 1 or 0
        results[#results + 1] = with_key < 0 and -1 or with_key > 0 and 1 or 0
    end
    print(unpack(results))
end
print(json.encode(caseless:merge(exact)), json.encode(exact:merge(caseless)), json.encode(caseless:merge(caseless)))

local space = box.schema.space.create('cities', {format = {{'id', 'unsigned'}, {'name', 'string'}, {'people', 'unsigned'}}})
space:create_index('primary')
space:create_index('name', {parts = {{2, 'string', collation = 'unicode_ci'}}})
space:insert({1, 'Riga', 605})
space:insert({2, 'oslo', 709})
space:insert({3, 'Kyiv', 2952})
local key = key_def.new(space.index.name.parts)
print(json.encode(key))
print(json.encode(key:extract_key(space:get(2))), key:extract_key(space:get(2)))
print(key:compare_with_key(space:get(2), {'OSLO'}))
local sources = {
    merger.new_tuple_source(space.index.name:pairs()),
    merger.new_source_fromtable({{7, 'Minsk', 1}, {8, 'RIGA', 2}}),
}
for _, tuple in merger.new(key, sources):pairs() do print(tuple) end
print(space.index.name:pairs():map(function(tuple) return tuple.name end):totable()[1])
print(space:pairs():filter(function(tuple) return tuple.people > 700 end):length())
space:drop()
