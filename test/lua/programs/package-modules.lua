-- require, module and package.
package.path = './modules/?.lua;./modules/?/init.lua;' .. package.path
local function tidy(text) return (tostring(text):gsub('\n.*', ' ...')) end
print(select('#', require('returns-table')), require('returns-table') == package.loaded['returns-table'])
print(require('returns-nothing'), package.loaded['returns-nothing'])
print(require('returns-false'), package.loaded['returns-false'])
print(tidy(select(2, pcall(require, 'fails'))))
print(pcall(require, 'fails'))
print((select(2, pcall(require, 'malformed')):gsub('^.*(malformed.lua:1:[^\n]*).*$', '%1')))
print((select(2, pcall(require, 'loop-a')):gsub('^.*modules', '')))
print(require('sub'))
print(tidy(select(2, pcall(require, 'nowhere'))))
local searched = select(2, pcall(require, 'nowhere.to.be.found'))
for line in searched:gmatch('[^\n]+') do
  print((line:gsub('/root', '~')))
end
print(pcall(require), pcall(require, {}))
print(require('module-call') == package.loaded['module-call'], _G['module-call'].z, _G['module-call'].where())
package.preload.given = function(...) return {...} end
print(#require('given'), require('given')[1])
package.loaded.given = nil
package.preload.given = nil
print((pcall(require, 'given')))
print(package.searchpath('returns-table', './modules/?.lua;./?.lua'))
print(package.searchpath('a.b', './?.lua;./?.x'))
print(package.searchpath('a.b', './?.lua', '.', '_'), package.searchpath('a-b', '?', '-', '+'))
print(package.search('nowhere'), package.search('language-scopes') ~= nil)
package.setsearchroot('/tmp')
print(package.searchroot(), pcall(package.setsearchroot, 5))
package.setsearchroot()
print(debug.sourcefile(), debug.sourcedir())
print(loadfile('modules/sub/source.lua')())
print(loadstring('return debug.sourcefile(), debug.sourcedir()')())
print(pcall(module, 'string2.x.y'))
print(string2.x.y._NAME, string2.x.y._PACKAGE, string2.x.y._M == string2.x.y)
print(pcall(module, 'print'), pcall(module))
print(dofile('modules/returns-table.lua').x, pcall(dofile, 'none.lua'))
print(loadfile('none.lua'))
print(loadfile('modules/malformed.lua'))
print(#package.loaders, package.config, type(package.preload), package.loaded._G == _G, package.loaded.string == string)
print(require('table.new')(1, 2) ~= nil, table.clear, require('table.clear') == table.clear)
local cleared = {1, 2, x = 3}
table.clear(cleared)
print(next(cleared), arg[0], arg[1], #arg)

-- Environments of functions.
local function reader() return x, y end
local before = getfenv(reader) == _G
setfenv(reader, {x = 'own x'})
x, y = 'global x', 'global y'
print(before, reader())
print(x, y)
local function sandbox()
  setfenv(1, {tostring = tostring})
  z = 5
  return tostring(z)
end
print(sandbox(), z)
local function maker() return function() return x end end
setfenv(maker, {x = 'of the maker'})
print(maker()())
local function caller() return getfenv(2) == _G, getfenv(1) == _G end
local function within() local a, b = caller() return a, b end
print(within())
