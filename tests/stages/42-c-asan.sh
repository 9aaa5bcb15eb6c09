# about: the same, and the NULL program, with AddressSanitizer in program and library
# group: core
# needs: cc=gcc c++=g++ curl=curl python3=python3
build_library asan
python3 tests/abi/null_test.py include/hyperbolic.h >"$HB_OUT/null.c"
run_programs asan tests/c/*.c tests/c/*.cpp "$HB_OUT/null.c"
