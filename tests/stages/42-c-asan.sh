# about: the same with AddressSanitizer in program and library
# group: core
# needs: cc=gcc c++=g++
build_library asan
run_programs asan tests/c/*.c tests/c/*.cpp
