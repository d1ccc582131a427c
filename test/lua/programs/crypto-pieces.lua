-- Digests, HMACs and ciphers that take their text in pieces.
local crypto=require'crypto'
local function hex(s) if type(s)~='string' then return tostring(s) end return (s:gsub('.',function(c) return string.format('%02x',c:byte()) end)) end
local function try(f,...) local r={pcall(f,...)} if r[1] then return r[2]==nil and 'nil' or hex(r[2]) else return 'ERR '..tostring(r[2]) end end
local function keys(t) local r={} for k,v in pairs(t) do r[#r+1]=tostring(k)..':'..type(v) end table.sort(r) return table.concat(r,' ') end
local d=crypto.digest.sha256 print(keys(d),keys(getmetatable(d))) local x=d.new() print(keys(getmetatable(x).__index)) print(try(x.update,x,'a'),try(x.result,x)) print(try(x.init,x),try(x.update,x,'abc'),try(x.result,x),try(x.update,x,'d'),try(x.result,x)) print(try(x.free,x),try(x.update,x,'a'),try(x.result,x)) print(try(x.update,x,5))
local h=crypto.hmac.sha1 print(keys(h),try(h,'k'),try(h,'k',5)) local y=h.new('key') print(try(y.update,y,'abc'),try(y.result,y)) print(try(h.new))
local c=crypto.cipher.aes128.cbc print(keys(crypto.cipher.aes128),type(c),keys(c),keys(c.encrypt)) local K,I=('k'):rep(16),('i'):rep(16) local e=c.encrypt.new(K,I) print(keys(getmetatable(e).__index)) print(try(e.update,e,'hello world, this is'),try(e.update,e,' text'),try(e.result,e),try(e.update,e,'x'),try(e.result,e)) print(try(e.free,e),try(e.update,e,'x')) print(try(c.encrypt,'a','short',I),try(c.encrypt,'a',K,'i'),try(c.encrypt,5),try(c.encrypt,'a'),try(c.encrypt,'a',K)) print(try(c.decrypt,'garbage',K,I)) local u=c.encrypt.new() print(try(u.update,u,'x'),try(u.init,u,K,I),try(u.update,u,'x'),try(u.result,u)) print(try(c.encrypt.new,K,'x'))
print(try(function() return crypto.cipher.aes128.foo end),try(function() return c('a') end))
print(try(crypto.cipher.aes128.ecb.encrypt,'hello',K,''),try(crypto.cipher.aes128.ecb.encrypt,'hello',K))
