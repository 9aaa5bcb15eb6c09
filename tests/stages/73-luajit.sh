# about: LuaJIT declares the header as it is, streams an answer, and runs a million compiled frames
# group: queue
# needs: luajit=luajit curl=curl
build_library release
build_simulator
start_simulators "$HB_OUT/server"
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY
export HYPERBOLIC_HEADER=$HB_INCLUDE/hyperbolic.h HYPERBOLIC_LIBRARY=$HB_LIB_DIR/libhyperbolic.so
unset HYPERBOLIC_MODEL

check 'chat.lua streams' timeout -k 5 60 luajit examples/luajit/chat.lua 'a question' >"$HB_OUT/chat"
cat "$HB_OUT/chat"
check 'an answer' grep -q '"a question".*sentences\.$' "$HB_OUT/chat"

put_faults event-delay=5
run_checks frames 120 luajit tests/luajit/frames.lua
expect_silence frames
collect frames
check 'constants and functions' luajit tests/luajit/declared.lua "$HYPERBOLIC_HEADER"
