# about: the file that plain `cargo build --release` makes: symbols, size, what it needs, how it was linked
# group: core
# needs: nm=binutils readelf=binutils
build_library release
shipped=$HB_LIB_DIR/libhyperbolic.so
limit=3670016

# cargo drops LTO without a word for a package that is also an rlib; only rustc's own line shows it. If the file was
# not built by this runner, that one package is built once more to see the line.
if [ ! "$HB_RELEASE_LINE" -nt "$shipped" ]; then
    cargo clean --release -p hyperbolic
    build_library release
fi
check 'fat LTO' grep -qE -- '-C lto=fat|-C lto( |$)' "$HB_RELEASE_LINE"

exported_symbols "$shipped" >"$HB_OUT/exported"
check 'exports hb_* only' test -z "$(grep -v '^hb_' "$HB_OUT/exported")"
check 'the release build makes the same header' cmp include/hyperbolic.h "$(generated_header --release)"

size=$(stat -c %s "$shipped")
printf '%s bytes of %s\n' "$size" "$limit"
check 'size' test "$size" -le "$limit"
check 'stripped' test -z "$(readelf -SW "$shipped" | grep -F .symtab)"

readelf -dW "$shipped" >"$HB_OUT/dynamic"
sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$HB_OUT/dynamic" | tee "$HB_OUT/needed"
check 'needs libc, libm, libgcc_s and the loader only' \
    test -z "$(grep -vE '^(libc\.so\.6|libm\.so\.6|libgcc_s\.so\.1|ld-linux.*)$' "$HB_OUT/needed")"
# A plain build's folder links and runs as it is; the install sets the SONAME (A5).
check 'no SONAME' test -z "$(grep -F '(SONAME)' "$HB_OUT/dynamic")"

# What the hooks variant exports on top: there is something, and none of it is anywhere in the shipped file.
build_library hooks
exported_symbols "$HB_LIB_DIR/libhyperbolic.so" | LC_ALL=C comm -13 "$HB_OUT/exported" - | tee "$HB_OUT/hooks"
check 'the hooks variant has hooks' test -s "$HB_OUT/hooks"
check 'the shipped file has none' test "$(grep -caFf "$HB_OUT/hooks" "$shipped")" = 0
hooks_header() { CARGO_TARGET_DIR=${HB_LIB_DIR%/*} generated_header --release --features test-hooks; }
check 'nor does the header know them' cmp include/hyperbolic.h "$(hooks_header)"
