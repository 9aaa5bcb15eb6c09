# about: the examples of the C++ binding, and the programs of the documents, run against the simulator
# group: bindings
# needs: g++=g++ curl=curl python3=python3
build_library release
use_simulator
use_cxx g++ -std=c++20 -I bindings/cpp/include

python3 tests/bindings/programs.py README.md bindings/cpp/README.md docs/*.md cpp "$HB_OUT"
check 'the first program of the README has less than 20 lines' test "$(wc -l <"$HB_OUT/readme-1.cpp")" -lt 20

build_and_run() {
    local name
    name=$(basename "$1" .cpp)
    check "$name compiles" compile "$HB_OUT/$name.program" "$1" &&
        check "$name runs" timeout -k 5 60 "$HB_OUT/$name.program" </dev/null >"$HB_OUT/$name.out"
    cat "$HB_OUT/$name.out"
    check "$name says something" test -s "$HB_OUT/$name.out"
}
for source in bindings/cpp/examples/{chat,stream,conversation,tools}.cpp "$HB_OUT"/*.cpp; do
    start_job build_and_run "$source"
done
wait_for_jobs
check 'chat quotes the question' grep -q 'Why is the sky blue?' "$HB_OUT/chat.out"
check 'stream tells its story twice' test "$(grep -c 'robot' "$HB_OUT/stream.out")" -ge 2
check 'conversation has three turns' test "$(grep -c '^> ' "$HB_OUT/conversation.out")" -eq 3
check 'tools adds' grep -q '^add(.*) = 0$' "$HB_OUT/tools.out"

# What is cancelled stalls, so that it cannot end by itself before.
put_faults 'event-delay=1,stall-after=20'
curl -fsS "$HB_TEST_CONTROL/simulator/stats" >"$HB_OUT/before"
build_and_run bindings/cpp/examples/cancel.cpp
check 'cancel says of each how far it came' test "$(grep -cE '^(left|stopped) after: .|^cancelled: HB_E_CANCELLED$' "$HB_OUT/cancel.out")" -eq 3
check 'the server saw two or three leave' wait_for_counts closes=2 in_flight-at-most=0
