-- A million frames that LuaJIT compiles, each of which asks the queue once, while an answer streams in.
-- luajit tests/luajit/frames.lua prints verdicts; the server is that of HYPERBOLIC_BASE_URL.
local ffi, util, vmdef = require("ffi"), require("jit.util"), require("jit.vmdef")
package.path = "examples/luajit/?.lua;" .. package.path
local hb = require("hyperbolic")
local FRAMES, BATCH, PATIENCE_S = 1000000, 50000, 120

local failed = false
local function check(good, name, why)
    print(good and "ok " .. name or ("not ok %s: %s"):format(name, tostring(why)))
    failed = failed or not good
end

local failure, client = ffi.new("hb_error *[1]"), ffi.new("hb_client *[1]")
local queue, event = ffi.new("hb_queue *[1]"), ffi.new("const hb_event *[1]")
local function must(status)
    if status == hb.HB_OK then return end
    print("not ok surroundings: " .. ffi.string(hb.hb_error_message(failure[0], nil)))
    os.exit(1)
end

-- What LuaJIT compiled, and what it gave up: of the functions in this file.
local loops, aborts, started = {}, {}, nil
jit.attach(function(what, trace, func, pc, code, reason)
    if what == "start" then
        started = util.funcinfo(func, pc)
    elseif what == "stop" and started.source == "@" .. arg[0] and util.traceinfo(trace).linktype == "loop" then
        loops[started.linedefined] = true
    elseif what == "abort" then
        local text = vmdef.traceerr[code] or "?"
        aborts[#aborts + 1] = type(reason) == "function" and text or text:gsub("%%.", tostring(reason))
    end
end, "trace")

-- What the events of the request said.
local pieces, answer, status = {}, nil, nil
local function take(taken)
    if taken.kind == hb.HB_EVENT_TEXT then
        pieces[#pieces + 1] = ffi.string(taken.text, taken.text_len)
    elseif taken.kind == hb.HB_EVENT_DONE then
        local text = hb.hb_response_text(taken.response, 0, nil)
        answer, status = ffi.string(text), taken.status
    end
    hb.hb_event_free(taken)
end

local function frames(from, count)
    local events = 0
    for _ = 1, count do
        if hb.hb_queue_next(from, 0, event) == hb.HB_OK then
            take(event[0])
            events = events + 1
        end
    end
    return events
end
-- The same, but the compiler keeps off: it shows that what is looked at can look otherwise.
local function interpreted(from, count)
    for _ = 1, count do hb.hb_queue_next(from, 0, event) end
end
jit.off(interpreted)
local function line_of(func) return debug.getinfo(func, "S").linedefined end

local options = hb.hb_options_from_env()
must(hb.hb_client_new(options, client, failure))
must(hb.hb_queue_new(queue, failure))
local own = queue[0]
interpreted(own, 1000)
check(not loops[line_of(interpreted)], "a loop that is not compiled is seen", "it seems to be")

local model = "meta-llama/Llama-3.3-70B-Instruct"
local request = hb.hb_request_new(model, #model)
hb.hb_request_add_message(request, "user", "hello", hb.HB_NUL)
must(hb.hb_start(client[0], request, own, 7, nil, failure))
local done, events, begun = 0, 0, os.clock()
while (done < FRAMES or not answer) and os.clock() < begun + PATIENCE_S do
    events = events + frames(own, BATCH)
    done = done + BATCH
end
print(("# %d frames, %d events, %.0f ns of processor a frame"):format(done, events, (os.clock() - begun) * 1e9 / done))
check(done >= FRAMES, "a million frames", done)
check(loops[line_of(frames)], "they are compiled", "no trace of them loops")
check(#aborts == 0, "no trace was given up", table.concat(aborts, "; "))
check(status == hb.HB_OK, "the answer is whole", status and ffi.string(hb.hb_status_name(status)))
check(#pieces > 1, "it came in pieces", #pieces)
check(table.concat(pieces) == answer, "which are the answer", table.concat(pieces))
check(events == #pieces + 1, "each event was one frame's", events)

collectgarbage()
collectgarbage("stop")
local before = collectgarbage("count")
frames(own, FRAMES)
local made = (collectgarbage("count") - before) * 1024
check(made < 10000, "a million empty frames make no garbage", made .. " bytes")

hb.hb_queue_free(own)
hb.hb_client_free(client[0])
hb.hb_request_free(request)
hb.hb_options_free(options)
os.exit(not failed, true)
