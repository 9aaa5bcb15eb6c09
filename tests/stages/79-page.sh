# about: the vendor's page's own programs against the simulator, and their C twins, which print the same
# group: core
# needs: cc=gcc python3=python3
build_library debug
build_simulator
start_simulators "$HB_OUT/server"
mkdir "$HB_OUT/files"
export SIM_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY
run_checks page 300 tests/page/run "$HB_OUT/files"
collect page
for source in tests/page/*.c; do
    name=$(basename "$source" .c)
    check "the twin of $name compiles" compile "$HB_OUT/$name.twin" "$source"
    check "the twin of $name runs" timeout -k 5 60 "$HB_OUT/$name.twin" </dev/null >"$HB_OUT/$name.twin.txt"
    check "the twin of $name prints the same" cmp "$HB_OUT/files/$name.txt" "$HB_OUT/$name.twin.txt"
done
