# about: every Swift example runs against the simulator and has something to say; one that is cancelled stops the server
# group: bindings
# needs: gcc=gcc curl=curl pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg unshare=util-linux
if ! fetch_swift; then
    skip swift-examples 'the toolchain could not be fetched; see the log'
    exit 0
fi
prepare_swift
use_simulator
build_swift
for name in chat stream conversation tools cancel; do
    # What is cancelled stalls, so that it cannot end by itself before.
    if [ "$name" = cancel ]; then put_faults 'event-delay=1,stall-after=40'; fi
    check "$name runs" run_swift_example "$name" 60
done
for name in chat stream conversation tools; do
    check "$name ends with an answer" grep -q 'of these sentences\.$' <(tail -n 3 "$HB_OUT/$name.out")
done
check 'conversation has three turns' test "$(grep -c '^> ' "$HB_OUT/conversation.out")" -eq 3
check 'tools has called' grep -q '^add(.*) = 0$' "$HB_OUT/tools.out"
check 'cancel left a loop' grep -q '^\[left after: This is canned' "$HB_OUT/cancel.out"
check 'and ended a task' grep -qE '^\[stopped; [1-9][0-9]* bytes had arrived\]$' "$HB_OUT/cancel.out"
check 'and so has the server, twice' wait_for_counts closes=2 in_flight-at-most=0

# Without a server there is an error to read, and no crash.
export HYPERBOLIC_BASE_URL=http://127.0.0.1:1
check 'chat says what went wrong' test "$(run_swift_example chat 60 || echo "exit code $?")" = 'exit code 1'
check 'in words' grep -q '^connect: ' "$HB_OUT/chat.err"
