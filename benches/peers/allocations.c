/*
 * Counts what a program asks of the system's allocator: if it is preloaded, told on standard error at its end; or as a
 * part of the program that says COUNTED_HERE.
 */
#include <stddef.h>
#include <stdio.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
void *malloc(size_t size), *calloc(size_t count, size_t size), *realloc(void *old, size_t size);
void *memalign(size_t alignment, size_t size), *aligned_alloc(size_t alignment, size_t size);

static long asked;

static void count(void) {
    __atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t times, size_t size) {
    count();
    return __libc_calloc(times, size);
}

void *realloc(void *old, size_t size) {
    count();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

#ifdef COUNTED_HERE
static long allocations_asked(void) {
    return __atomic_load_n(&asked, __ATOMIC_RELAXED);
}
#else
__attribute__((destructor)) static void tell(void) {
    fprintf(stderr, "allocations %ld\n", asked);
}
#endif
