# about: every C program of the README compiles and runs against the simulator, and has something to say
# group: app
# needs: cc=gcc python3=python3
build_library debug
build_simulator
start_simulators "$HB_OUT/server"
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY
python3 - "$HB_OUT" <<'PYTHON'
import re, sys
sections = re.split(r"^##+ (.+)$", open("README.md", encoding="utf-8").read(), flags=re.M)
for title, text in zip(sections[1::2], sections[2::2]):
    for program in re.findall(r"^```c\n(.*?)^```$", text, flags=re.M | re.S):
        name = re.sub(r"\W+", "-", title.lower()).strip("-")
        with open(f"{sys.argv[1]}/{name}.c", "w", encoding="utf-8") as file:
            file.write(program)
PYTHON
printf '\x89PNG\r\n\x1a\n' >"$HB_OUT/image.png"
not() { ! "$@"; }
count=0
for source in "$HB_OUT"/*.c; do
    name=$(basename "$source" .c)
    check "$name compiles" compile "$HB_OUT/$name" "$source"
    # The simulator has no model that takes images; its word for that is an answer too.
    run=(timeout -k 5 60 "$HB_OUT/$name" "$HB_OUT/image.png")
    if [ "$name" = images ]; then run=(not "${run[@]}"); fi
    check "$name runs" "${run[@]}" </dev/null >"$HB_OUT/$name.out"
    cat "$HB_OUT/$name.out"
    check "$name says something" test -s "$HB_OUT/$name.out"
    count=$((count + 1))
done
check 'as many as the README has' test "$count" -eq "$(grep -c '^```c$' README.md)"
