-- Whether LuaJIT knows every function and every number of the header: luajit tests/luajit/declared.lua HEADER
package.path = "examples/luajit/?.lua;" .. package.path
local hb = require("hyperbolic")
local file = assert(io.open(arg[1]))
local header = file:read("*a")
file:close()

local functions, numbers = 0, 0
for name in header:gmatch("\nHB_API[%s%w_]-[%s%*](hb_[%w_]+)%(") do
    assert(hb[name] ~= nil, name)
    functions = functions + 1
end
for name, value in header:gmatch("#define (HB_[%w_]+) ([^\n]+)") do
    local number = tonumber((value:gsub("[()u]", "")))
    if number then
        assert(hb[name] == number, name)
        numbers = numbers + 1
    end
end
print(functions .. " functions and " .. numbers .. " numbers")
assert(functions > 100 and numbers > 50)
