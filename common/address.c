#include "address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

enum { LABEL_MAX_BYTES = 63, MAIL_MAX_BYTES = 254, PORT_MAX = 65535 };

static bool
is_label(const char *text, size_t len)
{
    if (len == 0 || len > LABEL_MAX_BYTES || text[0] == '-' ||
        text[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x80 || (!isalnum(c) && c != '-' && c != '_'))
            return false;
    }
    return true;
}

bool
address_is_host(const char *text)
{
    size_t left = strlen(text);
    const char *last = text;

    if (left > 0 && text[left - 1] == '.')
        left--;
    if (left == 0 || left >= ADDRESS_HOST_BYTES)
        return false;
    for (;;) {
        const char *dot = memchr(text, '.', left);
        size_t len = dot != NULL ? (size_t)(dot - text) : left;

        if (!is_label(text, len))
            return false;
        last = text;
        if (dot == NULL)
            break;
        text = dot + 1;
        left -= len + 1;
    }
    /* "1.2.3.400" is a mistyped address, not a name. */
    return strspn(last, "0123456789") < left;
}

int
address_family(const char *text)
{
    struct in6_addr bytes;

    if (inet_pton(AF_INET, text, &bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, &bytes) == 1 ? 6 : 0;
}

bool
address_is_ip(const char *text)
{
    return address_family(text) != 0;
}

int
address_put_canonical(const char *ip, char out[ADDRESS_IP_BYTES])
{
    struct in6_addr bytes;
    int family = inet_pton(AF_INET, ip, &bytes) == 1 ? AF_INET : AF_INET6;

    if (family == AF_INET6 && inet_pton(AF_INET6, ip, &bytes) != 1)
        return -1;
    return inet_ntop(family, &bytes, out, ADDRESS_IP_BYTES) == NULL ? -1 : 0;
}

bool
address_is_loopback(const char *ip)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, ip, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, ip, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool
address_is_link_local(const char *ip)
{
    struct in6_addr six;

    return inet_pton(AF_INET6, ip, &six) == 1 && IN6_IS_ADDR_LINKLOCAL(&six);
}

int
address_check_reachable(const char *ip, struct err *err)
{
    if (!address_is_link_local(ip))
        return 0;
    return err_set(err, ERR_PARSE,
        "\"%.60s\" is a link-local address, which means nothing beyond one "
        "network interface (use the machine's global or fd00::/8 address)",
        ip);
}

const char *
address_mail_host(const char *mail)
{
    const char *at = strchr(mail, '@');

    return at == NULL ? "" : at + 1;
}

bool
address_is_mail(const char *text)
{
    const char *at = strchr(text, '@');
    size_t len = strlen(text);
    char ip[ADDRESS_IP_BYTES];

    if (at == NULL || at == text || strchr(at + 1, '@') != NULL ||
        len > MAIL_MAX_BYTES || at - text > 64)
        return false;
    for (const char *p = text; p < at; p++) {
        unsigned char c = (unsigned char)*p;

        if (c <= 0x20 || c >= 0x7f || strchr("<>()[]\\,;:\"", c) != NULL)
            return false;
    }
    if (at[1] != '[')
        return address_is_host(at + 1) && text[len - 1] != '.';
    if (text[len - 1] != ']' || len - (size_t)(at - text) - 3 >= sizeof(ip))
        return false;
    memcpy(ip, at + 2, len - (size_t)(at - text) - 3);
    ip[len - (size_t)(at - text) - 3] = '\0';
    return address_is_ip(strncmp(ip, "IPv6:", 5) == 0 ? ip + 5 : ip);
}

/* Copies text[0..len) in lower case; -1 if it does not fit. */
static int
put_lower(const char *text, size_t len, char *out, size_t size)
{
    if (len >= size)
        return -1;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)text[i]);
    out[len] = '\0';
    return 0;
}

/* Splits "host[:port]" of `len` bytes; *port is left alone if there is none. */
static int
split_authority(
    const char *text, size_t len, char host[ADDRESS_HOST_BYTES], int64_t *port)
{
    const char *end = text + len;
    const char *host_end;
    char digits[6] = "";
    struct err ignored;

    if (len > 0 && text[0] == '[') {
        host_end = memchr(text, ']', len);
        if (host_end == NULL ||
            put_lower(text + 1, (size_t)(host_end - text - 1), host,
                ADDRESS_HOST_BYTES) != 0 ||
            address_family(host) != 6)
            return -1;
        host_end++;
    } else {
        host_end = memchr(text, ':', len);
        if (host_end == NULL)
            host_end = end;
        if (put_lower(text, (size_t)(host_end - text), host,
                ADDRESS_HOST_BYTES) != 0 ||
            (!address_is_host(host) && address_family(host) != 4))
            return -1;
    }
    if (host_end == end)
        return 0;
    if (*host_end != ':' || end - host_end - 1 >= (int)sizeof(digits))
        return -1;
    memcpy(digits, host_end + 1, (size_t)(end - host_end - 1));
    return text_take_int(digits, 1, PORT_MAX, port, &ignored);
}

