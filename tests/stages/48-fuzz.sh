# about: each fuzz target for 20 seconds, two at a time (tests/soak runs them for longer)
# group: wire
# needs: cc=gcc c++=g++
if ! install_cargo_fuzz; then
    skip fuzz 'cargo-fuzz could not be installed; see the log'
    exit 0
fi
build_fuzz

fuzz_check() {
    local status=0 tried
    fuzz "$1" 20 || status=$?
    tried=$(fuzz_executions "$1")
    if [ "$status" -eq 0 ] && [ "${tried:-0}" -gt 0 ]; then
        printf 'ok %s: %s inputs\n' "$1" "$tried" >"$HB_OUT/$1.results"
    else
        printf 'not ok %s: exit code %s after %s inputs\n' "$1" "$status" "${tried:-unknown}" >"$HB_OUT/$1.results"
    fi
}

mapfile -t targets < <(fuzz_targets)
for target in "${targets[@]}"; do start_job fuzz_check "$target"; done
wait_for_jobs
for target in "${targets[@]}"; do collect "$target"; done
