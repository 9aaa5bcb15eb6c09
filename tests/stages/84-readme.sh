# about: every C program of the README compiles and runs against the simulator, and has something to say
# group: app
# needs: cc=gcc python3=python3
build_library debug
build_simulator
start_simulators "$HB_OUT/server"
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY
python3 tests/bindings/programs.py README.md c "$HB_OUT"
printf '\x89PNG\r\n\x1a\n' >"$HB_OUT/image.png"
not() { ! "$@"; }
count=0
for source in "$HB_OUT"/*.c; do
    name=$(basename "$source" .c)
    check "$name compiles" compile "$HB_OUT/$name" "$source"
    # The simulator has no model that takes images; its word for that is an answer too.
    run=(timeout -k 5 60 "$HB_OUT/$name" "$HB_OUT/image.png")
    if grep -q hb_request_add_image "$source"; then run=(not "${run[@]}"); fi
    check "$name runs" "${run[@]}" </dev/null >"$HB_OUT/$name.out"
    cat "$HB_OUT/$name.out"
    check "$name says something" test -s "$HB_OUT/$name.out"
    count=$((count + 1))
done
check 'as many as the README has' test "$count" -eq "$(grep -c '^```c$' README.md)"
