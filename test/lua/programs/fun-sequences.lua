-- Lua Fun: sequences, and what is wrong with bad ones.
local fun = require('fun')
local function try(f, ...)
    local result = {pcall(f, ...)}
    print(result[1], (tostring(result[2]):gsub('^builtin/fun.lua:%d+: ', '')))
end
local function show(name, ...)
    local parts = {}
    for i, iterator in ipairs({...}) do
        if tostring(iterator) ~= '<generator>' then break end
        local items = {}
        for _, a, b in iterator:unwrap() do items[#items + 1] = tostring(a) .. (b ~= nil and ':' .. tostring(b) or '') end
        parts[i] = '[' .. table.concat(items, ' ') .. ']'
    end
    print(name, unpack(parts))
end
local range, iter = fun.range, fun.iter
show('range', range(5), range(-3), range(2, 5), range(5, 2), range(1, 10, 3), range(5, 1, -2), range(0, 1, 0.25), range(1, 0, 1))
show('iter', iter({1, 2, 3}), iter('abc'), iter(''), iter({}), iter(ipairs({7, 8})), iter(range(2)))
for _, k, v in iter({a = 1}) do print(k, v) end
show('take', range(5):take(2), range(5):take_n(9), range(5):take_while(function(x) return x < 3 end), range(5):take(function(x) return x < 4 end), fun.take_n(2, 'abcdef'), fun.take(0, {1}))
show('drop', range(5):drop(2), range(5):drop_n(9), range(5):drop_while(function(x) return x < 3 end), range(5):drop(function(x) return x < 4 end), fun.drop_n(2, {5, 6, 7}))
show('split', fun.split(2, {1, 2, 3}))
show('span', range(5):span(function(x) return x < 3 end))
show('duplicate', fun.duplicate('x'):take(3), fun.duplicate(1, 2):take(2), fun.replicate(7):take(1), fun.xrepeat('r'):take(2), fun.zeros():take(2), fun.ones():take(3), fun.tabulate(function(x) return x * x end):take(4))
show('map', range(4):map(function(x) return x * 2 end), fun.map(string.upper, 'abc'), range(3):zip('abc'):map(function(a, b) return b .. a end))
show('filter', range(10):filter(function(x) return x % 3 == 0 end), fun.grep('^a', {'ab', 'ba', 'aa'}), range(6):remove_if(function(x) return x > 4 end), range(5):filter(function() return false end))
show('partition', range(6):partition(function(x) return x % 2 == 0 end))
show('zip', fun.zip({1, 2, 3}, 'ab'), fun.zip(range(2), range(5)), range(3):zip(range(3)), fun.zip({1}, {}))
show('chain', fun.chain({1, 2}, 'ab', range(2)), range(2):chain(range(3)), fun.chain({}, {1}, {}, {2}))
show('cycle', range(3):cycle():take(7), fun.take(4, fun.cycle('ab')))
show('enumerate', fun.enumerate({'a', 'b'}), range(3):enumerate(), fun.enumerate('xy'))
show('intersperse', fun.intersperse(',', {'a', 'b', 'c'}), range(2):intersperse(0))
show('indexes', fun.indexes(1, {1, 2, 1, 3, 1}), fun.elem_indices('a', 'banana'))
show('tail', range(3):tail(), fun.cdr({}), fun.tail('abc'))
print(range(5):sum(), range(5):product(), range(5):length(), fun.length('abc'), fun.length({}), range(4):min(), range(4):max(), fun.minimum({3, 1, 2}), fun.maximum('bca'))
print(fun.min_by(function(a, b) return #a < #b and a or b end, {'abc', 'd', 'ef'}), range(3):max_by(math.max))
print(range(5):head(), fun.car('xyz'), range(5):nth(3), fun.nth(5, {1}), fun.nth(2, 'abc'), range(3):nth(9))
print(range(5):foldl(function(acc, x) return acc .. x end, ''), fun.reduce(fun.op.add, 10, {1, 2}), range(3):zip(range(3)):foldl(function(acc, a, b) return acc + a * b end, 0))
print(range(5):all(function(x) return x > 0 end), fun.every(fun.op.truth, {true, false}), range(5):any(function(x) return x > 4 end), fun.some(fun.op.truth, {}), fun.all(fun.op.truth, {}))
print(fun.index(3, {1, 2, 3}), fun.index_of('z', 'abc'), fun.elem_index(2, range(5)))
print(fun.is_null({}), range(1):is_null(), fun.is_prefix_of({1, 2}, {1, 2, 3}), fun.is_prefix_of({1, 2, 3}, {1, 2}), fun.is_prefix_of({}, 'x'), range(2):is_prefix_of(range(3)))
print(table.concat(range(4):totable(), ','), fun.tomap(fun.zip('ab', {5, 6})).b, #fun.totable('xyz'))
local collected = {}
range(3):each(function(x) collected[#collected + 1] = x end)
fun.for_each(function(k, v) collected[#collected + 1] = k .. v end, fun.zip('pq', {1, 2}))
print(table.concat(collected, ' '))
for name, args in pairs({intdiv = {-5, 2}}) do print(name, fun.op[name](unpack(args))) end
print(fun.op.floordiv(-5, 2), fun.op.div(5, 2), fun.op.mod(7, 3), fun.op.pow(2, 3), fun.op.unm(1), fun.op.concat('a', 'b'), fun.op.len('abc'), fun.op.land(1, nil), fun.op.lor(nil, 2), fun.op.lnot(nil), fun.op.ne(1, 2), fun.operator.le(1, 1))
print(tostring(range(2)), type(range(2)), (range(2):unwrap()) == range(2).gen)
local random = fun.rands(5, 6):take(3):totable()
print(#random, random[1], fun.rands():take(1):totable()[1] < 1)
try(fun.head, {}) try(fun.iter, nil) try(fun.iter, 5) try(fun.min, {}) try(fun.max, '') try(fun.max_by, math.max, {})
try(fun.nth, 0, {1}) try(fun.take_n, -1, {1}) try(fun.range, 1, 2, 0) try(fun.rands, 'x') try(fun.rands, 5, 2)
try(fun.drop_n, -1, {}) try(fun.take_while, 5, {}) try(fun.drop_while, 5, {}) try(fun.min_by, nil, {}) try(fun.chain, 5) try(fun.zip, 5)
local names = {}
for name in pairs(fun) do names[#names + 1] = name end
table.sort(names)
print(#names, table.concat(names, ' '))
names = {}
for name in pairs(getmetatable(range(1)).__index) do names[#names + 1] = name end
table.sort(names)
print(#names, table.concat(names, ' '))
os.exit(0)
