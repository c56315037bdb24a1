#include "curve_key.h"

#include <string.h>
#include <zmq.h>

#include "file.h"

enum {
    Z85_KEY_CHARS = 40,
    FILE_BYTES = Z85_KEY_CHARS + 1,
    FILE_MAX_BYTES = 256
};

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

/* Whole or not at all: a key cut short would lock every agent out. */
static int
write_key(const char *path, const struct curve_key *key, struct err *err)
{
    char text[FILE_BYTES + 1];
    int rc;

    (void)zmq_z85_encode(text, key->secret_key, CURVE_KEY_BYTES);
    text[Z85_KEY_CHARS] = '\n';
    rc = file_write(path,
        (struct bytes){.data = (const uint8_t *)text, .len = FILE_BYTES}, 0600,
        err);
    explicit_bzero(text, sizeof(text));
    return rc;
}

static int
take_key(
    struct buf *text, const char *path, struct curve_key *key, struct err *err)
{
    char public_text[Z85_KEY_CHARS + 1];
    const char *secret_text;

    if (text->len < Z85_KEY_CHARS)
        return err_set(err, ERR_STATE,
            "key file %s is cut short: restore it from a backup, or remove it "
            "and enrol all agents anew",
            path);
    text->len = Z85_KEY_CHARS;
    secret_text = buf_text(text, err);
    if (secret_text == NULL)
        return -1;
    if (zmq_z85_decode(key->secret_key, secret_text) == NULL ||
        zmq_curve_public(public_text, secret_text) != 0 ||
        zmq_z85_decode(key->public_key, public_text) == NULL)
        return err_set(err, ERR_STATE, "key file %s holds no key", path);
    return 0;
}

int
curve_key_load(const char *path, struct curve_key *key, struct err *err)
{
    struct buf text;
    int rc;

    if (!file_exists(path)) {
        if (curve_key_make(key, err) != 0)
            return -1;
        return write_key(path, key, err);
    }
    buf_init(&text, FILE_MAX_BYTES);
    rc = file_read_secret(path, &text, err);
    if (rc == 0)
        rc = take_key(&text, path, key, err);
    if (text.data != NULL)
        explicit_bzero(text.data, text.capacity);
    buf_free(&text);
    return rc;
}
