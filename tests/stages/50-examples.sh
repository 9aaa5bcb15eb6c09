# about: every program of examples/c runs against the simulator and has something to say
# group: core
# needs: cc=gcc
build_library release
use_simulator
for source in examples/c/*.c; do
    name=$(basename "$source" .c)
    check "$name compiles" compile "$HB_OUT/$name" "$source"
    check "$name runs" timeout -k 5 60 "$HB_OUT/$name" </dev/null >"$HB_OUT/$name.out"
    cat "$HB_OUT/$name.out"
    check "$name says something" test -s "$HB_OUT/$name.out"
done
