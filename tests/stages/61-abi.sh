# about: the library against its baseline (abidiff), the header, symbols.txt and both libraries against each other
# group: package
# needs: nm=binutils abidiff=abigail-tools python3=python3
not() { ! "$@"; }

run_checks rules 60 python3 tests/abi/rules.py include/hyperbolic.h
expect_silence rules
collect rules

# The rules can be broken: each of these is one change to the header.
breaks() {
    sed "$2" include/hyperbolic.h >"$HB_OUT/broken.h"
    check "$1 breaks a rule" not python3 tests/abi/rules.py "$HB_OUT/broken.h"
}
breaks 'a bool' 's/hb_status hb_shutdown(int32_t/hb_status hb_shutdown(bool/'
breaks 'a struct by value' 's/const struct hb_event \*event);/struct hb_event event);/'
breaks 'an enum' 's/^typedef int32_t hb_status;/typedef enum hb_status { HB_GOOD } hb_status;/'
breaks 'a field of another size' 's/^  uint32_t attempt;/  unsigned short attempt;/'
breaks 'a field that layout.h lacks' 's/^  uint32_t attempt;/  uint32_t attempt;\n  uint32_t more;/'
breaks 'a function more' 's/^hb_status hb_shutdown(int32_t/hb_status hb_shut(int32_t timeout_ms);\nHB_API &/'
breaks 'a macro of another name' 's/^#define HB_OK 0/&\n#define OK 0/'
breaks 'a type of another name' 's/^typedef uint64_t hb_op;/&\ntypedef uint64_t op_t;/'

build_library debug
compare=(abidiff --harmless --no-show-locs "$HB_BASELINE")
check 'nothing has changed since the baseline (if it may: tests/run --update-abi)' \
    "${compare[@]}" "$HB_LIB_DIR/libhyperbolic.so"

# What of that is seen: the baseline with one thing changed is compared with itself.
broken() {
    sed "$2" "$HB_BASELINE" >"$HB_OUT/$1.xml"
    check "$1 is a change" not cmp -s "$HB_BASELINE" "$HB_OUT/$1.xml"
    check "$1 is seen" not "${compare[@]}" "$HB_OUT/$1.xml"
}
u32=$(sed -n 's/.*<type-decl name="u32".* id="\([0-9a-f]*\)".*/\1/p' "$HB_BASELINE")
u64=$(sed -n 's/.*<type-decl name="u64".* id="\([0-9a-f]*\)".*/\1/p' "$HB_BASELINE")
client=$(sed -n '/function-decl name="hb_client_free"/,/<return/s/.*<parameter type-id="\([0-9a-f]*\)".*/\1/p' "$HB_BASELINE")
usage='/function-decl name="hb_usage_model"/,/<\/function-decl>/'
event='/class-decl name="hb_event"/,/<\/class-decl>/'
broken removed-function "$usage d; /elf-symbol name=\"hb_usage_model\"/d"
broken wider-parameter "$usage s/\"$u32\"/\"$u64\"/"
broken other-handle "$usage s/type-id=\"[0-9a-f]*\" name=\"usage\"/type-id=\"$client\" name=\"usage\"/"
broken fewer-parameters "$usage { /name=\"index\"/d }"
broken other-result "$usage s/<return type-id=\"[0-9a-f]*\"/<return type-id=\"$u32\"/"
broken removed-field "$event { /layout-offset-in-bits=\"704\"/,/<\/data-member>/d }"
broken wider-field "$event s/name=\"attempt\" type-id=\"$u32\"/name=\"attempt\" type-id=\"$u64\"/"
broken larger-struct '/class-decl name="hb_event"/s/"768"/"832"/'
broken renamed-field "$event s/name=\"attempt\"/name=\"try\"/"

# What is declared is listed (above), is in both libraries, and there is nothing else.
build_library release
listed_symbols >"$HB_OUT/listed"
check 'the header declares what is listed' diff -u "$HB_OUT/listed" <(declared_symbols)
check 'the shared library has it' diff -u "$HB_OUT/listed" <(exported_symbols "$HB_LIB_DIR/libhyperbolic.so")
check 'the static library has it' diff -u "$HB_OUT/listed" <(archived_symbols "$HB_LIB_DIR/libhyperbolic.a")

# An archive hides nothing from a linker: what else is in it has names of Rust's, of the compiler's and of ring's version.
nm --extern-only --defined-only "$HB_LIB_DIR/libhyperbolic.a" 2>/dev/null | sed -n 's/.* [A-Z] \([^ ]*\)$/\1/p' | sort -u >"$HB_OUT/archived"
check 'the archive has names' grep -q '^rust_eh_personality$' "$HB_OUT/archived"
check 'but none that a program could have too' \
    not grep -vE '^(hb_|_ZN|_R|__|ring_core_[0-9_]+|(DW\.ref\.)?rust_eh_personality$)' "$HB_OUT/archived"
