/*
 * full_disk.c - preloaded into a program, makes its disk full for a while:
 * $FULL_DISK_AFTER_MS after the start writes of whole pages fail, the first
 * only after $FULL_DISK_STALL_MS, $FULL_DISK_TIMES of them in all.  LMDB's
 * first two pages can always be written.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, META_BYTES = 2 * PAGE_BYTES };

static struct timespec loaded;
static atomic_long refused;

__attribute__((constructor)) static void
on_load(void)
{
    (void)clock_gettime(CLOCK_MONOTONIC, &loaded);
}

static long
setting(const char *name)
{
    const char *text = getenv(name);

    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static bool
is_full_now(void)
{
    struct timespec now;
    struct timespec stall = {.tv_sec = setting("FULL_DISK_STALL_MS") / 1000,
        .tv_nsec = setting("FULL_DISK_STALL_MS") % 1000 * 1000000};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - loaded.tv_sec) * 1000 +
                (now.tv_nsec - loaded.tv_nsec) / 1000000 <
            setting("FULL_DISK_AFTER_MS") ||
        atomic_load(&refused) >= setting("FULL_DISK_TIMES"))
        return false;
    if (atomic_fetch_add(&refused, 1) == 0)
        (void)nanosleep(&stall, NULL);
    errno = ENOSPC;
    return true;
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    if (len % PAGE_BYTES == 0 && at >= META_BYTES && is_full_now())
        return -1;
    return (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
}

/* LMDB writes pages that lie side by side like this. */
ssize_t
writev(int fd, const struct iovec *iov, int count)
{
    if (iov[0].iov_len % PAGE_BYTES == 0 && is_full_now())
        return -1;
    return (ssize_t)syscall(SYS_writev, fd, iov, count);
}
