-- Triggers of connections and logins: when they run, with what arguments, in whose name, and what their errors do.
local net_box = require('net.box')
local fiber = require('fiber')
local json = require('json')
local session = box.session
box.cfg{listen = 'unix/:./socket', log = 'log', log_level = 2}
box.schema.user.create('u', {password = 'p'})
box.schema.user.grant('u', 'super')
local address = 'unix/:./socket'
local function connect(user)
    local c = net_box.connect((user and user .. '@' or '') .. address)
    print(user, c:ping(), c.error)
    c:close()
end
local seen = {}
local trigger = session.on_auth(function(user, ok) seen[#seen + 1] = {user, ok, session.user(), session.type()} end)
for _, user in ipairs({'u:p', 'u:wrong', 'nobody:p', 'guest', 'guest:'}) do connect(user) end
connect()
print(json.encode(seen))
print(#session.on_auth(), session.on_auth(nil, trigger), #session.on_auth())
trigger = session.on_auth(function() box.error(box.error.UNSUPPORTED, 'login', 'users') end)
connect('u:p')
connect('u:wrong')
session.on_auth(nil, trigger)
local order = {}
local first = session.on_auth(function() order[#order + 1] = 1 end)
session.on_auth(function() order[#order + 1] = 2 end)
connect('u:p')
print(json.encode(order))
print(pcall(session.on_auth, nil, trigger))
print(pcall(session.on_auth, 1))
local events = {}
session.on_connect(function() box.space._schema:replace({'x', session.type(), session.user()}) end)
session.on_disconnect(function() events[#events + 1] = session.user() end)
connect('u:p')
fiber.sleep(0.1)
print(json.encode(events), box.space._schema:get('x'))
os.exit(0)
