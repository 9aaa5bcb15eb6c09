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
