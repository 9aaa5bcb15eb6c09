/* Signals only write their number into a pipe, which the loops poll beside what else they wait for: hb_queue_wake and
 * nearly all else may not be called in a handler. */
#include "hbchat.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int ends[2] = {-1, -1};

static void on_signal(int number) {
    int before = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(ends[1], &byte, 1); /* a full pipe wakes as well */
    (void)written;
    errno = before;
}

/* What was ignored from the start, as by nohup, stays so. */
static int take(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    if (sigaction(number, NULL, &action) != 0) return -1;
    if (action.sa_handler == SIG_IGN) return 0;
    action.sa_handler = on_signal;
    action.sa_flags = 0;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL);
}

int signals_begin(int at_terminal) {
    static const int always[] = {SIGINT, SIGTERM}, terminal[] = {SIGHUP, SIGTSTP, SIGWINCH};
    if (pipe(ends) != 0) return -1;
    for (int i = 0; i < 2; i++) {
        if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0 || fcntl(ends[i], F_SETFL, O_NONBLOCK) != 0) return -1;
    }
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        if (take(always[i]) != 0) return -1;
    }
    for (size_t i = 0; at_terminal && i < sizeof terminal / sizeof terminal[0]; i++) {
        if (take(terminal[i]) != 0) return -1;
    }
    return 0;
}

int signals_descriptor(void) { return ends[0]; }

int signals_next(void) {
    unsigned char byte = 0;
    return read(ends[0], &byte, 1) == 1 ? byte : 0;
}

void signals_stop(void) {
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    take(SIGTSTP);
}
