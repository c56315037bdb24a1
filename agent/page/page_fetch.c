#include "page_fetch.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "dial.h"
#include "http_reason.h"
#include "slice.h"
#include "tls_curl.h"

enum { HEADER_LIMIT_BYTES = 256 << 10, READ_BUFFER_BYTES = 32 << 10 };

struct page_fetch {
    struct page_fetch_spec spec;
    CURL *easy;                 /* owned */
    struct curl_slist *headers; /* owned */
    int64_t began_ns;
    int64_t ready_ns; /* the connection is; 0: not yet, as the next one */
    int64_t first_byte_ns;
    int connect_errno;
    bool fresh; /* the connection was made for it */
    bool keeps_body;
    struct page_seen seen;
    char curl_words[CURL_ERROR_SIZE];
};

void
page_seen_free(struct page_seen *seen)
{
    free(seen->location);
    free(seen->tls);
    buf_free(&seen->body);
    seen->location = NULL;
    seen->tls = NULL;
}

static struct page_resource *
item_of(const struct page_fetch *fetch)
{
    return &fetch->spec.report->items[fetch->spec.item];
}

static void
say(struct page_fetch *fetch, const char *words)
{
    if (fetch->seen.words[0] == '\0')
        text_put_harmless(
            words, strlen(words), fetch->seen.words, sizeof(fetch->seen.words));
}

static void
fail(struct page_fetch *fetch, enum measure_reason reason, const char *words)
{
    if (fetch->seen.reason == REASON_NONE)
        fetch->seen.reason = reason;
    say(fetch, words);
}

static int64_t
curl_us(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;

    (void)curl_easy_getinfo(easy, what, &us);
    return us;
}

static int64_t
since_us(const struct page_fetch *fetch, int64_t ns)
{
    return (ns - fetch->spec.pool->began_ns) / NS_PER_US;
}

static void
put_phases(struct page_fetch *fetch, struct page_resource *item, int64_t now_ns)
{
    int64_t lookup_us = curl_us(fetch->easy, CURLINFO_NAMELOOKUP_TIME_T);
    int64_t connect_us = curl_us(fetch->easy, CURLINFO_CONNECT_TIME_T);
    int64_t tls_us = curl_us(fetch->easy, CURLINFO_APPCONNECT_TIME_T);
    struct page_host *host = fetch->spec.host;

    if (!host->dns_told) {
        item->phase_us[PHASE_DNS] = host->dns_us;
        host->dns_told = true;
    }
    if (fetch->fresh && connect_us > lookup_us)
        item->phase_us[PHASE_CONNECT] = connect_us - lookup_us;
    if (fetch->fresh && tls_us > connect_us)
        item->phase_us[PHASE_TLS] = tls_us - connect_us;
    if (fetch->ready_ns == 0 || fetch->first_byte_ns == 0)
        return;
    item->phase_us[PHASE_REQUEST] = 0; /* a few hundred bytes, all at once */
    item->phase_us[PHASE_WAIT] =
        (fetch->first_byte_ns - fetch->ready_ns) / NS_PER_US;
    item->phase_us[PHASE_TRANSFER] =
        (now_ns - fetch->first_byte_ns) / NS_PER_US;
}

static void
put_peer(struct page_fetch *fetch)
{
    char *ip = NULL;

    if (curl_easy_getinfo(fetch->easy, CURLINFO_PRIMARY_IP, &ip) != CURLE_OK ||
        ip == NULL || ip[0] == '\0')
        return;
    (void)snprintf(fetch->seen.ip, sizeof(fetch->seen.ip), "%s", ip);
    fetch->seen.family = strchr(ip, ':') != NULL ? FAMILY_V6 : FAMILY_V4;
}

/* What libcurl knows of it by now. */
static void
fill_item(struct page_fetch *fetch)
{
    struct page_resource *item = item_of(fetch);
    int64_t now_ns = clock_mono_ns();
    char *type = NULL;
    long number = 0;

    item->start_us = since_us(fetch, fetch->began_ns);
    item->end_us = since_us(fetch, now_ns);
    put_phases(fetch, item, now_ns);
    put_peer(fetch);
    (void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &number);
    item->status = fetch->first_byte_ns == 0 ? 0 : (int32_t)number;
    number = 0;
    (void)curl_easy_getinfo(fetch->easy, CURLINFO_HTTP_VERSION, &number);
    item->h2 = number == CURL_HTTP_VERSION_2_0;
    number = 0;
    (void)curl_easy_getinfo(fetch->easy, CURLINFO_HEADER_SIZE, &number);
    item->bytes_header = number;
    item->bytes_encoded = curl_us(fetch->easy, CURLINFO_SIZE_DOWNLOAD_T);
    (void)curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_TYPE, &type);
    fetch->seen.is_html = type == NULL || strcasestr(type, "html") != NULL;
}

