-- Metatables: every event, inheritance, and what an event of one side may not do.
local log = {}
local V = {}
V.__index = V
local function vector(x, y) return setmetatable({x = x, y = y}, V) end
function V.__add(a, b)
  if type(a) == 'number' then return vector(a + b.x, a + b.y) end
  if type(b) == 'number' then return vector(a.x + b, a.y + b) end
  return vector(a.x + b.x, a.y + b.y)
end
function V.__sub(a, b) return vector(a.x - b.x, a.y - b.y) end
function V.__mul(a, b) return type(b) == 'number' and vector(a.x * b, a.y * b) or a.x * b.x + a.y * b.y end
function V.__div(a, b) return vector(a.x / b, a.y / b) end
function V.__mod(a, b) return vector(a.x % b, a.y % b) end
function V.__pow(a, b) return vector(a.x ^ b, a.y ^ b) end
function V.__unm(a) return vector(-a.x, -a.y) end
function V.__concat(a, b) return tostring(a) .. '|' .. tostring(b) end
function V.__len() return 2 end
function V.__eq(a, b) return a.x == b.x and a.y == b.y end
function V.__lt(a, b) return a.x < b.x end
function V.__le(a, b) return a.x <= b.x end
function V.__call(self, ...) return self.x, select('#', ...), ... end
function V.__tostring(a) return '(' .. a.x .. ',' .. a.y .. ')' end
local a, b = vector(1, 2), vector(3, 5)
print(tostring(a + b), tostring(a - b), a * b, tostring(a * 3), tostring(b / 2), tostring(b % 2), tostring(b ^ 2))
print(tostring(-a), a .. b, a .. 'x', 'x' .. a, 1 .. a, tostring(1 + a), tostring(a + 1), #a)
print(a == b, a == vector(1, 2), a ~= b, a < b, a <= b, a > b, a >= b, rawequal(a, vector(1, 2)), a == 1)
print(a(), a(nil), a(1, 2))
print(pcall(function() return a < 1 end), pcall(function() return a + {} end), pcall(function() return {} + 1 end))
print(pcall(function() return a - 1 end))

-- Without __le the opposite of __lt answers.
local only = {__lt = function(x, y) return x.v < y.v end}
local m, n = setmetatable({v = 1}, only), setmetatable({v = 2}, only)
print(m <= n, n <= m, m >= n, m < n, m > n)
print(pcall(function() return m < setmetatable({v = 2}, {__lt = only.__lt}) end))
print(pcall(function() return m < setmetatable({}, {__lt = function() end}) end))

-- __index and __newindex, functions and tables, chains and ends.
local Base = {greet = function(self) return 'hello ' .. self.name end, kind = 'base'}
Base.__index = Base
local Derived = setmetatable({kind = 'derived'}, Base)
Derived.__index = Derived
local object = setmetatable({name = 'me'}, Derived)
print(object:greet(), object.kind, object.nothing, rawget(object, 'kind'))
local proxy = setmetatable({}, {
  __index = function(t, k) log[#log + 1] = 'get ' .. tostring(k) return k end,
  __newindex = function(t, k, v) log[#log + 1] = 'set ' .. tostring(k) rawset(t, k, v) end,
})
print(proxy.a, proxy[1])
proxy.a = 1
proxy.a = 2
print(proxy.a, table.concat(log, ';'))
local store = {}
local forward = setmetatable({}, {__index = store, __newindex = store})
forward.x = 5
print(rawget(forward, 'x'), store.x, forward.x)
local loop = {}
setmetatable(loop, {__index = loop})
print(pcall(function() return loop.x end))
local long = {}
local link = long
for i = 1, 50 do
  local deeper = {}
  setmetatable(link, {__index = deeper})
  link = deeper
end
link.found = 'at the end'
print(long.found)
print(pcall(function() setmetatable({}, {__index = function(t, k) error('no ' .. k) end}).field() end))
print(pcall(function() local t = setmetatable({}, {__newindex = function(t, k) error('read only: ' .. k, 2) end}) t.x = 1 end))

-- __call of a table, which need not be a function itself; __tostring and __metatable.
local callable = setmetatable({}, {__call = function(self, x) return 'called', x end})
print(callable(1), pcall(callable, 2), pcall(setmetatable({}, {__call = 5})))
print(select(2, pcall(string.gsub, 'abc', 'b', callable)))
local protected = setmetatable({}, {__metatable = 'locked', __tostring = function() return 'T' end})
print(getmetatable(protected), tostring(protected), pcall(setmetatable, protected, {}))
print(pcall(tostring, setmetatable({}, {__tostring = function() error('in tostring') end})))
print(pcall(print, setmetatable({}, {__tostring = function() return {} end})))
print(#setmetatable({1, 2}, {__len = function() return 10 end}), getmetatable('x').__index == string, ('x'):rep(3))
local globals = setmetatable({}, {__index = _G})
local chunk = loadstring('y = 5; return y, tostring(x)')
setfenv(chunk, globals)
print(chunk(), rawget(globals, 'y'), y)

-- Events that wait: a coroutine may yield inside of all of them.
local yielding = setmetatable({}, {
  __index = function(_, k) return coroutine.yield('index ' .. k) end,
  __add = function(x, y) return coroutine.yield('add') end,
  __lt = function() return coroutine.yield('lt') end,
  __concat = function() return coroutine.yield('concat') end,
  __call = function(_, ...) return coroutine.yield('call', ...) end,
  __newindex = function(_, k, v) coroutine.yield('newindex ' .. k) end,
  __unm = function() return coroutine.yield('unm') end,
})
local co = coroutine.wrap(function()
  yielding.z = 1
  return 'end', yielding.x, yielding + 1, yielding < yielding, yielding .. 's', -yielding, yielding(7)
end)
local step = {co()}
while step[1] ~= 'end' do
  print(unpack(step))
  step = {co(#step)}
end
print(unpack(step))
