-- Writes the golden log and snapshot files, with a real Tarantool 2.6:
--     tarantool test/formats/make-golden-logs.lua test/formats/golden
-- Beside each file stands FILE.rows.txt: what Tarantool's own reader (module xlog) says of every row, one per line:
-- lsn replica_id group_id type tsn commit timestamp space_id ('-' for what a row does not have).
local fio = require('fio')
local xlog = require('xlog')

local output = fio.abspath(arg[1])
local work = fio.tempdir()
box.cfg{
    work_dir = work,
    log = 'tarantool.log',
    checkpoint_count = 10,
    instance_uuid = '11111111-2222-4333-8444-555555555555',
    replicaset_uuid = 'aaaaaaaa-2222-4333-8444-555555555555',
}

-- 00000000000000000000.xlog: single rows, transactions, local rows before, between and after global ones, an UPSERT
-- that is written although a DELETE found nothing.
local global = box.schema.space.create('global')
global:create_index('pk')
local rows = box.schema.space.create('local_rows', {is_local = true})
rows:create_index('pk')
global:insert{1, 'a'}
box.begin() global:insert{2, 'b'} global:insert{3} global:update({2}, {{'=', 2, 'c'}}) box.commit()
box.begin() rows:insert{1} global:insert{4} rows:insert{2} global:insert{5} rows:insert{3} box.commit()
box.begin() rows:insert{9} global:insert{10} box.commit()
rows:insert{11}
global:delete{77}
global:upsert({1, 'z'}, {{'=', 2, 'y'}})
box.snapshot()

-- The second .xlog: around the size from which blocks are compressed, and a transaction larger than the block size.
global:replace{20, string.rep('x', 100)}
for size = 1960, 2040, 8 do
    global:replace{size, string.rep('s', size)}
end
box.begin()
for key = 1000, 1399 do
    global:replace{key, string.rep('k', 500)}
end
box.commit()
box.snapshot()

local function column(value)
    if value == nil then
        return '-'
    end
    return type(value) == 'number' and string.format('%.17g', value) or tostring(value)
end

local function describe(path)
    local lines = {}
    for _, row in xlog.pairs(path) do
        local header, body = row.HEADER, row.BODY or {}
        table.insert(lines, table.concat({
            column(header.lsn), column(header.replica_id), column(header.group_id), column(header.type),
            column(header.tsn), column(header.commit), column(header.timestamp), column(body.space_id),
        }, ' '))
    end
    return table.concat(lines, '\n') .. '\n'
end

local function write(path, text)
    local file = fio.open(path, {'O_CREAT', 'O_WRONLY', 'O_TRUNC'}, tonumber('644', 8))
    file:write(text)
    file:close()
end

local files = fio.glob(fio.pathjoin(work, '*.xlog'))
table.insert(files, fio.pathjoin(work, '00000000000000000000.snap'))
for _, path in ipairs(files) do
    local target = fio.pathjoin(output, fio.basename(path))
    fio.copyfile(path, target)
    write(target .. '.rows.txt', describe(path))
end
fio.rmtree(work)
os.exit(0)
