/*
 * What is the same over HTTP/1.1 and over HTTP/2: each has its simulator, and a program can run over either.
 */

#ifndef WAYS_H
#define WAYS_H

#include "outcome.h"

/* A simulator, and what is spoken with it. */
struct way {
    const char *name, *control;
    hb_options *(*options)(void);
    int is_tls;
};

/* Settings for it, whose requests carry a script of faults; NULL is none. */
static inline hb_options *options_for(const struct way *way, const char *script) {
    hb_options *options = way->options();
    if (script != NULL) hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    return options;
}

static inline void way_reset(const struct way *way) {
    free(control_at(way->control, "POST", "/simulator/reset", ""));
}

/* What happens to requests that bring no script. */
static inline void way_faults(const struct way *way, const char *script) {
    free(control_at(way->control, "PUT", "/simulator/faults", script));
}

/* What happens to connections when they are accepted. */
static inline void connection_faults(const struct way *way, const char *script) {
    free(control_at(way->control, "PUT", "/simulator/connections", script));
}

/* Waits until at most `most` connections are open, or the time is over; how many are. */
static inline long wait_for_open(const struct way *way, long most, int ms) {
    char path[128];
    snprintf(path, sizeof path, "/simulator/wait?open-at-most=%ld&timeout-ms=%d", most, ms);
    char *stats = control_at(way->control, "GET", path, "");
    long open = counted(stats, "open");
    free(stats);
    return open;
}

#endif
