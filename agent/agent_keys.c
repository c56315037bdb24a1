#include "agent_keys.h"

#include <ctype.h>
#include <string.h>

#include "buf.h"
#include "digest.h"
#include "file.h"

enum { KEY_FILE_MAX_BYTES = 1024 };

static int
hex_digit(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
agent_key_from_hex(const char *text, uint8_t key[AGENT_CONF_KEY_BYTES])
{
    for (size_t i = 0; i < AGENT_CONF_KEY_BYTES; i++) {
        int high = hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

        if (low < 0)
            return -1;
        key[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

/* Two lines: public and secret. */
static int
decode_keys(const char *text, struct agent_keys *out)
{
    const char *secret;

    if (agent_key_from_hex(text, out->public_key) != 0 ||
        text[AGENT_KEY_HEX_BYTES] != '\n')
        return -1;
    secret = text + AGENT_KEY_HEX_BYTES + 1;
    if (agent_key_from_hex(secret, out->secret_key) != 0)
        return -1;
    return strspn(secret + AGENT_KEY_HEX_BYTES, "\n") ==
                   strlen(secret + AGENT_KEY_HEX_BYTES)
               ? 0
               : -1;
}

int
agent_keys_read(const char *path, struct agent_keys *out, struct err *err)
{
    struct buf text;
    const char *at = NULL;
    int rc = -1;

    buf_init(&text, KEY_FILE_MAX_BYTES);
    if (file_read_secret(path, &text, err) == 0)
        at = buf_text(&text, err);
    if (at != NULL) {
        rc = decode_keys(at, out);
        if (rc != 0)
            err_set(err, ERR_STATE,
                "%s is not a key file (enrol again with a new token)", path);
    }
    if (text.data != NULL)
        explicit_bzero(text.data, text.capacity);
    buf_free(&text);
    return rc;
}

int
agent_conf_write_keys(
    const char *key_path, const struct agent_keys *keys, struct err *err)
{
    char text[2 * (AGENT_KEY_HEX_BYTES + 1) + 1];
    struct bytes bytes = {
        .data = (const uint8_t *)text, .len = sizeof(text) - 1};
    int rc;

    digest_hex(keys->public_key, AGENT_CONF_KEY_BYTES, text);
    text[AGENT_KEY_HEX_BYTES] = '\n';
    digest_hex(
        keys->secret_key, AGENT_CONF_KEY_BYTES, text + AGENT_KEY_HEX_BYTES + 1);
    text[2 * AGENT_KEY_HEX_BYTES + 1] = '\n';
    rc = file_write(key_path, bytes, 0600, err);
    explicit_bzero(text, sizeof(text));
    return rc;
}
