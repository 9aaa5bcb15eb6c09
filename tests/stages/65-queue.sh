# about: the queue and the end of the library: tests/c/queue against the debug library
# group: queue
# needs: cc=gcc c++=g++ curl=curl
build_library debug
export HB_TEST_CROWD=50000
run_programs plain tests/c/queue/*.c tests/c/queue/*.cpp
