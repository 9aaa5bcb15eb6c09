# about: the vendor's page's own programs against the simulator, and their C twins
# group: core
# needs: cc=gcc python3=python3
build_library debug
build_simulator
start_simulators "$HB_OUT/server"
mkdir "$HB_OUT/files"
SIM_URL=$HB_TEST_URL run_checks page 300 tests/page/run "$HB_OUT/files"
collect page
