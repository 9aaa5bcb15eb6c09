# about: the Swift binding and its examples against llama-server with a small real model
# group: bindings
# needs: gcc=gcc pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg unshare=util-linux
if ! fetch_swift || ! tests/model/fetch; then
    skip swift-model 'the toolchain, the server or the model could not be fetched; see the log'
    exit 0
fi
prepare_swift
start_model_server
build_swift
swift_tests model 300 --filter RealModel
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY HYPERBOLIC_MODEL=$HB_TEST_MODEL
for name in chat stream conversation tools cancel; do check "$name runs" run_swift_example "$name" 300; done
check 'chat answers' test -s "$HB_OUT/chat.out"
check 'stream counts its tokens' grep -qE '^\[smollm2-135m, [1-9][0-9]* tokens in ' "$HB_OUT/stream.err"
# Each question, and something below it.
check 'conversation has three answers' test "$(grep -A1 '^> ' "$HB_OUT/conversation.out" | grep -cE '^[^>-]')" -eq 3
check 'tools has added' grep -qE '^add\(.*\) = ' "$HB_OUT/tools.out"
check 'cancel left a loop' grep -q '^\[left after: .' "$HB_OUT/cancel.out"
check 'and ended a task' grep -qE '^\[stopped; [0-9]+ bytes had arrived\]$' "$HB_OUT/cancel.out"
