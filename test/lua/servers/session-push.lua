-- Messages ahead of the answer, and what a function knows of its session, through net.box to the program itself.
local net_box = require('net.box')
local fiber = require('fiber')
local json = require('json')
box.cfg{listen = 'unix/:./socket', log = 'log', log_level = 2}
box.schema.user.create('u', {password = 'p'})
box.schema.user.grant('u', 'super')
local address = 'unix/:./socket'
function push(count)
    local results = {}
    for i = 1, count do results[i] = box.session.push({i, 'x'}) end
    return results
end
function push_usage() return pcall(box.session.push) end
function push_usage_of_two() return pcall(box.session.push, 1, 2) end
function push_function()
    local ok, err = box.session.push(function() end)
    return ok, (tostring(err):gsub('^.*lua:%d+', 'LINE'))
end
function late()
    box.session.push(1)
    fiber.sleep(0.01)
    box.session.push(box.NULL)
    box.session.push(nil)
    fiber.sleep(0.01)
    box.error(box.error.UNSUPPORTED, 'this', 'that')
end
function slow()
    box.session.push(1)
    fiber.sleep(0.3)
    return 5
end
function descriptor()
    local session = box.session
    return session.fd() > 2, session.fd(session.id()) == session.fd(), session.type(), session.id() > 0
end
function sync() return type(box.session.sync()), box.session.sync() ~= 0 end
local c = net_box.connect('u:p@' .. address)
local got, context = {}, {}
local on_push = function(where, message) got[#got + 1] = message where[#where + 1] = #got end
print(json.encode({c:call('push', {3}, {on_push = on_push, on_push_ctx = context})}))
print(json.encode(got), json.encode(context))
for _, name in ipairs({'push_usage', 'push_usage_of_two', 'push_function', 'descriptor', 'sync'}) do
    print(name, json.encode({c:call(name)}))
end
local function show(future, ...)
    for i, message, err in future:pairs(...) do
        print(tostring(i), type(message) == 'table' and json.encode(message) or tostring(message), err)
    end
end
show(c:call('push', {2}, {is_async = true}))
show(c:call('late', {}, {is_async = true}))
show(c:eval('box.session.push(box.tuple.new{1, 2}) return box.session.push(2LL)', {}, {is_async = true}))
show(c:call('slow', {}, {is_async = true}), 0.05)
local future = c:call('slow', {}, {is_async = true})
fiber.sleep(0.5)
show(future, 0.05)
print(json.encode({box.session.push(1)}), box.session.fd(), box.session.sync())
os.exit(0)
