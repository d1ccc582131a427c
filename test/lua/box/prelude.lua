-- Every line of the text is evaluated; what it gives is printed without addresses and in a fixed order.
local function shown(value, depth)
    if type(value) == 'string' then return "'" .. value .. "'" end
    if type(value) ~= 'table' or depth > 3 then
        return (tostring(value):gsub('0x%x+', 'ADDRESS'):gsub('builtin#%d+', 'ADDRESS'))
    end
    local entries = {}
    for key, item in pairs(value) do entries[#entries + 1] = shown(key, depth + 1) .. '=' .. shown(item, depth + 1) end
    table.sort(entries)
    return '{' .. table.concat(entries, ',') .. '}'
end

local function outcome(isDone, ...)
    local out = {isDone and 'ok' or 'error'}
    local first = ...
    if not isDone and type(first) == 'cdata' then out[1] = ('%s %s'):format(first.type, first.code) end
    for at = 1, select('#', ...) do out[#out + 1] = shown((select(at, ...)), 1) end
    return table.concat(out, ' | ')
end

function each(text)
    for line in text:gmatch('[^\n]+') do
        local code = loadstring('local function same(...) return ... end; return same(' .. line .. ')', '=line')
        local isStatement = code == nil
        code = code or assert(loadstring(line, '=line'))
        print(line, isStatement and 'done' or '', outcome(pcall(code)))
    end
end
