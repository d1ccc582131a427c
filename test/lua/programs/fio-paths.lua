-- Paths, the working directory, times and modes.
local fio = require('fio')
local errno = require('errno')
local json = require('json')
local d = fio.tempdir() .. '/dir'
local function try(name, f, ...)
    errno(0)
    local result = {pcall(f, ...)}
    local texts = {}
    for i = 1, table.maxn(result) do
        local value = result[i]
        if type(value) == 'table' then value = json.encode(value) end
        texts[i] = tostring(value):gsub(d, 'DIR'):gsub('0x%x+', 'ADDRESS')
    end
    local has_failed = not name:find('^is_') and result[1] and not result[2] and errno() ~= 0
    print(name, table.concat(texts, ' | '), has_failed and errno.strerror() or '')
end
fio.mkdir(d)
local kk={} for k in pairs(fio.path) do kk[#kk+1]=k end table.sort(kk)
print(table.concat(kk, ' '))
for _, p in ipairs{'/a/b/c.txt', 'c', '/', 'a/', '//a//b', '', '.', '/a/b/', 'a/b/../c', './x', '//', '///', 'a//'} do
    print(p, (fio.basename(p)), (fio.dirname(p)), (p:sub(1, 1) == '/' and fio.abspath(p) or ''))
end
print(fio.basename('/a/b.txt', '.txt'), fio.basename('b.txt', '.lua'), fio.basename('/a/b.txt', '.'))
try('bn', fio.basename)
try('dn', fio.dirname)
try('bn', fio.basename, 'a',5)
print(fio.pathjoin('a', 'b'), fio.pathjoin('a/', 'b'), fio.pathjoin('a', '/b'), fio.pathjoin('a//', '//b'), fio.pathjoin('/', 'a'), fio.pathjoin('a'), fio.pathjoin('a', '', 'b'), fio.pathjoin('a', 'b/'))
try('pj', fio.pathjoin)
try('pj', fio.pathjoin,nil)
try('pj', fio.pathjoin, 'a',nil)
try('pj', fio.pathjoin,5, 'a')
try('pj', fio.pathjoin, '', 'a')
try('pj', fio.pathjoin, 'a', 'b', '../c')
try('chdir', fio.chdir, d)
try('cwd', fio.cwd)
try('chdir', fio.chdir, d .. '/zz')
print(fio.abspath('q') == d .. '/q', fio.abspath('../q') == fio.dirname(d) .. '/q', fio.abspath('/x/./y/../z'))
try('abspath', fio.abspath) 
try('umask', fio.umask,18)
try('umask', fio.umask) local t=fio.tempdir()
print(t:match('^/tmp/......$')~=nil, fio.path.is_dir(t))
fio.rmdir(t)
try('utime', fio.utime,d,1,2)
print(fio.stat(d).mtime, fio.stat(d).atime)
try('utime', fio.utime, d)
try('utime', fio.utime, d .. '/zz',1,2)
try('utime', fio.utime,d, 'x')
try('sync', fio.sync)
fio.rmtree(fio.dirname(d))
os.exit(0)
