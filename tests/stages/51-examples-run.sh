# about: examples/run, the README's first command, with a simulator of its own and with an address given
# group: core
# needs: cc=gcc
unset HYPERBOLIC_API_KEY HYPERBOLIC_BASE_URL HYPERBOLIC_MODEL

check 'without settings' examples/run >"$HB_OUT/alone.out"
cat "$HB_OUT/alone.out"
own=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$HB_OUT/alone.out" | head -n 1)
check 'names its simulator first' grep -q 'simulator' <(head -n 1 "$HB_OUT/alone.out")
check 'an answer follows' test -n "$(tail -n +2 "$HB_OUT/alone.out" | tr -d '[:space:]')"
gone() { ! (exec 3<>"/dev/tcp/127.0.0.1/${own##*:}") 2>/dev/null; }
check 'its simulator is gone' gone

build_simulator
start_simulators "$HB_OUT/server"
HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY check 'with an address' examples/run >"$HB_OUT/given.out"
cat "$HB_OUT/given.out"
check 'names the address first' grep -qF "$HB_TEST_URL" <(head -n 1 "$HB_OUT/given.out")
check 'an answer follows there' test -n "$(tail -n +2 "$HB_OUT/given.out" | tr -d '[:space:]')"
