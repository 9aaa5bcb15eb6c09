# about: every code block of every document says what it is, and compiles; so does the header's own program
# group: package
# needs: gcc=gcc g++=g++ cc=gcc c++=g++ go=golang pkg-config=pkg-config python3=python3 curl-config=libcurl4-openssl-dev
# needs: cmake=cmake make=make apt-get=apt dpkg-deb=dpkg
mapfile -t documents < <(find . -name '*.md' -not -path './target/*' -printf '%P\n' | sort)
mkdir "$HB_OUT/units"
run_checks fences 60 python3 tests/docs/blocks.py "$HB_OUT/units" "${documents[@]}"
expect_silence fences
collect fences

includes=(-I "$HB_INCLUDE" -I bindings/cpp/include)
units=$HB_OUT/units
for unit in "$units"/*.c; do
    # shellcheck disable=SC2154 # programs.sh sets warnings
    check "$(basename "$unit") in C99" gcc -std=c99 "${warnings[@]}" "${includes[@]}" -fsyntax-only "$unit"
    check "$(basename "$unit") in C++17" g++ -std=c++17 -x c++ "${warnings[@]}" "${includes[@]}" -fsyntax-only "$unit"
done
for unit in "$units"/*.cpp; do
    start_job check "$(basename "$unit") in C++20" g++ -std=c++20 "${warnings[@]}" "${includes[@]}" -fsyntax-only "$unit"
done
wait_for_jobs
for unit in "$units"/*.sh; do check "$(basename "$unit") is a script" bash -n "$unit"; done

# Of CMake and Go, each in a folder of its own, against an install; those of Go are packages of a module beside the binding.
for unit in "$units"/*.mod; do check "$(basename "$unit") is a part of a go.mod" go mod edit -json "$unit"; done
prepare_go
export CMAKE_PREFIX_PATH=$HB_OUT/prefix
for unit in "$units"/*.cmake; do
    mkdir "${unit%.cmake}"
    mv "$unit" "${unit%.cmake}/CMakeLists.txt"
    printf '#include <hyperbolic.h>\n\nint main(void) { return hb_abi_version() != HYPERBOLIC_ABI_VERSION; }\n' >"${unit%.cmake}/main.c"
    check "$(basename "$unit") configures" cmake -S "${unit%.cmake}" -B "${unit%.cmake}/build"
    check "$(basename "$unit") builds" cmake --build "${unit%.cmake}/build"
done
for unit in "$units"/*.go; do
    mkdir "${unit%.go}"
    mv "$unit" "${unit%.go}/main.go"
done
cat >"$units/go.mod" <<MOD
module documents

go 1.24

require hyperbolic.example/hyperbolic v0.0.0

replace hyperbolic.example/hyperbolic => $HB_ROOT/bindings/go
MOD
in_units() { (cd "$units" && "$@"); }
check 'all blocks of Go' in_units env GOPROXY=off GOFLAGS=-mod=mod go vet ./...

# A block that does not compile is seen, and so is a fence without a word.
not() { ! "$@"; }
mkdir "$HB_OUT/wrong"
wrong=$HB_OUT/wrong/wrong.md
cat >"$wrong" <<'MD'
```c body
hb_start(client, request);
```
MD
check 'a wrong block can be read' python3 tests/docs/blocks.py "$HB_OUT/wrong" "$wrong"
check 'and does not compile' not gcc -std=c99 "${includes[@]}" -fsyntax-only "$HB_OUT"/wrong/*.c
sed -i 's/c body//' "$wrong"
check 'a fence without a word is refused' not python3 tests/docs/blocks.py "$HB_OUT/wrong" "$wrong"
