#include "probe_target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "buf.h"
#include "cli.h"
#include "dns_name.h"
#include "probe_request.h"
#include "text.h"

enum {
    TIMEOUT_DEFAULT_MS = 10000,
    PAGE_TIMEOUT_DEFAULT_MS = 45000,
    SLOW_DEFAULT_MS = 2000, /* as that of a check */
    CA_MAX_BYTES = 1 << 20,
    HTTPS_PORT = 443,
    COUNT_MAX = 10000000,
    INTERVAL_DEFAULT_MS = 1000,
    INTERVAL_MIN_MS = 10,
    INTERVAL_MAX_MS = 3600000
};

/* NULL, with err, when memory is out. */
static char *
copy(const char *text, struct err *err)
{
    char *out = strdup(text);

    if (out == NULL)
        err_set(err, ERR_NOMEM, "check");
    return out;
}

static int
kind_of(const json_t *args, const char *target, struct check *check,
    struct err *err)
{
    const char *word = cli_arg(args, "kind");
    int kind;

    if (word != NULL) {
        kind = check_kind_from(word);
        if (kind < 0 || kind > CHECK_PAGE)
            return err_set(err, ERR_PARSE,
                "--kind %s: this version has dns, tcp, tls, http and page",
                word);
        check->kind = (enum check_kind)kind;
        return 0;
    }
    if (strncmp(target, "http://", 7) == 0 ||
        strncmp(target, "https://", 8) == 0)
        check->kind = CHECK_HTTP;
    else if (strncmp(target, "tls://", 6) == 0)
        check->kind = CHECK_TLS;
    else if (strncmp(target, "tcp://", 6) == 0)
        check->kind = CHECK_TCP;
    else if (strstr(target, "://") != NULL)
        return err_set(err, ERR_PARSE,
            "\"%.80s\": a target is https://…, http://…, tls://HOST:PORT, "
            "tcp://HOST:PORT or a bare name",
            target);
    else
        check->kind = CHECK_DNS;
    return 0;
}

/* Takes "HOST:PORT" or "[v6]:PORT" apart, in place; *port is NULL without. */
static int
split(char *host, const char *target, char **port, struct err *err)
{
    char *close = host[0] == '[' ? strchr(host, ']') : NULL;

    *port = NULL;
    if (host[0] == '[' && close == NULL)
        return err_set(err, ERR_PARSE, "\"%.80s\": ] is missing", target);
    if (close != NULL) {
        if (close[1] == ':')
            *port = close + 2;
        else if (close[1] != '\0')
            return err_set(
                err, ERR_PARSE, "\"%.80s\": no port follows the ]", target);
        *close = '\0';
        memmove(host, host + 1, strlen(host + 1) + 1);
    } else if (strchr(host, ':') == strrchr(host, ':')) {
        *port = strchr(host, ':');
        if (*port != NULL)
            *(*port)++ = '\0';
    }
    return 0;
}

/* A name server takes any name; what is connected to has a host's. */
static int
check_host(const struct check *check, const char *target, const char *host,
    const char *port, struct err *err)
{
    struct dns_name name;

    if (host[0] == '\0')
        return err_set(err, ERR_PARSE, "\"%.80s\" names no host", target);
    if (check->kind != CHECK_DNS && !address_is_host(host) &&
        !address_is_ip(host))
        return err_set(err, ERR_PARSE,
            "\"%.80s\": \"%.80s\" is not a host name or address (such as "
            "acme.example; names with other letters in punycode)",
            target, host);
    if (check->kind != CHECK_DNS && address_check_reachable(host, err) != 0)
        return -1;
    if (check->kind == CHECK_DNS && !address_is_ip(host) &&
        dns_name_take(host, &name, err) != 0)
        return -1;
    if (check->kind == CHECK_DNS && port != NULL &&
        strstr(target, "://") == NULL)
        return err_set(err, ERR_PARSE,
            "\"%.80s\" has a port: tcp://%.80s or tls://%.80s connects to it, "
            "%.80s alone asks its name server",
            target, target, target, host);
    return 0;
}

