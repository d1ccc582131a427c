module(..., package.seeall)
z = 1
function where() return _NAME, tostring(z) end
