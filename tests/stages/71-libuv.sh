# about: the example of libuv: an answer streams through uv_poll, and an interrupt stops one that stalls
# group: queue
# needs: cc=gcc curl=curl pkg-config=pkg-config libuv.pc=libuv1-dev
build_library release
use_simulator
read -ra flags <<<"$(pkg-config --cflags --libs libuv)"
example=$HB_OUT/example
check compiles compile "$example" examples/libuv/libuv.c "${flags[@]}"
check 'an answer' timeout -k 5 60 "$example" >"$example.out"
cat "$example.out"
check 'is whole' grep -q 'sentences\.$' "$example.out"

put_faults stall-after=5
timeout -k 5 60 "$example" >"$example.stalled" 2>"$example.err" &
stopped=$!
check 'its beginning comes' wait_for_text "$example.stalled" .
kill -INT "$stopped"
check 'an interrupt is no failure' wait "$stopped"
check 'the answer was stopped' grep -qx '\[stopped\]' "$example.err"
check 'the server saw that' wait_for_counts closes=1
