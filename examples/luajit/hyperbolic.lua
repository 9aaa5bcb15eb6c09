-- The library through LuaJIT's FFI. What is declared is the C header itself, read when this is loaded: nothing has to be
-- kept in step by hand.
--
--   local hb = require("hyperbolic")     -- hb.hb_client_new(...), hb.HB_EVENT_TEXT, hb.HB_NUL
--
-- HYPERBOLIC_HEADER and HYPERBOLIC_LIBRARY say where the two files are; else they are those of this source tree.
local ffi = require("ffi")

-- The C that a compiler would see, without what LuaJIT's parser does not know: it has no preprocessor.
local function declarations(header)
    local kept, constants, skipping = {}, {}, 0
    header = header:gsub("/%*.-%*/", " "):gsub("//[^\n]*", "")
    for line in header:gmatch("[^\n]+") do
        local directive, rest = line:match("^%s*#%s*(%a+)%s*(.*)")
        -- `extern "C" {` and its brace are all that stands inside `#ifdef __cplusplus`.
        if directive == "ifdef" and rest:match("^__cplusplus") or skipping > 0 and (directive or ""):match("^if") then
            skipping = skipping + 1
        elseif skipping > 0 then
            if directive == "endif" then skipping = skipping - 1 end
        elseif directive == "define" then
            -- 0, 5u, (-10): a constant that LuaJIT compiles into the code. HB_NUL has 64 bits, so it is made below.
            local name, value = rest:match("^(HB_[%w_]+)%s+%(?(%-?%d+)u?%)?%s*$")
            if name then constants[#constants + 1] = ("static const int32_t %s = %s;"):format(name, value) end
        elseif not directive then
            kept[#kept + 1] = line:gsub("%f[%w_]HB_API%f[^%w_]", ""):gsub("%f[%w_]HB_CALL%f[^%w_]", "")
        end
    end
    return table.concat(constants, "\n") .. "\n" .. table.concat(kept, "\n")
end

local here = debug.getinfo(1, "S").source:match("^@(.*/)") or "./"
local file = assert(io.open(os.getenv("HYPERBOLIC_HEADER") or here .. "../../include/hyperbolic.h"))
ffi.cdef(declarations(file:read("*a")))
file:close()
local library = ffi.load(os.getenv("HYPERBOLIC_LIBRARY") or here .. "../../target/release/libhyperbolic.so")
assert(library.hb_abi_version() == 0, "another version of the library than this was written for")

-- From a 64-bit -1: the number -1 would become 2^63.
local HB_NUL = ffi.cast("size_t", -1LL)
return setmetatable({ HB_NUL = HB_NUL }, { __index = library })
