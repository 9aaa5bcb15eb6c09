/*
 * What the system says of this process.
 */

#ifndef SELF_H
#define SELF_H

#include "check.h"

#include <dirent.h>
#include <sys/resource.h>

static inline int entries(const char *path) {
    DIR *folder = opendir(path);
    int count = 0;
    if (folder == NULL) give_up(path);
    while (readdir(folder) != NULL) count += 1;
    closedir(folder);
    return count;
}

/* Whether a thread has begun to end: one that was joined may stand in the list a little longer. */
static inline int is_ending(const char *thread) {
    enum { PF_EXITING = 4 }; /* linux/sched.h */
    char path[300];
    unsigned flags = PF_EXITING;
    FILE *file;
    snprintf(path, sizeof path, "/proc/self/task/%s/stat", thread);
    file = fopen(path, "r");
    if (file == NULL) return 1;
    if (fscanf(file, "%*s (%*[^)]) %*s %*s %*s %*s %*s %*s %u", &flags) != 1) flags = PF_EXITING;
    fclose(file);
    return (flags & PF_EXITING) != 0;
}

static inline int threads(void) {
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    if (folder == NULL) give_up("no list of threads");
    while ((entry = readdir(folder)) != NULL) count += entry->d_name[0] != '.' && !is_ending(entry->d_name);
    closedir(folder);
    return count;
}

static inline int descriptors(void) {
    return entries("/proc/self/fd");
}

/* Bytes of memory that it holds. */
static inline long resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;
    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1) give_up("/proc/self/statm");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* Microseconds of processor time that it has used. */
static inline int64_t cpu_us(void) {
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0) give_up("getrusage");
    return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec
           + used.ru_stime.tv_usec;
}

/* What random numbers are drawn from: HB_TEST_SEED, or another number each time. */
static inline long seed_of_run(void) {
    return number_in("HB_TEST_SEED", (long)(time(NULL) % 1000000 * 1000 + getpid() % 1000));
}

#endif
