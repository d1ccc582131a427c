-- Operators and comparisons of decimals.
local decimal = require('decimal')
local d = decimal.new
local function try(f, ...)
  local r = {pcall(f, ...)}
  if r[1] then return tostring(r[2]) end
  return 'error: ' .. tostring(r[2])
end

for _, v in ipairs{1, 1.5, -0.0, 0, 0.1, 1/3, 1e37, 1e38, 0/0, 1/0, 1e-40, 123456789012345678, 1e15, '1.20', '-0', '1e5', '1e-5',
    '1e-38', '1e-39', '1e37', '1e38', 'x', '', ' 1', '+1', '.5', '5.', '0x10', 'nan', 1ULL, -1LL, 18446744073709551615ULL, require('msgpack').NULL,
    true, '99999999999999999999999999999999999999', '999999999999999999999999999999999999999',
    '0.999999999999999999999999999999999999999', d(5)} do
  print(tostring(v), try(d, v))
end
print(try(d), try(d, nil), type(d(1)))
local operators = {
  {'+', function(a, b) return a + b end}, {'-', function(a, b) return a - b end}, {'*', function(a, b) return a * b end},
  {'/', function(a, b) return a / b end}, {'%', function(a, b) return a % b end}, {'^', function(a, b) return a ^ b end},
  {'==', function(a, b) return a == b end}, {'<', function(a, b) return a < b end}, {'<=', function(a, b) return a <= b end},
  {'..', function(a, b) return a .. b end},
}
local function all(a, b)
  for _, o in ipairs(operators) do print(tostring(a) .. o[1] .. tostring(b), try(o[2], a, b)) end
end
for _, p in ipairs{{'1.5', '2'}, {'1', '3'}, {'1', '0'}, {'0', '0'}, {'2', '0.5'}, {'-8', '0.333'}, {'1e37', '1e37'}, {'1.50', '1.5'},
    {'10', '-3'}, {'2', '-3'}, {'2', '200'}, {'1e-30', '1e-30'}, {'100', '3.000'}, {'1.23', '4.5678'}, {'0', '5'}, {'-2', '3'},
    {'-2', '0.5'}, {'1.1', '2.5'}, {'4', '0.5'}, {'100', '0.5'}, {'0.1', '38'}, {'0.1', '39'}, {'1.1', '100'}, {'1.00', '5'},
    {'12345678901234567890123456789012345678', '0.1'}, {'-1', '3'}, {'5', '0'}, {'1.0000', '2'}, {'6', '1.00'}} do
  all(d(p[1]), d(p[2]))
end
all(d('1.5'), 2)
all(2, d('1.5'))
all(d('1.5'), 2ULL)
all(d('1.5'), '2')
print(-d('0'), -d('0.0'), -d('1.5'), d('0') * -1, d('-0') + 0, d('-0') == d('0'), d('1e5') + 1, d('1e5') / d('1e2'))
print(d(1) == nil, d(1) == require('msgpack').NULL, try(function() return d(1) < nil end), try(function() return d(1) + nil end))
print(try(function() return #d(1) end), try(function() return d(1).x end), try(function() return d(1)[1] end))
print(try(function() d(1).x = 1 end), 1 < d(2), '1' < d(2), tonumber(d('1.5')))
