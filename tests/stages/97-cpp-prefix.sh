# about: a CMake project outside the tree, with nothing but a staged prefix, streams an answer; shared and static
# group: bindings
# needs: g++=g++ cmake=cmake make=make pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg
build_simulator
start_simulators "$HB_OUT/server"
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY

folder=$(mktemp -d)
trap 'rm -rf "$folder"; end_jobs' EXIT
check 'a prefix' stage_prefix "$folder/prefix"
mkdir "$folder/story"
python3 tests/bindings/programs.py bindings/cpp/README.md cpp "$folder/story"
cat >"$folder/story/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(story CXX)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HYPERBOLIC REQUIRED IMPORTED_TARGET hyperbolic)
add_executable(story readme-1.cpp)
target_compile_features(story PRIVATE cxx_std_17)
target_link_libraries(story PRIVATE PkgConfig::HYPERBOLIC)
CMAKE
unset CPLUS_INCLUDE_PATH LD_LIBRARY_PATH CXXFLAGS
export PKG_CONFIG_PATH=$folder/prefix/lib/pkgconfig
cd "$folder" || exit
check configures cmake -S story -B build -DCMAKE_CXX_COMPILER=g++
check builds cmake --build build
check runs timeout -k 5 60 build/story >"$HB_OUT/story.out"
cat "$HB_OUT/story.out"
check 'the answer quotes the question' grep -q 'sky' "$HB_OUT/story.out"

read -ra flags <<<"$(pkg-config --cflags hyperbolic)"
read -ra libraries <<<"$(pkg-config --variable=prefix hyperbolic)"
check 'builds statically' g++ -std=c++17 "${flags[@]}" -o static story/readme-1.cpp "${libraries[0]}/lib/libhyperbolic.a" -lpthread -ldl -lm
check 'runs statically' timeout -k 5 60 ./static >"$HB_OUT/static.out"
check 'says the same' cmp "$HB_OUT/story.out" "$HB_OUT/static.out"