static const struct {
    const char *scheme;
    uint16_t port;
} schemes[] = {
    {"http", 80},
    {"https", 443},
    {"smtp", 587},
    {"smtps", 465},
    {"imap", 143},
    {"imaps", 993},
    {"tcp", 0},
    {"tls", 0},
};

static int
take_scheme(const char *text, size_t len, struct address_url *url)
{
    if (put_lower(text, len, url->scheme, sizeof(url->scheme)) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strcmp(schemes[i].scheme, url->scheme) == 0) {
            url->port = schemes[i].port;
            return 0;
        }
    }
    return -1;
}

int
address_take_url(const char *text, struct address_url *url, struct err *err)
{
    const char *colon = strstr(text, "://");
    const char *authority;
    size_t len;
    int64_t port = 0;

    *url = (struct address_url){.rest = ""};
    if (strlen(text) > ADDRESS_URL_MAX_BYTES)
        return err_set(
            err, ERR_LIMIT, "URL of more than %d bytes", ADDRESS_URL_MAX_BYTES);
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f ||
            strchr("\"<>\\^`{|}", *p) != NULL)
            return err_set(err, ERR_PARSE,
                "\"%.60s\" has a character that a URL cannot have (write it "
                "as %%XX; names in punycode)",
                text);
    }
    if (colon == NULL || take_scheme(text, (size_t)(colon - text), url) != 0)
        return err_set(err, ERR_PARSE,
            "\"%.60s\" is not a URL (such as https://acme.example/)", text);
    authority = colon + 3;
    len = strcspn(authority, "/?#");
    if (memchr(authority, '@', len) != NULL)
        return err_set(err, ERR_PARSE,
            "a URL must not carry a user or password (use headers or files)");
    if (split_authority(authority, len, url->host, &port) != 0)
        return err_set(err, ERR_PARSE,
            "\"%.60s\" has no valid host and port (such as acme.example:443)",
            text);
    if (address_check_reachable(url->host, err) != 0)
        return -1;
    url->has_port = port != 0;
    if (port != 0)
        url->port = (uint16_t)port;
    url->rest = authority + len;
    return 0;
}

int
address_take_host_port(const char *text, char host[ADDRESS_HOST_BYTES],
    uint16_t *port, struct err *err)
{
    int64_t number = 0;

    if (split_authority(text, strlen(text), host, &number) != 0 || number == 0)
        return err_set(err, ERR_PARSE,
            "\"%.60s\" is not HOST:PORT (such as 192.0.2.1:443 or "
            "[2001:db8::1]:443)",
            text);
    *port = (uint16_t)number;
    return address_check_reachable(host, err);
}

bool
address_is_authoritative(const char *text)
{
    static const char word[] = "authoritative";
    size_t len = sizeof(word) - 1;
    struct err ignored;
    int64_t port;

    if (strncmp(text, word, len) != 0)
        return false;
    return text[len] == '\0' ||
           (text[len] == '#' && text_take_int(text + len + 1, 1, PORT_MAX,
                                    &port, &ignored) == 0);
}

int
address_take_server(
    const char *text, char out[ADDRESS_SERVER_BYTES], struct err *err)
{
    const char *hash = strchr(text, '#');
    size_t len = hash != NULL ? (size_t)(hash - text) : strlen(text);
    char host[ADDRESS_HOST_BYTES] = "";
    int64_t port = 0;
    int rc = 0;

    if (len < ADDRESS_IP_BYTES)
        rc = put_lower(text, len, host, sizeof(host));
    if (!address_is_ip(host))
        rc = hash != NULL ? -1 : split_authority(text, len, host, &port);
    else if (hash != NULL)
        rc = text_take_int(hash + 1, 1, PORT_MAX, &port, err);
    if (rc != 0 || !address_is_ip(host))
        return err_set(err, ERR_PARSE,
            "\"%.60s\" is not a DNS server (such as 192.0.2.53 or "
            "192.0.2.53#5353)",
            text);
    if (address_check_reachable(host, err) != 0)
        return -1;
    if (port == 0 || port == 53)
        (void)snprintf(out, ADDRESS_SERVER_BYTES, "%.45s", host);
    else
        (void)snprintf(out, ADDRESS_SERVER_BYTES, "%.45s#%d", host, (int)port);
    return 0;
}

int
address_check_resolve(const char *text, struct err *err)
{
    const char *first = strchr(text, ':');
    const char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    char host[ADDRESS_HOST_BYTES] = "";
    char ip[ADDRESS_IP_BYTES + 2] = "";
    int64_t port = 0;
    size_t len;

    if (second == NULL ||
        split_authority(text, (size_t)(second - text), host, &port) != 0 ||
        port == 0)
        goto bad;
    len = strlen(second + 1);
    if (len >= sizeof(ip))
        goto bad;
    memcpy(ip, second + 1, len);
    if (len > 2 && ip[0] == '[' && ip[len - 1] == ']') {
        ip[len - 1] = '\0';
        memmove(ip, ip + 1, len - 1);
    }
    if (address_is_ip(ip))
        return address_check_reachable(ip, err);

bad:
    return err_set(err, ERR_PARSE,
        "\"%.80s\" is not HOST:PORT:ADDRESS (such as "
        "acme.example:443:192.0.2.7)",
        text);
}
