/** The package `errors`: classes of error objects with a stack, and calls that turn exceptions into such objects. */
export const ERRORS_SOURCE = String.raw`
local registered = {}
local class_meta, class_methods = {}, {}
local error_meta = {}
class_meta.__index = class_methods
class_meta.__type = 'error_class'
error_meta.__type = 'error'
error_meta.__index = error_meta

local function is_error(object)
    return type(object) == 'table' and getmetatable(object) == error_meta
end

function error_meta.__tostring(err)
    local text = string.format('%s: %s', err.class_name, err.err)
    if err.stack ~= nil then text = text .. '\n' .. err.stack end
    return text
end
function error_meta.__serialize(err) return tostring(err) end
function error_meta:is_error_object() return is_error(self) end

local function text_of(...)
    if select('#', ...) == 0 then return '' end
    local first = ...
    if select('#', ...) == 1 then return first end
    if type(first) == 'string' then
        local is_ok, text = pcall(string.format, ...)
        if is_ok then return text end
        return string.format('Error formatting %q: %s', first, text)
    end
    return tostring(first)
end

-- The error stands where the function does that is so many calls above this one.
local function create(class, depth, ...)
    local message = text_of(...)
    if is_error(message) then return message end
    local info = debug.getinfo(depth + 1, 'Sl') or {}
    return setmetatable({
        err = type(message) == 'string' and message or tostring(message),
        file = info.short_src,
        line = info.currentline,
        stack = (debug.traceback('', depth + 1):gsub('^\n+', '')),
        class_name = class.name,
    }, error_meta)
end

-- new([level,] [format, ...]); level 1 is the caller. None of these calls is the last thing that its function does: such
-- a function would be no level of the stack any more.
function class_methods:new(...)
    local err
    if type((...)) == 'number' then
        err = create(self, ... + 1, select(2, ...))
    else
        err = create(self, 2, ...)
    end
    return err
end

function class_methods:pcall(code, ...)
    local class = self
    local function finish(is_ok, ...)
        if is_ok then return ... end
        return nil, (...)
    end
    return finish(xpcall(code, function(err)
        if is_error(err) then return err end
        local wrapped = create(class, 2, '%s', tostring(err))
        return wrapped
    end, ...))
end

function class_methods:assert(condition, ...)
    if condition then return condition, ... end
    local err = self:new(2, ...)
    error(err, 0)
end

class_meta.__tostring = function(class) return class.name end

local function new_class(name)
    if type(name) ~= 'string' then
        error('bad argument #1 to errors.new_class (string expected, got ' .. type(name) .. ')', 2)
    end
    if registered[name] == nil then registered[name] = setmetatable({name = name}, class_meta) end
    return registered[name]
end

local package = {new_class = new_class, is_error_object = is_error}

function package.new(class_name, ...)
    local class = new_class(class_name)
    local err
    if type((...)) == 'number' then
        err = class:new(... + 1, select(2, ...))
    else
        err = class:new(2, ...)
    end
    return err
end
function package.pcall(class_name, code, ...) return new_class(class_name):pcall(code, ...) end
function package.assert(class_name, condition, ...)
    return new_class(class_name):assert(condition, ...)
end
function package.wrap(...)
    local values, count = {...}, select('#', ...)
    for at = 1, count do
        local value = values[at]
        if type(value) == 'table' and value.class_name ~= nil and value.err ~= nil and not is_error(value) then
            values[at] = setmetatable(value, error_meta)
        elseif type(value) == 'string' then
            local class_name, rest = value:match('^([%w_]+): (.*)$')
            if class_name ~= nil and registered[class_name] ~= nil then
                local message, stack = rest:match('^(.-)\n(stack traceback:.*)$')
                values[at] = setmetatable({class_name = class_name, err = message or rest, stack = stack}, error_meta)
            end
        end
    end
    return unpack(values, 1, count)
end

local netbox_call, netbox_eval = new_class('NetboxCallError'), new_class('NetboxEvalError')
local function remote(class, method)
    return function(connection, text, args, options)
        if type(connection) ~= 'table' then error('Bad connection', 2) end
        local function finish(is_ok, ...)
            if is_ok then return package.wrap(...) end
            return nil, class:new(2, '"%s": %s', connection.host and
                string.format('%s:%s', connection.host, connection.port) or 'localhost', tostring((...)))
        end
        return finish(pcall(connection[method], connection, text, args, options))
    end
end
package.netbox_call = remote(netbox_call, 'call')
package.netbox_eval = remote(netbox_eval, 'eval')
function package.netbox_wait_async(future, timeout)
    local results, err = future:wait_result(timeout)
    if results == nil then return nil, netbox_call:new(2, '%s', tostring(err)) end
    return package.wrap(unpack(results))
end
function package.list()
    local names = {}
    for name in pairs(registered) do names[#names + 1] = name end
    table.sort(names)
    return names
end
package.deprecate = function() end

return package
`;
