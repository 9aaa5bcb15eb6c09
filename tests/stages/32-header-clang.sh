# about: clang takes the header, and the examples, in every standard without a warning
# group: core
# needs: clang=clang clang++=clang
header_matrix clang clang++
