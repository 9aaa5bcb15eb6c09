# about: the same by gcc as C++23, with AddressSanitizer in program and library
# group: bindings
# needs: g++=g++
build_library asan
use_cxx g++ -std=c++2b -I bindings/cpp/include
run_programs asan bindings/cpp/tests/*.cpp