/* "scheme://HOST:PORT/…" or "HOST:PORT" or "[v6]:PORT" into host and port. */
static int
take_host(const char *target, int32_t port_default, struct check *check,
    struct err *err)
{
    const char *at = strstr(target, "://");
    const char *start = at != NULL ? at + 3 : target;
    size_t len = strcspn(start, "/?#");
    bool is_web = strncmp(target, "http", 4) == 0 && at != NULL;
    char host[300];
    char *port;
    int64_t number = port_default;

    if (at != NULL && strncmp(target, "http://", 7) == 0)
        number = 80;
    if (len == 0 || len >= sizeof(host))
        return err_set(err, ERR_PARSE, "\"%.80s\" names no host", target);
    /* Of a URL the host is meant; elsewhere there is nothing behind it. */
    if (!is_web && start[len] != '\0' && strcmp(start + len, "/") != 0)
        return err_set(err, ERR_PARSE,
            "\"%.80s\": kind %s has no path (https:// has)", target,
            check_kind_name((int)check->kind));
    (void)snprintf(host, sizeof(host), "%.*s", (int)len, start);
    if (split(host, target, &port, err) != 0 ||
        check_host(check, target, host, port, err) != 0)
        return -1;
    if (port != NULL && text_take_int(port, 1, 65535, &number, err) != 0)
        return err_wrap(err, "port of %.80s", target);
    if (number == 0)
        return err_set(
            err, ERR_PARSE, "\"%.80s\" needs a port: tcp://HOST:PORT", target);
    check->port = (int32_t)number;
    check->host = copy(host, err);
    return check->host == NULL ? -1 : 0;
}

static int
take_url(const char *target, struct check *check, struct err *err)
{
    struct address_url url;

    if (strstr(target, "://") == NULL)
        return err_set(err, ERR_PARSE,
            "\"%.80s\" is no URL: write https://%.80s/", target, target);
    if (address_take_url(target, &url, err) != 0)
        return -1;
    if (strcmp(url.scheme, "http") != 0 && strcmp(url.scheme, "https") != 0)
        return err_set(err, ERR_PARSE,
            "\"%.80s\" begins with %s:// (kind %s needs http:// or https://)",
            target, url.scheme, check_kind_name((int)check->kind));
    check->url = copy(target, err);
    return check->url == NULL ? -1 : 0;
}

static int
take_what(const json_t *args, const char *target, struct check *check,
    struct err *err)
{
    if (check->kind == CHECK_TLS)
        return take_host(target, HTTPS_PORT, check, err);
    if (check->kind == CHECK_TCP)
        return take_host(target, 0, check, err);
    if (check->kind == CHECK_DNS) {
        const char *type = cli_arg(args, "type");
        int number = type != NULL ? check_dns_type_from(type) : DNS_TYPE_A;

        if (number < 0)
            return err_set(err, ERR_PARSE,
                "--type %s: one of A AAAA CNAME MX NS TXT SOA CAA DS HTTPS PTR "
                "SRV",
                type);
        check->dns_types = 1U << number;
        /* The name of a URL is what is meant by its DNS. */
        return take_host(target, 1, check, err);
    }
    return take_url(target, check, err);
}

static int
take_family(const json_t *args, struct check *check, struct err *err)
{
    const char *word = cli_arg(args, "family");

    if (word == NULL)
        return 0;
    if (strcmp(word, "4") == 0)
        check->family = CHECK_FAMILY_4;
    else if (strcmp(word, "6") == 0)
        check->family = CHECK_FAMILY_6;
    else if (strcmp(word, "both") == 0)
        check->family = CHECK_FAMILY_BOTH;
    else
        return err_set(err, ERR_PARSE, "--family %s: one of 4, 6, both", word);
    return 0;
}

