# about: the tests of the C++ binding, by gcc as C++17 with exceptions and RTTI
# group: bindings
# needs: g++=g++
build_library release
use_cxx g++ -I bindings/cpp/include
sources=(bindings/cpp/tests/{text,ends,talk,queue}.cpp)
run_programs plain "${sources[@]}"
note 'coroutine.cpp not as C++17, which has none; the next two stages run it'
