# The library in its variants. cargo decides what is fresh, so asking twice costs a fraction of a second.
# shellcheck shell=bash

# build_library VARIANT: sets HB_LIB_DIR; its status is that of the build.
build_library() {
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    case $1 in
        debug)
            export HB_LIB_DIR=$CARGO_TARGET_DIR/debug
            cargo build --locked --workspace ;;
        release)
            # Exactly what ships: the plain command, in the plain folder.
            export HB_LIB_DIR=$CARGO_TARGET_DIR/release
            build_release ;;
        hooks)
            # The release build with its panic and fault hooks. The compiled dependencies are the same.
            export HB_LIB_DIR=$CARGO_TARGET_DIR/test/hooks/release
            if [ ! -d "$HB_LIB_DIR" ]; then
                build_release
                mkdir -p "${HB_LIB_DIR%/*}"
                cp -a "$CARGO_TARGET_DIR/release" "$HB_LIB_DIR"
            fi
            CARGO_TARGET_DIR=${HB_LIB_DIR%/*} cargo build --locked --release --features test-hooks ;;
        asan)
            export HB_LIB_DIR=$CARGO_TARGET_DIR/test/asan/$host/debug
            # --target keeps build scripts and proc macros, which run inside rustc, free of the sanitizer.
            RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=$CARGO_TARGET_DIR/test/asan \
                cargo build --locked --target "$host" ;;
        tsan)
            export HB_LIB_DIR=$CARGO_TARGET_DIR/test/tsan/$host/debug
            # Debian's compiler has the source of its std beside it, which must be built with the sanitizer too: else
            # the sanitizer does not see what std's locks and channels order.
            PATH=/usr/bin:/bin RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread CARGO_TARGET_DIR=$CARGO_TARGET_DIR/test/tsan \
                cargo build --locked -Z build-std=std,panic_unwind --target "$host" ;;
    esac
}

# rustc's own line for the shipped file, which only a build that does something prints, is kept for `shipped`.
HB_RELEASE_LINE=$CARGO_TARGET_DIR/test/release-rustc-line
build_release() {
    local log=$HB_OUT/cargo-build-release
    cargo build --locked --release -v >"$log" 2>&1 || { cat "$log"; return 1; }
    mkdir -p "${HB_RELEASE_LINE%/*}"
    if grep -- '--crate-name hyperbolic ' "$log" >"$log.line"; then cp "$log.line" "$HB_RELEASE_LINE"; fi
}

# Built once, unoptimized, for every variant of the library.
build_simulator() {
    export HB_SIM=$CARGO_TARGET_DIR/debug/hyperbolic-simulator
    cargo build --locked --workspace
}

# generated_header FLAG...: the path of the header that a build with these flags makes.
generated_header() {
    local out_dir
    out_dir=$(cargo build --locked "$@" --message-format=json |
        sed -n '/"reason":"build-script-executed"/s|.*"out_dir":"\([^"]*/hyperbolic[-/][0-9a-f]*/out\)".*|\1|p')
    printf '%s/hyperbolic.h' "$out_dir"
}
