#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"

enum { READ_BYTES = 4096, PATH_BYTES = 4096 };

static int
read_all(int fd, const char *path, struct buf *out, struct err *err)
{
    uint8_t bytes[READ_BYTES];
    ssize_t len;

    for (;;) {
        len = read(fd, bytes, sizeof(bytes));
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return err_sys(err, errno, "read %s", path);
        if (len == 0)
            return 0;
        if (buf_append(out, bytes, (size_t)len, err) != 0)
            return err_wrap(err, "%s", path);
    }
}

static int
check_file(
    const char *path, const struct stat *st, bool secret, struct err *err)
{
    if (S_ISDIR(st->st_mode))
        return err_sys(err, EISDIR, "read %s", path);
    if (!S_ISREG(st->st_mode))
        return err_set(err, ERR_STATE, "%s is not a regular file", path);
    if (secret && (st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return err_set(err, ERR_STATE,
            "%s holds a secret and is open to others (mode %04o); chmod 600 %s",
            path, (unsigned)(st->st_mode & 07777), path);
    return 0;
}

static int
read_file(const char *path, bool secret, struct buf *out, struct err *err)
{
    size_t before = out->len;
    struct stat st;
    /* Non-blocking: a FIFO in its place must not hang us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rc = -1;

    if (fd == -1)
        return err_sys(err, errno, "open %s", path);
    if (fstat(fd, &st) != 0)
        err_sys(err, errno, "stat %s", path);
    else if (check_file(path, &st, secret, err) == 0)
        rc = read_all(fd, path, out, err);
    (void)close(fd);
    if (rc != 0)
        out->len = before;
    return rc;
}

int
file_read(const char *path, struct buf *out, struct err *err)
{
    return read_file(path, false, out, err);
}

int
file_read_secret(const char *path, struct buf *out, struct err *err)
{
    return read_file(path, true, out, err);
}

static int
write_all(int fd, struct bytes data, const char *path, struct err *err)
{
    while (data.len > 0) {
        ssize_t len = write(fd, data.data, data.len);

        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return err_sys(err, errno, "write %s", path);
        data.data += len;
        data.len -= (size_t)len;
    }
    if (fsync(fd) != 0)
        return err_sys(err, errno, "sync %s", path);
    return 0;
}

int
file_sync_folder(const char *folder, struct err *err)
{
    int fd;
    int rc;

    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1)
        return err_sys(err, errno, "open %s", folder);
    rc = fsync(fd);
    if (rc != 0)
        err_sys(err, errno, "sync %s", folder);
    (void)close(fd);
    return rc;
}

static int
sync_folder_of(const char *path, struct err *err)
{
    char copy[PATH_BYTES];

    (void)snprintf(copy, sizeof(copy), "%s", path);
    return file_sync_folder(dirname(copy), err);
}

int
file_write(const char *path, struct bytes data, mode_t mode, struct err *err)
{
    char temporary[PATH_BYTES];
    int len = snprintf(temporary, sizeof(temporary), "%s.%016llx.new", path,
        (unsigned long long)digest_random_u64());
    int fd;
    int rc;

    if (len < 0 || (size_t)len >= sizeof(temporary))
        return err_set(err, ERR_LIMIT, "path of %zu bytes", strlen(path));
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd == -1)
        return err_sys(err, errno, "create %s", temporary);
    rc = write_all(fd, data, temporary, err);
    if (close(fd) != 0 && rc == 0)
        rc = err_sys(err, errno, "close %s", temporary);
    if (rc == 0 && rename(temporary, path) != 0)
        rc = err_sys(err, errno, "rename %s to %s", temporary, path);
    if (rc != 0) {
        (void)unlink(temporary);
        return rc;
    }
    return sync_folder_of(path, err);
}

bool
file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

void
file_keep_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) != -1)
            continue;
        /* The lowest number that is free is this one. */
        (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}
