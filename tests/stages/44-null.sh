# about: every function of the header answers NULL as the header says (a program made from the declarations)
# group: core
# needs: cc=gcc python3=python3
build_library debug
python3 tests/abi/null_test.py include/hyperbolic.h >"$HB_OUT/null.c"
run_programs plain "$HB_OUT/null.c"
