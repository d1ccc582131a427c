-- The library table.
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
  'return table.concat({1,2,3},","),table.concat({}),table.concat({1,"x",2.5}),table.concat({1,2,3},",",2),table.concat({1,2,3},",",2,3),table.concat({1,2,3},",",5)',
  'return table.concat({1,{},3})',
  'return table.concat({1,2},",",1,3)',
  'return table.concat()',
  'return table.concat({},1)',
  'return table.concat({1,true})',
  'return table.concat({1},{})',
  'return table.concat({1LL})',
  'return table.concat(setmetatable({},{__index=function() return "x" end}),",",1,3)',
  'return table.concat({1,2},1)',
  'local t={1,2} table.insert(t,3) table.insert(t,1,0) return t',
  'local t={} table.insert(t,5,1) return t',
  'local t={} table.insert(t,-1,1) return t',
  'table.insert({},1,2,3)',
  'table.insert({})',
  'table.insert()',
  'table.insert({},"x",1)',
  'table.insert({1,2,3},2.7,9)',
  'local t={1,2,3} table.insert(t,nil) return #t',
  'local t={1,2,3} return table.remove(t),table.remove(t,1),t',
  'return table.remove({})',
  'return table.remove({1,2,3},5)',
  'return table.remove({1,2,3},0)',
  'local t={1,2,3} return table.remove(t,4),#t',
  'return table.remove({1,2,3},"x")',
  'return table.remove()',
  'return table.remove({},1)',
  'return table.remove({1},nil)',
  'local t={1,2,3} return table.remove(t,-1),t',
  'local t={n=1} return table.remove(t,0),t',
  'local t={[0]=7} return table.remove(t,0),t',
  'local t={[0]=7} return table.remove(t),t',
  'return table.maxn({1,2,[10]=1,[3.5]=2}),table.maxn({}),table.maxn({[-1]=1})',
  'return table.maxn()',
  'return table.getn({1,2})',
  'return table.getn()',
  'return table.foreach({1,2},function(k,v) return k end)',
  'return table.foreachi({1,2},function(k,v) if v==2 then return v end end)',
  'return table.foreach({})',
  'return table.foreachi(1)',
  'return table.move({1,2,3},2,3,1)',
  'return table.move({1,2,3},1,3,2)',
  'return table.move({1,2,3},1,3,3,{})',
  'return table.move()',
  'return table.move({},1)',
  'return table.move({},1,1,1,1)',
  'return table.new(1,1)',
  'return require("table.new")(1,2)',
  'return table.new()',
  'return table.new("x")',
  'return table.copy({1,{2}})[2][1]',
  'return table.copy()',
  'return table.copy(1)',
  'return table.copy(setmetatable({1},{__copy=function(x) return 7 end}))',
  'return table.deepcopy(setmetatable({1},{__deepcopy=function(x) return 7 end}))',
  'local t={} t[1]=t local c=table.deepcopy(t) return c==c[1],c~=t',
  'return table.deepcopy(5),table.deepcopy(nil)',
  'local m={} local t=setmetatable({},m) return getmetatable(table.copy(t))==m,getmetatable(table.deepcopy(t))==m',
  'local m={} local t=setmetatable({},m) return getmetatable(table.copy(t,true))==m,getmetatable(table.deepcopy(t))~=nil',
  'local a={} local t={a,a} local c=table.deepcopy(t) return c[1]==c[2],c[1]==a',
  'local a={} local t={[a]=1} local c=table.deepcopy(t) return next(c)==a',
  'local t={3,1,2} table.sort(t) return table.concat(t,",")',
  'local t={3,1,"x"} table.sort(t) return t',
  'local t={3,{},2} table.sort(t) return t',
  'local t={3,1,2} table.sort(t,function(a,b) return a>b end) return table.concat(t,",")',
  'local t={} for i=1,100 do t[i]=i%7 end table.sort(t,function(a,b) return true end)',
  'local t={3,1,2,5,4,3,2,1,2,3,4} table.sort(t,function(a,b) return true end) return t',
  'table.sort({1,2},5)',
  'table.sort()',
  'table.sort({1,2,3},function() error("x") end)',
  'local t={true,false} table.sort(t)',
  'local t={1,2,3} table.sort(t,nil) return t',
  'return table.unpack',
  'return unpack({1,2,3}),unpack({1,2,3},2),unpack({1,2,3},2,3)',
  'return unpack({},1,1e8)',
  'return unpack()',
  'return select("#",unpack({},1,3))',
  'return table.concat({1,2,3},", ",1,2.9)',
}) do
  evaluate(text)
end
