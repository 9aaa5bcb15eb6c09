/*
 * A queue that loses an end, or hands one out twice, turns the crowd red: so it does look.
 */
#include "../queue/crowd.h"

#include <sys/wait.h>

/* Of test builds only: so many requests lose their DONE as it is taken, and so many have it twice. */
HB_API void hb_test_mutate(uint32_t lose, uint32_t twice);

/* Runs the crowd over a mutant in a process of its own; whether it was green, and in `said`, to be freed, what it said. */
static int crowd_over_mutant(uint32_t lose, uint32_t twice, char **said) {
    int output[2], status = 0;
    if (pipe(output) != 0) give_up("no pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        const struct way plain = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
        dup2(output[1], STDOUT_FILENO);
        close(output[0]);
        close(output[1]);
        hb_test_mutate(lose, twice);
        exit(crowd_over(&plain));
    }
    close(output[1]);
    *said = read_all(output[0]);
    close(output[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static void check_mutant(const char *name, uint32_t lose, uint32_t twice, const char *red) {
    char *said = NULL;
    int is_green = crowd_over_mutant(lose, twice, &said);
    int good = red == NULL ? is_green : !is_green && strstr(said, red) != NULL;
    if (!good) {
        for (char *line = strtok(said, "\n"); line != NULL; line = strtok(NULL, "\n")) printf("# %s\n", line);
    }
    check(good, name, "the crowd was %s", is_green ? "green" : "red");
    free(said);
}

int main(void) {
    check_begin();
    check_mutant("a library without a mutation is found right", 0, 0, NULL);
    check_mutant("a DONE that is lost is noticed", 8, 0, "not ok none is lost");
    check_mutant("a DONE that comes twice is noticed", 0, 8, "not ok no DONE comes twice");
    return check_end();
}
