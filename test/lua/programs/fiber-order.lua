-- In which order fibers run.
local fiber = require('fiber')
local log = {}
local function note(...) log[#log + 1] = table.concat({...}, ' ') end
local function flush(title) print(title .. ': ' .. table.concat(log, ', ')) log = {} end

fiber.create(function() note('a1') fiber.yield() note('a2') end)
note('main')
fiber.new(function() note('b1') fiber.yield() note('b2') end)
note('main again')
fiber.yield()
note('main after one yield')
fiber.yield()
note('main after two')
fiber.sleep(0)
flush('create and new')

local function worker(name) return function() for i = 1, 3 do note(name .. i) fiber.yield() end end end
for _, name in ipairs{'x', 'y', 'z'} do fiber.new(worker(name)) end
for _ = 1, 5 do note('m') fiber.yield() end
flush('round robin')

local sleepers = {}
for i = 1, 3 do sleepers[i] = fiber.create(function() fiber.sleep(100) note('woken ' .. i) end) end
for i = 3, 1, -1 do sleepers[i]:wakeup() sleepers[i]:wakeup() end
fiber.yield()
flush('wakeup')

local cond = fiber.cond()
for i = 1, 4 do fiber.create(function() note('wait ' .. i, tostring(cond:wait())) end) end
cond:signal()
fiber.yield()
note('signalled one')
cond:broadcast()
note('broadcast')
fiber.yield()
flush('cond')

fiber.create(function() note('outer begins') fiber.create(function() note('inner begins') fiber.yield() note('inner ends') end)
  note('outer after inner') fiber.yield() note('outer ends') end)
note('caller')
fiber.yield()
fiber.yield()
flush('nested')

local ch = fiber.channel(0)
fiber.create(function() for i = 1, 3 do ch:put(i) note('put ' .. i) end end)
for _ = 1, 3 do note('got ' .. ch:get()) end
fiber.yield()
flush('rendezvous')
local ch = fiber.channel(2)
fiber.create(function() for i = 1, 5 do ch:put(i) note('put ' .. i) end ch:close() note('closed') end)
while true do local v = ch:get() note('got ' .. tostring(v)) if v == nil then break end end
flush('buffered')
fiber.create(function() note('t1') fiber.sleep(0.02) note('t1 done') end)
fiber.create(function() note('t2') fiber.sleep(0.001) note('t2 done') end)
fiber.create(function() note('t3') fiber.sleep(0) note('t3 done') end)
fiber.sleep(0.05)
flush('timers')
local co = coroutine.wrap(function() note('co 1') fiber.yield() note('co 2') coroutine.yield(1) note('co 3') end)
fiber.new(function() note('other') end)
co() note('between') co()
flush('coroutines')
os.exit(0)
