-- Lines of errors, and limits that the compiler knows.
local function e(s) local _, m = pcall(loadstring(s)); print(m) end
e"local a\n for i=1,'a' do \n print(i) \n end"
e"\n local a \n for k,v in 3 \n do \n print(k) \n end"
e"\n\n for k,v in \n 3 \n do \n print(k) \n end"
e"function a.x.y ()\na=a+1\nend"
e"a = \na\n+\n{}"
e"a = \n3\n+\n(\n4\n/\nprint)"
e"a = {} local x\n = a\n.b\n.c"
e"a\n.b\n.c = function()\nend"
local function testrep (init, rep, n)
  local s = "local a; "..init .. string.rep(rep, n or 400)
  local a,b = loadstring(s)
  print(rep, b and #b > 300 and b:sub(-60) or b)
end
for _, n in ipairs{190, 195,198,199,200, 201,202, 210,400} do print(n)
testrep("a=", "{",n)
testrep("a=", "(",n)
testrep("", "do ",n)
testrep("", "while a do ",n)
testrep("", "if a then else ",n)
testrep("", "repeat ",n)
testrep("", "for i=1,2 do ",n)
testrep("", "function foo () ",n)
testrep("a=", "a..",n)
testrep("a=", "a^",n)
testrep("a=", "-",n)
testrep("a=", "not ",n)
testrep("a=", "a[",n)
testrep("a=", "f(",n)
testrep("a=", "function() ",n)
end
local  s = "function foo ()\n  local "
for j = 1,70 do
  s = s.."a"..j..", "
end
s = s.."b\n"
for j = 1,70 do
  s = s.."function foo"..j.." ()\n a"..j.."=3\n"
end
local a,b = loadstring(s)
print(b)

-- local variables
s = "\nfunction foo ()\n  local "
for j = 1,300 do
  s = s.."a"..j..", "
end
s = s.."b\n"
local a,b = loadstring(s)
print(b)
