#include "spool_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_NAME_BYTES = 16,
    PID_BYTES = 24,
    TAIL_KEPT_BYTES = 64 * 1024 /* of the disk, for a second of many results */
};

bool
spool_dir_is_full(int sys_errno)
{
    return sys_errno == ENOSPC || sys_errno == EDQUOT || sys_errno == EFBIG;
}

static int
open_file(const struct spool_dir *dir, const char *name, int flags)
{
    char path[SPOOL_PATH_BYTES + FILE_NAME_BYTES];

    (void)snprintf(path, sizeof(path), "%s/%s", dir->path, name);
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Whose the lock is; the file may be empty for a moment. */
static int
busy(const struct spool_dir *dir, struct err *err)
{
    char pid[PID_BYTES] = "";
    ssize_t len = pread(dir->lock_fd, pid, sizeof(pid) - 1, 0);

    if (len < 0)
        len = 0;
    pid[len] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    return err_set(err, ERR_BUSY,
        "in use by process %s; stop it, or give this agent another folder",
        pid[0] == '\0' ? "unknown" : pid);
}

static int
lock(struct spool_dir *dir, struct err *err)
{
    char pid[PID_BYTES];
    int len;

    dir->lock_fd = open_file(dir, "lock", O_RDWR | O_CREAT);
    if (dir->lock_fd == -1) {
        return err_sys(err, errno,
            "its lock file cannot be written; the folder must belong to the "
            "agent's user, on a file system that is not read-only");
    }
    if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return busy(dir, err);
        return err_sys(err, errno, "lock");
    }
    /* Only for people's eyes: on a full disk it stays empty. */
    len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(dir->lock_fd, 0) != 0 ||
        pwrite(dir->lock_fd, pid, (size_t)len, 0) != len) {
        return 0;
    }
    return 0;
}

int
spool_dir_open(struct spool_dir *dir, const char *path, struct err *err)
{
    *dir = (struct spool_dir){.lock_fd = -1, .tail_fd = -1};
    if (strlen(path) >= sizeof(dir->path) - 64)
        return err_set(err, ERR_LIMIT, "the folder's name is too long");
    (void)snprintf(dir->path, sizeof(dir->path), "%s", path);
    for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
        dir->path[len - 1] = '\0';
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return err_sys(err, errno, "cannot be made");
    if (lock(dir, err) != 0) {
        spool_dir_close(dir);
        return -1;
    }
    return 0;
}

void
spool_dir_close(struct spool_dir *dir)
{
    if (dir->tail_fd != -1)
        (void)close(dir->tail_fd);
    if (dir->lock_fd != -1)
        (void)close(dir->lock_fd);
    dir->tail_fd = -1;
    dir->lock_fd = -1;
}

int
spool_dir_sync(const struct spool_dir *dir, struct err *err)
{
    int fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = 0;

    if (fd == -1)
        return err_sys(err, errno, "open");
    if (fsync(fd) != 0)
        rc = err_sys(err, errno, "sync");
    (void)close(fd);
    return rc;
}

int
spool_dir_read_tail(struct spool_dir *dir, struct buf *out, struct err *err)
{
    uint8_t chunk[4096];
    ssize_t got;

    if (dir->tail_fd == -1)
        dir->tail_fd = open_file(dir, "tail", O_RDWR | O_CREAT);
    if (dir->tail_fd == -1)
        return err_sys(err, errno, "tail");
    for (off_t at = 0; at < SPOOL_TAIL_MAX_BYTES; at += got) {
        got = pread(dir->tail_fd, chunk, sizeof(chunk), at);
        if (got < 0)
            return err_sys(err, errno, "tail: read");
        if (got == 0)
            return 0;
        if (buf_append(out, chunk, (size_t)got, err) != 0)
            return -1;
    }
    return 0;
}

int
spool_dir_write_tail(
    struct spool_dir *dir, uint64_t offset, struct bytes bytes, struct err *err)
{
    size_t done = 0;

    while (done < bytes.len) {
        ssize_t put = pwrite(dir->tail_fd, bytes.data + done, bytes.len - done,
            (off_t)(offset + done));

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            int failed = put < 0 ? errno : EIO;

            /*
             * Nothing is cut off: half an entry has no valid checksum, and
             * behind it may lie entries that are nowhere else.
             */
            if (spool_dir_is_full(failed))
                return err_set(err, ERR_FULL, "tail: the disk is full");
            return err_sys(err, failed, "tail: write");
        }
        done += (size_t)put;
    }
    return 0;
}

int
spool_dir_empty_tail(struct spool_dir *dir, struct err *err)
{
    if (ftruncate(dir->tail_fd, 0) != 0)
        return err_sys(err, errno, "tail: truncate");
    /* So that a disk that fills up does not stop the next second at once. */
    (void)fallocate(dir->tail_fd, FALLOC_FL_KEEP_SIZE, 0, TAIL_KEPT_BYTES);
    return 0;
}

void
spool_dir_keep_reserve(struct spool_dir *dir)
{
    int fd;

    if (dir->has_reserve)
        return;
    fd = open_file(dir, "reserve", O_RDWR | O_CREAT);
    if (fd == -1)
        return;
    dir->has_reserve = posix_fallocate(fd, 0, SPOOL_RESERVE_BYTES) == 0;
    /* Half a reserve would only make a full disk fuller. */
    if (!dir->has_reserve && ftruncate(fd, 0) != 0)
        dir->has_reserve = true;
    (void)close(fd);
}

bool
spool_dir_give_up_reserve(struct spool_dir *dir)
{
    int fd;
    bool given;

    if (!dir->has_reserve)
        return false;
    fd = open_file(dir, "reserve", O_RDWR);
    if (fd == -1)
        return false;
    given = ftruncate(fd, 0) == 0;
    (void)close(fd);
    dir->has_reserve = !given;
    return given;
}

static void
remove_folder(const char *path)
{
    static const char *const names[] = {
        "data.mdb", "lock.mdb", "lock", "tail", "reserve"};
    char file[SPOOL_PATH_BYTES + FILE_NAME_BYTES];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", path, names[i]);
        (void)unlink(file);
    }
    (void)rmdir(path);
}

/* One broken spool is kept to be looked at, not one for each accident. */
static void
remove_earlier(const struct spool_dir *dir)
{
    char pattern[SPOOL_PATH_BYTES + FILE_NAME_BYTES];
    glob_t found = {0};

    (void)snprintf(pattern, sizeof(pattern), "%s.broken.*", dir->path);
    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            remove_folder(found.gl_pathv[i]);
    }
    globfree(&found);
}

int
spool_dir_set_aside(struct spool_dir *dir, int64_t now_unix_ms, struct err *err)
{
    char to[SPOOL_PATH_BYTES + 64];

    remove_earlier(dir);
    (void)snprintf(
        to, sizeof(to), "%s.broken.%" PRId64, dir->path, now_unix_ms / 1000);
    if (rename(dir->path, to) != 0)
        return err_sys(err, errno, "cannot be moved to %s", to);
    return 0;
}
