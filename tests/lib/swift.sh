# The Swift binding: its toolchain, how that is run, and how its verdicts are read.
# shellcheck shell=bash

# Debian's Swift, and what it compiles and links with. 577 MB, and 2.6 GB unpacked, once, in a cache outside the tree.
swift_packages=(swiftlang libc6-dev libstdc++-14-dev git bash coreutils dash base-files binutils gcc python3-minimal)
swift_root=${HB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libhyperbolic}/swift-trixie
swift_folder=$CARGO_TARGET_DIR/test/swift

fetch_swift() (
    if [ -d "$swift_root" ]; then exit; fi
    mkdir -p "${swift_root%/*}"
    work=$(mktemp -d "$swift_root.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
    tests/lib/unpack trixie "$work" "${swift_packages[@]}" || exit 1
    # Whoever comes second with the same thing leaves the first one's in place.
    mv -T "$work" "$swift_root" 2>/dev/null || test -d "$swift_root"
)

# in_swift COMMAND...: in the folder that the packages were unpacked into, as if it were the whole system, because their
# C library is newer than this machine's. The tree is there too, and what swift_sees names besides. All of it is seen by
# this one command and its children, and is gone with it, however it ends: there is nothing to unmount.
# use_swift_outside FOLDER: this is seen too, and has the prefix and the home from now on.
swift_sees=()
use_swift_outside() { swift_sees=("$1") swift_folder=$1; }
in_swift() {
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount --pid --fork --kill-child bash -c '
        root=$1 folder=$2 tree=$3 shown=$4; shift 4
        mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount -t tmpfs none "$root/tmp" || exit
        for seen in "$tree" "${@:1:$shown}"; do
            mkdir -p "$root$seen" && mount --bind "$seen" "$root$seen" || exit
        done
        exec chroot "$root" /usr/bin/env -C "$tree" PATH=/usr/libexec/swift/bin:/usr/bin HOME="$folder/home" \
            PKG_CONFIG_PATH="$folder/prefix/lib/pkgconfig" LD_LIBRARY_PATH="$folder/prefix/lib" "${@:$shown+1}"
    ' - "$swift_root" "$swift_folder" "$HB_ROOT" ${#swift_sees[@]} "${swift_sees[@]}" "$@"
}

# prepare_swift: the library in a prefix. That is always the same folder, and is not touched without need, so that what one
# stage has compiled is there for the next.
prepare_swift() {
    local staged=$HB_OUT/staged
    DESTDIR=$staged stage_prefix "$swift_folder/prefix"
    mkdir -p "$swift_folder/home"
    if ! diff -rq "$staged$swift_folder/prefix" "$swift_folder/prefix"; then
        rm -rf "$swift_folder/prefix"
        mv "$staged$swift_folder/prefix" "$swift_folder/prefix"
    fi
}

# use_swift BUILD [FLAG...]: the folder and the further flags of each command about the binding's package. A warning is an
# error.
use_swift() {
    swift_flags=(--package-path "$HB_ROOT/bindings/swift" --scratch-path "$swift_folder/$1" -Xswiftc -warnings-as-errors "${@:2}")
}
use_swift build

# build_swift: the package with its tests and examples, which further stages use as it is.
build_swift() { in_swift swift build --build-tests "${swift_flags[@]}"; }

# swift_tests NAME SECONDS ARGUMENT...: `swift test ARGUMENT...` of what was built; each test is a check.
swift_tests() {
    local name=$1 limit=$2 status=0 output=$HB_OUT/$1.out results=$HB_OUT/$1.verdicts
    shift 2
    in_swift timeout -k 5 "$limit" swift test --skip-build --disable-xctest "${swift_flags[@]}" "$@" \
        >"$output" 2>&1 8>&- || status=$?
    cat "$output"
    sed -nE -e 's/^[^A-Za-z]*Test ([a-zA-Z]+)\(.*\) passed .*/ok \1/p' \
        -e 's/^[^A-Za-z]*Test ([a-zA-Z]+)\(.*\) failed .*/not ok \1: see the log/p' \
        -e 's/^[^A-Za-z]*Test ([a-zA-Z]+)\(.*\) skipped.*/skip \1: see the log/p' "$output" >"$results"
    take_verdicts "$name" "$limit" "$status" "$results"
}

# run_swift_example NAME SECONDS: one that was built; its outputs are $HB_OUT/NAME.out and NAME.err, and in the log.
run_swift_example() {
    local status=0
    in_swift timeout -k 5 "$2" "$swift_folder/build/debug/$1-example" >"$HB_OUT/$1.out" 2>"$HB_OUT/$1.err" 8>&- || status=$?
    cat "$HB_OUT/$1.out" "$HB_OUT/$1.err" >&2
    return "$status"
}
