# about: the same by clang as C++20 without exceptions and RTTI, as engines build
# group: bindings
# needs: clang++=clang
build_library release
use_cxx clang++ -std=c++20 -fno-exceptions -fno-rtti -I bindings/cpp/include
run_programs plain bindings/cpp/tests/*.cpp
