#include "curve_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum { Z85_KEY_CHARS = 40, FILE_BYTES = Z85_KEY_CHARS + 1 };

int
curve_key_make(struct curve_key *key, struct err *err)
{
    char public_text[Z85_KEY_CHARS + 1];
    char secret_text[Z85_KEY_CHARS + 1];

    if (zmq_curve_keypair(public_text, secret_text) != 0 ||
        zmq_z85_decode(key->public_key, public_text) == NULL ||
        zmq_z85_decode(key->secret_key, secret_text) == NULL)
        return err_set(
            err, ERR_SYS, "making a key pair: %s", zmq_strerror(zmq_errno()));
    return 0;
}

/* Whole or not at all: written beside, then linked to its name. */
static int
write_key(const char *path, const struct curve_key *key, struct err *err)
{
    char text[FILE_BYTES + 1];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd == -1)
        return err_sys(err, errno, "make key file %s", path);
    (void)zmq_z85_encode(text, key->secret_key, CURVE_KEY_BYTES);
    text[Z85_KEY_CHARS] = '\n';
    if (write(fd, text, FILE_BYTES) != FILE_BYTES || fsync(fd) != 0) {
        err_sys(err, errno, "write key file %s", path);
        (void)close(fd);
        (void)unlink(path);
        return -1;
    }
    (void)close(fd);
    return 0;
}

static int
read_key(int fd, const char *path, struct curve_key *key, struct err *err)
{
    char text[FILE_BYTES + 1] = "";
    char public_text[Z85_KEY_CHARS + 1];
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_sys(err, errno, "key file %s", path);
    if ((st.st_mode & 077) != 0)
        return err_set(err, ERR_STATE,
            "key file %s may be read by others (mode %03o): chmod 600 it, and "
            "consider making a new key",
            path, (unsigned)(st.st_mode & 0777));
    if (read(fd, text, FILE_BYTES) < Z85_KEY_CHARS)
        return err_set(err, ERR_STATE,
            "key file %s is cut short: restore it from a backup, or remove it "
            "and enrol all agents anew",
            path);
    text[Z85_KEY_CHARS] = '\0';
    if (zmq_z85_decode(key->secret_key, text) == NULL ||
        zmq_curve_public(public_text, text) != 0 ||
        zmq_z85_decode(key->public_key, public_text) == NULL)
        return err_set(err, ERR_STATE, "key file %s holds no key", path);
    return 0;
}

int
curve_key_load(const char *path, struct curve_key *key, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd == -1 && errno == ENOENT) {
        if (curve_key_make(key, err) != 0)
            return -1;
        return write_key(path, key, err);
    }
    if (fd == -1)
        return err_sys(err, errno, "open key file %s", path);
    rc = read_key(fd, path, key, err);
    (void)close(fd);
    return rc;
}
