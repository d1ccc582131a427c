/**
 * The package `fun`: lazy sequences with the interface of the library Lua Fun. An iterator is three values, a generator,
 * its parameter and its state; a call `generator(parameter, state)` gives the next state and values, or nil at the end.
 *
 * Functions of the package take the iterator, or anything that can be iterated, last; methods of iterators have it first.
 */
export const FUN_SOURCE = String.raw`
local package, methods = {}, {}
local iterator = {}
local unpack, select, type, floor = unpack, select, type, math.floor

local function wrap(generator, parameter, state)
    return setmetatable({gen = generator, param = parameter, state = state}, iterator), parameter, state
end

iterator.__index = methods
iterator.__call = function(self, parameter, state) return self.gen(parameter, state) end
iterator.__tostring = function() return '<generator>' end

local function nothing() return nil end

local function next_letter(text, at)
    at = at + 1
    if at > #text then return nil end
    return at, text:sub(at, at)
end

local function next_pair(map, key)
    local value
    key, value = next(map, key)
    return key, key, value
end

-- The three values of whatever can be iterated.
local function open(object, parameter, state)
    assert(object ~= nil, 'invalid iterator')
    local kind = type(object)
    if kind == 'table' then
        local meta = getmetatable(object)
        if meta ~= nil then
            if meta == iterator then return object.gen, object.param, object.state end
            if meta.__ipairs ~= nil then return meta.__ipairs(object) end
            if meta.__pairs ~= nil then return meta.__pairs(object) end
        end
        if #object > 0 then return ipairs(object) end
        return next_pair, object, nil
    elseif kind == 'function' then
        return object, parameter, state
    elseif kind == 'string' then
        if #object == 0 then return nothing, nil, nil end
        return next_letter, object, 0
    end
    error(string.format('object %s of type "%s" is not iterable', tostring(object), kind))
end

-- Registers a function that takes so many arguments before the iterator, under each of the names.
local function define(names, count, code)
    for name in names:gmatch('%S+') do
        if count == 0 then
            package[name] = function(...) return code(open(...)) end
            methods[name] = function(self) return code(self.gen, self.param, self.state) end
        elseif count == 1 then
            package[name] = function(a, ...) return code(a, open(...)) end
            methods[name] = function(self, a) return code(a, self.gen, self.param, self.state) end
        else
            package[name] = function(a, b, ...) return code(a, b, open(...)) end
            methods[name] = function(self, a, b) return code(a, b, self.gen, self.param, self.state) end
        end
    end
end

package.wrap = wrap
methods.unwrap = function(self) return self.gen, self.param, self.state end
package.iter = function(object, parameter, state) return wrap(open(object, parameter, state)) end

local function each(code, generator, parameter, state)
    local function step(next_state, ...)
        if next_state ~= nil then code(...) end
        return next_state
    end
    repeat state = step(generator(parameter, state)) until state == nil
end
define('each for_each foreach', 1, each)

-- Sequences made of nothing.

local function range_up(parameter, state)
    local stop, step = parameter[1], parameter[2]
    state = state + step
    if state > stop then return nil end
    return state, state
end
local function range_down(parameter, state)
    local stop, step = parameter[1], parameter[2]
    state = state + step
    if state < stop then return nil end
    return state, state
end
package.range = function(start, stop, step)
    if step == nil then
        if stop == nil then
            if start == 0 then return nothing, nil, nil end
            stop = start
            start = stop > 0 and 1 or -1
        end
        step = start <= stop and 1 or -1
    end
    assert(type(start) == 'number', 'start must be a number')
    assert(type(stop) == 'number', 'stop must be a number')
    assert(type(step) == 'number', 'step must be a number')
    assert(step ~= 0, 'step must not be zero')
    if step > 0 then return wrap(range_up, {stop, step}, start - step) end
    return wrap(range_down, {stop, step}, start - step)
end

local function same_one(value, state) return state + 1, value end
local function same_many(values, state) return state + 1, unpack(values, 1, values.n) end
package.duplicate = function(...)
    if select('#', ...) <= 1 then return wrap(same_one, (...), 0) end
    return wrap(same_many, {n = select('#', ...), ...}, 0)
end
package.replicate = package.duplicate
package.xrepeat = package.duplicate
package.tabulate = function(code) return wrap(function(f, state) return state + 1, f(state) end, code, 0) end
package.zeros = function() return wrap(same_one, 0, 0) end
package.ones = function() return wrap(same_one, 1, 0) end

local function random_fraction() return 0, math.random() end
local function random_integer(parameter) return 0, math.random(parameter[1], parameter[2]) end
package.rands = function(low, high)
    if low == nil and high == nil then return wrap(random_fraction, 0, 0) end
    assert(type(low) == 'number', 'invalid first arg to rands')
    if high == nil then
        low, high = 0, low
    else
        assert(type(high) == 'number', 'invalid second arg to rands')
    end
    assert(low < high, 'empty interval')
    return wrap(random_integer, {low, high - 1}, 0)
end

-- Parts of sequences.

local function values_of(state, ...)
    if state == nil then error('invalid iterator: the sequence is empty') end
    return ...
end

define('nth', 1, function(n, generator, parameter, state)
    assert(n > 0, 'invalid first argument to nth')
    if generator == ipairs({}) then return parameter[n] end
    if generator == next_letter then
        if n <= #parameter then return parameter:sub(n, n) end
        return nil
    end
    for _ = 1, n - 1 do
        state = generator(parameter, state)
        if state == nil then return nil end
    end
    return select(2, generator(parameter, state))
end)

define('head car', 0, function(generator, parameter, state)
    local function first(next_state, ...)
        if next_state == nil then error('head: iterator is empty') end
        return ...
    end
    return first(generator(parameter, state))
end)

define('tail cdr', 0, function(generator, parameter, state)
    state = generator(parameter, state)
    if state == nil then return wrap(nothing, nil, nil) end
    return wrap(generator, parameter, state)
end)

local function take_step(parameter, state)
    local limit, generator, inner = parameter[1], parameter[2], parameter[3]
    local taken = state[1]
    if taken >= limit then return nil end
    local function step(next_state, ...)
        if next_state == nil then return nil end
        return {taken + 1, next_state}, ...
    end
    return step(generator(inner, state[2]))
end
local function take_n(n, generator, parameter, state)
    assert(n >= 0, 'invalid first argument to take_n')
    return wrap(take_step, {n, generator, parameter}, {0, state})
end
define('take_n', 1, take_n)

local function take_while_step(parameter, state)
    local predicate = parameter[1]
    local function step(next_state, ...)
        if next_state == nil or not predicate(...) then return nil end
        return next_state, ...
    end
    return step(parameter[2](parameter[3], state))
end
local function take_while(predicate, generator, parameter, state)
    assert(type(predicate) == 'function', 'invalid first argument to take_while')
    return wrap(take_while_step, {predicate, generator, parameter}, state)
end
define('take_while', 1, take_while)
define('take', 1, function(how, generator, parameter, state)
    if type(how) == 'number' then return take_n(how, generator, parameter, state) end
    return take_while(how, generator, parameter, state)
end)

local function drop_n(n, generator, parameter, state)
    assert(n >= 0, 'invalid first argument to drop_n')
    for _ = 1, n do
        state = generator(parameter, state)
        if state == nil then return wrap(nothing, nil, nil) end
    end
    return wrap(generator, parameter, state)
end
define('drop_n', 1, drop_n)

local function drop_while(predicate, generator, parameter, state)
    assert(type(predicate) == 'function', 'invalid first argument to drop_while')
    local before
    local function step(next_state, ...)
        if next_state == nil then return nil, true end
        return next_state, not predicate(...)
    end
    local is_over
    repeat
        before = state
        state, is_over = step(generator(parameter, state))
    until is_over
    if state == nil then return wrap(nothing, nil, nil) end
    return wrap(generator, parameter, before)
end
define('drop_while', 1, drop_while)
define('drop', 1, function(how, generator, parameter, state)
    if type(how) == 'number' then return drop_n(how, generator, parameter, state) end
    return drop_while(how, generator, parameter, state)
end)

define('split span split_at', 1, function(how, generator, parameter, state)
    if type(how) == 'number' then
        return (take_n(how, generator, parameter, state)), drop_n(how, generator, parameter, state)
    end
    return (take_while(how, generator, parameter, state)), drop_while(how, generator, parameter, state)
end)

-- Searching.

define('index index_of elem_index', 1, function(wanted, generator, parameter, state)
    local at = 0
    while true do
        local value
        state, value = generator(parameter, state)
        if state == nil then return nil end
        at = at + 1
        if value == wanted then return at end
    end
end)

local function index_step(parameter, state)
    local wanted, generator, inner = parameter[1], parameter[2], parameter[3]
    local at, current = state[1], state[2]
    while true do
        local value
        current, value = generator(inner, current)
        if current == nil then return nil end
        at = at + 1
        if value == wanted then return {at, current}, at end
    end
end
define('indexes indices elem_indexes elem_indices', 1, function(wanted, generator, parameter, state)
    return wrap(index_step, {wanted, generator, parameter}, {0, state})
end)

local function filter_step(parameter, state)
    local predicate, generator, inner = parameter[1], parameter[2], parameter[3]
    -- Whether to go on, the next state, and the values.
    local function step(next_state, ...)
        if next_state == nil then return false end
        if predicate(...) then return false, next_state, ... end
        return true, next_state
    end
    local function settle(goes_on, next_state, ...)
        while goes_on do
            local results = {n = 0}
            local function keep(again, following, ...)
                goes_on, next_state = again, following
                if not again then results = {n = select('#', ...), ...} end
            end
            keep(step(generator(inner, next_state)))
            if not goes_on then return next_state, unpack(results, 1, results.n) end
        end
        return next_state, ...
    end
    return settle(step(generator(inner, state)))
end
local function filter(predicate, generator, parameter, state)
    return wrap(filter_step, {predicate, generator, parameter}, state)
end
define('filter remove_if', 1, filter)
define('grep', 1, function(how, generator, parameter, state)
    if type(how) == 'string' then
        local pattern = how
        how = function(text) return text:find(pattern) ~= nil end
    end
    return filter(how, generator, parameter, state)
end)
define('partition', 1, function(predicate, generator, parameter, state)
    local function opposite(...) return not predicate(...) end
    return (filter(predicate, generator, parameter, state)), filter(opposite, generator, parameter, state)
end)

-- Results of whole sequences.

define('foldl reduce', 2, function(code, result, generator, parameter, state)
    local function step(next_state, ...)
        if next_state == nil then return nil end
        result = code(result, ...)
        return next_state
    end
    repeat state = step(generator(parameter, state)) until state == nil
    return result
end)
define('length', 0, function(generator, parameter, state)
    if generator == next_letter then return #parameter end
    local count = 0
    while true do
        state = generator(parameter, state)
        if state == nil then return count end
        count = count + 1
    end
end)
define('is_null', 0, function(generator, parameter, state) return generator(parameter, state) == nil end)

local function is_prefix_of(left, right)
    local g1, p1, s1 = open(left)
    local g2, p2, s2 = open(right)
    while true do
        local v1, v2
        s1, v1 = g1(p1, s1)
        if s1 == nil then return true end
        s2, v2 = g2(p2, s2)
        if s2 == nil or v1 ~= v2 then return false end
    end
end
package.is_prefix_of = is_prefix_of
methods.is_prefix_of = is_prefix_of

local function first_that(expected, predicate, generator, parameter, state)
    local function step(next_state, ...)
        if next_state == nil then return nil, false end
        return next_state, (not predicate(...)) == (not expected)
    end
    while true do
        local is_found
        state, is_found = step(generator(parameter, state))
        if state == nil then return false end
        if is_found then return true end
    end
end
define('all every', 1, function(...) return not first_that(false, ...) end)
define('any some', 1, function(...) return first_that(true, ...) end)

local function accumulate(start, combine)
    return function(generator, parameter, state)
        local result = start
        while true do
            local value
            state, value = generator(parameter, state)
            if state == nil then return result end
            result = combine(result, value)
        end
    end
end
define('sum', 0, accumulate(0, function(a, b) return a + b end))
define('product', 0, accumulate(1, function(a, b) return a * b end))

local function extreme(name, is_better)
    return function(choose, generator, parameter, state)
        local result
        state, result = generator(parameter, state)
        if state == nil then error(name .. ': iterator is empty') end
        if choose == nil then
            choose = function(a, b) if is_better(b, a) then return b end return a end
        end
        while true do
            local value
            state, value = generator(parameter, state)
            if state == nil then return result end
            result = choose(result, value)
        end
    end
end
local least = extreme('min', function(a, b) return a < b end)
local greatest = extreme('max', function(a, b) return a > b end)
define('min minimum', 0, function(...) return least(nil, ...) end)
define('max maximum', 0, function(...) return greatest(nil, ...) end)
define('min_by minimum_by', 1, least)
define('max_by', 1, greatest)

define('totable', 0, function(generator, parameter, state)
    local result = {}
    while true do
        local value
        state, value = generator(parameter, state)
        if state == nil then return result end
        table.insert(result, value)
    end
end)
define('tomap', 0, function(generator, parameter, state)
    local result = {}
    while true do
        local key, value
        state, key, value = generator(parameter, state)
        if state == nil then return result end
        result[key] = value
    end
end)

-- Sequences made of others.

local function map_step(parameter, state)
    local code = parameter[1]
    local function step(next_state, ...)
        if next_state == nil then return nil end
        return next_state, code(...)
    end
    return step(parameter[2](parameter[3], state))
end
define('map', 1, function(code, generator, parameter, state)
    return wrap(map_step, {code, generator, parameter}, state)
end)

local function enumerate_step(parameter, state)
    local at = state[1]
    local function step(next_state, ...)
        if next_state == nil then return nil end
        return {at + 1, next_state}, at, ...
    end
    return step(parameter[1](parameter[2], state[2]))
end
define('enumerate', 0, function(generator, parameter, state)
    return wrap(enumerate_step, {generator, parameter}, {1, state})
end)

local function intersperse_step(parameter, state)
    local between, generator, inner = parameter[1], parameter[2], parameter[3]
    if state[1] then return {false, state[2]}, between end
    local function step(next_state, ...)
        if next_state == nil then return nil end
        return {true, next_state}, ...
    end
    return step(generator(inner, state[2]))
end
define('intersperse', 1, function(between, generator, parameter, state)
    return wrap(intersperse_step, {between, generator, parameter}, {false, state})
end)

-- The iterators among the arguments: functions bring their parameter and state along.
local function open_all(...)
    local result, at, count = {}, 1, select('#', ...)
    while at <= count do
        local object, parameter, state = select(at, ...)
        if type(object) == 'table' and getmetatable(object) == iterator and at == count - 2
            and rawequal(parameter, object.param) then
            result[#result + 1] = {open(object)}
            at = at + 3
        elseif type(object) == 'function' then
            result[#result + 1] = {object, parameter, state}
            at = at + 3
        else
            result[#result + 1] = {open(object)}
            at = at + 1
        end
    end
    return result
end

local function zip_step(iterators, states)
    local next_states, values = {}, {}
    for at = 1, #iterators do
        local state, value = iterators[at][1](iterators[at][2], states[at])
        if state == nil then return nil end
        next_states[at], values[at] = state, value
    end
    return next_states, unpack(values, 1, #iterators)
end
local function zip(...)
    local iterators = open_all(...)
    if #iterators == 0 then return wrap(nothing, nil, nil) end
    local states = {}
    for at = 1, #iterators do states[at] = iterators[at][3] end
    return wrap(zip_step, iterators, states)
end
package.zip, methods.zip = zip, zip

local function cycle_step(parameter, state)
    local function step(next_state, ...)
        if next_state == nil then return nil end
        return next_state, ...
    end
    local function begin(next_state, ...)
        if next_state == nil then return step(parameter[1](parameter[2], parameter[3])) end
        return next_state, ...
    end
    return begin(parameter[1](parameter[2], state))
end
define('cycle', 0, function(generator, parameter, state)
    return wrap(cycle_step, {generator, parameter, state}, state)
end)

local function chain_step(iterators, state)
    local at = state[1]
    local current = iterators[at]
    local function step(next_state, ...)
        if next_state ~= nil then return {at, next_state}, ... end
        if iterators[at + 1] == nil then return nil end
        return chain_step(iterators, {at + 1, iterators[at + 1][3]})
    end
    return step(current[1](current[2], state[2]))
end
local function chain(...)
    local iterators = open_all(...)
    if #iterators == 0 then return wrap(nothing, nil, nil) end
    return wrap(chain_step, iterators, {1, iterators[1][3]})
end
package.chain, methods.chain = chain, chain

-- Operators as functions.

local operators = {
    lt = function(a, b) return a < b end,
    le = function(a, b) return a <= b end,
    eq = function(a, b) return a == b end,
    ne = function(a, b) return a ~= b end,
    ge = function(a, b) return a >= b end,
    gt = function(a, b) return a > b end,
    add = function(a, b) return a + b end,
    div = function(a, b) return a / b end,
    floordiv = function(a, b) return floor(a / b) end,
    intdiv = function(a, b)
        local quotient = a / b
        if a >= 0 then return floor(quotient) end
        return math.ceil(quotient)
    end,
    mod = function(a, b) return a % b end,
    mul = function(a, b) return a * b end,
    neq = function(a, b) return a ~= b end,
    unm = function(a) return -a end,
    pow = function(a, b) return a ^ b end,
    sub = function(a, b) return a - b end,
    truediv = function(a, b) return a / b end,
    concat = function(a, b) return a .. b end,
    len = function(a) return #a end,
    length = function(a) return #a end,
    land = function(a, b) return a and b end,
    lor = function(a, b) return a or b end,
    lnot = function(a) return not a end,
    truth = function(a) return not not a end,
}
package.operator, package.op = operators, operators
methods.operator, methods.op = operators, operators

return setmetatable(package, {
    __call = function(self, is_overriding)
        for name, value in pairs(self) do
            if rawget(_G, name) ~= nil then
                if not is_overriding then
                    error('function ' .. name .. ' already exists in global scope.')
                end
            end
            rawset(_G, name, value)
        end
    end,
})
`;
