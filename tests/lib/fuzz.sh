# The fuzz targets of fuzz/: their tool, their build, and a run of one.
# shellcheck shell=bash

fuzz_targets() { sed -n '/^\[\[bin\]\]/,/^name/s/^name = "\(.*\)"/\1/p' fuzz/Cargo.toml; }

# cargo-fuzz, made once from the Rust registry, in a cache outside the tree and outside cargo's own.
install_cargo_fuzz() {
    local version=0.13.2 folder install
    folder=${HB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libhyperbolic}/cargo-fuzz-$version
    if [ ! -x "$folder/bin/cargo-fuzz" ]; then
        install=(env "CARGO_TARGET_DIR=$HB_OUT/cargo-fuzz" cargo install --locked --root "$folder" "cargo-fuzz@$version")
        "${install[@]}" || "${install[@]}" || return 1 # the registry may fail once
        rm -rf "$HB_OUT/cargo-fuzz"
    fi
    PATH=$folder/bin:$PATH
}

# The sanitizer and the coverage that libFuzzer needs are flags that a stable compiler takes only when told to.
build_fuzz() {
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    HB_FUZZ=$CARGO_TARGET_DIR/test/fuzz/$host/release
    # cargo-fuzz knows no --locked: whether the lock file is whole is asked before.
    cargo metadata --locked --format-version=1 --manifest-path fuzz/Cargo.toml >/dev/null || return 1
    RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$CARGO_TARGET_DIR/test/fuzz cargo fuzz build --target "$host"
}

# fuzz TARGET SECONDS: one run. What it says is in $HB_OUT/TARGET.log, an input that fails in $HB_OUT/TARGET.crash-...
# New inputs stay out of the tree. The bound on their length keeps a run from growing a few slow ones: every byte case
# is shorter.
fuzz() {
    local base=$HB_OUT/$1
    mkdir -p "$base.new"
    "$HB_FUZZ/$1" "$base.new" "fuzz/corpus/$1" tests/wire -max_total_time="$2" -max_len=2048 -timeout=20 \
        -print_final_stats=1 -artifact_prefix="$base." >"$base.log" 2>&1
}

# fuzz_executions TARGET: how many inputs its run tried; nothing if it ended early.
fuzz_executions() { sed -n 's/^stat::number_of_executed_units: *//p' "$HB_OUT/$1.log"; }
