-- An answer that appears while the model writes it: luajit examples/luajit/chat.lua ["a question"]
package.path = (arg[0]:match("^.*/") or "./") .. "?.lua;" .. package.path
local ffi = require("ffi")
local hb = require("hyperbolic")

-- Out-parameters, made once and used again.
local failure = ffi.new("hb_error *[1]")
local client, queue = ffi.new("hb_client *[1]"), ffi.new("hb_queue *[1]")
local event = ffi.new("const hb_event *[1]")

local function name(status) return ffi.string(hb.hb_status_name(status)) end

local function must(status)
    if status == hb.HB_OK then return end
    local why = ffi.string(hb.hb_error_message(failure[0], nil))
    hb.hb_error_free(failure[0])
    io.stderr:write(name(status), ": ", why, "\n")
    os.exit(1)
end

-- Frees run in any order and on any thread, so they may be finalizers.
local options = ffi.gc(hb.hb_options_from_env(), hb.hb_options_free)
must(hb.hb_client_new(options, client, failure))
must(hb.hb_queue_new(queue, failure))
local owned_client, owned_queue = ffi.gc(client[0], hb.hb_client_free), ffi.gc(queue[0], hb.hb_queue_free)

local model = os.getenv("HYPERBOLIC_MODEL") or ""
if model == "" then model = "meta-llama/Llama-3.3-70B-Instruct" end
local question = arg[1] or "Write a short story about a robot."
local request = ffi.gc(hb.hb_request_new(model, #model), hb.hb_request_free)
hb.hb_request_add_message(request, "user", question, #question)
hb.hb_request_set_max_tokens(request, 512)
must(hb.hb_start(owned_client, request, owned_queue, 0, nil, failure))

-- Pulled, not called back: a callback into Lua from a C call that LuaJIT has compiled ends the program.
local done
while not done do
    local status = hb.hb_queue_next(owned_queue, -1, event)
    if status ~= hb.HB_OK then error(name(status)) end
    local taken = event[0]
    if taken.kind == hb.HB_EVENT_TEXT then
        io.write(ffi.string(taken.text, taken.text_len))
        io.flush()
    elseif taken.kind == hb.HB_EVENT_DONE then
        done = taken.status
        io.write("\n")
        if done ~= hb.HB_OK then
            io.stderr:write(name(done), ": ", ffi.string(hb.hb_error_message(taken.error, nil)), "\n")
        end
    end
    hb.hb_event_free(taken)
end
os.exit(done == hb.HB_OK and 0 or 1, true)
