-- The functions of the library decimal.
local decimal = require('decimal')
local d = decimal.new
local function try(f, ...)
  local r = {pcall(f, ...)}
  if r[1] then return tostring(r[2]) end
  return 'error: ' .. tostring(r[2])
end

for _, x in ipairs{'1.2345', '-1.235', '123456', '0', '0.000', '1e5', '99.995', '0.5', '1.5', '2.5', '1.2300', '100', '-0', '9.99'} do
  for _, n in ipairs{0, 1, 2, 3, 5, -1, 37, 38, 39} do
    io.write(n, '=', try(decimal.round, d(x), n), '/', try(decimal.rescale, d(x), n), ' ')
  end
  print(x, try(decimal.trim, d(x)), try(decimal.precision, d(x)), try(decimal.scale, d(x)), try(decimal.abs, d(x)),
    try(decimal.sqrt, d(x)), try(decimal.ln, d(x)), try(decimal.exp, d(x)))
end
for _, x in ipairs{'2', '10', '0.001', '1000', '3', '0.5', '7', '123456'} do print(x, try(decimal.log10, d(x))) end
for _, x in ipairs{'1.01', '0.99', '1.0001', '0.1', '0.9', '1.00000000000000000001', '1e-38', '22000', '22100', '0', '-1'} do
  print(x, try(decimal.ln, d(x)))
end
for _, x in ipairs{'1', '87', '88', '-100', '1e-20', '-1', '-50', '0.00', '1e-38'} do print(x, try(decimal.exp, d(x))) end
for _, x in ipairs{'4', '0.25', '1e-38', '-1', '144.00', '2e10', '0.00001', '3e-10', '1e-37'} do print(x, try(decimal.sqrt, d(x))) end
for _, name in ipairs{'abs', 'exp', 'ln', 'log10', 'sqrt', 'precision', 'scale', 'round', 'rescale', 'trim', 'is_decimal', 'new'} do
  print(name, try(decimal[name]), try(decimal[name], {}, 1))
end
print(try(decimal.round, '1.55', 1), try(decimal.round, d('1.5'), 1.7), try(decimal.rescale, d(1), '2'))
print(decimal.is_decimal(1), decimal.is_decimal(d(1)), decimal.abs('-5'), decimal.exp(1))
local names = {}
for name in pairs(decimal) do names[#names + 1] = name end
table.sort(names)
print(table.concat(names, ' '))
