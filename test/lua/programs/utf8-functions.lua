-- The library utf8.
local function evaluate(text)
  local code, problem = loadstring(text, '=t')
  if not code then
    print(text, 'SYNTAX', problem)
    return
  end
  print(text, '=>', pcall(code))
end

for _, text in ipairs({
  'return utf8.upper("héllo ß"),utf8.lower("HÉLLO İ")',
  'return utf8.len("héllo"),utf8.len(""),utf8.len("a\\255b"),utf8.len("héllo",2),utf8.len("héllo",3),utf8.len("héllo",-2),utf8.len("héllo",1,2),utf8.len("abc",5),utf8.len("abc",4)',
  'return utf8.len()',
  'return utf8.len(5)',
  'return utf8.len("abc",10)',
  'return utf8.len("abc",-10)',
  'return utf8.len("abc",1,10)',
  'return utf8.len("abc","x")',
  'return utf8.sub("héllo",2),utf8.sub("héllo",2,3),utf8.sub("héllo",-3,-2),utf8.sub("héllo",10),utf8.sub("héllo",0),utf8.sub("héllo",-10,2),utf8.sub("abc",3,2)',
  'return utf8.sub("a\\255b",1,2)',
  'return utf8.sub()',
  'return utf8.sub("a")',
  'return utf8.sub("a","x")',
  'return utf8.sub("abc",1.5)',
  'return utf8.char(65,233,8364,128512),utf8.char()',
  'return utf8.char(-1)',
  'return utf8.char(1114112)',
  'return utf8.char("x")',
  'return utf8.char(55296)',
  'return utf8.char("65")',
  'return utf8.next("é",0)',
  'return utf8.next("éa",3)',
  'return utf8.next("éa",4)',
  'return utf8.next("éa")',
  'return utf8.next("éa",1)',
  'return utf8.next("éa",2)',
  'return utf8.next("")',
  'return utf8.next("\\255")',
  'local r={} for p,c in utf8.next,"aé€" do r[#r+1]=p..":"..c end return table.concat(r," ")',
  'return utf8.next()',
  'return utf8.next("a","x")',
  'return utf8.cmp("a","b"),utf8.cmp("é","e"),utf8.cmp("É","é"),utf8.cmp("a","a"),utf8.cmp("a","A"),utf8.cmp("ё","е"),utf8.cmp("Z","a"),utf8.cmp("","a")',
  'return utf8.casecmp("a","A"),utf8.casecmp("É","é"),utf8.casecmp("é","e"),utf8.casecmp("a","b")',
  'return utf8.cmp()',
  'return utf8.cmp("a")',
  'return utf8.cmp("a\\255","b")',
  'return utf8.cmp(1,2)',
  'return utf8.isalpha("é"),utf8.isalpha("1"),utf8.isalpha(233),utf8.isdigit("1"),utf8.isdigit("a"),utf8.isdigit("٣"),utf8.islower("é"),utf8.islower("É"),utf8.isupper("É"),utf8.isupper("a")',
  'return utf8.isalpha()',
  'return utf8.isalpha("ab")',
  'return utf8.isalpha("")',
  'return utf8.isalpha({})',
  'return utf8.isalpha(-1)',
  'return utf8.isalpha(1114112)',
  'return utf8.upper()',
  'return utf8.upper(5)',
  'return utf8.lower("a\\255")',
  'return utf8.upper("ǆ ﬁ ŉ")',
  'return utf8.len("\\237\\160\\128")',
  'return utf8.char(0):len()',
  'return utf8.len("a\\0b")',
  'return utf8.char(1.5)',
}) do
  evaluate(text)
end
