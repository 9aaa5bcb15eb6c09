# about: gcc takes the header, and the examples, in every standard without a warning
# group: core
# needs: gcc=gcc g++=g++
header_matrix gcc g++ -Wconversion -Wsign-conversion -Wundef -Wpadded -Wshadow -Wredundant-decls
