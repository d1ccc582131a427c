-- Multiple values, assignment, tables, numbers and strings.
local function values(...) return ... end
local function count(...) return select('#', ...), ... end
print(count())
print(count(nil))
print(count(values(), values()))
print(count(values(1, 2), values(3, 4)))
print(count((values(1, 2))))
print(count(values(1, nil, nil)))
local t = {values(1, 2), values(3, 4)}
print(#t, t[1], t[2], t[3])
t = {values(1, 2), (values(3, 4))}
print(#t, t[3])
t = {values(1, 2), n = 5, values(3, 4), [10] = 'ten', values()}
print(#t, t.n, t[10], t[1], t[2], t[3])
local function tail(...) return select(2, ...) end
print(tail(1, 2, 3))
local function pack(...) return {n = select('#', ...), ...} end
local p = pack(nil, 2, nil)
print(p.n, p[1], p[2], p[3])
print(unpack(p, 1, p.n))
print((select('#', unpack({}, 1, 5))))

-- All expressions are evaluated before anything is assigned.
local a, b, c = 1, 2
a, b = b, a
print(a, b, c)
a, b, c = 0, 1
print(a, b, c)
local i, list = 1, {10, 20, 30}
i, list[i] = i + 1, 99
print(i, list[1], list[2])
local swap = {1, 2, 3}
swap[1], swap[2], swap[3] = swap[3], swap[1], swap[2]
print(unpack(swap))
local order = {}
local function note(what, value)
  order[#order + 1] = what
  return value
end
local target = setmetatable({}, {__newindex = function(_, key, value) order[#order + 1] = 'set ' .. key .. tostring(value) end})
note('object', target)[note('key 1', 'p')], note('object 2', target)[note('key 2', 'q')] = note('value 1', 1), note('value 2', 2)
print(table.concat(order, ', '))

-- Truth.
print(nil and 1, false or 2, 0 and 'zero', '' and 'empty', nil == false, not nil, not 0)
print(1 and nil or 'else', false == nil, nil or false, false or nil)
print(1 < 2 == true, not 1 == 2, -2 ^ 2, 2 ^ 3 ^ 2, 2 .. 3 .. 4, 'a' < 'b', 'a' < 'B', 'Z' < 'a', '' < 'a')
print(7 % 3, -7 % 3, 7 % -3, -7 % -3, 5.5 % 2, 10 / 4, 1 / 0, -1 / 0, 2 ^ 0.5)
print('10' + 5, '0x10' * 1, 10 .. '', '3' * '4', -'2', ' 7 ' + 0, pcall(function() return 'x' + 1 end))
print(1e15, 1e14, 123456789012, 0.1, 1 / 3, -0.0, 100 * 1.1, 2 ^ 53, 2 ^ 63, 1e100, 1e-7)
print(0x7fffffff, 0xffffffff, 1e2, .5, 3., 0x.8p1)
print(#'a\0b', 'a\0b' == 'a\0c', 'a\0b' < 'a\0c', ('\65\066\x43\z
       D'), '\u{e9}\u{20ac}', 'a\
b')
print([[
first line
second]], [==[a]]b]==], #[[

x]])
print(10 == '10', 1 == 1.0, 'a' == 'a', {} == {}, print == print)

-- Keys of tables.
local keys = {}
keys[1], keys[1.0], keys['1'], keys[1.5], keys[true], keys[print] = 'a', 'b', 'c', 'd', 'e', 'f'
print(keys[1], keys['1'], keys[1.5], keys[true], keys[print], keys[2], keys[nil])
keys[-0] = 'zero'
print(keys[0], keys[-0])
print(pcall(function() keys[nil] = 1 end))
print(pcall(function() keys[0 / 0] = 1 end))
print(pcall(function() return {[nil] = 1} end))
print(rawequal(keys, keys), rawget(keys, 1.5), rawset(keys, 'r', 1) == keys, keys.r)
keys = {}
for n = 1, 10 do keys[n] = n * n end
for n = 1, 10, 2 do keys[n] = nil end
local left = {}
for k, v in pairs(keys) do left[#left + 1] = k .. '=' .. v end
table.sort(left)
print(table.concat(left, ' '))
for k in pairs(keys) do keys[k] = nil end
print(next(keys), next({}), next({5}))
local n = 0
for k, v in pairs({1, 2, nil, 4, x = 1, y = 2}) do n = n + 1 end
print(n)

-- 64-bit integers.
print(1LL + 1, 5ULL - 6, 7LL / 2, -7LL / 2, -7LL % 3, 2LL ^ 10, -(5LL), 1LL == 1, 1LL < 2, 2ULL > 1LL)
print(9223372036854775807LL + 1, 0xffffffffffffffffULL, -1LL == 0xffffffffffffffffULL, 1LL == 1ULL, '1' == 1LL)
print(tostring(5LL), tonumber(5LL), type(5LL), 3LL < 3.5, pcall(function() return 1LL + {} end))
print(pcall(function() return 1LL .. {} end), pcall(function() return #1LL end), pcall(function() return 1LL < 'a' end))
print(pcall(function() return (1LL).x end), pcall(function() (1LL)() end), pcall(function() return 1LL + nil end))
