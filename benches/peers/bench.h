/*
 * What the programs in C share: clocks, their own cost, the stamps of the paced work, and the line of JSON in which
 * each says what its work cost. benches/README.md says what a program is asked.
 */
#ifndef BENCH_H
#define BENCH_H

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define MODEL "meta-llama/Llama-3.3-70B-Instruct"
#define PROMPT "Why is the sky blue?"

enum { STAMP = 20 };

static void give_up(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static void *memory(void *old, size_t size) {
    void *new = realloc(old, size);
    if (new == NULL) give_up("no memory");
    return new;
}

static inline int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The processor time of this process so far, all threads, user and system. */
static inline int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Resident memory now, or at its peak; getrusage would answer that of the program before the exec. */
static inline long resident_kb(const char *which) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kb = -1;
    if (status == NULL) give_up("/proc/self/status");
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, which, strlen(which)) == 0) kb = strtol(line + strlen(which), NULL, 10);
    }
    fclose(status);
    return kb;
}

static inline void write_text(const char *path, const char *text, size_t size) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(text, 1, size, file) != size || fclose(file) != 0) give_up("cannot write the text");
}

/* ---- Latencies ---- */

struct latencies {
    int64_t *ns;
    size_t count, room;
};

static inline void add_latency(struct latencies *to, int64_t ns) {
    if (to->count == to->room) {
        to->room = to->room == 0 ? 1 << 16 : to->room * 2;
        to->ns = memory(to->ns, to->room * sizeof *to->ns);
    }
    to->ns[to->count++] = ns;
}

static int by_size(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

/* A hundred and one points of their distribution: how it is told, and drawn. */
static inline void print_latencies(struct latencies *all) {
    size_t i;
    qsort(all->ns, all->count, sizeof *all->ns, by_size);
    printf(",\"latency_ns\":[");
    for (i = 0; i <= 100 && all->count > 0; i++) {
        printf("%s%" PRId64, i > 0 ? "," : "", all->ns[(all->count - 1) * i / 100]);
    }
    printf("]");
}

/* ---- Paced work ---- */

/* What came of the paced streams, all together. The cost is counted from the first event on. */
struct paced {
    int64_t events, begun_ns, begun_cpu_ns;
    uint64_t sum;
    struct latencies latencies;
};

/* One stream: a stamp that came in part, and the last, since time goes on in each. */
struct stamps {
    char part[STAMP];
    size_t size;
    int64_t last;
};

static inline void take_stamps(struct paced *paced, struct stamps *of, const char *text, size_t size) {
    int64_t now = clock_ns();
    if (paced->events == 0 && paced->begun_ns == 0) {
        paced->begun_ns = now;
        paced->begun_cpu_ns = cpu_ns();
    }
    while (size > 0) {
        size_t step = STAMP - of->size < size ? STAMP - of->size : size;
        memcpy(of->part + of->size, text, step);
        of->size += step;
        text += step;
        size -= step;
        if (of->size == STAMP) {
            int64_t stamp = 0;
            size_t i;
            for (i = 0; i < STAMP; i++) stamp = stamp * 10 + (of->part[i] - '0');
            if (stamp <= of->last) give_up("a stream is out of order");
            of->last = stamp;
            of->size = 0;
            paced->events++;
            paced->sum += (uint64_t)stamp;
            add_latency(&paced->latencies, now - stamp);
        }
    }
}

static inline void print_paced(struct paced *paced) {
    printf("{\"events\":%" PRId64 ",\"sum\":%" PRIu64 ",\"cpu_ns\":%" PRId64 ",\"wall_ns\":%" PRId64 ",\"peak_kb\":%ld",
           paced->events, paced->sum, cpu_ns() - paced->begun_cpu_ns, clock_ns() - paced->begun_ns,
           resident_kb("VmHWM:"));
    print_latencies(&paced->latencies);
    printf("}\n");
}

#endif
