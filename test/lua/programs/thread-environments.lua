-- Environments of threads: setfenv(0), of coroutines and of fibers; buffers of files.
local fiber = require('fiber')
local own = {print = print, tostring = tostring}
local co = coroutine.wrap(function()
    setfenv(0, own)
    coroutine.yield(getfenv(0) == own, loadstring('return x')() == nil)
    own.x = 5
    return loadstring('return x')(), getfenv(0) == own
end)
print(co())
print(getfenv(0) == _G, getfenv(loadstring('')) == _G)
print(co())
local made = coroutine.create(function() coroutine.yield() return loadstring('return a')() end)
coroutine.resume(made)
debug.setfenv(made, {a = 15})
print(debug.getfenv(made).a, select(2, coroutine.resume(made)))
fiber.create(function() setfenv(0, own) print(getfenv(0) == own) fiber.yield() print(getfenv(0) == own) end)
print(getfenv(0) == _G)
fiber.sleep(0.01)
print(getfenv(0) == _G, select('#', setfenv(0, _G)))
local name = os.tmpname()
local writer, reader = io.open(name, 'w'), io.open(name, 'r')
local function seen() reader:seek('set') return reader:read('*a') end
print(writer:setvbuf('full', 2000), writer:write('x') ~= nil, '[' .. seen() .. ']', writer:flush(), seen())
print(writer:setvbuf('line'), writer:write('y') ~= nil, seen(), writer:write('z\n') ~= nil, seen())
print(writer:setvbuf('no'), writer:write('n') ~= nil, seen(), pcall(writer.setvbuf, writer, 'x'))
writer:close() reader:close() os.remove(name)
