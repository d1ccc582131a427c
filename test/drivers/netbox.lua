-- Tarantool's own client against the server at arg[1], as user arg[2] with password arg[3]. Prints `done` at the end;
-- anything else on the way is an error. Between `stop` and `started` the test restarts the server.
local netbox = require('net.box')
local json = require('json')
local fiber = require('fiber')

local function check(what, got, expected)
    local text = json.encode(got)
    if text ~= json.encode(expected) then
        error(string.format('%s: got %s, expected %s', what, text, json.encode(expected)), 0)
    end
end

local function fails(what, message, f, ...)
    local ok, err = pcall(f, ...)
    if ok then error(what .. ': no error', 0) end
    check(what, tostring(err), message)
end

local function run()
    local stranger = netbox.connect(arg[1], {user = arg[2], password = 'wrong', wait_connected = true})
    check('wrong password', stranger.error, "Incorrect password supplied for user '" .. arg[2] .. "'")
    stranger:close()

    local conn = netbox.connect(arg[1], {user = arg[2], password = arg[3], reconnect_after = 0.1})
    check('state', conn.state, 'active')
    check('ping', conn:ping(), true)
    check('protocol', conn.protocol, 'Binary')

    local cities = conn.space.cities
    check('space id', cities.id, 512)
    check('format', cities:format()[2].name, 'name')
    check('index', {cities.index.name.id, cities.index.name.unique, cities.index.name.parts[1].type}, {1, true, 'string'})
    check('view', #conn.space._vspace:select({512}), 1)

    check('insert', cities:insert({1, 'Riga', 605}), {1, 'Riga', 605})
    check('insert', cities:insert({2, 'Oslo', 709}), {2, 'Oslo', 709})
    check('replace', cities:replace({3, 'Bonn', box.NULL}), {3, 'Bonn', box.NULL})
    check('update', cities:update(1, {{'+', 'people', 5}}), {1, 'Riga', 610})
    check('update by index', cities.index.name:update('Oslo', {{'=', 3, 710}}), {2, 'Oslo', 710})
    check('upsert', cities:upsert({3, 'Bonn', 1}, {{'=', 3, 336}}), nil)
    check('upsert', cities:upsert({4, 'Kyiv', 2952}, {{'=', 3, 1}}), nil)
    check('delete', cities.index.name:delete('Oslo'), {2, 'Oslo', 710})

    check('get', cities:get(4), {4, 'Kyiv', 2952})
    check('get nothing', cities:get(99), nil)
    check('select all', cities:select(), {{1, 'Riga', 610}, {3, 'Bonn', 336}, {4, 'Kyiv', 2952}})
    check('select', cities.index.name:select('Riga', {iterator = 'LT'}), {{4, 'Kyiv', 2952}, {3, 'Bonn', 336}})
    check('limit', cities:select({1}, {iterator = 'GE', offset = 1, limit = 1}), {{3, 'Bonn', 336}})
    check('names', cities:get(1).name, 'Riga')
    check('min and max', {cities.index.primary:select({}, {limit = 1})[1][1],
                          cities.index.primary:select({}, {iterator = 'REQ', limit = 1})[1][1]}, {1, 4})

    fails('duplicate', "Duplicate key exists in unique index 'primary' in space 'cities'", cities.insert, cities, {1, 'Rome'})
    fails('type', 'Tuple field 2 type does not match one required by operation: expected string',
          cities.insert, cities, {5, 6})
    fails('procedure', "Procedure 'nothing' is not defined", conn.call, conn, 'nothing')
    fails('key', 'Supplied key type of part 0 does not match index part type: expected unsigned', cities.get, cities, 'x')
    local ok, err = pcall(cities.insert, cities, {1, 'Rome'})
    check('error object', {ok, err.code, err.type}, {false, 3, 'ClientError'})

    check('call', {conn:call('sum', {1, 2, 39})}, {42})
    check('async', conn:call('sum', {3, 4}, {is_async = true}):wait_result(10), {7})
    local futures = {}
    for i = 1, 100 do futures[i] = cities:replace({1000 + i, 'town ' .. i, i}, {is_async = true}) end
    for i = 1, 100 do check('pipelined', futures[i]:wait_result(10), {1000 + i, 'town ' .. i, i}) end
    check('count', #cities:select({}, {limit = 1000}), 103)

    -- The schema that the client knows is renewed when it has changed.
    conn.space._space:insert({513, 1, 'later', 'memtx', 0, setmetatable({}, {__serialize = 'map'}), {}})
    conn.space._index:insert({513, 0, 'pk', 'tree', {unique = true}, {{0, 'unsigned'}}})
    conn:reload_schema()
    check('new space', conn.space.later:insert({1}), {1})

    io.stdout:write('stop\n')
    io.stdout:flush()
    local deadline = fiber.clock() + 30
    while conn.state == 'active' and fiber.clock() < deadline do fiber.sleep(0.02) end
    while conn.state ~= 'active' and fiber.clock() < deadline do fiber.sleep(0.02) end
    check('reconnected', conn.state, 'active')
    check('after the restart', conn.space.cities:get(1), {1, 'Riga', 610})
    check('call after the restart', {conn:call('sum', {2, 2})}, {4})
    conn:close()
end

local ok, err = pcall(run)
io.stdout:write(ok and 'done\n' or ('failed: ' .. tostring(err) .. '\n'))
io.stdout:flush()
os.exit(ok and 0 or 1)
