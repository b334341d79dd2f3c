/* Stands between the server and the C library, and fails system calls on files below $FAULT_DIR while the file
 * $FAULT_CONTROL exists: with the content "sync N" every sync after the first N fails with EIO; with "full" there
 * is room for a few more bytes, so that one write ends in the middle, and none after them (ENOSPC). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))
#define ROOM 300

static long room = ROOM;
static long syncs_before;

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

static int below(const char *path)
{
    const char *dir = getenv("FAULT_DIR");
    return dir != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static int watched(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return below(path);
}

/* The first letter of the fault, 0 when there is none. */
static char fault(void)
{
    const char *control = getenv("FAULT_CONTROL");
    char text[32] = "", kind;
    int before = errno;
    int fd = control == NULL ? -1 : REAL(open64)(control, O_RDONLY | O_CLOEXEC);
    if (0 <= fd) {
        if (read(fd, text, sizeof text - 1) < 0)
            text[0] = 0;
        close(fd);
    }
    errno = before;
    kind = text[0];
    if (kind == 's')
        syncs_before = strtol(text + strlen("sync"), NULL, 10);
    if (kind != 'f')
        __atomic_store_n(&room, ROOM, __ATOMIC_SEQ_CST);
    return kind;
}

static int fails(int fd, char kind)
{
    return watched(fd) && fault() == kind;
}

/* How many of `count` bytes still fit; -1 when none do. */
static ssize_t fitting(int fd, size_t count)
{
    if (count == 0 || !fails(fd, 'f'))
        return (ssize_t)count;
    long before = __atomic_fetch_sub(&room, (long)count, __ATOMIC_SEQ_CST);
    if (before <= 0) {
        errno = ENOSPC;
        return -1;
    }
    return before < (long)count ? before : (ssize_t)count;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    ssize_t fit = fitting(fd, count);
    return fit < 0 ? -1 : REAL(write)(fd, bytes, (size_t)fit);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    ssize_t fit = fitting(fd, count);
    return fit < 0 ? -1 : REAL(pwrite64)(fd, bytes, (size_t)fit, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return pwrite64(fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (0 < count && fails(fd, 'f'))
        return write(fd, parts[0].iov_base, parts[0].iov_len);
    return REAL(writev)(fd, parts, count);
}

static int sync_fails(int fd)
{
    static long syncs;
    return fails(fd, 's') && syncs_before <= __atomic_fetch_add(&syncs, 1, __ATOMIC_SEQ_CST);
}

int fsync(int fd)
{
    if (sync_fails(fd)) {
        errno = EIO;
        return -1;
    }
    return REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    if (sync_fails(fd)) {
        errno = EIO;
        return -1;
    }
    return REAL(fdatasync)(fd);
}

/* Making a file longer needs room, making it shorter does not. */
int ftruncate64(int fd, off64_t length)
{
    struct stat64 now;
    if (fails(fd, 'f') && fstat64(fd, &now) == 0 && now.st_size < length) {
        errno = ENOSPC;
        return -1;
    }
    return REAL(ftruncate64)(fd, length);
}

int ftruncate(int fd, off_t length)
{
    return ftruncate64(fd, length);
}

static int no_room_for(const char *path, int flags)
{
    return (flags & O_CREAT) && below(path) && access(path, F_OK) != 0 && fault() == 'f';
}

static mode_t mode_of(int flags, va_list rest)
{
    return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    if (no_room_for(path, flags)) {
        errno = ENOSPC;
        return -1;
    }
    return REAL(open64)(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open64(path, flags, mode);
}

int mkdir(const char *path, mode_t mode)
{
    if (no_room_for(path, O_CREAT)) {
        errno = ENOSPC;
        return -1;
    }
    return REAL(mkdir)(path, mode);
}
