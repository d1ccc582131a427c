-- The library os: times, dates, the environment.
local stamp = 86400 * 200 + 3661
for letter in ('aAbBcdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%'):gmatch('.') do
  io.write(letter, '=', os.date('!%' .. letter, stamp), ' ')
end
print()
print(os.date('!%Ez|%Od|%Q|', stamp), os.date('!%c', 0), os.date('!%Y-%m-%dT%H:%M:%S', 951782400), os.date('') == '')
for _, seconds in ipairs({0, 951782400, 1e9, 1577836800, 1609459199, 4107542400, -1}) do
  local t = os.date('!*t', seconds)
  print(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst, os.date('!%G-%V %U %W %j', seconds))
end
local function differs(a, b) return os.time(a) - os.time(b) end
print(differs({year = 2020, month = 3, day = 1}, {year = 2020, month = 2, day = 1}))
print(differs({year = 2020, month = 14, day = -3, hour = 0, min = 70, sec = -5}, {year = 2021, month = 1, day = 1}))
print(differs({year = 2020, month = 1, day = 1.9}, {year = 2020, month = 1, day = 1, hour = 12}))
local now = os.time()
print(os.time(os.date('*t', now)) == now, math.abs(os.time() - now) < 5)
print(pcall(os.time, {year = 2020}), pcall(os.time, {year = 2020, month = 'x', day = 1}), pcall(os.time, 5))
print(os.difftime(5, 3), os.difftime(5), pcall(os.difftime), pcall(os.date, '!%H', 'x'))
print(type(os.clock()), type(os.tmpname()), os.getenv('NOT_THERE_AT_ALL'), type(os.getenv('PATH')), pcall(os.getenv))
print(os.setenv('LUA_PROGRAM_TEST', 'set'), os.getenv('LUA_PROGRAM_TEST'), os.environ().LUA_PROGRAM_TEST)
print(os.setenv('LUA_PROGRAM_TEST', nil), os.getenv('LUA_PROGRAM_TEST'))
print(os.setlocale('C'), os.setlocale('xx'), pcall(os.setlocale, 'C', 'bad'))
print(os.remove('/nonexistent/x'))
print(os.rename('/nonexistent/x', '/tmp/y'))
local strict = require('strict')
strict.on()
print(pcall(loadstring('return undeclared', '=chunk')))
print(pcall(loadstring('declared = 1 return declared', '=chunk')))
print(pcall(loadstring('local function f() undeclared = 1 end f()', '=chunk')))
strict.off()
print(undeclared)
os.exit(0)
print('never')
