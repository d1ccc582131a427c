-- Numeric loops: bounds, steps, what is changed inside, and how they end.
local function count(first, last, step, most)
    local seen, sum = 0, 0
    for value = first, last, step do
        seen, sum = seen + 1, sum + value
        if seen == most then break end
    end
    return seen, sum
end
print(count(1, 0, 1)) print(count(1, 1, 1)) print(count(1, 999, 1)) print(count(1, 1000, 1)) print(count(1, 1001, 1))
print(count(1, 2500, 1)) print(count(-1500, 1500, 1)) print(count(0.5, 3, 1)) print(count(10, 1, -3)) print(count(1, 3, 0.25))
print(count(1, math.huge, 1, 3500)) print(count(-math.huge, 0, 1, 5)) print(count(0/0, 1, 1, 5)) print(count(1, 0/0, 1, 5))
print(count(2^53 - 2, 2^53, 1, 5)) print(count(2^52 - 2, 2^52 + 2, 1, 50)) print(count(-2^53, -2^53 + 10, 1, 5))
local function plain(first, last, most)
    local seen, text = 0, {}
    for value = first, last do
        seen = seen + 1
        if value % 400 == 0 then text[#text + 1] = value end
        if seen == most then break end
    end
    return seen, table.concat(text, ' ')
end
print(plain(1, 3000)) print(plain(1, 3000, 1000)) print(plain(1, 3000, 1001)) print(plain(-2000, 999)) print(plain(2^53, 2^53 + 5, 5))
print(plain(-math.huge, 1, 3)) print(plain(1, math.huge, 2001)) print(plain(0.5, 1002.25)) print(plain(3, 2)) print(plain(0/0, 5, 3))
-- The variable is the body's own, and each iteration has one.
local functions = {}
for value = 1, 2003 do
    functions[value] = function() value = value + 1 return value end
    value = value * 2
end
print(functions[1](), functions[1](), functions[1000](), functions[1001](), functions[2003]())
-- Ways out of and around in it.
local function find(wanted)
    for value = 1, 5000 do
        for inner = 1, 3 do
            if inner == 2 then break end
            if value == wanted then return value, inner end
        end
        if value > 4000 then goto done end
        if value % 2 == 0 then goto continue end
        if value == wanted + 1 then return 'next', value end
        ::continue::
    end
    ::done::
    return 'none'
end
print(find(1)) print(find(1000)) print(find(1001)) print(find(4500))
print(pcall(function() for value = 1, 2000 do if value == 1500 then error('at ' .. value) end end end))
print(pcall(function() for value = 1, {} do end end)) print(pcall(function() for value = 'x', 2 do end end))
print(pcall(function() for value = 1, 2, nil do end end))
for value = '1', '3' do io.write(type(value), ' ') end print()
local total = 0
for outer = 1, 50 do for inner = 1, 50 do for third = 1, 3 do total = total + outer * inner * third end end end
print(total)
-- Other fibers run between iterations that wait.
local fiber = require('fiber')
local order = {}
local other = fiber.new(function() for value = 1, 3 do order[#order + 1] = 'b' .. value fiber.yield() end end)
other:set_joinable(true)
for value = 1, 3 do order[#order + 1] = 'a' .. value fiber.yield() end
other:join()
print(table.concat(order, ' '))
os.exit(0)
