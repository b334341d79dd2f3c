/* Stands between a program and the C library, and appends to $POWER_TRACE what the program does to files below
 * $POWER_DIR, in order: kind (1 byte), length of the path (2), path, number (8), length of the data (8), data.
 * Kinds: C created, W written at an offset, T cut or extended to a length, S synced, R renamed to the path in the
 * data, U unlinked, M folder made. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))

static pthread_mutex_t tracing = PTHREAD_MUTEX_INITIALIZER;

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

static int below(const char *path)
{
    const char *dir = getenv("POWER_DIR");
    return dir != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static int path_of(int fd, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return below(path);
}

static void trace(char kind, const char *path, uint64_t number, const void *data, uint64_t length)
{
    static int file = -1;
    uint16_t path_length = (uint16_t)strlen(path);
    size_t whole = 1 + 2 + path_length + 8 + 8 + length, at = 0;
    char *record = malloc(whole);
    if (record == NULL)
        abort();
    record[at++] = kind;
    memcpy(record + at, &path_length, 2), at += 2;
    memcpy(record + at, path, path_length), at += path_length;
    memcpy(record + at, &number, 8), at += 8;
    memcpy(record + at, &length, 8), at += 8;
    if (length != 0)
        memcpy(record + at, data, length);
    pthread_mutex_lock(&tracing);
    if (file < 0)
        file = REAL(open64)(getenv("POWER_TRACE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (REAL(write)(file, record, whole) != (ssize_t)whole)
        abort();
    pthread_mutex_unlock(&tracing);
    free(record);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    char path[PATH_MAX];
    ssize_t written = REAL(write)(fd, bytes, count);
    if (0 < written && path_of(fd, path))
        trace('W', path, (uint64_t)(lseek64(fd, 0, SEEK_CUR) - written), bytes, (uint64_t)written);
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    char path[PATH_MAX];
    ssize_t written = REAL(pwrite64)(fd, bytes, count, offset);
    if (0 < written && path_of(fd, path))
        trace('W', path, (uint64_t)offset, bytes, (uint64_t)written);
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    char path[PATH_MAX];
    if (0 < count && path_of(fd, path))
        return write(fd, parts[0].iov_base, parts[0].iov_len);
    return REAL(writev)(fd, parts, count);
}

static int synced(int result, int fd)
{
    char path[PATH_MAX];
    if (result == 0 && path_of(fd, path))
        trace('S', path, 0, NULL, 0);
    return result;
}

int fsync(int fd)
{
    return synced(REAL(fsync)(fd), fd);
}

int fdatasync(int fd)
{
    return synced(REAL(fdatasync)(fd), fd);
}

int ftruncate64(int fd, off64_t length)
{
    char path[PATH_MAX];
    int result = REAL(ftruncate64)(fd, length);
    if (result == 0 && path_of(fd, path))
        trace('T', path, (uint64_t)length, NULL, 0);
    return result;
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    int made = (flags & O_CREAT) && below(path) && access(path, F_OK) != 0;
    int cut = (flags & O_TRUNC) && below(path) && !made;
    int fd = REAL(open64)(path, flags, mode);
    if (0 <= fd && made)
        trace('C', path, 0, NULL, 0);
    if (0 <= fd && cut)
        trace('T', path, 0, NULL, 0);
    return fd;
}

int rename(const char *from, const char *to)
{
    int result = REAL(rename)(from, to);
    if (result == 0 && below(from))
        trace('R', from, 0, to, strlen(to));
    return result;
}

int unlink(const char *path)
{
    int result = REAL(unlink)(path);
    if (result == 0 && below(path))
        trace('U', path, 0, NULL, 0);
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    int result = REAL(mkdir)(path, mode);
    if (result == 0 && below(path))
        trace('M', path, 0, NULL, 0);
    return result;
}
