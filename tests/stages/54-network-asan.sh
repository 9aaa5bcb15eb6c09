# about: the same with AddressSanitizer in program and library
# group: network
# needs: cc=gcc curl=curl
build_library asan
run_programs asan tests/c/network/*.c
