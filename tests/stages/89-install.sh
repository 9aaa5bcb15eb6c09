# about: packaging/install, from CMake and pkg-config outside the tree; what it asks of a system, its size, its manual
# group: package
# needs: cc=gcc c++=g++ cmake=cmake make=make pkg-config=pkg-config python3=python3 curl=curl apt-get=apt dpkg-deb=dpkg
# needs: readelf=binutils man=man-db mandoc=mandoc
use_simulator

outside=$(mktemp -d)
leave() { rm -rf "$outside"; end_jobs; }
trap leave EXIT
prefix=$outside/prefix lib=$outside/prefix/lib
check installs stage_prefix "$prefix"
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
library=$lib/libhyperbolic.so.$version
[ -f "$library" ] || exit 1
same() { diff -u "$1" "$2"; }
not() { ! "$@"; }

# --- what is there
cat >"$HB_OUT/expected" <<LIST
bin/hbchat
include/hyperbolic.h
include/hyperbolic.hpp
lib/cmake/hyperbolic/hyperbolic-config-version.cmake
lib/cmake/hyperbolic/hyperbolic-config.cmake
lib/libhyperbolic.a
lib/libhyperbolic.so -> libhyperbolic.so.$version
lib/libhyperbolic.so.${version%%.*} -> libhyperbolic.so.$version
lib/libhyperbolic.so.$version
lib/pkgconfig/hyperbolic.pc
share/doc/libhyperbolic/CHANGELOG.md
share/doc/libhyperbolic/LICENSE-APACHE
share/doc/libhyperbolic/LICENSE-MIT
share/doc/libhyperbolic/THIRD-PARTY
share/man/man1/hbchat.1
share/man/man3/libhyperbolic.3
LIST
(cd "$prefix" && find . -type f -printf '%P\n' -o -type l -printf '%P -> %l\n') |
    grep -v -e '^share/man/man3/hb_' -e '^include/hyperbolic/' | LC_ALL=C sort >"$HB_OUT/installed"
check 'the files, and no others' same "$HB_OUT/expected" "$HB_OUT/installed"
check 'the header is the one of the tree' cmp "$HB_INCLUDE/hyperbolic.h" "$prefix/include/hyperbolic.h"
check 'so are those for C++' diff -r bindings/cpp/include/hyperbolic "$prefix/include/hyperbolic"

check 'the licence of every crate is with it' grep -q 'tokio [0-9.]* (MIT)' "$prefix/share/doc/libhyperbolic/THIRD-PARTY"
check 'and has its text' test -z "$(grep 'without the text of its licence' "$prefix/share/doc/libhyperbolic/THIRD-PARTY")"

# --- the shared library
readelf -dW "$library" >"$HB_OUT/dynamic"
abi=$(sed -n 's/^#define HYPERBOLIC_ABI_VERSION \([0-9]*\)u$/\1/p' "$HB_INCLUDE/hyperbolic.h")
check 'the SONAME is HYPERBOLIC_ABI_VERSION' grep -q "(SONAME).*\[libhyperbolic\.so\.$abi\]" "$HB_OUT/dynamic"
check 'it stays mapped' grep -q 'NODELETE' "$HB_OUT/dynamic"
check 'needs libc, libpthread, libdl, libm, libgcc_s and the loader only' test -z "$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$HB_OUT/dynamic" |
    grep -vxE 'lib(c|m|pthread|dl|gcc_s)\.so\.[0-9]|ld-linux.*')"
readelf --dyn-syms -W "$library" >"$HB_OUT/symbols"
defined() { awk '$7 != "UND" && $5 == "GLOBAL" { sub("@.*", "", $8); print $8 }' "$HB_OUT/symbols" | LC_ALL=C sort; }
check 'exports what tests/abi/symbols.txt lists' same <(sed -n 's/^\(hb_[a-z0-9_]*\).*/\1/p' tests/abi/symbols.txt) <(defined)

