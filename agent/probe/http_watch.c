#include "ossl.h" /* before all others */

#include "http_watch.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dial.h"
#include "tls_ctx.h"
#include "tls_seen.h"

enum { HEADER_LIMIT_BYTES = 256 * 1024, STATUS_FINAL_MIN = 200 };

void
http_watch_say(struct http_watch *watch, const char *words)
{
    text_put_harmless(
        words, strlen(words), watch->seen->detail, sizeof(watch->seen->detail));
}

static curl_socket_t
on_open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_watch *watch = ctx;
    struct sockaddr_storage addr = {0};
    struct dial dial = {
        .socktype = SOCK_STREAM,
        .addr = &addr,
        .addr_len = address->addrlen,
        .bind_ip4 = watch->spec->env->bind_ip4,
        .bind_ip6 = watch->spec->env->bind_ip6,
    };
    int fd;

    (void)purpose;
    watch->opened_ns = clock_mono_ns();
    memcpy(&addr, &address->addr, address->addrlen);
    fd = dial_open(&dial, &watch->connect_errno);
    return fd == -1 ? CURL_SOCKET_BAD : fd;
}

static void
on_handshake(const SSL *ssl, int where, int rc)
{
    struct http_watch *watch = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if ((where & SSL_CB_EXIT) && rc <= 0)
        watch->ssl_error = ERR_peek_error();
    if ((where & SSL_CB_HANDSHAKE_DONE) && watch->shaken_ns == 0)
        watch->shaken_ns = clock_mono_ns();
}

/* Called when the connection stands, before the handshake. */
static CURLcode
on_ssl_ctx(CURL *easy, void *ssl_ctx, void *ctx)
{
    struct http_watch *watch = ctx;

    (void)easy;
    watch->connected_ns = clock_mono_ns();
    if (tls_ctx_prepare(ssl_ctx) != 0)
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_app_data(ssl_ctx, ctx);
    SSL_CTX_set_info_callback(ssl_ctx, on_handshake);
    /* In the place of libcurl's own, which puts each message into words. */
    tls_seen_watch(ssl_ctx, &watch->hello);
    return CURLE_OK;
}

/* The connection's SSL; NULL without TLS. */
static SSL *
ssl_of(CURL *easy)
{
    struct curl_tlssessioninfo *info = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
        info == NULL)
        return NULL;
    return info->internals;
}

/* False where the request must not be sent. */
static bool
judge_certificate(struct http_watch *watch)
{
    SSL *ssl = ssl_of(watch->easy);
    struct tls_facts *facts = calloc(1, sizeof(*facts));
    struct cert_question by = {
        .trust = watch->spec->trust,
        .host = watch->spec->url->host,
        .now_unix_ms = clock_unix_ms(),
        .memo = tls_ctx_memo(watch->spec->env->tls),
    };

    if (ssl == NULL || facts == NULL) {
        free(facts);
        watch->verdict = REASON_AGENT_LIMIT;
        return false;
    }
    watch->seen->tls = facts;
    tls_seen_take(ssl, &by, facts);
    if (facts->verify == CERT_OK || watch->spec->check->insecure)
        return true;
    watch->verdict = measure_reason_of_verify(facts->verify);
    http_watch_say(watch, facts->verify_detail);
    return false;
}

/* Connected, hands shaken; the request comes next.  libcurl's type. */
static int /* NOLINTNEXTLINE(readability-non-const-parameter) */
on_ready(void *ctx, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    struct http_watch *watch = ctx;

    (void)peer_ip;
    (void)own_ip;
    (void)peer_port;
    (void)own_port;
    if (watch->connected_ns == 0)
        watch->connected_ns = clock_mono_ns();
    if (watch->spec->url->tls && !judge_certificate(watch))
        return CURL_PREREQFUNC_ABORT;
    watch->ready_ns = clock_mono_ns();
    return CURL_PREREQFUNC_OK;
}

/* libcurl has no number for the moment when all was sent, but it says it. */
static int /* NOLINTNEXTLINE(readability-non-const-parameter) */
on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *ctx)
{
    struct http_watch *watch = ctx;

    (void)easy;
    (void)data;
    (void)size;
    /* What is sent after an answer has begun is no time of the request. */
    if (watch->first_byte_ns == 0 &&
        (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT))
        watch->sent_ns = clock_mono_ns();
    return 0;
}

static bool
take_location(struct http_watch *watch, const char *line, size_t len)
{
    size_t value_len;
    const char *value = http_evidence_value(line, len, "location", &value_len);

    if (value == NULL || watch->seen->location != NULL)
        return true;
    if (value_len > HTTP_URL_MAX_BYTES) {
        watch->verdict = REASON_HTTP_TOO_LARGE;
        http_watch_say(watch, "a Location of more than 8192 bytes");
        return false;
    }
    watch->seen->location = strndup(value, value_len);
    return watch->seen->location != NULL;
}

static bool
take_length(struct http_watch *watch, const char *line, size_t len)
{
    struct err err;

    if (http_length_take(&watch->length, line, len, &err) == 0)
        return true;
    watch->verdict = REASON_HTTP_MALFORMED;
    http_watch_say(watch, err.msg);
    return false;
}

/* A status line: what came before was informational. */
static void
begin_head(struct http_watch *watch)
{
    watch->in_head = true;
    free(watch->seen->location);
    watch->seen->location = NULL;
    http_evidence_begin(&watch->evidence, &watch->seen->http);
    watch->length = (struct http_length){0};
}

