# about: one program includes hb.h and hyperbolic.h, in either order, in C and C++, and links both; no name is both's
# group: core
# needs: gcc=gcc g++=g++ clang=clang clang++=clang nm=binutils pkg-config=pkg-config harfbuzz.pc=libharfbuzz-dev
build_library release
read -ra flags <<<"$(pkg-config --cflags --libs harfbuzz)"
read -ra includes <<<"$(pkg-config --cflags harfbuzz)"
for order in -DHARFBUZZ_FIRST -DHYPERBOLIC_FIRST; do
    compile "$HB_OUT/program$order" tests/abi/harfbuzz.c "$order" "${flags[@]}"
    run_checks "program$order" 60 "$HB_OUT/program$order"
    expect_silence "program$order"
    collect "program$order"
    for compiler in 'gcc -std=c2x' 'clang -std=c99' 'g++ -x c++ -std=c++98' 'g++ -x c++ -std=c++2b' 'clang++ -x c++ -std=c++17'; do
        read -ra command <<<"$compiler"
        # shellcheck disable=SC2154 # programs.sh sets warnings
        check "$compiler $order" "${command[@]}" "${warnings[@]}" "$order" -I "$HB_INCLUDE" "${includes[@]}" \
            -fsyntax-only tests/abi/harfbuzz.c
    done
done

# The program above has hb.h alone. Of all that HarfBuzz has installed, neither a symbol nor a word in a header is ours.
libraries=$(pkg-config --variable=libdir harfbuzz)
folder=$(pkg-config --variable=includedir harfbuzz)/harfbuzz
cat "$folder"/*.h | grep -oE '\b(hb_|HB_|HYPERBOLIC_)\w+' | LC_ALL=C sort -u >"$HB_OUT/their-words"
for library in "$libraries"/libharfbuzz*.so; do exported_symbols "$library"; done | LC_ALL=C sort -u >"$HB_OUT/their-symbols"
grep -oE '^#define \w+|\bhb_\w+' include/hyperbolic.h | sed 's/^#define //' | LC_ALL=C sort -u >"$HB_OUT/our-words"
check 'HarfBuzz has words' grep -qx hb_buffer_create "$HB_OUT/their-words"
check 'and symbols' grep -qx hb_buffer_create "$HB_OUT/their-symbols"
check 'no word of the header is one of theirs' test -z "$(LC_ALL=C comm -12 "$HB_OUT/our-words" "$HB_OUT/their-words" | tee /dev/stderr)"
check 'no symbol is one of theirs' test -z "$(listed_symbols | LC_ALL=C comm -12 - "$HB_OUT/their-symbols" | tee /dev/stderr)"
