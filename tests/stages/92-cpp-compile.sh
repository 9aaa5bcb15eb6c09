# about: hyperbolic.hpp, its tests and its examples compile with gcc and clang as C++17, 20 and 23, with and without exceptions and RTTI
# group: bindings
# needs: g++=g++ clang++=clang
build_library release
bare=(-fno-exceptions -fno-rtti)
includes=(-I bindings/cpp/include -I "$HB_INCLUDE" -I tests/c)

# Twice in a file, and in two files of one program, one of them without exceptions.
printf '#include <hyperbolic.hpp>\n#include <hyperbolic.hpp>\nbool other() { return hyperbolic::is_library_compatible(); }\n' \
    >"$HB_OUT/other.cpp"
printf '#include <hyperbolic.hpp>\nbool other();\nint main() { return other() && hyperbolic::catalog().size() > 0 ? 0 : 1; }\n' \
    >"$HB_OUT/main.cpp"

# compile_all COMPILER STANDARD FLAG...: tests and examples as one file, which is much quicker; its syntax only.
compile_all() {
    local all source
    all=$HB_OUT/$(printf '%s' "$*" | tr -c 'a-z0-9' '_')
    for source in bindings/cpp/tests/*.cpp bindings/cpp/examples/*.cpp; do
        # C++17 has no coroutines, and one example is about exceptions.
        if [ "$2" = c++17 ] && [[ $source == */coroutine.cpp ]]; then continue; fi
        if [ $# -gt 2 ] && [[ $source == */examples/conversation.cpp ]]; then continue; fi
        printf '#define main main_of_%s\n#include "%s"\n#undef main\n' "$(basename "$source" .cpp)" "$HB_ROOT/$source"
    done >"$all.cpp"
    # shellcheck disable=SC2154 # programs.sh sets warnings
    check "$*" "$1" "-std=$2" "${@:3}" "${warnings[@]}" "${includes[@]}" -fsyntax-only "$all.cpp"
}
for compiler in g++ clang++; do
    for standard in c++17 c++20 c++2b; do
        start_job compile_all "$compiler" "$standard"
        start_job compile_all "$compiler" "$standard" "${bare[@]}"
    done
done
wait_for_jobs

for compiler in g++ clang++; do
    check "$compiler: half of a program without exceptions" "$compiler" -std=c++17 "${warnings[@]}" "${includes[@]}" "${bare[@]}" \
        -c -o "$HB_OUT/other.o" "$HB_OUT/other.cpp"
    check "$compiler: linked to the half with them" "$compiler" -std=c++20 "${warnings[@]}" "${includes[@]}" -o "$HB_OUT/two" \
        "$HB_OUT/main.cpp" "$HB_OUT/other.o" -L "$HB_LIB_DIR" -Wl,-rpath,"$HB_LIB_DIR" -lhyperbolic
    check "$compiler: it runs" "$HB_OUT/two"
done

# What is borrowed is marked as such, so that clang finds a view that outlives a temporary answer.
cat >"$HB_OUT/dangles.cpp" <<'CPP'
#include <hyperbolic.hpp>
bool is_empty(hyperbolic::client &client, const hyperbolic::request &request) {
    const std::string_view text = client.chat(request)->text();
    return text.empty();
}
CPP
not() { ! "$@"; }
dangles=(clang++ -std=c++17 "${includes[@]}" -fsyntax-only "$HB_OUT/dangles.cpp")
check 'a view of a temporary compiles' "${dangles[@]}"
check 'and clang warns of it' not "${dangles[@]}" -Werror=dangling
