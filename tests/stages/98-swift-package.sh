# about: a Swift package outside the tree, with nothing but a staged prefix, runs the READMEs' programs and streams an answer
# group: bindings
# needs: gcc=gcc curl=curl pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg unshare=util-linux
if ! fetch_swift; then
    skip swift-package 'the toolchain could not be fetched; see the log'
    exit 0
fi
use_simulator

outside=$(mktemp -d)
leave() { rm -rf "$outside"; close_servers; }
trap leave EXIT
stage_prefix "$outside/prefix"
mkdir -p "$outside/game" "$outside/home" "$outside/libhyperbolic/bindings"
cp -R bindings/swift "$outside/libhyperbolic/bindings/"
readmes=(bindings/swift/README.md README.md)
python3 tests/bindings/programs.py "${readmes[@]}" swift "$outside/game"
cp bindings/swift/examples/stream/Stream.swift "$outside/game/stream.swift"
check "the README's first program has fewer than 20 lines" test "$(wc -l <"$outside/game/readme-1.swift")" -lt 20

# A target for each program.
names=()
for source in "$outside"/game/*.swift; do
    name=$(basename "$source" .swift)
    names+=("$name")
    mkdir -p "$outside/game/Sources/$name"
    mv "$source" "$outside/game/Sources/$name/"
done
check 'each of its programs is here' test "${#names[@]}" -eq $((1 + $(cat "${readmes[@]}" | grep -c '^```swift$')))
# As the README says that it is named.
dependency=$(grep -oE '\.package\([^)]*\)' bindings/swift/README.md)
product=$(grep -oE '\.product\([^)]*\)' bindings/swift/README.md)
cat >"$outside/game/Package.swift" <<SWIFT
// swift-tools-version: 6.0
import PackageDescription
let package = Package(
    name: "game",
    platforms: [.macOS(.v15)],
    dependencies: [$dependency],
    targets: [$(printf '"%s", ' "${names[@]}")].map {
        .executableTarget(name: \$0, dependencies: [$product])
    }
)
SWIFT

use_swift_outside "$outside"
build=(in_swift swift build --package-path "$outside/game" -Xswiftc -warnings-as-errors)
check 'it builds without a warning' "${build[@]}"
run() { in_swift timeout -k 5 60 "$outside/game/.build/debug/$1"; }
for name in "${names[@]}"; do
    check "$name runs" run "$name" >"$HB_OUT/$name.out"
    cat "$HB_OUT/$name.out"
    check "$name says something" test -s "$HB_OUT/$name.out"
done
for name in readme-1 readme-3 stream; do
    check "$name streams an answer" grep -q 'canned text from the simulator.*sentences\.' "$HB_OUT/$name.out"
done

# The same with the static library alone.
rm "$outside/prefix/lib/libhyperbolic.so" "$outside/game/.build/debug/stream"
check 'it builds with the static library' "${build[@]}" --product stream
check 'which runs' run stream >"$HB_OUT/static.out"
check 'and answers' cmp "$HB_OUT/stream.out" "$HB_OUT/static.out"
