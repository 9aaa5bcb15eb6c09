# about: clang-tidy finds nothing in hyperbolic.hpp and its examples
# group: bindings
# needs: clang-tidy=clang-tidy clang++=clang
tidy() {
    local name
    name=$(basename "$1")
    check "$name" clang-tidy --quiet --warnings-as-errors='*' "$1" -- -std=c++20 -I bindings/cpp/include -I "$HB_INCLUDE"
}
printf '#include <hyperbolic.hpp>\n' >"$HB_OUT/hyperbolic.cpp"
cp bindings/cpp/.clang-tidy "$HB_OUT/"
for source in "$HB_OUT/hyperbolic.cpp" bindings/cpp/examples/*.cpp; do start_job tidy "$source"; done
wait_for_jobs
