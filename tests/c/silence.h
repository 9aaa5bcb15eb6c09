/*
 * Whether anything is written on standard output or error while something runs. No check may be made meanwhile.
 */

#ifndef SILENCE_H
#define SILENCE_H

#include "check.h"

static int saved_output[2];
static FILE *caught_output;

/* What is written on either from here on goes to a file. */
static inline void catch_output(void) {
    int i;
    fflush(NULL);
    caught_output = tmpfile();
    if (caught_output == NULL) give_up("no temporary file");
    for (i = 0; i < 2; i++) {
        saved_output[i] = dup(i + 1);
        dup2(fileno(caught_output), i + 1);
    }
}

/* How many bytes were written; shows them. */
static inline long release_output(void) {
    char line[256];
    int i;
    fflush(NULL);
    for (i = 0; i < 2; i++) {
        dup2(saved_output[i], i + 1);
        close(saved_output[i]);
    }
    fseek(caught_output, 0, SEEK_END);
    long size = ftell(caught_output);
    rewind(caught_output);
    while (fgets(line, sizeof line, caught_output) != NULL) printf("# %s", line);
    fclose(caught_output);
    return size;
}

/* What came of a piece of work, and one check that it was done in silence. */
#define IN_SILENCE(name, failures, work)                                  \
    do {                                                                  \
        catch_output();                                                   \
        int failed = (work);                                              \
        long written = release_output();                                  \
        check_number(name ": bytes written", written, 0);                 \
        check(failed >= (failures), name, "only %d calls failed", failed); \
    } while (0)

#endif
