-- Small modules of the system: clock, log, errno, pwd, title, tarantool.
local clock, log, errno, pwd, title = require('clock'), require('log'), require('errno'), require('pwd'), require('title')
local function try(f, ...)
    local result = {pcall(f, ...)}
    for i = 1, table.maxn(result) do result[i] = tostring(result[i]) end
    print(table.concat(result, ' | '))
end
local function keys(t)
    local names = {}
    for name, value in pairs(t) do if name ~= 'box_api' then names[#names + 1] = name .. ':' .. type(value) end end
    table.sort(names)
    return table.concat(names, ' ')
end
local functions = {'time', 'realtime', 'monotonic', 'proc', 'thread'}
for _, name in ipairs(functions) do
    local a, b, c = clock[name](), clock[name .. '64'](), clock[name]()
    print(name, type(a), tostring(b):match('%a+$'), a <= c, math.abs(tonumber(b) / 1e9 - a) < 1)
end
local timed = clock.bench(function(...) return 1, 2, ... end, 3)
print(type(timed[1]), timed[2], timed[3], timed[4], #timed)
try(clock.bench, 1)
-- What is logged goes elsewhere; only what is wrong shows here.
log.level(0)
try(log.info, 'x')
try(log.info, '%s %d', 'x', 5)
try(log.error, {a = 1})
try(log.info)
log.level(5)
try(log.level) try(log.level, 'x') try(log.level, 'debug') try(log.level, {})
try(log.log_format, 'xx') try(log.log_format, 'plain') try(log.pid)
try(log.cfg) try(log.cfg, {level = 5}) try(log.cfg, {level = 'xx'}) try(log.cfg, {format = 'x'})
try(log.cfg, {log = 'x'}) try(log.cfg, {nonblock = true}) try(log.cfg, 1) try(log.cfg, {level = 'warn'})
print(log.cfg.level, log.cfg.format, keys(log))
-- errno
print(errno.ENOENT, errno.strerror(2), errno.strerror(0), errno.strerror(9999), errno.strerror(-1))
errno(0)
print(errno(5), errno(), errno.strerror(), errno.EFOO, errno(0))
try(errno, 'x') try(errno.strerror, 'x')
try(function() errno.X = 1 end)
-- users
local user = pwd.getpw(0)
print(keys(user), user.name, user.id, user.group.name, keys(user.group), type(user.workdir), type(user.shell))
print(pwd.getpw('root').id, pwd.getgr(0).name, pwd.getgr('root').id, pwd.getpw('no such user'), pwd.getgr('no such group'))
print(#pwd.getpwall() > 0, #pwd.getgrall() > 0, keys(pwd))
try(pwd.getpw, {})
-- title
print((title.get()))
title.update('custom')
print((title.get()))
title.update({status = 'running', custom_title = 'more'})
print((title.get()))
title.update({custom_title = ''})
print((title.get()))
local tarantool = require('tarantool')
print(tarantool.package, type(tarantool.version), type(tarantool.build), tarantool.pid() == tarantool.pid(), tarantool.uptime() >= 0, keys(tarantool))
os.exit(0)