static size_t
on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct http_watch *watch = ctx;
    size_t len = size * count;

    if (watch->first_byte_ns == 0)
        watch->first_byte_ns = clock_mono_ns();
    watch->header_bytes += (int64_t)len;
    if (watch->header_bytes > HEADER_LIMIT_BYTES) {
        watch->verdict = REASON_HTTP_TOO_LARGE;
        http_watch_say(watch, "the head has more than 256 KiB");
        return 0;
    }
    if (!watch->in_head) {
        if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
            begin_head(watch);
        return len; /* or a trailer, which changes nothing */
    }
    if (line[0] == '\r' || line[0] == '\n')
        watch->in_head = false;
    http_evidence_take(&watch->evidence, line, len);
    return take_length(watch, line, len) && take_location(watch, line, len)
               ? len
               : 0;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_watch *watch = ctx;
    size_t len = size * count;
    struct err err;

    watch->body_bytes += (int64_t)len;
    if (watch->body_bytes > CHECK_BODY_LIMIT_BYTES) {
        watch->verdict = REASON_HTTP_TOO_LARGE;
        http_watch_say(watch, "the body has more than 10 MiB");
        return 0;
    }
    if (watch->spec->body != NULL &&
        buf_append(watch->spec->body, bytes, len, &err) != 0) {
        watch->verdict = REASON_AGENT_LIMIT;
        http_watch_say(watch, err.msg);
        return 0;
    }
    return len;
}

static int64_t
curl_us(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;

    (void)curl_easy_getinfo(easy, what, &us);
    return us;
}

static int64_t
span_us(int64_t from_ns, int64_t to_ns)
{
    return to_ns > from_ns ? (to_ns - from_ns) / NS_PER_US : 0;
}

/* Up to the request; false if the connection did not come so far. */
static bool
take_connect_phases(struct http_watch *watch)
{
    int64_t *phase_us = watch->seen->phase_us;
    int64_t connect_us = curl_us(watch->easy, CURLINFO_CONNECT_TIME_T);
    int64_t lookup_us = curl_us(watch->easy, CURLINFO_NAMELOOKUP_TIME_T);
    /* addresses before this one took their time too */
    int64_t before_us = span_us(watch->began_ns, watch->address_began_ns);

    /* libcurl says when it connected only when the handshake went well. */
    if (connect_us <= 0)
        phase_us[PHASE_CONNECT] =
            before_us + span_us(watch->opened_ns, watch->connected_ns);
    else
        phase_us[PHASE_CONNECT] = before_us + connect_us - lookup_us;
    /*
     * From our hello to the end, not by libcurl's account of it: that holds
     * how long it takes to make ready and to put certificates into words.
     */
    if (watch->shaken_ns != 0)
        phase_us[PHASE_TLS] = span_us(watch->hello.sent_ns, watch->shaken_ns);
    return watch->ready_ns != 0;
}

/* Of the answer itself: informational ones may have come before. */
bool
http_watch_has_head(const struct http_watch *watch)
{
    long status = 0;

    (void)curl_easy_getinfo(watch->easy, CURLINFO_RESPONSE_CODE, &status);
    return !watch->in_head && status >= STATUS_FINAL_MIN;
}

enum phase
http_watch_phases(struct http_watch *watch)
{
    int64_t *phase_us = watch->seen->phase_us;
    int64_t now_ns = clock_mono_ns();

    if (watch->connected_ns == 0)
        return PHASE_CONNECT;
    if (!take_connect_phases(watch))
        return watch->spec->url->tls ? PHASE_TLS : PHASE_CONNECT;
    if (watch->sent_ns == 0)
        return PHASE_REQUEST;
    phase_us[PHASE_REQUEST] = span_us(watch->ready_ns, watch->sent_ns);
    if (watch->first_byte_ns == 0 || !http_watch_has_head(watch))
        return PHASE_WAIT;
    phase_us[PHASE_WAIT] = span_us(watch->sent_ns, watch->first_byte_ns);
    phase_us[PHASE_TRANSFER] = span_us(watch->first_byte_ns, now_ns);
    return PHASE_TRANSFER;
}

static const char *
version_words(long version)
{
    switch (version) {
    case CURL_HTTP_VERSION_1_0:
        return "1.0";
    case CURL_HTTP_VERSION_1_1:
        return "1.1";
    case CURL_HTTP_VERSION_2_0:
        return "2";
    case CURL_HTTP_VERSION_3:
        return "3";
    default:
        return "";
    }
}

void
http_watch_answer(struct http_watch *watch)
{
    struct http_facts *http = &watch->seen->http;
    curl_off_t bytes_body = 0;
    long status = 0;
    long version = 0;
    long bytes_header = 0;

    (void)curl_easy_getinfo(watch->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(watch->easy, CURLINFO_HTTP_VERSION, &version);
    (void)curl_easy_getinfo(watch->easy, CURLINFO_HEADER_SIZE, &bytes_header);
    (void)curl_easy_getinfo(watch->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes_body);
    http->status = status >= STATUS_FINAL_MIN ? (int32_t)status : 0;
    http->bytes_header = bytes_header;
    http->bytes_body = bytes_body;
    (void)snprintf(
        http->version, sizeof(http->version), "%s", version_words(version));
}

void
http_watch_begin(struct http_watch *watch, CURL *easy)
{
    watch->easy = easy;
    watch->connect_errno = 0;
    watch->connected_ns = 0;
    watch->shaken_ns = 0;
    watch->curl_words[0] = '\0';
    watch->address_began_ns = clock_mono_ns();

    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, watch->curl_words);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, watch);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, watch);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, watch);
    (void)curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    (void)curl_easy_setopt(easy, CURLOPT_DEBUGDATA, watch);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, watch);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, watch);
}

bool
http_watch_connected(const struct http_watch *watch)
{
    return watch->connected_ns != 0;
}
