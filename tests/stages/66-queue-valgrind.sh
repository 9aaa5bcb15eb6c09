# about: the same under valgrind, against the release library
# group: queue
# needs: cc=gcc valgrind=valgrind
build_library release
export HB_TEST_CROWD=1000
run_programs valgrind tests/c/queue/*.c
