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

exports() { nm -D --defined-only "$1" | sed 's/.* //' | sort; }
exports "$shipped" >"$HB_OUT/exported"
check 'exports hb_* only' test -z "$(grep -v '^hb_' "$HB_OUT/exported")"
listed() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' tests/abi/symbols.txt | cut -d' ' -f1 | sort; }
check 'exports what tests/abi/symbols.txt lists' diff -u <(listed) "$HB_OUT/exported"

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
exports "$HB_LIB_DIR/libhyperbolic.so" | comm -13 "$HB_OUT/exported" - | tee "$HB_OUT/hooks"
check 'the hooks variant has hooks' test -s "$HB_OUT/hooks"
check 'the shipped file has none' test "$(grep -caFf "$HB_OUT/hooks" "$shipped")" = 0
