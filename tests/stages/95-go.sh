# about: the tests of the Go binding against the simulator, under Go's race detector
# group: bindings
# needs: go=golang gcc=gcc pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg
prepare_go
use_simulator
go_tests race 240 -race -skip '^TestRealModel' .
