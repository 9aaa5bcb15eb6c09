/*
 * A simulator with options of its own, which ends with the program however that ends.
 */

#ifndef SIMULATOR_H
#define SIMULATOR_H

#include "check.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

struct simulator {
    pid_t pid;
    /* What its standard input is the other end of. */
    int lifeline;
    char url[64], control[64];
};

/* The address behind `what` in the two lines that it prints. */
static inline void address_in(const char *said, const char *what, char *address, size_t size) {
    const char *at = strstr(said, what);
    if (at == NULL) give_up("a simulator does not say where it is");
    at += strlen(what);
    snprintf(address, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* Starts it with these options, of which the last is NULL, and the key of all tests. */
static inline void simulator_start(struct simulator *simulator, const char *const *options) {
    enum { MOST = 24 };
    const char *arguments[MOST] = {setting("HB_SIM"), "--port", "0", "--until-stdin-closes", "--key",
                                   setting("HB_TEST_KEY")};
    char said[512];
    size_t size = 0;
    int count = 6, input[2], output[2];
    posix_spawn_file_actions_t actions;
    while (*options != NULL && count < MOST - 1) arguments[count++] = *options++;
    /* No other program that is started meanwhile may keep the lifeline open. */
    if (pipe(input) != 0 || pipe(output) != 0 || fcntl(input[1], F_SETFD, FD_CLOEXEC) != 0
        || fcntl(output[0], F_SETFD, FD_CLOEXEC) != 0) {
        give_up("no pipe");
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    posix_spawn_file_actions_addclose(&actions, input[0]);
    posix_spawn_file_actions_addclose(&actions, output[1]);
    if (posix_spawn(&simulator->pid, arguments[0], &actions, NULL, (char *const *)arguments, environ) != 0) {
        give_up("no simulator");
    }
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    simulator->lifeline = input[1];
    said[0] = '\0';
    while (strstr(said, "control on ") == NULL || said[size - 1] != '\n') {
        ssize_t got = read(output[0], said + size, sizeof said - size - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) give_up("a simulator ended early");
        size += (size_t)got;
        said[size] = '\0';
    }
    close(output[0]);
    address_in(said, "listening on ", simulator->url, sizeof simulator->url);
    address_in(said, "control on ", simulator->control, sizeof simulator->control);
}

static inline void simulator_stop(struct simulator *simulator) {
    int status = 0;
    close(simulator->lifeline);
    while (waitpid(simulator->pid, &status, 0) < 0 && errno == EINTR) continue;
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the simulator ends in good order", "status %d", status);
}

#endif
