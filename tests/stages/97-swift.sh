# about: the Swift package builds without a warning, and its tests pass against the simulator
# group: bindings
# needs: gcc=gcc curl=curl pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg unshare=util-linux
if ! fetch_swift; then
    skip swift 'the toolchain could not be fetched; see the log'
    exit 0
fi
prepare_swift
build_simulator
start_simulators "$HB_OUT/server"
unset HB_TEST_MODEL
build_swift
pass 'it builds without a warning'
swift_tests tests 240 --skip RealModel
