-- Tables in YAML: nesting, styles, anchors, and what is not a table.
local yaml = require('yaml')
local uuid = require('uuid')
local decimal = require('decimal')
local function try(f, ...)
  local r = {pcall(f, ...)}
  if r[1] then return r[2] end
  return 'error: ' .. tostring(r[2])
end
local function show(v) print((yaml.encode(v))) end
local function compact(t, mark) return setmetatable(t, {__serialize = mark}) end
for _, v in ipairs{{}, {{}}, {a = {}}, {a = {b = {c = 1}}}, {{1, 2}, {3, {4}}}, {a = {{x = 1}}}, {{a = 1}, {c = 3}},
    {[2] = 1}, {nil, 2}, compact({}, 'map'), {compact({}, 'map')}, compact({1, {2, {a = 1}}, 'x'}, 'seq'),
    compact({a = {1, {b = 2}}}, 'map'), compact({a = {1, {b = 2}}}, 'mapping'), compact({1, {2, {a = 1}}, 'x'}, 'sequence'),
    {require('msgpack').NULL, 1}, {[{1}] = 1}, {[{a = 1}] = 2}, {[compact({1}, 'seq')] = 1}, {[{}] = {}}, {x = {['a\nb'] = 1}},
    {x = {[('k'):rep(130)] = {a = 1}}}, true, false, 'x', 1,
    uuid.fromstr('c8f0fa1f-da29-438c-a040-393f1126ad39'), decimal.new('-1.50')} do
  show(v)
end
show(nil)
show({decimal.new(0)})
local shared = {1}
show({shared, shared, {shared}})
local own = {}
own.self = own
show(own)
show({own, own})
local empty = {}
show({empty, empty})
local flow = compact({1}, 'seq')
show({flow, flow})
show({{flow}})
local loop = {}
loop[1] = loop
show(loop)
local made = setmetatable({}, {__serialize = function() return {1} end})
show({made, made})
local long = {}
for i = 1, 60 do long[i] = i end
show(compact(long, 'seq'))
show({x = compact({a = ('w '):rep(60)}, 'map')})
for _, options in ipairs{{tag_prefix = 'tag:x,1:', tag_handle = '!p!'}, {tag_prefix = 'x'}, {tag_handle = 'x', tag_prefix = 'y'},
    {tag_prefix = 5}} do
  print(pcall(yaml.encode, {1}, options))
end
print(pcall(yaml.encode, 1, 5))
for _, v in ipairs{print, io.stdout, coroutine.create(print)} do print(try(yaml.encode, v)) end
print(try(yaml.encode))
local named = yaml.new()
named.cfg{encode_use_tostring = true}
print(named.encode(setmetatable({}, {__tostring = function() return 'me' end})))
