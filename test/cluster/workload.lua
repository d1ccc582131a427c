-- Work for servers of a replica set, and what is compared of them afterwards. The same text runs on either kind.
--
-- Each worker has a number, keys, spaces and ids of its own, so that several servers of a set may work at once without
-- conflict. What they write is whatever a user may: all kinds of statements, transactions, definitions, sequences.
local digest = require('digest')
local fiber = require('fiber')
local json = require('json')
local msgpack = require('msgpack')

-- Whether workers write what is not replicated.
writes_local = true

local KEYS = 150
local stopped = {}

-- Rows of `_sequence_data` are there only where they came by a snapshot or `next`; their place is taken by the values.
local function is_global(space)
    return space[4] == 'memtx' and space[6].group_id ~= 1 and not space[6].temporary and space[3] ~= '_sequence_data'
end

local function sequence_values()
    local result = {}
    for _, definition in box.space._sequence:pairs() do
        local ok, value = pcall(box.sequence[definition[3]].current, box.sequence[definition[3]])
        table.insert(result, definition[3] .. ': ' .. (ok and tostring(value) or 'not begun'))
    end
    return table.concat(result, ', ')
end

-- By space: how many rows it has, and a digest of them; without members if one of these is asked for.
function global_rows(only)
    local result = {}
    for _, definition in box.space._space:pairs() do
        if is_global(definition) and (only == 0 or definition[3] ~= '_cluster') then
            local rows = {}
            for _, row in box.space[definition[1]]:pairs() do
                table.insert(rows, msgpack.encode(row))
            end
            table.sort(rows)
            result[definition[3]] = #rows .. ' rows ' .. digest.sha1_hex(table.concat(rows))
        end
    end
    result.sequences = sequence_values()
    return result
end

-- The state without what is local; only of one member, unless it is 0.
function global_vclock(only)
    local vclock = {}
    for id, lsn in pairs(box.info.vclock) do
        if id ~= 0 and (only == 0 or id == only) then
            table.insert(vclock, ('%02d: %d'):format(id, lsn))
        end
    end
    table.sort(vclock)
    return json.encode(vclock)
end

-- How many masters are in a state.
function upstreams(status)
    local count = 0
    for _, replica in pairs(box.info.replication) do
        if replica.upstream ~= nil and replica.upstream.status == status then
            count = count + 1
        end
    end
    return count
end

-- Why upstreams do not follow.
function messages()
    local result = {}
    for _, replica in pairs(box.info.replication) do
        if replica.upstream ~= nil and replica.upstream.message ~= nil then
            table.insert(result, replica.upstream.message)
        end
    end
    return result
end

-- The only upstream that there is.
function upstream()
    for _, replica in pairs(box.info.replication) do
        if replica.upstream ~= nil then
            return replica.upstream
        end
    end
end

function prepare_work()
    box.schema.space.create('plain', { format = { { 'id', 'unsigned' }, { 'text', 'string' }, { 'n', 'any', is_nullable = true } } })
    box.space.plain:create_index('primary')
    box.space.plain:create_index('text', { parts = { 'text' }, unique = false })
    box.schema.space.create('counters'):create_index('primary', { type = 'hash' })
    box.schema.space.create('lists'):create_index('primary', { parts = { 1, 'string' } })
    box.schema.space.create('own', { is_local = true }):create_index('primary')
    box.schema.space.create('passing', { temporary = true }):create_index('primary')
    for number = 1, 3 do
        box.schema.space.create('scratch' .. number):create_index('primary')
        box.schema.sequence.create('numbers' .. number)
        box.schema.space.create('numbered' .. number):create_index('primary', { sequence = 'numbers' .. number })
    end
end

local function change_plain(number, random)
    local space = box.space.plain
    local key = number * 1000000 + random(KEYS)
    local text = ('text %d'):format(random(50))
    local kind = random(5)
    if space:get(key) == nil then
        space:insert { key, text, random(1000) }
    elseif kind == 1 then
        space:delete(key)
    elseif kind == 2 then
        space:replace { key, text, { random(9), 'deep', { a = 1.5 } } }
    elseif kind == 3 then
        space:update(key, { { '=', 2, text }, { '=', 3, box.NULL } })
    else
        space:upsert({ key, text, 1 }, { { '=', 3, -random(1000) } })
    end
end

local steps = {
    change_plain,
    change_plain,
    function(number, random)
        box.space.counters:upsert({ number * 1000 + random(20), 1 }, { { '+', 2, 1 } })
    end,
    function(number, random)
        box.space.lists:replace { number .. ' ' .. random(KEYS), ('x'):rep(random(300)), { 1, 2, { 3 } } }
    end,
    function(number, random)
        if writes_local then
            box.space.own:replace { random(KEYS), number }
        end
        box.space.passing:replace { random(KEYS), number }
    end,
    function(number)
        box.space['numbered' .. number]:insert { box.NULL, 'next' }
    end,
    function(number)
        box.sequence['numbers' .. number]:next()
    end,
    function(number, random)
        box.begin()
        for _ = 1, random(10) do
            change_plain(number, random)
        end
        if writes_local then
            box.space.own:replace { random(KEYS), 'in a transaction' }
        end
        if random(4) == 1 then
            box.rollback()
        else
            box.commit()
        end
    end,
    function(number, random)
        local space = box.space['scratch' .. number]
        for _ = 1, 5 do
            space:replace { random(KEYS) }
        end
        if random(10) == 1 then
            space:truncate()
        end
    end,
    function(number, random)
        if random(5) > 1 then
            return
        end
        local name = 'made' .. number
        local space = box.space[name]
        if space == nil then
            box.schema.space.create(name, { id = 10000 * number + random(100) })
        elseif space.index[0] == nil then
            -- By itself, because a server may be killed between any two of these.
            space:create_index('primary')
            space:insert { 1, random(10) }
            space:insert { 2, random(10) }
        elseif space.index.second == nil then
            space:create_index('second', { parts = { 2, 'unsigned' }, unique = false })
            space:format { { 'id', 'unsigned' }, { 'value', 'unsigned' } }
        else
            space:drop()
        end
    end,
}

-- Begins to write, as worker 1, 2 or 3, until `stop_work`.
function start_work(number)
    local state = number * 7919 + fiber.id()
    local function random(most)
        state = (state * 16807) % 2147483647
        return state % most + 1
    end
    stopped = { count = 0, asked = false, channel = fiber.channel(1) }
    local work = stopped
    fiber.create(function()
        local ok, err = true, nil
        while ok and not work.asked do
            ok, err = pcall(steps[random(#steps)], number, random)
            work.count = work.count + 1
            fiber.sleep(0.001)
        end
        box.rollback()
        work.channel:put(ok and 'done' or tostring(err))
    end)
end

function work_count()
    return stopped.count
end

-- 'done', or what went wrong.
function stop_work()
    stopped.asked = true
    return stopped.channel:get()
end
