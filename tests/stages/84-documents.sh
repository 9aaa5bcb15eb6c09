# about: every C and Python program in the documents runs against the simulator; the table of errors is the header's and true
# group: app
# needs: cc=gcc python3=python3 curl-config=libcurl4-openssl-dev
build_library debug
build_simulator
start_simulators "$HB_OUT/server"
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY
export OPENAI_BASE_URL=$HB_TEST_URL/v1 OPENAI_API_KEY=$HB_TEST_KEY
documents=(./*.md docs/*.md)
python3 tests/bindings/programs.py "${documents[@]}" c "$HB_OUT"
python3 tests/bindings/programs.py "${documents[@]}" py "$HB_OUT"
printf '\x89PNG\r\n\x1a\n' >"$HB_OUT/image.png"
read -ra curl <<<"$(curl-config --libs)"
python=$(tests/page/python)

# says_something SOURCE COMMAND...: it runs to its end and prints something.
says_something() {
    local name
    name=$(basename "$1")
    shift
    check "$name runs" timeout -k 5 60 "$@" </dev/null >"$HB_OUT/$name.out"
    cat "$HB_OUT/$name.out"
    check "$name says something" test -s "$HB_OUT/$name.out"
}
count=0
for source in "$HB_OUT"/*.c; do
    flags=()
    if grep -q curl/curl.h "$source"; then flags=("${curl[@]}"); fi
    check "$(basename "$source") compiles" compile "$source.program" "$source" "${flags[@]}"
    # The simulator has no model that takes images; its word for that is an answer too.
    run=("$source.program" "$HB_OUT/image.png")
    if grep -q hb_request_add_image "$source"; then run=(bash -c '! "$@"' - "${run[@]}"); fi
    says_something "$source" "${run[@]}"
    count=$((count + 1))
done
mains() { sed -n '/^\x60\x60\x60c$/,/^\x60\x60\x60$/p' "${documents[@]}" | grep -c '^int main('; }
check 'as many as the documents have' test "$count" -eq "$(mains)"
for source in "$HB_OUT"/*.py; do says_something "$source" "$python" "$source"; done
check 'the package and the library say the same' cmp "$HB_OUT/migrating-1.py.out" "$HB_OUT/migrating-2.c.out"
check 'by hand, escapes are lost, as it says there' grep -qF 'You wrote \ is the sky blue?' "$HB_OUT/migrating-1.c.out"
check 'a held request goes on' grep -qx '\[goes on\]' "$HB_OUT/engine-2.c.out"

run_checks statuses 60 python3 tests/docs/errors.py docs/errors.md include/hyperbolic.h
collect statuses
check 'the program of the errors compiles' compile "$HB_OUT/again.program" tests/docs/errors.c
export HB_TEST_TABLE=docs/errors.md
run_checks again 60 "$HB_OUT/again.program"
collect again
