-- The libraries math and bit, and conversions between numbers and texts.
local function list(...)
  local result = {}
  for i = 1, select('#', ...) do
    local value = select(i, ...)
    table.insert(result, type(value) == 'number' and string.format('%.17g', value) or tostring(value))
  end
  return table.concat(result, '\t')
end

local function evaluate(text)
  local code, problem = loadstring(text, '=t')
  if not code then
    print(text, 'SYNTAX', problem)
    return
  end
  print(text, '=>', list(pcall(code)))
end

for _, text in ipairs({
  'return math.abs(-1),math.abs("-2"),math.ceil(1.2),math.ceil(-1.2),math.floor(-1.2),math.floor("3.7"),math.sqrt(2),math.exp(1),math.log(10),math.log10(1000),math.log(8,2)',
  'return math.deg(1),math.rad(1),math.fmod(7,3),math.fmod(-7,3),math.fmod(7,-3),math.fmod(1,0),math.fmod(-0,1),math.fmod(5,1/0)',
  'return math.frexp(8),math.frexp(0),math.frexp(-0.3)',
  'return math.frexp(1/0)',
  'return math.ldexp(0.5,4),math.ldexp(1,-1074),math.ldexp(1,2000)',
  'return math.modf(3.7),math.modf(-3.7),math.modf(5)',
  'return math.modf(1/0)',
  'return math.modf(-1/0)',
  'return math.modf(0/0)',
  'return math.max(1,5,3),math.min(2,1),math.max("10",9)',
  'return math.min("x")',
  'return math.max(1,nil)',
  'return math.pow(2,10),math.pow(-8,1/3)',
  'return math.huge,-math.huge,math.pi',
  'return math.abs()',
  'return math.abs("x")',
  'return math.floor({})',
  'return math.random(0)',
  'return math.random(1,1)',
  'return math.random(3)<=3',
  'local a=math.random() return a>=0 and a<1',
  'math.randomseed(42) local a,b=math.random(),math.random(100) math.randomseed(42) return a==math.random(),b==math.random(100)',
  'return math.randomseed()',
  'return math.ceil(-0.5),math.floor(-0.0),math.fmod(3)',
  'return math.abs(1LL)',
  'return math.mod',
  'return math.fmod(6,4.5)',
  'return math.floor(2^53+0.5),math.floor(1e300)',
  'return math.ult',
  'return math.type',
  'return math.log(0),math.log(-1),math.sqrt(-1)',
  'return math.max(0/0,1),math.max(1,0/0),math.min(-0,0)',
  'return math.atan(1,2)',
  'return math.exp(710),math.exp(-750)',
  'return 5%3,-5%3,5%-3,-5%-3,5.5%2,-5.5%2,1%0,0%1,-0%1,5%math.huge,-5%math.huge,math.huge%2',
  'return 2^0.5,2^-1,(-2)^2,-2^2,2^2^3,0^0,(1/0)^0,(0/0)^0,1^(0/0),(-8)^(1/3)',
  'return 1/0,-1/0,0/0~=0/0,1e308*10,-0,0*-1',
  'return 1e15,1e14,123456789012345,1e100,0.1,1/3,100,1e-5,123.456,-1e15,2^53,2^63',
  'return tostring(1e15),tostring(1e14),tostring(123456789012345),tostring(0.1),tostring(1/3),tostring(2^53),tostring(-0),tostring(1e-5),tostring(3.14159265358979)',
  'return 0x10,0xff,0xA.8p1,1e2,.5,5.,3e-2,0x.1p4,"0x10"+0,"1e1"*1," 5 "+1',
  'return tonumber("0x1p4"),tonumber("1e"),tonumber(""),tonumber(" "),tonumber("1 2"),tonumber("0x"),tonumber("1e+2"),tonumber("infinity"),tonumber("nan"),tonumber("inf")',
  'return tonumber("10",2),tonumber("zz",36),tonumber("8",8),tonumber("-ff",16),tonumber("0xff",16),tonumber(" 11 ",2),tonumber("1.5",10),tonumber(15,8),tonumber("",10)',
  'return tonumber("1",1)',
  'return tonumber("1",37)',
  'return tonumber()',
  'return tonumber(nil)',
  'return tonumber({})',
  'return tonumber("1",nil)',
  'return tonumber("1","x")',
  'return tonumber(1LL),tonumber(18446744073709551615ULL),tonumber("1LL"),tonumber("10ULL")',
  'return tonumber64("5"),tonumber64(5),tonumber64("18446744073709551615"),tonumber64("-5"),tonumber64("1.5"),tonumber64(""),tonumber64("x"),tonumber64(1.5),tonumber64(1LL),tonumber64("10",16),tonumber64("0x10")',
  'return tonumber64({})',
  'return tonumber64("1LL")',
  'return tonumber64("111",2), tonumber64("zz",36)',
  'return tonumber64("1",40)',
  'return bit.band(0xff,0x0f),bit.bor(1,2,4),bit.bxor(5,1),bit.bnot(0),bit.lshift(1,31),bit.rshift(-1,1),bit.arshift(-8,1),bit.rol(0x12345678,8),bit.ror(0x12345678,8),bit.bswap(0x12345678),bit.tobit(0xffffffff),bit.tobit(2^40+5)',
  'return bit.tohex(255),bit.tohex(-1),bit.tohex(255,4),bit.tohex(255,-4),bit.tohex(-1,-8),bit.tohex(1,0),bit.tohex(5,20),bit.tohex(-1LL),bit.tohex(255LL,4)',
  'return bit.band(1LL,3),bit.bor(1ULL,2),bit.bnot(0LL),bit.lshift(1LL,40),bit.rshift(-1LL,60),bit.arshift(-16LL,2),bit.rol(1LL,63),bit.bswap(1LL),bit.bxor(-1LL,1ULL)',
  'return bit.band()',
  'return bit.band("x")',
  'return bit.band("7",3)',
  'return bit.tobit()',
  'return bit.band({})',
  'return bit.lshift(1,33),bit.lshift(1,-1),bit.rshift(1,32)',
  'return bit.bor(1.5,0),bit.bor(2.5,0),bit.band(-1.5,-1),bit.band(1e10,-1),bit.tobit(2^52)',
  'return bit.lshift(1)',
  'return bit.tohex()',
  'return bit.lshift(1,2LL),bit.band(5)',
  'return bit.tobit(5LL),bit.tobit(2^33*1LL+7)',
  'return bit.band(0/0,1),bit.band(1/0,1)',
}) do
  evaluate(text)
end