static int
take_starttls(const char *word, struct check *check, struct err *err)
{
    int starttls = check_starttls_from(word);

    if (starttls < CHECK_STARTTLS_NONE)
        return err_set(err, ERR_PARSE,
            "--starttls %.40s: one of smtp, imap, pop3, none", word);
    if (check->kind != CHECK_TLS)
        return err_set(
            err, ERR_PARSE, "--starttls is for kind tls: tls://HOST:PORT");
    check->starttls = (enum check_starttls)starttls;
    return 0;
}

static int
take_ca(const char *path, struct check *check, struct err *err)
{
    FILE *in = fopen(path, "rb");
    char *text;
    size_t len;

    if (in == NULL)
        return err_sys(err, errno, "--ca %s", path);
    text = calloc(1, CA_MAX_BYTES + 1);
    if (text == NULL) {
        (void)fclose(in);
        return err_set(err, ERR_NOMEM, "--ca %s", path);
    }
    len = fread(text, 1, CA_MAX_BYTES, in);
    (void)fclose(in);
    check->ca_pem = text;
    if (len == CA_MAX_BYTES || strstr(text, "-----BEGIN") == NULL)
        return err_set(
            err, ERR_PARSE, "--ca %s: not a PEM file of certificates", path);
    return 0;
}

static int
take_server(const char *word, struct check *check, struct err *err)
{
    static const char every[] = "authoritative";
    char server[ADDRESS_SERVER_BYTES];
    int64_t port;

    if (strncmp(word, every, sizeof(every) - 1) == 0 &&
        (word[sizeof(every) - 1] == '\0' || word[sizeof(every) - 1] == '#')) {
        if (word[sizeof(every) - 1] == '#' &&
            text_take_int(word + sizeof(every), 1, 65535, &port, err) != 0)
            return err_wrap(err, "--server %s", every);
        if (check->kind != CHECK_DNS)
            return err_set(err, ERR_PARSE,
                "--server authoritative is for kind dns: a bare name");
        check->server = copy(word, err);
        return check->server == NULL ? -1 : 0;
    }
    if (address_take_server(word, server, err) != 0)
        return err_wrap(err, "--server");
    check->server = copy(server, err);
    return check->server == NULL ? -1 : 0;
}

/* HOST:PORT:ADDR each, where the address may be IPv6, in brackets or not. */
static int
take_resolve(const json_t *words, struct check *check, struct err *err)
{
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));

        if (address_check_resolve(word, err) != 0)
            return err_wrap(err, "--resolve");
        if (strlist_add(&check->resolve, word) != 0)
            return err_set(err, ERR_NOMEM, "check");
    }
    return 0;
}

/* What a kind does not know is not passed over in silence. */
static int
check_kinds(const json_t *args, const struct check *check, struct err *err)
{
    static const unsigned dns = 1U << CHECK_DNS;
    static const unsigned tls =
        1U << CHECK_TLS | 1U << CHECK_HTTP | 1U << CHECK_PAGE;
    static const unsigned page = 1U << CHECK_PAGE;
    const struct {
        const char *name;
        unsigned kinds;
        const char *words;
    } options[] = {
        {"type", dns, "kind dns: a bare name"},
        {"ca", tls, "kinds tls, http and page"},
        {"insecure", tls, "kinds tls, http and page"},
        {"resolve", ~dns, "kinds tcp, tls, http and page"},
        {"engine", page, "kind page"},
        {"profile", page, "kind page"},
        {"html", page, "kind page"},
        {"har", page, "kind page"},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const json_t *value = json_object_get(args, options[i].name);

        if (value == NULL || json_is_false(value) ||
            (options[i].kinds & 1U << check->kind) != 0)
            continue;
        return err_set(err, ERR_PARSE, "--%s is for %s; this is %s",
            options[i].name, options[i].words,
            check_kind_name((int)check->kind));
    }
    return 0;
}

static int
take_slow(const char *word, struct check *check, struct err *err)
{
    if (text_take_span_ms(word, &check->slow_ms, err) != 0)
        return err_wrap(err, "--slow");
    if (check->slow_ms > check->timeout_ms)
        return err_set(err, ERR_PARSE,
            "--slow %s is longer than the timeout: nothing would be slow",
            word);
    return 0;
}

