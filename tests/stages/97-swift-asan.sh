# about: the tests of the Swift binding again, with AddressSanitizer in it and below it: nothing that was freed is used
# group: bindings
# needs: gcc=gcc curl=curl pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg unshare=util-linux
if ! fetch_swift; then
    skip swift-asan 'the toolchain could not be fetched; see the log'
    exit 0
fi
prepare_swift
build_simulator
start_simulators "$HB_OUT/server"
unset HB_TEST_MODEL
use_swift asan --sanitize=address
build_swift
swift_tests asan 240 --skip 'RealModel|nothingIsLeftBehind'
note 'nothingIsLeftBehind not under AddressSanitizer, which keeps what was freed'
