#include "dns_svcb.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "dns_text.h"

enum { KEY_BYTES = 24, HEAD_BYTES = 4 };

enum svcb_key {
    SVCB_MANDATORY,
    SVCB_ALPN,
    SVCB_NO_DEFAULT_ALPN,
    SVCB_PORT,
    SVCB_IPV4HINT,
    SVCB_ECH,
    SVCB_IPV6HINT,
    SVCB_KEY_COUNT
};

struct param {
    unsigned key;
    const uint8_t *value;
    size_t len;
};

static unsigned
read16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* Later keys by their number, as the dig of today prints them. */
static void
put_key(unsigned key, char out[KEY_BYTES])
{
    static const char *const names[SVCB_KEY_COUNT] = {"mandatory", "alpn",
        "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"};

    if (key < SVCB_KEY_COUNT)
        (void)snprintf(out, KEY_BYTES, "%s", names[key]);
    else
        (void)snprintf(out, KEY_BYTES, "key%u", key);
}

static int
broken(const struct param *param, struct err *err)
{
    char key[KEY_BYTES];

    put_key(param->key, key);
    return err_set(err, ERR_PARSE, "parameter %s is broken", key);
}

static int
put_keys(const struct param *param, struct buf *out, struct err *err)
{
    if (param->len == 0 || param->len % 2 != 0)
        return broken(param, err);
    for (size_t at = 0; at < param->len; at += 2) {
        char key[KEY_BYTES];

        put_key(read16(param->value + at), key);
        if (buf_printf(out, err, "%c%s", at == 0 ? '=' : ',', key) != 0)
            return -1;
    }
    return 0;
}

/* Strings with their lengths, as one list with commas. */
static int
put_alpn(const struct param *param, struct buf *out, struct err *err)
{
    if (param->len == 0)
        return broken(param, err);
    if (buf_append(out, "=\"", 2, err) != 0)
        return -1;
    for (size_t at = 0; at < param->len;) {
        size_t len = param->value[at++];

        if (len == 0 || len > param->len - at)
            return broken(param, err);
        if ((at > 1 && buf_append(out, ",", 1, err) != 0) ||
            dns_text_put_item(param->value + at, len, out, err) != 0)
            return -1;
        at += len;
    }
    return buf_append(out, "\"", 1, err);
}

static int
put_hints(
    const struct param *param, int family, struct buf *out, struct err *err)
{
    size_t size = family == AF_INET6 ? 16 : 4;

    if (param->len == 0 || param->len % size != 0)
        return broken(param, err);
    for (size_t at = 0; at < param->len; at += size) {
        char ip[INET6_ADDRSTRLEN];

        if (inet_ntop(family, param->value + at, ip, sizeof(ip)) == NULL ||
            buf_printf(out, err, "%c%s", at == 0 ? '=' : ',', ip) != 0)
            return broken(param, err);
    }
    return 0;
}

static int
put_port(const struct param *param, struct buf *out, struct err *err)
{
    if (param->len != 2)
        return broken(param, err);
    return buf_printf(out, err, "=%u", read16(param->value));
}

static int
put_text(const struct param *param, struct buf *out, struct err *err)
{
    if (param->len == 0)
        return 0;
    if (buf_append(out, "=", 1, err) != 0)
        return -1;
    return dns_text_put_quoted(param->value, param->len, out, err);
}

static int
put_value(const struct param *param, struct buf *out, struct err *err)
{
    switch (param->key) {
    case SVCB_MANDATORY:
        return put_keys(param, out, err);
    case SVCB_ALPN:
        return put_alpn(param, out, err);
    case SVCB_NO_DEFAULT_ALPN:
        return param->len == 0 ? 0 : broken(param, err);
    case SVCB_PORT:
        return put_port(param, out, err);
    case SVCB_IPV4HINT:
        return put_hints(param, AF_INET, out, err);
    case SVCB_IPV6HINT:
        return put_hints(param, AF_INET6, out, err);
    case SVCB_ECH:
        if (buf_append(out, "=", 1, err) != 0)
            return -1;
        return dns_text_put_base64(param->value, param->len, out, err);
    default: /* a number from outside */
        return put_text(param, out, err);
    }
}

int
dns_svcb_put(const uint8_t *bytes, size_t len, struct buf *out, struct err *err)
{
    int64_t last = -1;

    for (size_t at = 0; at < len;) {
        struct param param;
        char key[KEY_BYTES];

        if (len - at < HEAD_BYTES)
            return err_set(err, ERR_PARSE, "a parameter is cut short");
        param.key = read16(bytes + at);
        param.len = read16(bytes + at + 2);
        param.value = bytes + at + HEAD_BYTES;
        if (param.len > len - at - HEAD_BYTES || param.key <= last)
            return broken(&param, err);
        last = param.key;
        put_key(param.key, key);
        if (buf_printf(out, err, " %s", key) != 0 ||
            put_value(&param, out, err) != 0)
            return -1;
        at += HEAD_BYTES + param.len;
    }
    return 0;
}
