/*
 * full_disk.c - preloaded into a program, makes its disk full for a while:
 * writes of whole pages fail from the log line with $FULL_DISK_FROM in it to
 * the one with $FULL_DISK_UNTIL.  The first of them says "full_disk.waits" and
 * waits for the line with $FULL_DISK_GO_ON.  LMDB's first two pages can always
 * be written.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,
    META_BYTES = 2 * PAGE_BYTES,
    LOOK_NS = 10 * 1000000,
    AFTER_NS = 500 * 1000000, /* whoever said it waits for us by then */
};

static atomic_bool full;
static atomic_bool waited;
static atomic_bool go_on;

static void
pause_ns(long ns)
{
    const struct timespec pause = {.tv_nsec = ns};

    (void)nanosleep(&pause, NULL);
}

static bool
is_full_now(void)
{
    static const char waits[] = "full_disk.waits\n";

    if (!atomic_load(&full))
        return false;
    if (!atomic_exchange(&waited, true)) {
        (void)syscall(SYS_write, STDERR_FILENO, waits, sizeof(waits) - 1);
        while (!atomic_load(&go_on))
            pause_ns(LOOK_NS);
        pause_ns(AFTER_NS);
    }
    errno = ENOSPC;
    return true;
}

static bool
has_word_of(const void *line, size_t len, const char *name)
{
    const char *word = getenv(name);

    return word != NULL && memmem(line, len, word, strlen(word)) != NULL;
}

ssize_t
write(int fd, const void *data, size_t len)
{
    if (fd == STDERR_FILENO) {
        if (has_word_of(data, len, "FULL_DISK_FROM"))
            atomic_store(&full, true);
        if (has_word_of(data, len, "FULL_DISK_UNTIL"))
            atomic_store(&full, false);
        if (has_word_of(data, len, "FULL_DISK_GO_ON"))
            atomic_store(&go_on, true);
    }
    return (ssize_t)syscall(SYS_write, fd, data, len);
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
