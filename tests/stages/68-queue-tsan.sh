# about: the same, and many threads at once, with ThreadSanitizer in program, library and std
# group: queue
# needs: cc=gcc curl=curl /usr/bin/rustc=rustc-web /usr/bin/cargo=cargo-web
# needs: /usr/lib/rustlib/src/rust/library/Cargo.lock=rust-web-src
build_library tsan
# At its exit the sanitizer waits for a second.
export HB_TEST_CROWD=2500 HB_TEST_EXITS=2 HB_TEST_STREAMS=200

# What the sanitizer finds reaches the verdicts: here it must find something. It can miss two accesses in the very same
# moment, so there are many.
cat >"$HB_OUT/race.c" <<'C'
#include "check.h"
enum { PLACES = 1000 };
static int places[PLACES];
static void *count(void *context) {
    for (int i = 0; i < PLACES; i++) places[i] = 1;
    return context;
}
int main(void) {
    pthread_t thread;
    check_begin();
    pthread_create(&thread, NULL, count, NULL);
    count(NULL);
    pthread_join(thread, NULL);
    check_number("counted", places[0], 1);
    return check_end();
}
C
build_simulator
run_program tsan "$HB_OUT/race.c"
check 'a race is found' grep -q '^not ok race.c: exit code 66' "$HB_OUT/race.c.results"

run_programs tsan tests/c/queue/*.c tests/c/threads.c