static void
fetch_free(struct page_fetch *fetch)
{
    if (fetch->easy != NULL) {
        curl_loop_cancel(fetch->spec.pool->curl, fetch->easy);
        curl_easy_cleanup(fetch->easy);
    }
    curl_slist_free_all(fetch->headers);
    page_seen_free(&fetch->seen);
    free(fetch);
}

void
page_fetch_cancel(struct page_fetch *fetch)
{
    if (fetch == NULL)
        return;
    fill_item(fetch);
    fetch_free(fetch);
}

enum phase
page_fetch_phase(const struct page_fetch *fetch)
{
    if (fetch->ready_ns == 0) {
        bool connected = curl_us(fetch->easy, CURLINFO_CONNECT_TIME_T) > 0;

        return connected && fetch->spec.host->tls ? PHASE_TLS : PHASE_CONNECT;
    }
    return fetch->first_byte_ns == 0 ? PHASE_WAIT : PHASE_TRANSFER;
}

static enum measure_reason
reason_of(struct page_fetch *fetch, CURLcode code)
{
    long sys_errno = fetch->connect_errno;
    enum phase phase = page_fetch_phase(fetch);

    if (code == CURLE_OUT_OF_MEMORY)
        return REASON_AGENT_LIMIT;
    if (code == CURLE_SSL_CONNECT_ERROR ||
        (phase == PHASE_TLS && code != CURLE_COULDNT_CONNECT)) {
        if (strstr(fetch->curl_words, "alert") != NULL)
            return REASON_TLS_ALERT;
        return strstr(fetch->curl_words, "SSL_ERROR_SYSCALL") != NULL
                   ? REASON_TLS_RESET
                   : REASON_TLS_PROTOCOL;
    }
    if (code == CURLE_COULDNT_CONNECT) {
        if (sys_errno == 0)
            (void)curl_easy_getinfo(fetch->easy, CURLINFO_OS_ERRNO, &sys_errno);
        return sys_errno == 0 ? REASON_CONNECT_UNREACHABLE
                              : dial_reason(AF_INET, (int)sys_errno);
    }
    return http_reason(code, fetch->curl_words);
}

static void
on_done(void *ctx, CURL *easy, CURLcode code)
{
    struct page_fetch *fetch = ctx;
    page_fetch_done_fn *done = fetch->spec.done;
    void *done_ctx = fetch->spec.ctx;
    int index = fetch->spec.item;
    struct page_seen seen;

    (void)easy;
    fill_item(fetch);
    fetch->seen.failed_phase = page_fetch_phase(fetch);
    if (code != CURLE_OK && fetch->seen.reason == REASON_NONE &&
        !fetch->seen.is_cut)
        fail(fetch, reason_of(fetch, code),
            fetch->curl_words[0] != '\0' ? fetch->curl_words
                                         : curl_easy_strerror(code));
    if (code == CURLE_OK && item_of(fetch)->status == 0)
        fail(fetch, REASON_HTTP_RESET, "closed before an answer");
    seen = fetch->seen;
    fetch->seen = (struct page_seen){0}; /* handed on */
    fetch_free(fetch);
    done(done_ctx, index, &seen);
    page_seen_free(&seen);
}

static curl_socket_t
on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct page_fetch *fetch = ctx;
    struct sockaddr_storage addr = {0};
    struct dial dial = {
        .socktype = SOCK_STREAM,
        .addr = &addr,
        .addr_len = address->addrlen,
        .bind_ip4 = fetch->spec.pool->env->bind_ip4,
        .bind_ip6 = fetch->spec.pool->env->bind_ip6,
    };
    int fd;

    (void)purpose;
    fetch->fresh = true;
    memcpy(&addr, &address->addr, address->addrlen);
    fd = dial_open(&dial, &fetch->connect_errno);
    return fd == -1 ? CURL_SOCKET_BAD : fd;
}

