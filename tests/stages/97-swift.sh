# about: the Swift package builds without a warning, and its tests pass against the simulator
# group: bindings
# needs: pkg-config=pkg-config apt-get=apt dpkg-deb=dpkg unshare=util-linux
if ! prepare_swift; then
    skip swift 'the toolchain could not be fetched; see the log'
    exit 0
fi
build_simulator
start_simulators "$HB_OUT/server"
unset HB_TEST_MODEL
check 'it builds without a warning' in_swift swift build --build-tests "${swift_flags[@]}"
swift_tests tests 240 --skip RealModel
