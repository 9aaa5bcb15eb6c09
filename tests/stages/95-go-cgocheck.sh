# about: the tests of the Go binding again, with every pointer checked that Go writes where C could keep it
# group: bindings
# needs: go=golang gcc=gcc pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg
prepare_go
build_simulator
start_simulators "$HB_OUT/server"
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY GOEXPERIMENT=cgocheck2
unset HYPERBOLIC_MODEL
go_tests cgocheck2 240 -skip '^TestRealModel' .
