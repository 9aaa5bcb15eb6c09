/* Whole files, in and out. */
#include "hbchat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than any conversation or image may have; so that /dev/zero is an error and no disaster. */
enum { MOST_BYTES = 256 << 20 };

/* "~/notes" as a shell would read it. */
static char *full_path(const char *path) {
    const char *home = getenv("HOME");
    if (path[0] != '~' || path[1] != '/' || home == NULL) return copy_of(path);
    char *full = (char *)memory(NULL, strlen(home) + strlen(path));
    sprintf(full, "%s%s", home, path + 1);
    return full;
}

/* A signal ends the wait for a pipe or a terminal, with EINTR. */
static char *read_all(int file, size_t *len) {
    char *text = NULL;
    size_t used = 0, room = 0;
    for (;;) {
        if (used + 1 >= room) {
            room = room == 0 ? 1 << 16 : room * 2;
            text = (char *)memory(text, room);
        }
        ssize_t count = read(file, text + used, room - used - 1);
        if (count == 0) break;
        if (count > 0) used += (size_t)count;
        if (used > MOST_BYTES) errno = EFBIG;
        if (count < 0 || used > MOST_BYTES) {
            free(text);
            return NULL;
        }
    }
    text[used] = '\0';
    *len = used;
    return text;
}

char *file_read(const char *path, size_t *len) {
    if (strcmp(path, "-") == 0) return read_all(STDIN_FILENO, len);
    char *full = full_path(path);
    int file = open(full, O_RDONLY | O_CLOEXEC);
    free(full);
    if (file < 0) return NULL;
    char *text = read_all(file, len);
    int why = errno;
    close(file);
    errno = why;
    return text;
}

/* In a file beside it first: a full disk must not cost what was saved before. */
int file_write(const char *path, const char *text, size_t len) {
    char *full = full_path(path);
    char *part = (char *)memory(NULL, strlen(full) + sizeof ".part");
    sprintf(part, "%s.part", full);
    FILE *file = fopen(part, "wb");
    int result = file == NULL ? -1 : 0;
    if (file != NULL) {
        if (fwrite(text, 1, len, file) != len) result = -1;
        if (fclose(file) != 0) result = -1;
        if (result == 0) result = rename(part, full);
        int why = errno;
        if (result != 0) remove(part);
        errno = why;
    }
    free(part);
    free(full);
    return result;
}
