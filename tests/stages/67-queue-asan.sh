# about: the same with AddressSanitizer in program and library
# group: queue
# needs: cc=gcc curl=curl
build_library asan
export HB_TEST_CROWD=10000
run_programs asan tests/c/queue/*.c