/* False where the request must not be sent. */
static bool
judge_certificate(struct page_fetch *fetch)
{
    const struct page_pool *pool = fetch->spec.pool;
    struct page_host *host = fetch->spec.host;
    struct tls_curl_by by = {
        .tls = pool->env->tls, .trust = pool->trust, .host = host->name};
    struct tls_facts *facts = calloc(1, sizeof(*facts));

    free(fetch->seen.tls);
    fetch->seen.tls = facts;
    if (facts == NULL || !tls_curl_judge(fetch->easy, &by, facts)) {
        fail(fetch, REASON_AGENT_LIMIT, "no certificate to judge");
        return false;
    }
    if (facts->verify == CERT_OK || pool->check->insecure) {
        host->judged = true;
        return true;
    }
    fail(fetch, measure_reason_of_verify(facts->verify), facts->verify_detail);
    return false;
}

/* Connected, hands shaken; the request comes next.  libcurl's type. */
static int /* NOLINTNEXTLINE(readability-non-const-parameter) */
on_ready(void *ctx, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct page_fetch *fetch = ctx;

    (void)peer_ip;
    (void)own_ip;
    (void)peer_port;
    (void)own_port;
    if (fetch->spec.host->tls && !fetch->spec.host->judged &&
        !judge_certificate(fetch))
        return CURL_PREREQFUNC_ABORT;
    fetch->ready_ns = clock_mono_ns();
    return CURL_PREREQFUNC_OK;
}

/* The value, trimmed, of a header of this name; NULL: another one. */
static const char *
header_value(const char *line, size_t len, const char *name, size_t *value_len)
{
    size_t name_len = strlen(name);
    struct slice value;

    if (len <= name_len || line[name_len] != ':' ||
        strncasecmp(line, name, name_len) != 0)
        return NULL;
    value = slice_trim(
        (struct slice){.at = line + name_len + 1, .len = len - name_len - 1});
    *value_len = value.len;
    return value.at;
}

static size_t
on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct page_fetch *fetch = ctx;
    struct page_resource *item = item_of(fetch);
    size_t len = size * count;
    size_t value_len;
    const char *value = header_value(line, len, "location", &value_len);

    if (fetch->first_byte_ns == 0)
        fetch->first_byte_ns = clock_mono_ns();
    item->bytes_header += (int64_t)len;
    if (item->bytes_header > HEADER_LIMIT_BYTES) {
        fail(fetch, REASON_HTTP_TOO_LARGE, "the head has more than 256 KiB");
        return 0;
    }
    if (value != NULL && fetch->seen.location == NULL)
        fetch->seen.location = strndup(value, value_len);
    return len;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct page_fetch *fetch = ctx;
    struct page_pool *pool = fetch->spec.pool;
    struct page_resource *item = item_of(fetch);
    size_t len = size * count;
    struct err err;

    item->bytes_decoded += (int64_t)len;
    pool->decoded_left -= (int64_t)len;
    if (item->type == PAGE_MEDIA &&
        item->bytes_decoded > PAGE_MEDIA_MAX_BYTES) {
        fetch->seen.is_cut = true; /* as a browser that does not play it yet */
        return 0;
    }
    if (pool->decoded_left < 0 ||
        item->bytes_decoded > CHECK_BODY_LIMIT_BYTES) {
        fail(fetch, REASON_HTTP_TOO_LARGE,
            pool->decoded_left < 0 ? "the page has more than it may, unpacked"
                                   : "more than 10 MiB, unpacked");
        return 0;
    }
    if (!fetch->keeps_body ||
        buf_append(&fetch->seen.body, bytes, len, &err) == 0)
        return len;
    fetch->keeps_body = false; /* what is there is read, the rest counted */
    if (err.code == ERR_LIMIT)
        return len;
    fail(fetch, REASON_AGENT_LIMIT, err.msg);
    return 0;
}

/* Bytes of the line, as they come: what ends a page that is too large. */
static int
on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
    curl_off_t up_now)
{
    struct page_fetch *fetch = ctx;
    struct page_pool *pool = fetch->spec.pool;
    struct page_resource *item = item_of(fetch);

    (void)total;
    (void)up_total;
    (void)up_now;
    pool->bytes_left -= now - item->bytes_encoded;
    item->bytes_encoded = now;
    if (pool->bytes_left >= 0)
        return 0;
    fail(fetch, REASON_HTTP_TOO_LARGE, "the page has more than 20 MB");
    return 1;
}

