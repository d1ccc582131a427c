/** The package `tap`: tests that report in the Test Anything Protocol, with the words and the form of Tarantool's. */
export const TAP_SOURCE = String.raw`
local yaml = require('yaml')
local ffi_type = function(name)
    local has_ffi, ffi = pcall(require, 'ffi')
    return has_ffi and ffi[name] or nil
end

local methods = {}
local meta = {__index = methods}

local function write(test, text) io.write(('    '):rep(test.level), text, '\n') end

local function details(test, values)
    if test.trace then
        local info = debug.getinfo(4, 'Sl') or {}
        local frames = {}
        for level = 4, 20 do
            local frame = debug.getinfo(level, 'Sln')
            if frame == nil then break end
            if frame.what ~= 'C' then
                frames[#frames + 1] = {
                    source = frame.source, src = frame.short_src, line = frame.linedefined or 0, what = frame.what,
                    name = frame.name, namewhat = frame.namewhat, filename = frame.short_src,
                }
            end
        end
        values.filename = info.short_src
        values.line = info.currentline
        values.trace = frames
    end
    if next(values) == nil then return end
    local text = yaml.encode(values)
    for line in text:gmatch('[^\n]+') do write(test, '  ' .. line) end
end

local function report(test, is_passed, message, extra)
    test.total = test.total + 1
    write(test, (is_passed and 'ok - ' or 'not ok - ') .. tostring(message))
    if is_passed then return true end
    test.failed = test.failed + 1
    local values = {}
    for key, value in pairs(type(extra) == 'table' and extra or {}) do values[key] = value end
    details(test, values)
    return false
end

local function with(extra, additions)
    local result = {}
    for key, value in pairs(type(extra) == 'table' and extra or {}) do result[key] = value end
    for key, value in pairs(additions) do result[key] = value end
    return result
end

local function is_null(value) return value == nil end

local function is_nan(value) return type(value) == 'number' and value ~= value end

local function is_c_boolean(value)
    local is_type = type(value) == 'cdata' and ffi_type('istype')
    return is_type and is_type('bool', value)
end

-- Whether the two are equal in depth; what differs is left in the report.
local function equal_deeply(report_of, got, expected)
    if type(expected) == 'number' or type(got) == 'number' then
        report_of.got, report_of.expected = got, expected
        return got == expected or (is_nan(got) and is_nan(expected))
    end
    if is_c_boolean(got) then got = got == 1 end
    if is_c_boolean(expected) then expected = expected == 1 end
    if type(got) == 'cdata' or type(expected) == 'cdata' then
        local is_same = got == expected
        if report_of.strict then is_same = is_same and type(got) == type(expected) end
        report_of.got, report_of.expected = got, expected
        return is_same
    end
    if type(got) ~= type(expected) then
        report_of.got, report_of.expected = got, expected
        return false
    end
    if type(got) ~= 'table' then
        report_of.got, report_of.expected = got, expected
        return got == expected
    end
    local path = report_of.path or '/'
    local seen = {}
    for key, value in pairs(got) do
        seen[key] = true
        report_of.path = path .. '/' .. tostring(key)
        if not equal_deeply(report_of, value, expected[key]) then return false end
    end
    for key, value in pairs(expected) do
        if not seen[key] and (report_of.strict or not is_null(value)) then
            report_of.expected = 'key ' .. tostring(key)
            report_of.got = 'nil'
            return false
        end
    end
    report_of.path = path
    return true
end

function methods.ok(test, condition, message, extra)
    return report(test, condition and true or false, message, extra)
end
function methods.fail(test, message, extra) return report(test, false, message, extra) end
function methods.skip(test, message, extra) return report(test, true, message .. ' # skip', extra) end

local function same(test, got, expected)
    if test.strict and type(got) ~= type(expected) then return false end
    return got == expected
end
function methods.is(test, got, expected, message, extra)
    return report(test, same(test, got, expected), message, with(extra, {got = got, expected = expected}))
end
function methods.isnt(test, got, unexpected, message, extra)
    return report(test, not same(test, got, unexpected), message, with(extra, {got = got, unexpected = unexpected}))
end
function methods.is_deeply(test, got, expected, message, extra)
    local difference = with(extra, {strict = test.strict})
    return report(test, equal_deeply(difference, got, expected), message, difference)
end
function methods.like(test, got, pattern, message, extra)
    local is_like = string.match(tostring(got), pattern) ~= nil
    return report(test, is_like, message, with(extra, {got = got, expected = pattern}))
end
function methods.unlike(test, got, pattern, message, extra)
    local is_like = string.match(tostring(got), pattern) ~= nil
    return report(test, not is_like, message, with(extra, {got = got, expected = pattern}))
end
function methods.isnil(test, value, message, extra)
    return report(test, is_null(value), message, with(extra, {got = value, expected = 'nil'}))
end
for name, kind in pairs({isnumber = 'number', isstring = 'string', istable = 'table', isboolean = 'boolean',
    isfunction = 'function'}) do
    methods[name] = function(test, value, message, extra)
        return report(test, type(value) == kind, message, with(extra, {got = type(value), expected = kind}))
    end
end
function methods.isudata(test, value, kind, message, extra)
    local is_such = type(value) == 'userdata' and getmetatable(value) == kind
    local got = type(value) == 'userdata' and 'userdata<' .. tostring(getmetatable(value)) .. '>' or type(value)
    return report(test, is_such, message, with(extra, {got = got, expected = 'userdata<' .. tostring(kind) .. '>'}))
end
function methods.iscdata(test, value, kind, message, extra)
    local typeof = ffi_type('typeof')
    local wanted = typeof and typeof(kind)
    local got = type(value) == 'cdata' and typeof and typeof(value) or type(value)
    return report(test, got == wanted, message, with(extra, {got = tostring(got), expected = tostring(wanted)}))
end

function methods.diag(test, text, ...)
    write(test, '# ' .. string.format(text, ...))
end

function methods.plan(test, count)
    test.planned = count
    write(test, ('1..%d'):format(count))
end

function methods.check(test)
    if test.checked then error('check called twice') end
    test.checked = true
    if test.planned ~= test.total then
        if test.parent ~= nil then
            report(test.parent, false, 'bad plan', {planned = test.planned, run = test.total})
        else
            test:diag('bad plan: planned %d run %d', test.planned, test.total)
        end
    elseif test.failed > 0 then
        if test.parent ~= nil then
            report(test.parent, false, 'failed subtests', {failed = test.failed, planned = test.planned})
        else
            test:diag('failed subtest: %d', test.failed)
        end
    elseif test.parent ~= nil then
        report(test.parent, true, test.name)
    end
    return test.planned == test.total and test.failed == 0
end

local function create(parent, name, code, ...)
    local level = parent ~= nil and parent.level + 1 or 0
    local test = setmetatable({
        parent = parent, name = name, level = level, total = 0, failed = 0, planned = 0, checked = false,
        trace = parent == nil or parent.trace, strict = parent ~= nil and parent.strict or false,
    }, meta)
    if parent == nil then io.write('TAP version 13\n') end
    if code == nil then return test end
    test:diag('%s', name)
    code(test, ...)
    test:diag('%s: end', name)
    return test:check()
end
function methods.test(parent, name, code, ...) return create(parent, name, code, ...) end

return {test = function(name, code, ...) return create(nil, name, code, ...) end}
`;
