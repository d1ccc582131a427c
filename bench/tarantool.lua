-- The peer of the benchmark: a Tarantool with the same limits and the same procedures as bench/procedures.mjs.
-- Spaces, users and rights are created over iproto by rows of the system spaces, alike on both servers.
local port, memory = tonumber(arg[1]), tonumber(arg[2])

box.cfg{
    listen = '127.0.0.1:' .. port,
    memtx_memory = memory,
    checkpoint_interval = 0,
    checkpoint_count = 1,
    log_level = 4,
}
if not box.space._priv.index.primary:get{0, 'role', 31} then
    box.schema.user.grant('guest', 'super')
end

-- One tuple of a space by its key.
function read_one(space_id, key)
    return box.space[space_id]:get(key)
end

function take_snapshot()
    return box.snapshot()
end

-- Bytes that the engine uses for tuples and indexes.
function memory_used()
    return box.slab.info().arena_used
end

-- A trigger that does nothing, to pay for calling one.
function set_trigger(space_id)
    box.space[space_id]:on_replace(function() end)
end

io.stdout:write('ready\n')
io.stdout:flush()
