#include "writer_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The file: who holds it, padded, then the mark or nothing. */
enum { PID_TEXT_BYTES = 24, MARK_AT = PID_TEXT_BYTES };

static const char mark_text[] = "suspect\n";

/* Who holds the lock, for the message: digits, or "unknown". */
static void
read_holder(int fd, char *out, size_t size)
{
    char text[PID_TEXT_BYTES] = "";
    ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
    size_t digits;

    text[got > 0 ? got : 0] = '\0';
    digits = strspn(text, "0123456789");
    text[digits] = '\0';
    (void)snprintf(out, size, "%s", digits > 0 ? text : "unknown");
}

static int
take(int fd, const char *path, struct err *err)
{
    char text[PID_TEXT_BYTES + 1];
    int len = PID_TEXT_BYTES;

    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return err_sys(err, errno, "lock %s", path);
        read_holder(fd, text, sizeof(text));
        return err_set(err, ERR_BUSY,
            "another process (pid %s) writes to it; ask that collector "
            "instead, or stop it first",
            text);
    }
    /* Not cut: the mark of who was here before stays. */
    (void)snprintf(
        text, sizeof(text), "%-*ld\n", PID_TEXT_BYTES - 1, (long)getpid());
    if (pwrite(fd, text, (size_t)len, 0) != len)
        return errno == ENOSPC
                   ? err_set(err, ERR_FULL, "the disk is full (%s)", path)
                   : err_sys(err, errno, "write %s", path);
    return 0;
}

int
writer_lock_open(const char *dir, struct err *err)
{
    char path[PATH_MAX];
    int fd;

    if (snprintf(path, sizeof(path), "%s/writer.lock", dir) >=
        (int)sizeof(path))
        return err_set(err, ERR_LIMIT, "path of %zu bytes", strlen(dir));
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd == -1)
        return errno == ENOSPC ? err_set(err, ERR_FULL, "the disk is full")
                               : err_sys(err, errno, "open %s", path);
    if (take(fd, path, err) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void
writer_lock_mark(int fd)
{
    /* Where it cannot be written, the next start looks as after any other. */
    (void)!pwrite(fd, mark_text, sizeof(mark_text) - 1, MARK_AT);
}

bool
writer_lock_is_marked(int fd)
{
    char text[sizeof(mark_text) - 1];

    return pread(fd, text, sizeof(text), MARK_AT) == (ssize_t)sizeof(text) &&
           memcmp(text, mark_text, sizeof(text)) == 0;
}

void
writer_lock_unmark(int fd)
{
    (void)!ftruncate(fd, MARK_AT);
}
