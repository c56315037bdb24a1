#include "dns_name.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { POINTER_BITS = 0xc0 };

uint8_t
dns_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/*
 * Takes one byte of a label, which may be escaped, and moves `*text` behind
 * it; -1 where there is none.
 */
static int
take_byte(const char **text)
{
    const char *at = *text;
    int value;

    if (*at < '!' || *at > '~') /* names in other scripts are written xn--... */
        return -1;
    if (*at != '\\') {
        *text = at + 1;
        return *at;
    }
    if (!is_digit(at[1])) {
        *text = at + 2;
        return at[1] >= ' ' && at[1] <= '~' ? at[1] : -1;
    }
    if (!is_digit(at[2]) || !is_digit(at[3]))
        return -1;
    value = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');
    *text = at + 4;
    return value <= UINT8_MAX ? value : -1;
}

static bool
is_beyond_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return true;
    }
    return false;
}

/* Appends one label; `*text` stands behind it then, on a dot or the end. */
static int
take_label(const char **text, struct dns_name *out)
{
    size_t start = out->len++;
    size_t len;

    while (**text != '\0' && **text != '.') {
        int byte = take_byte(text);

        /* The root's zero must still fit. */
        if (byte == -1 || out->len + 1 >= sizeof(out->bytes))
            return -1;
        out->bytes[out->len++] = (uint8_t)byte;
    }
    len = out->len - start - 1;
    if (len == 0 || len > DNS_LABEL_MAX_BYTES)
        return -1;
    out->bytes[start] = (uint8_t)len;
    return 0;
}

int
dns_name_take(const char *text, struct dns_name *out, struct err *err)
{
    const char *at = strcmp(text, ".") == 0 ? text + 1 : text;

    out->len = 0;
    if (text[0] == '\0')
        return err_set(err, ERR_PARSE, "a name has 1 to 253 characters");
    if (is_beyond_ascii(text))
        return err_set(err, ERR_PARSE,
            "\"%.100s\" has letters that DNS does not know: write the name in "
            "punycode (xn--...)",
            text);
    while (*at != '\0') {
        if (out->len + 2 > sizeof(out->bytes) || take_label(&at, out) != 0)
            return err_set(err, ERR_PARSE,
                "\"%.100s\" is not a domain name (labels of 1 to 63 "
                "characters, 253 in all)",
                text);
        at += *at == '.';
    }
    out->bytes[out->len++] = 0;
    return 0;
}

int
dns_name_read(
    const uint8_t *message, size_t len, size_t *at, struct dns_name *out)
{
    size_t pos = *at;
    size_t first = *at; /* of the piece read now: pointers lead before it */
    bool moved = false;

    out->len = 0;
    while (pos < len) {
        uint8_t label = message[pos];

        if ((label & POINTER_BITS) == POINTER_BITS) {
            if (pos + 2 > len)
                return -1;
            if (!moved)
                *at = pos + 2;
            moved = true;
            pos = (size_t)(label & ~POINTER_BITS) << 8 | message[pos + 1];
            if (pos >= first)
                return -1;
            first = pos;
            continue;
        }
        if (label > DNS_LABEL_MAX_BYTES || len - pos <= label ||
            out->len + label + 1 > sizeof(out->bytes))
            return -1;
        memcpy(out->bytes + out->len, message + pos, label + 1U);
        out->len += label + 1U;
        pos += label + 1U;
        if (label != 0)
            continue;
        if (!moved)
            *at = pos;
        return 0;
    }
    return -1;
}

static size_t
put_byte(char *out, uint8_t byte)
{
    if (byte <= ' ' || byte > '~')
        return (size_t)snprintf(out, 5, "\\%03u", (unsigned)byte);
    if (strchr("\"().;\\@$", byte) != NULL)
        return (size_t)snprintf(out, 3, "\\%c", byte);
    out[0] = (char)byte;
    return 1;
}

size_t
dns_name_put(const struct dns_name *name, char out[DNS_NAME_TEXT_BYTES])
{
    size_t put = 0;

    /* 251 bytes of labels at most, four characters each, and their dots. */
    for (size_t at = 0; at < name->len && name->bytes[at] != 0;) {
        size_t end = at + 1 + name->bytes[at];

        for (at++; at < end; at++)
            put += put_byte(out + put, name->bytes[at]);
        out[put++] = '.';
    }
    if (put == 0)
        out[put++] = '.';
    out[put] = '\0';
    return put;
}

bool
dns_name_same(const struct dns_name *a, const struct dns_name *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        if (dns_lower(a->bytes[i]) != dns_lower(b->bytes[i]))
            return false;
    }
    return true;
}

bool
dns_is_name(const char *text)
{
    struct dns_name name;
    struct err ignored;

    return dns_name_take(text, &name, &ignored) == 0;
}

bool
dns_put_reverse(const char *ip, char out[DNS_REVERSE_BYTES])
{
    uint8_t bytes[16];
    size_t put = 0;

    if (inet_pton(AF_INET, ip, bytes) == 1) {
        (void)snprintf(out, DNS_REVERSE_BYTES, "%u.%u.%u.%u.in-addr.arpa",
            bytes[3], bytes[2], bytes[1], bytes[0]);
        return true;
    }
    if (inet_pton(AF_INET6, ip, bytes) != 1)
        return false;
    for (int i = 15; i >= 0; i--)
        put += (size_t)snprintf(
            out + put, 5, "%x.%x.", bytes[i] & 15U, (unsigned)bytes[i] >> 4);
    (void)snprintf(out + put, DNS_REVERSE_BYTES - put, "ip6.arpa");
    return true;
}

bool
dns_same_name(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    a_len -= a_len > 1 && a[a_len - 1] == '.';
    b_len -= b_len > 1 && b[b_len - 1] == '.';
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}
