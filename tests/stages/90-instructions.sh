# about: an event takes no more instructions than benches/instructions.txt says, by more than a tenth
# group: speed
# needs: valgrind=valgrind
check 'instructions an event' benches/instructions
