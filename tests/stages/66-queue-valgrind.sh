# about: the same under valgrind, against the release library
# group: queue
# needs: cc=gcc c++=g++ valgrind=valgrind
build_library release
export HB_TEST_CROWD=1000 HB_TEST_STREAMS=100
run_programs valgrind tests/c/queue/*.c tests/c/queue/*.cpp