static int
take_page(const json_t *args, struct check *check, struct err *err)
{
    const char *engine = cli_arg(args, "engine");
    const char *profile = cli_arg(args, "profile");
    int number;

    if (engine != NULL && strcmp(engine, "light") != 0)
        return err_set(err, ERR_PARSE,
            "--engine %.40s: this version has light, which needs no browser",
            engine);
    if (profile == NULL)
        return 0;
    number = check_profile_from(profile);
    if (number < 0)
        return err_set(err, ERR_PARSE,
            "--profile %.40s: one of slow-4g, regular-3g, none", profile);
    check->profile = (enum check_profile)number;
    return 0;
}

static int
take_options(const json_t *args, struct check *check, struct err *err)
{
    const char *word = cli_arg(args, "timeout");

    if (word != NULL) {
        if (text_take_span_ms(word, &check->timeout_ms, err) != 0)
            return err_wrap(err, "--timeout");
        if (check->timeout_ms < 100 || check->timeout_ms > 300000)
            return err_set(err, ERR_LIMIT,
                "--timeout %s is out of range (100ms to 5m)", word);
    }
    word = cli_arg(args, "slow");
    if (word != NULL && take_slow(word, check, err) != 0)
        return -1;
    if (take_family(args, check, err) != 0)
        return -1;
    word = cli_arg(args, "server");
    if (word != NULL && take_server(word, check, err) != 0)
        return -1;
    word = cli_arg(args, "ca");
    if (word != NULL && take_ca(word, check, err) != 0)
        return -1;
    if (take_resolve(json_object_get(args, "resolve"), check, err) != 0)
        return -1;
    word = cli_arg(args, "starttls");
    if (word != NULL && take_starttls(word, check, err) != 0)
        return -1;
    check->insecure = cli_flag(args, "insecure");
    if (take_page(args, check, err) != 0)
        return -1;
    return probe_request_take(args, check, err);
}

int
probe_target_take(const json_t *args, struct check *check, struct err *err)
{
    const char *target = cli_arg(args, "target");

    check_init(check);
    (void)snprintf(check->name, sizeof(check->name), "probe");
    check->timeout_ms = TIMEOUT_DEFAULT_MS;
    check->slow_ms = SLOW_DEFAULT_MS;
    check->interval_ms = CHECK_INTERVAL_MAX_MS;
    if (kind_of(args, target, check, err) != 0) {
        check_free(check);
        return -1;
    }
    if (check->kind == CHECK_PAGE) {
        check->timeout_ms = PAGE_TIMEOUT_DEFAULT_MS;
        check->slow_ms = 0; /* it has its own figures */
    }
    if (check_kinds(args, check, err) != 0 ||
        take_what(args, target, check, err) != 0 ||
        take_options(args, check, err) != 0) {
        check_free(check);
        return -1;
    }
    return 0;
}

int
probe_times_take(const json_t *args, struct probe_times *times, struct err *err)
{
    const char *count = cli_arg(args, "count");
    const char *interval = cli_arg(args, "interval");

    *times = (struct probe_times){.many = count != NULL || interval != NULL,
        .count = 1,
        .interval_ms = INTERVAL_DEFAULT_MS};
    if (!times->many)
        return 0;
    times->count = 0;
    if (count != NULL &&
        text_take_int(count, 0, COUNT_MAX, &times->count, err) != 0)
        return err_wrap(err, "--count");
    if (interval == NULL)
        return 0;
    if (text_take_span_ms(interval, &times->interval_ms, err) != 0)
        return err_wrap(err, "--interval");
    if (times->interval_ms < INTERVAL_MIN_MS ||
        times->interval_ms > INTERVAL_MAX_MS)
        return err_set(err, ERR_LIMIT,
            "--interval %s is out of range (10ms to 1h)", interval);
    return 0;
}
