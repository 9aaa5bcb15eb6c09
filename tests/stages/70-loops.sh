# about: the examples game_loop.c and epoll.c, while answers come slowly
# group: queue
# needs: cc=gcc curl=curl
build_library release
use_simulator
loops=$HB_OUT/loops
for name in game_loop epoll; do check "$name compiles" compile "$loops.$name" "examples/c/$name.c"; done

# Three seconds of talk, of which the Merchant has half a one.
put_faults event-delay=40
check 'game_loop runs' timeout -k 5 60 "$loops.game_loop" >"$loops.game_loop.out"
cat "$loops.game_loop.out"
for name in Guard Bard; do
    check "the $name says all" grep -q "^frame [0-9]*, $name: .*sentences\.$" "$loops.game_loop.out"
done
check 'the Merchant is interrupted' grep -q '^frame [0-9]*, Merchant: This .*(interrupted)$' "$loops.game_loop.out"
check 'the server saw him leave' wait_for_counts closes=1
check 'it counts frames' grep -qE '^[0-9]+ frames; .* p50 [0-9]+ us, p99 [0-9]+ us, worst [0-9]+ us$' "$loops.game_loop.out"

# Its own timer runs beside the answer.
put_faults delay=1500
check 'epoll runs' timeout -k 5 60 "$loops.epoll" >"$loops.epoll.out" 2>"$loops.epoll.err"
cat "$loops.epoll.out" "$loops.epoll.err"
check 'epoll shows the answer' grep -q 'sentences\.$' "$loops.epoll.out"
check 'epoll waits by its timer' grep -qx '\[waiting for [0-9]* s\]' "$loops.epoll.err"
