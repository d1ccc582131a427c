-- Errors: names of what was wrong, positions, levels, tracebacks, and what cannot be survived.
local function try(f, ...) print(select(2, pcall(f, ...))) end
local up = nil
local object = {field = {}, [1] = 5}
try(function() local a; a.x = 1 end)
try(function() local a; return a.x.y end)
try(function() return up.x end)
try(function() up() end)
try(function() return undefined.x end)
try(function() undefined() end)
try(function() return object.none.x end)
try(function() object.field.none() end)
try(function() object:none() end)
try(function() object.field:none(1) end)
try(function() return object[1].x.y end)
try(function() return object[object] .. 'x' end)
try(function() local a = {} return a + 1 end)
try(function() return 1 + object.field end)
try(function() return up * 2 end)
try(function() return undefined - 1 end)
try(function() return -object.field end)
try(function() return #up end)
try(function() return 'a' .. object end)
try(function() return up .. 'a' end)
try(function() return 'a' + 1 end)
try(function() return {} < {} end)
try(function() return 1 < 'x' end)
try(function() return nil > 1 end)
try(function() return object <= 5 end)
try(function() ('x')() end)
try(function() (function() end)().x = 1 end)
try(function() local t = {} t[nil] = 1 end)
try(function() string.rep() end)
try(function() ('x'):rep({}) end)
try(function() string.rep('x') end)
try(function() setmetatable({}, 5) end)
try(function() io.open() end)
try(function() math.floor('x') end)
try(function() ('x').rep() end)
try(function() string.char(256, 1) end)
try(function()
  local long =
    object
      .field
      .none
      .more
  return long
end)
try(function()
  return undefined(
    1,
    2
  )
end)
try(function()
  local n = 1 +
    2 *
    object
  return n
end)

-- error and its levels; values that are no text.
local function level(n) error('level ' .. n, n) end
try(function() level(0) end)
try(function() level(1) end)
try(function() level(2) end)
try(function() level(3) end)
try(error, 'direct')
try(error)
print(pcall(error, nil), pcall(error, 5), pcall(error, true), type(select(2, pcall(error, {}))))
print(pcall(error, setmetatable({}, {__tostring = function() return 'object' end})))
print(select('#', pcall(error)), select('#', pcall(function() end)))
print(pcall(function() error('a\0b') end))
print(pcall(function() assert(false) end), pcall(assert, nil, 'text'), pcall(assert, 1, 'unused'))
print(xpcall(function() error('x', 0) end, function(m) return 'handled ' .. m end))
print(xpcall(function(...) return select('#', ...) end, print, nil, nil))
print(xpcall(function() error('x') end, function() error('y') end))
print(pcall(pcall, error, 'e'), pcall(pcall))
local ok, e = pcall(function() local s = setmetatable({}, {__index = function(_, k) error('missing ' .. k, 2) end}) return s.key end)
print(ok, e)

-- Tail calls leave no level.
local function thrower() error('tail', 2) end
local function middle() return thrower() end
try(function() local x = middle() return x end)
local function chain(n) if n == 0 then return 'end of chain' end return chain(n - 1) end
print(chain(100000))

-- Tracebacks.
local function a() error('deep') end
local function b() a() end
local t = {method = function(self) b() end}
print(select(2, xpcall(function() t:method() end, debug.traceback)))
print(select(2, xpcall(function() local x = nil + 1 end, function(m) return debug.traceback('handler: ' .. m, 2) end)))
local function recurse(n) if n > 0 then recurse(n - 1) return end print(debug.traceback('recursion')) end
recurse(40)
local co = coroutine.create(function() local function f() coroutine.yield() end f() end)
coroutine.resume(co)
print(debug.traceback(co))
print(debug.traceback(co, 'message'), debug.traceback('m', 0) == nil)
print(debug.traceback({}) ~= nil, debug.traceback(nil))

-- What cannot be survived by going on: a stack or a memory without end.
local function endless() return 1 + endless() end
print(pcall(endless))
local function through() return (setmetatable({}, {__index = function(t, k) return t[k] end})).x end
print((pcall(through)))
print(pcall(string.rep, 'x', -1))
local function big() local s = ('x'):rep(1e8) return s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s end
print((pcall(big)))
