-- The library console, outside of any console.
local console = require('console')
local json = require('json')

local names = {}
for name, value in pairs(console) do
    names[#names + 1] = name .. ': ' .. type(value)
end
table.sort(names)
print(table.concat(names, ', '))

print(console.eval('1 + 1'))
print(console.eval("return 'a', {1, 2}"))
print(console.eval('x ='))
print(console.eval("error('boo')"))
print(console.eval('\\set nothing'))
print(console.eval())
print(pcall(console.eval, 1))
print(pcall(console.eval, {}))

for _, name in ipairs({'delimiter', 'ac', 'connect'}) do
    print(name, pcall(console[name]))
    print(name, pcall(console[name], ';'))
end

print(json.encode(console.get_default_output()))
print(pcall(console.set_default_output))
print(pcall(console.set_default_output, {fmt = 'lua'}))
print(pcall(console.set_default_output, 1))
print(pcall(console.set_default_output, 'xml'))
print(pcall(console.set_default_output, ''))
print(pcall(console.set_default_output, 'lua,both'))
print(console.eos() == '\n...\n')
print(pcall(console.set_default_output, 'lua,block'))
print(json.encode(console.get_default_output()), console.eos())
print(pcall(console.set_default_output, 'lua'))
print(json.encode(console.get_default_output()), console.eos())
print(console.eval('2 + 2'))
print(pcall(console.set_default_output, 'yaml'))

for _, name in ipairs({'on_start', 'on_client_disconnect'}) do
    print(name, pcall(console[name], 1))
    print(name, pcall(console[name], {}))
    print(name, pcall(console[name], print))
    print(name, pcall(console[name]))
end

print(json.encode(console.completion_handler('prin', 0, 4)))
print(json.encode(console.completion_handler('string.fi', 0, 9)))
print(json.encode(console.completion_handler('string.rev', 0, 10)))
print(console.completion_handler('nobody', 0, 6))
print(console.completion_handler('string.nobody', 0, 13))
local found = console.completion_handler('string.f', 0, 8)
local first = table.remove(found, 1)
table.sort(found)
print(first, table.concat(found, ' '))

for _, uri in ipairs({'foo', '127.0.0.1', ''}) do
    print(pcall(console.listen, uri))
end
print(pcall(console.listen, {}))
print(pcall(console.listen, true))
