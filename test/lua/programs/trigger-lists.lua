-- Lists of triggers of the module internal.trigger.
local trigger = require('internal.trigger')
local t = trigger.new('x y')
local f = function() print('f') end local g = function() print('g') end
print(t(f)==f, t(g)==g) t:run() print(#t(), t()[1]==f)
print(pcall(function() return t(nil, f) == f, t(g, f) end))
print(pcall(t,nil,f)) print(pcall(t, 1)) print(pcall(t,nil,1)) print(pcall(t,{})) print((pcall(trigger.new))) print((pcall(trigger.new,1)))
print(pcall(t, function() end, f))
local h = setmetatable({}, {__call=function() print('called') end})
print(pcall(t, h)) pcall(t.run, t)
print(type(t), getmetatable(t).__call~=nil, getmetatable(t).__index ~= nil) print(t.name)
local k={} for n in pairs(getmetatable(t)) do k[#k+1]=tostring(n) end table.sort(k) print(table.concat(k,' '))
