# about: clang takes the header with every warning that it knows, and the examples, in every standard
# group: core
# needs: clang=clang clang++=clang
# The exceptions: HB_NUL is C, and so casts as C does.
header_matrix clang clang++ -Weverything -Wno-old-style-cast
