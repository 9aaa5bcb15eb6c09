# about: one program includes hb.h and hyperbolic.h, in either order, and links both libraries
# group: core
# needs: cc=gcc pkg-config=pkg-config harfbuzz.pc=libharfbuzz-dev
build_library release
read -ra flags <<<"$(pkg-config --cflags --libs harfbuzz)"
for order in -DHARFBUZZ_FIRST -DHYPERBOLIC_FIRST; do
    compile "$HB_OUT/program$order" tests/abi/harfbuzz.c "$order" "${flags[@]}"
    run_checks "program$order" 60 "$HB_OUT/program$order"
    expect_silence "program$order"
    collect "program$order"
done
