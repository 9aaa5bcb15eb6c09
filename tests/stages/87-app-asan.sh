# about: the same with AddressSanitizer in program and library
# group: app
# needs: cc=gcc curl=curl
build_library asan
run_programs asan tests/c/app/*.c
