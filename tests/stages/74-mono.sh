# about: C# over P/Invoke in Mono: domains that are unloaded in the middle of an answer, and exceptions out of callbacks
# group: queue
# needs: mcs=mono-mcs mono=mono-runtime curl=curl
build_library release
build_simulator
start_simulators "$HB_OUT/server"
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY LD_LIBRARY_PATH=$HB_LIB_DIR
unset HYPERBOLIC_MODEL

for name in Reload Throw; do
    program=$HB_OUT/$name.exe
    check "$name compiles" mcs -langversion:7.2 -warnaserror "-out:$program" tests/mono/Hyperbolic.cs "tests/mono/$name.cs"
    run_checks "$name" 280 mono "$program"
    expect_silence "$name"
    collect "$name"
    # 50 plays of three requests each, of which none came to its end.
    if [ "$name" = Reload ]; then
        check 'the server saw each request leave' \
            wait_for_counts requests=150 closes=150 finished-at-most=0 in_flight-at-most=0 open-at-most=0
    fi
done
