# about: the programs of tests/model against llama-server with a small real model
# group: core
# needs: cc=gcc python3=python3 apt-get=apt dpkg-deb=dpkg
if ! tests/model/fetch; then
    skip model 'the server or the model could not be fetched; see the log'
    exit 0
fi
build_library release
start_model_server
for source in tests/model/*.c; do
    name=$(basename "$source")
    compile "$HB_OUT/$name.program" "$source"
    run_checks "$name" 120 "$HB_OUT/$name.program"
    expect_silence "$name"
    collect "$name"
done

# The page's own programs too: this server takes any model's name. What it writes is not the same twice, but something.
mkdir "$HB_OUT/page"
SIM_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY run_checks page 300 tests/page/run "$HB_OUT/page"
collect page
