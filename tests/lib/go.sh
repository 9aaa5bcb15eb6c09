# The Go binding: how its tools are run and their verdicts read.
# shellcheck shell=bash

# prepare_go: the library in a prefix, where the package finds it by pkg-config as it does for everybody.
prepare_go() {
    stage_prefix "$HB_OUT/prefix"
    use_prefix "$HB_OUT/prefix"
}

# use_prefix FOLDER: compile and run against what is in it. The toolchain is the one that is there: none is fetched.
# Go's build cache takes no notice of what pkg-config says, nor of what is in the folders that it names, but of these
# flags: so a package of an earlier prefix or library is not taken for this one's.
use_prefix() {
    local stamp
    stamp=$(find "$1" -type f -print0 | sort -z | xargs -0 cat | cksum)
    export PKG_CONFIG_PATH=$1/lib/pkgconfig LD_LIBRARY_PATH=$1/lib GOTOOLCHAIN=local
    export CGO_CFLAGS="-O2 -g -I$1/include -DHYPERBOLIC_PREFIX=${stamp%% *}"
}

# in_go COMMAND...: in the binding's folder.
in_go() { (cd "$HB_ROOT/bindings/go" && "$@"); }

# go_tests NAME SECONDS ARGUMENT...: `go test ARGUMENT...`; each test is a check. Its output is in the log.
go_tests() {
    local name=$1 limit=$2 status=0 output=$HB_OUT/$1.out results=$HB_OUT/$1.verdicts
    shift 2
    in_go timeout --foreground -k 5 "$limit" go test -v -count=1 "$@" >"$output" 2>&1 8>&- || status=$?
    cat "$output"
    sed -n -e 's/^--- PASS: \([^ ]*\) .*/ok \1/p' -e 's/^--- FAIL: \([^ ]*\) .*/not ok \1: see the log/p' \
        -e 's/^--- SKIP: \([^ ]*\) .*/skip \1: see the log/p' "$output" >"$results"
    take_verdicts "$name" "$limit" "$status" "$results"
}
