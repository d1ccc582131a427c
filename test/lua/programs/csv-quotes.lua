-- What csv reads of every short text of quotation marks, letters, delimiters and blanks.
local csv = require('csv')
io.write(csv.dump({{'"""', ',","'}, {'""'}, {'"'}, {'a"b'}, {'a""b'}}))
local function show(text)
    local parts = {}
    for _, row in ipairs(csv.load(text)) do
        for i = 1, #row do parts[#parts + 1] = '[' .. row[i] .. ']' end
        parts[#parts + 1] = '/'
    end
    print((text:gsub('\n', '|'):gsub('\r', '^')), table.concat(parts))
end
local function generate(alphabet, left, text)
    if left == 0 then return show(text) end
    for _, letter in ipairs(alphabet) do generate(alphabet, left - 1, text .. letter) end
end
for length = 1, 5 do generate({'"', 'a', ','}, length, '') end
for length = 1, 4 do generate({'"', ' ', '\n', '\r', 'a'}, length, '') end
