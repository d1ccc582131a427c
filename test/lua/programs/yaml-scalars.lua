-- How texts and numbers are written in YAML, in every place where they can stand.
local yaml = require('yaml')
local function show(s)
  local flow = {__serialize = 'seq'}
  for _, v in ipairs{s, {s}, {k = s}, {[s] = 1}, setmetatable({s}, flow), setmetatable({k = s}, {__serialize = 'map'}),
      setmetatable({[s] = 1}, {__serialize = 'map'}), {{s}}} do
    io.write((yaml.encode(v):gsub('\n', '|'):gsub('^%-%-%-', '')), '  ')
  end
  print()
end
for _, s in ipairs{'', 'a', 'true', 'false', 'null', '~', 'yes', 'no', 'on', 'True', 'Null', '1', '-1', '1.5', '1e5', '0x1f',
    '017', '1_000', '.inf', '.nan', 'inf', 'nan', '.5', '5.', '+1', '1:30', '2001-01-01', '-', '- a', '-a', '--', '---', '...',
    '---a', '?', '? a', '?a', ':', ': a', ':a', 'a:', 'a: b', 'a:b', '#', '# a', 'a #b', 'a#b', '&a', '*a', '!a', '|', '>', '%a',
    '@a', '`a', '"a', "'a", 'a"b', "a'b", '[a', 'a]', '{a', '}', 'a,b', 'a, b', ', ', ' a', 'a ', '  ', '\t', 'a\tb', 'a\nb', 'a\n',
    '\na', '\n', 'a\n\nb', 'a\n  b\n', '  a\nb', 'a\rb', '\1', '\127', '\200', '\xff\xfe', 'é', '日本', '\xe2\x80\xa8', '\xef\xbb\xbf',
    '\xc2\x85', '\xc2\xa0', 'a\0b', 'null\n', 'x\ny ', 'x \ny', 'x\n\n', '\n\nx', 'a\n\tb', '\ta\nb', 'é\nü', '\xff\nb',
    'a\n---\nb', 'a\27b', '\240\159\152\128', '1ULL', '0x', 'NaN', 'infinity', 'true ', ' true', '1 ', '\t1', '=', '<<', 'a\\b',
    'long ' .. ('word '):rep(40) .. 'end', ('x'):rep(200), "it's" .. (' word'):rep(40), 'a: ' .. ('word '):rep(40) .. 'e',
    ':' .. ('word  '):rep(40) .. 'e', 'a\n' .. ('word '):rep(40), ('ab'):rep(100) .. '\xff', ('k'):rep(127), ('k'):rep(130)} do
  show(s)
end
for _, n in ipairs{0, -0.0, 1.5, 1e14, 1e15, 123456789012345678, 0.1, 1/3, 1e-10, 1ULL, -1LL,
    18446744073709551615ULL} do
  show(n)
end
for _, n in ipairs{2^64, 1e100, 1/0, -1/0, 0/0} do io.write((yaml.encode{n, {n}})) end
show(true)
show(false)
