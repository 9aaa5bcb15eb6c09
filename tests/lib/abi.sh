# The ABI as it is and as it was: symbols, and what abidiff compares.
# shellcheck shell=bash

HB_BASELINE=$HB_ROOT/tests/abi/baseline.xml
HB_SYMBOLS=$HB_ROOT/tests/abi/symbols.txt

# describe_abi LIBRARY: what its debug information says that callers can see.
describe_abi() {
    abidw --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --type-id-style hash "$1" |
        python3 "$HB_ROOT/tests/abi/reachable.py"
}

# The functions that symbols.txt lists, the header declares, and a library defines, one a line.
listed_symbols() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$HB_SYMBOLS" | cut -d' ' -f1; }
declared_symbols() { python3 "$HB_ROOT/tests/abi/header.py" "$HB_INCLUDE/hyperbolic.h"; }
exported_symbols() { nm -D --defined-only "$1" | sed 's/.* //' | LC_ALL=C sort; }
archived_symbols() { nm --extern-only --defined-only "$1" 2>/dev/null | sed -n 's/.* \(hb_[^ ]*\)$/\1/p' | LC_ALL=C sort; }

# Both files made anew from the library and the header: a symbol keeps the version that it has, a new one gets this one.
update_abi() {
    local version described known symbol
    version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$HB_ROOT/Cargo.toml")
    build_library debug
    described=$(describe_abi "$HB_LIB_DIR/libhyperbolic.so")
    printf '%s\n' "$described" >"$HB_BASELINE"
    known=$(<"$HB_SYMBOLS")
    {
        printf '# Every symbol, and the version it came in.\n'
        for symbol in $(declared_symbols); do
            grep "^$symbol " <<<"$known" || printf '%s %s\n' "$symbol" "$version"
        done
    } >"$HB_SYMBOLS"
}
