# The library installed as everybody installs it (packaging/install), for callers outside the tree.
# shellcheck shell=bash

# stage_prefix FOLDER: all of it, in FOLDER, and built to be packaged. Whoever uses it sets
# PKG_CONFIG_PATH=FOLDER/lib/pkgconfig.
stage_prefix() {
    PREFIX=$1 LIBDIR=$1/lib packaging/portable packaging/install
}

# prepare_outside FOLDER: what tests/package/use needs, from outside the tree.
prepare_outside() {
    mkdir -p "$1"
    cp tests/package/{use,CMakeLists.txt} examples/c/stream.c bindings/cpp/examples/{stream.cpp,model_name.hpp} "$1"
}

# try_package NAME FILE...: tests/package/try in a clean root, without this tree and its toolchain.
try_package() {
    local name=$1 given=$HB_OUT/$1.given
    shift
    prepare_outside "$given/outside"
    cp tests/package/try "$@" "$given"
    run_checks "$name" 300 tests/package/clean-root "$given" "$HB_ROOT" "${CARGO_HOME:-$HOME/.cargo}" \
        "${RUSTUP_HOME:-$HOME/.rustup}"
    collect "$name"
    cat "$HB_OUT/$name.err"
}

# Whether this machine lets us make such a root.
can_make_roots() {
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount --propagation private bash -c 'mount -t tmpfs none /mnt && mkdir /mnt/{upper,work,root} &&
        mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root'
}
