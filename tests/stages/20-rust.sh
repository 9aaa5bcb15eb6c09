# about: the tests in Rust, of every member of the workspace
# group: core
status=0
RUST_BACKTRACE=0 cargo test --locked --workspace --no-fail-fast >"$HB_OUT/cargo-test" 2>&1 || status=$?
cat "$HB_OUT/cargo-test"
# libtest's own lines become checks. An ignored test is a skip.
sed -nE -e 's/^test (.*) \.\.\. ok$/ok \1/p' \
    -e 's/^test (.*) \.\.\. FAILED$/not ok \1: see the log/p' \
    -e 's/^test (.*) \.\.\. ignored(.*)$/skip \1: ignored\2/p' "$HB_OUT/cargo-test" >>"$HB_RESULTS"
counted=$(sed -nE 's/^test result: .* ([0-9]+) passed;.*/\1/p' "$HB_OUT/cargo-test" | paste -sd+)
check 'every passed test was counted' test "$((${counted:-0}))" -eq "$(grep -c '^ok ' "$HB_RESULTS")"
# What failed, again, at the end, where it is shown.
sed -n '/^failures:$/,/^test result/p' "$HB_OUT/cargo-test"
exit "$status"
