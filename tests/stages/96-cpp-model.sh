# about: two examples of the C++ binding against llama-server with a small real model
# group: bindings
# needs: g++=g++ python3=python3 apt-get=apt dpkg-deb=dpkg
if ! tests/model/fetch; then
    skip cpp-model 'the server or the model could not be fetched; see the log'
    exit 0
fi
build_library release
start_model_server
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY HYPERBOLIC_MODEL=$HB_TEST_MODEL
use_cxx g++ -std=c++20 -I bindings/cpp/include
for name in conversation cancel; do
    check "$name compiles" compile "$HB_OUT/$name" "bindings/cpp/examples/$name.cpp"
    check "$name runs" timeout -k 5 120 "$HB_OUT/$name" </dev/null >"$HB_OUT/$name.out"
    cat "$HB_OUT/$name.out"
done
# Each question, and something below it.
check 'conversation has three answers' test "$(grep -A1 '^> ' "$HB_OUT/conversation.out" | grep -cE '^[^>-]')" -eq 3
check 'cancel left an answer early' grep -qE '^left after: .' "$HB_OUT/cancel.out"
check 'and cancelled one' grep -q '^cancelled: HB_E_CANCELLED$' "$HB_OUT/cancel.out"
