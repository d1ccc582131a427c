-- Connections of net.box that fail, come back, and log in.
local net_box = require('net.box')
local fiber = require('fiber')
local address = '127.0.0.1:' .. arg[1]
local function text(value)
    if type(value) ~= 'table' or getmetatable(value) == false then
        return (tostring(value):gsub('0x%x+', 'ADDRESS'):gsub(':%d%d%d%d%d?', ':PORT'))
    end
    local parts = {}
    for key, item in pairs(value) do parts[#parts + 1] = tostring(key) .. '=' .. text(item) end
    table.sort(parts)
    return '{' .. table.concat(parts, ' ') .. '}'
end
local function try(name, f, ...)
    local result = {pcall(f, ...)}
    for i = 1, table.maxn(result) do result[i] = text(result[i]) end
    print(name, table.concat(result, ' | '))
end
local function keys(t)
    local names = {}
    for key, value in pairs(t) do names[#names + 1] = tostring(key) .. ':' .. type(value) end
    table.sort(names)
    return table.concat(names, ' ')
end
local c = net_box.connect('127.0.0.1:1')
print(c.state, c.error, c:is_connected(), c.space and 1)
try('ping', c.ping, c)
try('call', c.call, c, 'f')
e = select(2, pcall(c.call, c, 'f'))
print(type(e), e.code, e.type, e.message)
c = net_box.connect('127.0.0.1:1', {reconnect_after = 0.05, wait_connected = 0.12})
print(c.state, c.error)
try('ping', c.ping, c, {timeout = 0.01})
try('call', c.call, c, 'f', {}, {timeout = 0.01})
try('async', c.call, c, 'f', {}, {is_async = true}) c:close()
c = net_box.connect('127.0.0.1:1', {wait_connected = false})
print(c.state, c.error) fiber.sleep(0.05)
print(c.state, c.error)
c = net_box.connect(address, {wait_connected = false})
print(c.state)
try('wait', c.wait_connected, c, 1)
print(c.state) c:close()
c = net_box.connect('u:p@' .. address)
print(c.state, c:eval('return box.session.user()')) c:close()
c = net_box.connect(address, {user = 'u', password = 'bad'})
print(c.state, c.error)
c = net_box.connect('127.0.0.1', tonumber(arg[1]), {user = 'u', password = 'p'})
print(c.state, c.opts.user, c.host, c.port==tonumber(arg[1])) c:close()
try('nouserpass', net_box.connect, address, {user = 'u'})
try('pass', net_box.connect, address, {password = 'u'})
try('baduri', net_box.connect, '::::')
try('none', net_box.connect) 


os.exit(0)
