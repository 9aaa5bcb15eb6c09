# about: the same with AddressSanitizer in program and library
# group: queue
# needs: cc=gcc c++=g++ curl=curl
build_library asan
export HB_TEST_CROWD=10000
run_programs asan tests/c/queue/*.c tests/c/queue/*.cpp
