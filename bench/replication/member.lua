-- A member of a replica set of the benchmark, run by a real Tarantool and by `picodata tarantool` alike: the master, or,
-- with its port as the third argument, a replica of it. Its procedures are there before `box.cfg`, for that ends late.
local port, memory, master_port = tonumber(arg[1]), tonumber(arg[2]), arg[3]

-- How much of what the master wrote is here.
function applied_lsn()
    return box.info.vclock[1] or 0
end

-- Whether it has a master, and has all that this one had when they met.
function follows()
    for _, replica in pairs(box.info.replication) do
        if replica.upstream ~= nil and replica.upstream.status == 'follow' then
            return true
        end
    end
    return false
end

function row_count(space_id)
    return box.space[space_id]:len()
end

-- Inserts rows like those of the load into an empty space, several in a transaction, in an order that is not the index's.
function write_rows(space_id, first_key, count, rows_of_transaction)
    local space, text = box.space[space_id], ('x'):rep(100)
    for number = 0, count - 1 do
        if number % rows_of_transaction == 0 then
            box.commit()
            box.begin()
        end
        space:insert{first_key + number * 7919 % count, text}
    end
    box.commit()
end

function take_snapshot()
    return box.snapshot()
end

box.cfg{
    listen = '127.0.0.1:' .. port,
    replication = master_port and '127.0.0.1:' .. master_port or nil,
    read_only = master_port ~= nil,
    memtx_memory = memory,
    checkpoint_interval = 0,
    checkpoint_count = 1,
    log_level = 4,
}
if master_port == nil then
    box.schema.user.grant('guest', 'super', nil, nil, { if_not_exists = true })
end
