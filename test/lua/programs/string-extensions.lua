-- Tarantool's additions to the library string.
local function list(...)
  local result = {}
  for i = 1, select('#', ...) do
    local value = select(i, ...)
    if type(value) == 'table' then
      local items = {}
      for k, v in pairs(value) do
        table.insert(items, tostring(k) .. '=' .. tostring(v))
      end
      table.sort(items)
      value = '{' .. table.concat(items, '|') .. '}'
    end
    table.insert(result, tostring(value))
  end
  return table.concat(result, '\t')
end

local function evaluate(text)
  local code, problem = loadstring(text, '=t')
  if not code then
    print(text, 'SYNTAX', problem)
    return
  end
  print(text, '=>', list(pcall(code)))
end

for _, text in ipairs({
  'return ("a b  c"):split()',
  'return ("a,b,,c"):split(",")',
  'return ("a,b,c"):split(",",1)',
  'return (""):split(",")',
  'return (""):split()',
  'return ("  a b "):split()',
  'return ("abc"):split("")',
  'return ("a.b"):split(".")',
  'return ("a b c"):split(nil,1)',
  'return (" a b c "):split(nil,1)',
  'return ("a,b"):split(",",0)',
  'return ("a,b"):split(",",-1)',
  'return ("a"):split(1)',
  'return string.split(1,2)',
  'return string.split()',
  'return ("a"):split(",","x")',
  'return ("a,b,"):split(",")',
  'return string.split("a b c"," ","1")',
  'return string.split({})',
  'return ("ab"):ljust(5).."|",("ab"):rjust(5,"-"),("ab"):center(5),("ab"):center(5,"-").."|",("ab"):center(6,"-"),("abc"):center(6,"*"),("ab"):ljust(1),("abc"):center(2)',
  'return ("ab"):ljust()',
  'return ("ab"):ljust("x")',
  'return ("ab"):ljust(5,"")',
  'return ("ab"):ljust(5,"xy")',
  'return ("ab"):ljust(5,1)',
  'return string.ljust(5,5)',
  'return ("ab"):rjust("x")',
  'return ("ab"):rjust(5,"")',
  'return ("ab"):center("x")',
  'return ("ab"):center(5,"")',
  'return ("ab"):center(5,{})',
  'return string.center()',
  'return string.rjust()',
  'return ("ab"):ljust(-1),("ab"):ljust(4.5).."|"',
  'return ("abc"):startswith("ab"),("abc"):startswith("b"),("abc"):startswith("b",2),("abc"):startswith("b",2,2),("abc"):startswith("bc",2,2),("abc"):startswith("")',
  'return ("abc"):startswith()',
  'return ("abc"):startswith(1)',
  'return string.startswith()',
  'return ("abc"):startswith("a","x")',
  'return ("abc"):startswith("a",1,"x")',
  'return ("abc"):startswith("c",-1),("abc"):startswith("a",-10),("abc"):startswith("a",0),("abc"):startswith("a",10),("abc"):startswith("",10),("abc"):startswith("ab",1,-2),("abc"):startswith("ab",-3,-1)',
  'return ("abc"):endswith("c"),("abc"):endswith("b"),("abc"):endswith("b",1,2),("abc"):endswith("b",1,-2),("abc"):endswith(""),("abc"):endswith("abcd"),("abc"):endswith("b",2,2),("abc"):endswith("ab",2,2)',
  'return ("abc"):endswith()',
  'return ("abc"):endswith(1)',
  'return string.endswith()',
  'return ("abc"):endswith("c","x")',
  'return ("abc"):endswith("c",1,"x")',
  'return ("abc\\255"):hex(),(""):hex()',
  'return string.hex()',
  'return string.hex(1)',
  'return ("616263FF"):fromhex()',
  'return ("61626"):fromhex()',
  'return ("zz"):fromhex()',
  'return string.fromhex()',
  'return string.fromhex(1)',
  'return (""):fromhex()',
  'return ("  a b\\n"):strip().."|",("  a"):lstrip(),("a  "):rstrip().."|"',
  'return ("xxaxx"):strip("x"),("xyaxy"):strip("xy"),("xxa"):lstrip("x"),("axx"):rstrip("x")',
  'return string.strip()',
  'return string.lstrip()',
  'return string.rstrip()',
  'return string.strip(1)',
  'return ("a"):strip(1)',
  'return ("a"):lstrip(1)',
  'return ("a"):rstrip(1)',
  'return ("  "):strip(),(""):strip(),("xx"):strip("x")',
  'return ("a"):strip("")',
  'return (" a\\0 "):strip():len()',
}) do
  evaluate(text)
end
