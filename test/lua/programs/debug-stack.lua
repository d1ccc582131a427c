-- The library debug: information about functions and levels, tracebacks, metatables of types.
local function dump(t) local k={} for n,v in pairs(t) do if type(v)=='function' or type(v)=='table' then v=type(v) end k[#k+1]=n..'='..tostring(v) end table.sort(k) return table.concat(k,' ') end
local up1,up2=1,2
local function lf(a,b,...)
  local c=3
  print(dump(debug.getinfo(1)))
  print(dump(debug.getinfo(1,'nSlu')))

  return up1+up2
end
local x=lf(1,2)
print(dump(debug.getinfo(lf))) print(dump(debug.getinfo(lf,'L').activelines and {n=1})) 
local k={} for l in pairs(debug.getinfo(lf,'L').activelines) do k[#k+1]=l end table.sort(k) print(table.concat(k,','))

print(debug.getinfo(50)) print(pcall(debug.getinfo,1,'X')) print(pcall(debug.getinfo)) print(pcall(debug.getinfo,'x'))
print(debug.getinfo(1,'l').currentline, debug.getinfo(1,'S').short_src,debug.getinfo(1,'S').source,debug.getinfo(1,'S').what,debug.getinfo(1,'f').func~=nil)
print(pcall(debug.getlocal,50,1)) print(debug.getlocal(lf,1),debug.getlocal(lf,2),debug.getlocal(lf,3))
print(debug.getmetatable('').__index==string, debug.setmetatable(5,nil)) debug.setmetatable(5,{__index=function(n,k) return k end}) print((5).foo) debug.setmetatable(5,nil)
debug.setmetatable(nil,{__index=function() return 'nilidx' end}) local q print(q.x) debug.setmetatable(nil,nil)
debug.setmetatable(print,{__index={a=1}}) print(print.a,lf.a) debug.setmetatable(print,nil)
print(type(debug.getregistry()), debug.gethook()) print(debug.sethook()) print(debug.getfenv(lf)==_G) print(debug.setfenv(lf,_G)==lf)
 print(debug.traceback('m',0)) print(debug.traceback('m',1)) print(debug.traceback('m',50))
local co=coroutine.create(function(a) local z=a coroutine.yield(z) error('co') end) coroutine.resume(co,7)
print(debug.traceback(co)) print(dump(debug.getinfo(co,1,'Sl')))  coroutine.resume(co) print(debug.traceback(co))
local t=setmetatable({},{__index=function(t,k) return debug.getinfo(1,'n').name,debug.getinfo(1,'n').namewhat end}) print(t.x)
local function named() return debug.getinfo(1,'n').name end local r=named() print(r) local tt={m=named} print((tt.m())) print((tt:m()))
for i in function() print(debug.getinfo(1,'n').name,debug.getinfo(1,'n').namewhat) end do end
print(pcall(function() local a=debug.getinfo(1,'n') print(a.name,a.namewhat) end))
