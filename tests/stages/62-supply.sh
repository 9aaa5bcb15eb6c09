# about: dependencies: pinned, their licences and sources allowed, each with a reason, no feature by default; the SBOM is true
# group: package
# needs: python3=python3
not() { ! "$@"; }

# No script may build what Cargo.lock does not say. (`cargo fuzz` has no such flag: build_fuzz asks before.)
unlocked() {
    grep -rnE '\bcargo (build|test|check|clippy|doc|run|rustc|metadata|tree|install|cbuild|cinstall|ctest)\b' "$@" |
        grep -vE -- "--locked|^[^:]*:[0-9]*:\s*#|[\`\"]cargo"
}
mapfile -t scripts < <(grep -rlE '^(#!.*bash|# about:|# shellcheck shell=bash)' tests examples benches packaging .ci)
check 'cargo is always told --locked' not unlocked "${scripts[@]}"
printf '%s build --release\n' cargo >"$HB_OUT/unlocked"
check 'or else it would be seen' unlocked "$HB_OUT/unlocked" /dev/null

if ! prepare_supply; then
    skip supply 'neither cargo-deny nor the schemas of CycloneDX could be fetched for this machine'
    exit
fi
allowed() { cargo-deny --manifest-path "$1" --config "$2" --locked check --hide-inclusion-graph bans licenses sources; }
check 'what may be in the library and its tests' allowed Cargo.toml deny.toml
check 'and in the fuzz targets' allowed fuzz/Cargo.toml deny.toml
sed 's/"ISC", //' deny.toml >"$HB_OUT/deny.toml"
check 'a licence that is not allowed is seen' not allowed Cargo.toml "$HB_OUT/deny.toml"

packaging/sbom.py >"$HB_OUT/sbom.json"
packaging/sbom.py >"$HB_OUT/again.json"
check 'the same SBOM each time' cmp "$HB_OUT/sbom.json" "$HB_OUT/again.json"
check 'it is CycloneDX' "$HB_SUPPLY_PYTHON" tests/supply/schema.py "$HB_OUT/sbom.json"
cargo tree --locked -p hyperbolic -e normal,no-proc-macro --target x86_64-unknown-linux-gnu --prefix none --format '{p}' |
    cut -d' ' -f1 | sort -u >"$HB_OUT/linked"
cargo metadata --locked --format-version=1 >"$HB_OUT/metadata.json"
run_checks dependencies 60 python3 tests/supply/dependencies.py README.md "$HB_OUT/metadata.json" "$HB_OUT/sbom.json" "$HB_OUT/linked"
expect_silence dependencies
collect dependencies
