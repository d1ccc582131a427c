-- Lua by itself and on the engine: each line prints a name and the seconds of processor time that it took.
-- Run in an empty directory by Tarantool, its JIT off, and by `picodata tarantool`.
jit.off()
local clock = require('clock')
box.cfg{log_level = 2, memtx_memory = 1024 * 1024 * 1024, checkpoint_interval = 0}
local space = box.schema.space.create('interpreter')
space:create_index('primary')

local function measure(name, body)
    local start = clock.proc()
    body()
    print(('%s %.4f'):format(name, clock.proc() - start))
end

measure('additions', function()
    local sum = 0
    for i = 1, 1e7 do sum = sum + i end
    return sum
end)

measure('replaces', function()
    for batch = 0, 999 do
        box.begin()
        for i = 1, 1000 do space:replace{batch * 1000 + i, 'x'} end
        box.commit()
    end
end)

measure('gets', function()
    for i = 1, 1e6 do space:get(i) end
end)

os.exit(0)
