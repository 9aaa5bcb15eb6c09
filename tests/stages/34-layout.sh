# about: every field stands where tests/abi/layout.h says, for gcc and clang, on targets with 64 and with 32 bits
# group: package
# needs: gcc=gcc g++=g++ clang=clang
# -ffreestanding takes stdint.h from the compiler, so that no other system's C library is needed.
layout=(-Wall -Wextra -Wpedantic -Werror -ffreestanding -fsyntax-only -I "$HB_INCLUDE" -I tests/abi)
printf '#include "layout.h"\n' >"$HB_OUT/layout.c"
cp "$HB_OUT/layout.c" "$HB_OUT/layout.cpp"

for bits in -m64 -m32; do
    check "gcc $bits" gcc -std=c99 "$bits" "${layout[@]}" "$HB_OUT/layout.c"
    check "g++ $bits" g++ -std=c++98 "$bits" "${layout[@]}" "$HB_OUT/layout.cpp"
done
for target in x86_64-linux-gnu i686-linux-gnu aarch64-linux-gnu armv7-linux-gnueabihf riscv64-linux-gnu \
    x86_64-pc-windows-msvc i686-pc-windows-msvc aarch64-apple-macos aarch64-linux-android i686-linux-android; do
    check "clang $target" clang -std=c99 --target=$target "${layout[@]}" "$HB_OUT/layout.c"
done

# The assertions can fail: here by a number for 32 bits that is off by one.
not() { ! "$@"; }
sed 's/ 72));$/ 71));/' tests/abi/layout.h >"$HB_OUT/wrong.h"
sed 's/layout.h/wrong.h/' "$HB_OUT/layout.c" >"$HB_OUT/wrong.c"
check 'a wrong number is one for 32 bits' gcc -m64 -std=c99 "${layout[@]}" "$HB_OUT/wrong.c"
check 'and does not compile' not gcc -m32 -std=c99 "${layout[@]}" "$HB_OUT/wrong.c"
