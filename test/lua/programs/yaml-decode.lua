-- YAML to Lua values.
local yaml = require('yaml')
local json = require('json')
local function show(s)
  local r = {pcall(yaml.decode, s)}
  io.write((s:gsub('\n', '|')), ' => ')
  for i = 1, #r do io.write(type(r[i]), ':', type(r[i]) == 'table' and json.encode(r[i]) or tostring(r[i]), ' ') end
  print()
end
for _, s in ipairs{'1', '0x10', '1e3', '1.5', '-5', '+5', '0o17', '017', '.inf', '.nan', 'inf', '~', 'null', '', 'Null', 'true',
    'yes', 'no', 'on', 'True', '"1"', "'1'", '!!str 1', '!!int "5"', '!!float 1', '!!bool yes', '!!binary YWJj',
    '12345678901234567890', '100000000000000', '99999999999999', '-100000000000000', 'a: 1', '- 1\n- 2', '[1, 2]', '{a: 1}',
    '{1: 2}', '--- 1\n...\n--- 2\n...', '--- 1\n--- 2', 'a: &x [1]', '- &x [1]\n- *x', '- a\n b', '|\n  x\n  y\n', '>\n  x\n  y\n',
    '"a\\nb\\x41\\u00e9"', '# only', '---\n...\n', '? a\n: b', 'a: ', '- ', '%YAML 1.1\n---\nx', '2001-01-01', '1_000', '1ULL',
    'a\tb', 'a: 1\na: 2', 'é: ü', '- - 1\n  - 2', '!!str', '!!str ~', '"~"', '{a: ~}', 'x # c', 'x#c', '- "a"\n- b: c', ' 1', '1e',
    '0x', '-', '--'} do
  show(s)
end
print(pcall(yaml.decode, 'a', {tag_only = true}))
print(pcall(yaml.decode, '%TAG !push! tag:tarantool.io/push,2018\n--- 1\n...\n', {tag_only = true}))
print(pcall(yaml.decode, 'a', 5))
print(pcall(yaml.decode))
print(pcall(yaml.decode, {}))
print(pcall(yaml.decode, 'b: *y'))
print(getmetatable(yaml.decode('a: 1')).__serialize, getmetatable(yaml.decode('[1]')).__serialize)
print(yaml.decode(yaml.encode{1, 'x', {a = 'b: c'}})[3].a)