# Which versions of glibc a program asks for, in words that it has too: 2.31 is that of Debian 11 and Ubuntu 20.04.
newest_glibc() { readelf -VW "$1" | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1; }
no_newer() {
    local newest
    newest=$(newest_glibc "$1")
    printf '%s asks for %s\n' "$1" "$newest"
    [ -n "$newest" ] && [ "$(printf 'GLIBC_2.31\n%s\n' "$newest" | sort -V | tail -n 1)" = GLIBC_2.31 ]
}
check 'the library asks for no glibc newer than 2.31' no_newer "$library"
check 'nor does hbchat' no_newer "$prefix/bin/hbchat"
older=$(packaging/portable --sysroot)
loader=("$older"/lib64/ld-linux-*.so.2) libraries=$(echo "$older"/{usr/,}lib/*-linux-gnu | tr ' ' :)
on_older() { "${loader[0]}" --library-path "$libraries:$lib" "$prefix/bin/hbchat" words >"$HB_OUT/older.out"; }
check 'hbchat runs with glibc 2.31' on_older
check 'and answers' grep -q 'canned text from the simulator' "$HB_OUT/older.out"
check 'no folder of this machine is in it' not grep -aqF -e "$HB_ROOT" -e "${CARGO_HOME:-$HOME/.cargo}/" "$library"

# --- its size
limit=3670016
size=$(stat -c %s "$library")
within() {
    python3 tests/package/sizes.py target/test/link-map tests/package/sizes.txt
    printf '%s bytes of %s\n' "$size" "$limit"
    [ "$size" -le "$limit" ]
}
check 'stripped' test -z "$(readelf -SW "$library" | grep -F .symtab)"
check 'the size; the log says what grew' within
check 'tests/package/sizes.txt is about as the library (sizes.py target/test/link-map makes it anew)' \
    python3 tests/package/sizes.py target/test/link-map tests/package/sizes.txt "$size"

# --- the manual
manual=$prefix/share/man page=$prefix/share/man/man1/hbchat.1
export LD_LIBRARY_PATH=$lib
"$prefix/bin/hbchat" --help >"$HB_OUT/help"
check 'mandoc has no complaints' mandoc -T lint -W warning "$manual"/man*/*
check 'a page for every function' test -z "$(sed -n 's/^\(hb_[a-z0-9_]*\).*/\1.3/p' tests/abi/symbols.txt |
    grep -vxFf <(ls "$manual/man3"))"
check 'libhyperbolic(3) has every function' test -z "$(sed -n 's/^\(hb_[a-z0-9_]*\).*/\1/p' tests/abi/symbols.txt |
    grep -vxFf <(sed -n 's/^\.B \(hb_.*\)/\1/p' "$manual/man3/libhyperbolic.3"))"
check 'hbchat(1): the options of --help' same <(grep -oE -- '--[a-z][a-z-]*' "$HB_OUT/help" | sort -u) \
    <(sed 's/\\-/-/g' "$page" | sed -n 's/^\.BI\? \(--[a-z-]*\).*/\1/p' | sort -u)
check 'hbchat(1): the commands of /help' same <(sed -n 's|^    {"\(/[a-z]*\)", ".*|\1|p' examples/hbchat/commands.c | sort) \
    <(sed -n 's|^\.BI\? \(/[a-z]*\).*|\1|p' "$page" | sort -u | grep -v '^/save$' | sort - <(echo /save))
check 'hbchat(1): the exit codes' same <(sed -n 's/^  \([0-9][0-9]*\)  .*/\1/p' "$HB_OUT/help") \
    <(sed -n '/^\.SH EXIT/,/^\.SH ENV/s/^\.B \([0-9]*\)/\1/p' "$page")
check 'hbchat(1): the variables that it reads' test -z "$(grep -ohE 'HYPERBOLIC_[A-Z]+_[A-Z_]*[A-Z]|HYPERBOLIC_MODEL' examples/hbchat/*.c \
    include/hyperbolic.h | sort -u | grep -vE 'ABI|VERSION|STATIC' | grep -vxFf <(sed -n 's/^\.B \(HYPERBOLIC.*\)/\1/p' "$page"))"
unset LD_LIBRARY_PATH

# --- who uses it
prepare_outside "$outside/use"
run_checks use 200 env -C "$outside/use" CMAKE_PREFIX_PATH="$prefix" PKG_CONFIG_PATH="$lib/pkgconfig" PATH="$prefix/bin:$PATH" \
    MANPATH="$manual" LD_LIBRARY_PATH="$lib" bash ./use
collect use
cat "$HB_OUT/use.err"
# Exceptions pass through the library by an unwinder that it shares with the program, however it was linked.
HB_LIB_DIR=$lib run_programs plain tests/c/leave.cpp tests/c/leave_longjmp.c
