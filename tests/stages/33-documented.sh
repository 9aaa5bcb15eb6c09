# about: every function's comment answers the questions that it must, and the first page's program compiles
# group: core
# needs: cc=gcc c++=g++ python3=python3
run_checks documented 60 python3 tests/abi/documented.py include/hyperbolic.h
expect_silence documented
collect documented
