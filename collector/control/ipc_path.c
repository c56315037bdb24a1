#include "ipc_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char prefix[] = "ipc://";

static int
make_folder(const char *path, struct err *err)
{
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    char *slash;

    (void)snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder)
        return 0;
    *slash = '\0';
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return err_sys(err, errno, "folder %s of the control socket", folder);
    return 0;
}

static int
refuse_taken(const char *path, struct err *err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc;

    if (fd == -1)
        return err_sys(err, errno, "socket");
    memcpy(addr.sun_path, path, strlen(path) + 1);
    rc = connect(fd, (const struct sockaddr *)&addr, sizeof(addr));
    /* A full backlog is somebody, too. */
    if (rc != 0 && errno == EAGAIN)
        rc = 0;
    (void)close(fd);
    if (rc == 0)
        return err_set(err, ERR_BUSY,
            "another collector answers at %s%s: stop it, or change `control`",
            prefix, path);
    return 0;
}

int
ipc_path_prepare(const char *endpoint, struct err *err)
{
    const char *path = endpoint + sizeof(prefix) - 1;

    if (strncmp(endpoint, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return err_set(err, ERR_LIMIT,
            "%s is too long for a socket's path (at most %zu bytes)", path,
            sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
    if (make_folder(path, err) != 0)
        return -1;
    return refuse_taken(path, err);
}
