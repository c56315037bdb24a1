/*
 * bad_disk.c - preloaded into a program, makes its store's disk a bad one for
 * as long as there is a file $BAD_DISK.  If that begins with 'r' nothing can be
 * written to a data.mdb, as on a file system that has become read-only; if it
 * begins with 'e' all but the last step of a commit can, which fails (EIO).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* LMDB's first two pages say which of all others are the newest. */
enum { META_BYTES = 2 * 4096 };

/* How it is bad now; 0: it is not. */
static char
badness(void)
{
    const char *path = getenv("BAD_DISK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    char kind = 0;

    if (fd == -1)
        return 0;
    if (read(fd, &kind, 1) != 1)
        kind = 0;
    (void)close(fd);
    return kind;
}

static bool
is_store(int fd)
{
    static const char name[] = "/data.mdb";
    char link[64];
    char path[4096];
    ssize_t len;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path));
    return len >= (ssize_t)sizeof(name) &&
           memcmp(path + len - (sizeof(name) - 1), name, sizeof(name) - 1) == 0;
}

static bool
is_refused(int fd, off_t at)
{
    char kind;

    if (!is_store(fd))
        return false;
    kind = badness();
    if (kind != 'r' && (kind != 'e' || at >= META_BYTES))
        return false;
    errno = kind == 'r' ? EROFS : EIO;
    return true;
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    return is_refused(fd, at)
               ? -1
               : (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
}

/* LMDB writes pages that lie side by side like this, the first two never. */
ssize_t
writev(int fd, const struct iovec *iov, int count)
{
    return is_refused(fd, META_BYTES)
               ? -1
               : (ssize_t)syscall(SYS_writev, fd, iov, count);
}
