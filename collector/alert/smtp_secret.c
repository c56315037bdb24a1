#include "smtp_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* systemd gives credentials mode 0440 and keeps others out by the folder. */
static bool
is_credential(const char *path)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    size_t len = dir == NULL ? 0 : strlen(dir);

    return len > 0 && strncmp(path, dir, len) == 0 && path[len] == '/' &&
           strstr(path, "/../") == NULL;
}

static int
check_mode(int fd, const char *path, struct err *err)
{
    struct stat stat;

    if (fstat(fd, &stat) != 0)
        return err_sys(err, errno, "%s", path);
    if (!S_ISREG(stat.st_mode))
        return err_set(err, ERR_PARSE, "%s is not a plain file", path);
    if ((stat.st_mode & 077) != 0 && !is_credential(path))
        return err_set(err, ERR_PARSE,
            "%s can be read by others (mode %04o): chmod 600 it", path,
            (unsigned)stat.st_mode & 07777);
    return 0;
}

static int
read_line(
    int fd, const char *path, char out[SMTP_SECRET_BYTES], struct err *err)
{
    ssize_t got = read(fd, out, SMTP_SECRET_BYTES);

    if (got < 0)
        return err_sys(err, errno, "%s", path);
    if (got == SMTP_SECRET_BYTES)
        return err_set(err, ERR_LIMIT,
            "%s is longer than a password (%d bytes)", path,
            (int)SMTP_SECRET_BYTES - 1);
    out[got] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    if (out[0] == '\0')
        return err_set(
            err, ERR_PARSE, "%s has no password in its first line", path);
    return 0;
}

int
smtp_secret_read(const char *path, char out[SMTP_SECRET_BYTES], struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rc;

    if (fd == -1)
        return err_sys(err, errno, "password file %s", path);
    rc = check_mode(fd, path, err);
    if (rc == 0)
        rc = read_line(fd, path, out, err);
    if (rc != 0)
        explicit_bzero(out, SMTP_SECRET_BYTES);
    (void)close(fd);
    return rc;
}
