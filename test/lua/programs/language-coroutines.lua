-- Coroutines: values in and out, states, errors, and yields from inside calls of all kinds.
local co = coroutine.create(function(a, b)
  print('start', a, b)
  local c = coroutine.yield(a + b)
  print('got', c)
  local d, e = coroutine.yield()
  print('got', d, e)
  return 'done', d
end)
print(coroutine.status(co), coroutine.resume(co, 1, 2))
print(coroutine.status(co), coroutine.resume(co, 'c'))
print(coroutine.resume(co, 'd', 'e'))
print(coroutine.status(co), coroutine.resume(co))
print(coroutine.resume(coroutine.create(function() error('oops') end)))
print(coroutine.resume(coroutine.create(function() error({}) end)) == false)
print(coroutine.resume(coroutine.create(function() local x = nil; return x.y end)))
print(pcall(coroutine.resume, 5), pcall(coroutine.create), pcall(coroutine.wrap, 1), pcall(coroutine.status, nil))

local generator = coroutine.wrap(function()
  for i = 1, 3 do coroutine.yield(i, i * i) end
end)
for i, square in generator do io.write(i, ':', square, ' ') end
print()
print(pcall(generator))
local function permutations(list, n)
  n = n or #list
  if n <= 1 then coroutine.yield(list) end
  for i = 1, n do
    list[n], list[i] = list[i], list[n]
    permutations(list, n - 1)
    list[n], list[i] = list[i], list[n]
  end
end
for p in coroutine.wrap(function() permutations({'a', 'b', 'c'}) end) do io.write(table.concat(p), ' ') end
print()

-- States.
local outer
outer = coroutine.create(function()
  print('self', coroutine.status(outer), coroutine.running() == outer)
  local inner = coroutine.create(function()
    print('outer is', coroutine.status(outer))
    print(coroutine.resume(outer))
  end)
  print(coroutine.resume(inner))
  print(coroutine.resume(coroutine.running()))
end)
print(coroutine.resume(outer))
print(coroutine.running() == nil or type(coroutine.running()))

-- Through pcall, error handlers, iterators, comparisons of sort and replacements of gsub.
local function steps(f, ...)
  local thread = coroutine.create(f)
  local results = {coroutine.resume(thread, ...)}
  while coroutine.status(thread) ~= 'dead' do
    io.write('[', tostring(results[2]), '] ')
    results = {coroutine.resume(thread, results[2])}
  end
  print(unpack(results))
end
steps(function() return pcall(function() coroutine.yield('in pcall') error('after') end) end)
steps(function() return pcall(pcall, function() return coroutine.yield('nested') end) end)
steps(function()
  return xpcall(function() coroutine.yield('in xpcall') error('x', 0) end, function(m) return m .. '!' end)
end)
steps(function()
  local sum = 0
  for v in function(_, last) return coroutine.yield((last or 0) + 1) end do
    sum = sum + v
    if v > 3 then break end
    last = v
  end
  return sum
end)
steps(function() return select(2, coroutine.yield('a'), coroutine.yield('b'), coroutine.yield('c')) end)
steps(function()
  local inner = coroutine.wrap(function() coroutine.yield('inner 1') coroutine.yield('inner 2') end)
  coroutine.yield(inner())
  coroutine.yield(inner())
  return 'over'
end)
steps(function(...) return select('#', ...), coroutine.yield(...) end, 1, 2, 3)

-- Errors that cross.
local wrapped = coroutine.wrap(function() error('inside') end)
print(pcall(wrapped))
print(pcall(wrapped))
local thrower = coroutine.wrap(function() error({code = 7}) end)
print(select(2, pcall(thrower)).code)
local f = coroutine.wrap(function() return pcall(error, 'kept') end)
print(f())
print(pcall(coroutine.yield, 1) == false or 'in a fiber')
local deep = coroutine.wrap(function()
  local function down(n)
    if n == 0 then coroutine.yield('bottom') return 0 end
    return 1 + down(n - 1)
  end
  return down(500)
end)
print(deep(), deep())
local many = {}
for i = 1, 200 do
  many[i] = coroutine.wrap(function() local n = i while true do coroutine.yield(n) n = n + i end end)
end
local total = 0
for round = 1, 3 do
  for i = 1, 200 do total = total + many[i]() end
end
print(total)
print(coroutine.isyieldable and type(coroutine.isyieldable()))