static const char *
accepts(enum page_type type)
{
    switch (type) {
    case PAGE_DOCUMENT:
    case PAGE_FRAME:
        return "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,"
               "image/avif,image/webp,*/*;q=0.8";
    case PAGE_STYLESHEET:
        return "Accept: text/css,*/*;q=0.1";
    case PAGE_IMAGE:
        return "Accept: image/avif,image/webp,image/apng,image/svg+xml,"
               "image/*,*/*;q=0.8";
    case PAGE_SCRIPT:
    case PAGE_FONT:
    case PAGE_MEDIA:
    case PAGE_OTHER:
    case PAGE_TYPE_COUNT:
        return "Accept: */*";
    }
    return "Accept: */*";
}

static struct curl_slist *
add(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);

    if (longer == NULL)
        curl_slist_free_all(list);
    return longer;
}

static struct curl_slist *
make_headers(const struct page_fetch *fetch)
{
    const struct page_pool *pool = fetch->spec.pool;
    const struct page_resource *item = item_of(fetch);
    const struct strlist *own = &pool->check->headers;
    struct curl_slist *list = add(NULL, accepts(item->type));

    if (list != NULL)
        list = add(list, "Accept-Language: en-US,en;q=0.9");
    if (list != NULL && item->type == PAGE_MEDIA)
        list = add(list, "Range: bytes=0-");
    if (list != NULL && item->anonymous && pool->own_origin[0] != '\0') {
        char line[PAGE_ORIGIN_BYTES + 16];

        (void)snprintf(line, sizeof(line), "Origin: %s", pool->own_origin);
        list = add(list, line);
    }
    for (size_t i = 0; list != NULL && i < own->count; i++) {
        if (strcmp(item->origin, pool->own_origin) == 0)
            list = add(list, own->items[i]);
    }
    return list;
}

static void
set_manners(CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    (void)curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    (void)curl_easy_setopt(
        easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* the first connection tells whether one is enough (HTTP/2) */
    (void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BUFFER_BYTES);
    tls_curl_prepare(easy);
}

static void
set_callbacks(struct page_fetch *fetch)
{
    CURL *easy = fetch->easy;

    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->curl_words);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, fetch);
}

static int
begin(struct page_fetch *fetch, struct err *err)
{
    const struct page_pool *pool = fetch->spec.pool;
    const struct page_resource *item = item_of(fetch);

    fetch->easy = curl_easy_init();
    fetch->headers = make_headers(fetch);
    if (fetch->easy == NULL || fetch->headers == NULL)
        return err_set(err, ERR_NOMEM, "request");
    set_manners(fetch->easy);
    set_callbacks(fetch);
    (void)curl_easy_setopt(fetch->easy, CURLOPT_HTTPHEADER, fetch->headers);
    (void)curl_easy_setopt(fetch->easy, CURLOPT_USERAGENT, pool->agent);
    if (pool->referer != NULL)
        (void)curl_easy_setopt(fetch->easy, CURLOPT_REFERER, pool->referer);
    (void)curl_easy_setopt(
        fetch->easy, CURLOPT_RESOLVE, fetch->spec.host->curl_entry);
    http_jar_use(pool->jar, fetch->easy);
    if (curl_easy_setopt(fetch->easy, CURLOPT_URL, item->url) != CURLE_OK)
        return err_set(err, ERR_NOMEM, "request");
    return curl_loop_start(pool->curl, fetch->easy, on_done, fetch, err);
}

struct page_fetch *
page_fetch_start(const struct page_fetch_spec *spec, struct err *err)
{
    struct page_fetch *fetch = calloc(1, sizeof(*fetch));
    enum page_type type = spec->report->items[spec->item].type;

    if (fetch == NULL) {
        err_set(err, ERR_NOMEM, "request");
        return NULL;
    }
    fetch->spec = *spec;
    fetch->began_ns = clock_mono_ns();
    fetch->keeps_body =
        type == PAGE_DOCUMENT || type == PAGE_FRAME || type == PAGE_STYLESHEET;
    buf_init(&fetch->seen.body, PAGE_BODY_MAX_BYTES);
    if (begin(fetch, err) != 0) {
        fetch_free(fetch);
        return NULL;
    }
    return fetch;
}
