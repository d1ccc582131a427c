-- Scopes, closures, loops and goto.
local x = 1
do
  local x = x + 1
  do
    local x = x + 1
    print(x)
  end
  print(x)
end
print(x)
local function shadow(x)
  local x = x or 'default'
  return x
end
print(shadow(), shadow(5))

-- Each turn of a loop has variables of its own.
local closures = {}
for i = 1, 3 do
  local j = i * 10
  closures[#closures + 1] = function(step)
    i, j = i + step, j - step
    return i, j
  end
end
for _, f in ipairs(closures) do
  print(f(1), f(2))
end
local k = 0
local getters = {}
while k < 3 do
  k = k + 1
  local copy = k
  getters[k] = function()
    copy = copy + 1
    return copy, k
  end
end
print(getters[1](), getters[1](), getters[2](), getters[3]())
repeat
  local done = k > 4
  k = k + 1
  getters[k] = function() return done, k end
until done
print(k, getters[k](), getters[4]())

-- Two functions share a variable.
local function counter()
  local n = 0
  return function() n = n + 1 return n end, function() n = n - 1 return n end
end
local up, down = counter()
print(up(), up(), down(), up())
local up2 = counter()
print(up2(), up())

-- goto: continue, nested break, backwards, and a new variable for each turn back.
for i = 1, 5 do
  if i % 2 == 0 then goto continue end
  io.write(i, ' ')
  ::continue::
end
print()
for i = 1, 3 do
  for j = 1, 3 do
    if i * j == 4 then
      print('out', i, j)
      goto out
    end
  end
end
::out::
do
  local n, list = 0, {}
  ::again::
  local each = n
  list[#list + 1] = function() each = each + 10 return each end
  n = n + 1
  if n < 3 then goto again end
  print(list[1](), list[1](), list[2](), list[3]())
end
do
  local i = 1
  ::a::
  if i > 3 then goto c end
  ::b::
  i = i + 1
  if i == 3 then goto b end
  goto a
  ::c::
  print('labels', i)
end
local goto_count = 0
repeat
  goto_count = goto_count + 1
  if goto_count < 3 then goto next end
  do break end
  ::next::
until false
print(goto_count)

-- A local function sees itself, a variable that is given a function does not.
local function factorial(n) return n < 2 and 1 or n * factorial(n - 1) end
print(factorial(10))
local outer = 'outer'
local inner = function() return inner end
print(inner())
local function late() return later() end
print(pcall(late))
function later() return 'now' end
print(late())

-- Numeric loops: steps, limits, and a variable that may be assigned.
for i = 10, 1, -4 do io.write(i, ' ') end
for i = 1, 0 do io.write('never ') end
for i = 0.1, 0.35, 0.1 do io.write(i, ' ') end
for i = '1', '3' do io.write(i, ' ') end
for i = 1, 3 do
  local before = i
  i = i * 2
  io.write(before, ':', i, ' ')
end
print()
print(pcall(function() for i = 'a', 2 do end end))
print(pcall(function() for i = 1, {} do end end))
print(pcall(function() for i = 1, 2, {} do end end))
for i = 3, 3 do print('once', i) end
for i = math.huge, 1 do print('never') end
