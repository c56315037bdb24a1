#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "clock.h"
#include "metrics.h"
#include "query.h"
#include "web_own.h"

enum { METRICS_MAX_BYTES = 256 << 20 };

/*
 * An answer is given again for 2 s, or for ten times what making it took: then
 * no number of scrapes costs more than a tenth of a processor.
 */
static const int64_t fresh_ns = 2 * NS_PER_SEC;

enum {
    FRESH_TIMES = 10,
    LEFT_MIN_BYTES = 1 << 20 /* with less the store counts as full */
};

static const char plain[] = "text/plain; charset=utf-8";
static const char exposition[] = "text/plain; version=0.0.4; charset=utf-8";

/* ---- sending ---- */

static struct MHD_Response *
make_response(const char *type, const void *body, size_t len)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        len, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);

    if (response == NULL)
        return NULL;
    (void)MHD_add_response_header(response, "Content-Type", type);
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(
        response, "X-Content-Type-Options", "nosniff");
    /* One request a connection: its deadline is the request's. */
    (void)MHD_add_response_header(response, "Connection", "close");
    return response;
}

static enum MHD_Result
say(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response = make_response(plain, text, strlen(text));
    enum MHD_Result rc;

    if (response == NULL)
        return MHD_NO;
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, "Allow", "GET, HEAD");
    if (status == MHD_HTTP_UNAUTHORIZED)
        (void)MHD_add_response_header(
            response, "WWW-Authenticate", "Bearer realm=\"leadline\"");
    rc = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result
say_unavailable(struct MHD_Connection *connection, const char *reason)
{
    char text[PULSE_REASON_BYTES + 2];

    (void)snprintf(text, sizeof(text), "%s\n", reason);
    return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, text);
}

/* ---- who may ask ---- */

/* Every byte is looked at, whatever the first ones say. */
static bool
is_token(const struct web *web, const char *given)
{
    size_t len = strlen(web->token);
    size_t given_len = strlen(given);
    unsigned differs = len != given_len;

    for (size_t i = 0; i < len; i++)
        differs |=
            (unsigned)(web->token[i] ^ given[given_len ? i % given_len : 0]);
    return differs == 0;
}

static bool
may_ask(const struct web *web, struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *given;

    if (web->token[0] == '\0')
        return true;
    given = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    return given != NULL &&
           strncasecmp(given, scheme, sizeof(scheme) - 1) == 0 &&
           is_token(web, given + sizeof(scheme) - 1);
}

/*
 * A page that someone's browser shows must not reach us under a name that it
 * has pointed at this address (DNS rebinding): no names but localhost.
 */
static bool
is_meant(const struct web *web, struct MHD_Connection *connection)
{
    const char *given = MHD_lookup_connection_value(
        connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    char host[ADDRESS_HOST_BYTES + 2];
    size_t len;

    if (web->any_host || given == NULL)
        return true;
    len = given[0] == '[' ? strcspn(given, "]") : strcspn(given, ":");
    if (given[0] == '[')
        given++, len--;
    if (len >= sizeof(host))
        return false;
    memcpy(host, given, len);
    host[len] = '\0';
    return strcasecmp(host, "localhost") == 0 || address_is_ip(host);
}

/* ---- what is asked ---- */

static enum MHD_Result
answer_health(struct web *web, struct MHD_Connection *connection)
{
    struct pulse_reading reading;
    char reason[PULSE_REASON_BYTES];
    struct store_used used;
    struct err err;

    pulse_read(web->pulse, &reading);
    if (!pulse_is_well(&reading, clock_mono_ns(), reason))
        return say_unavailable(connection, reason);
    /* It reads the store; and one that is idle does not notice by itself. */
    if (store_used_lately(web->store, &used, &err) != 0)
        return say_unavailable(connection, err.msg);
    if (used.left_bytes < LEFT_MIN_BYTES)
        return say_unavailable(
            connection, "the store is full: less than 1 MiB can be written");
    return say(connection, MHD_HTTP_OK, "ok\n");
}

static int
renew_conf(struct web *web, struct store_txn *txn, struct err *err)
{
    struct conf_history *conf;

    if (!atomic_exchange(&web->stale, false) && web->conf != NULL)
        return 0;
    conf = conf_history_load(txn, err);
    if (conf == NULL) {
        atomic_store(&web->stale, true);
        return -1;
    }
    conf_history_free(web->conf);
    web->conf = conf;
    return 0;
}

static int
put_metrics(struct web *web, struct buf *out, struct err *err)
{
    struct query_env env = {.now_unix_ms = clock_unix_ms()};
    struct pulse_reading reading;
    const struct metrics metrics = {
        .env = &env, .reading = &reading, .meter = web->meter};
    int rc;

    pulse_read(web->pulse, &reading);
    if (store_used_ratio(web->store, &env.store_used_ratio, err) != 0)
        env.store_used_ratio = -1.0;
    env.txn = store_begin_read(web->store, err);
    if (env.txn == NULL)
        return -1;
    rc = renew_conf(web, env.txn, err);
    if (rc == 0) {
        env.conf = web->conf;
        rc = metrics_put(&metrics, out, err);
    }
    store_abort(env.txn);
    return rc;
}

static enum MHD_Result
answer_metrics(struct web *web, struct MHD_Connection *connection)
{
    int64_t now_ns = clock_mono_ns();
    int64_t took_ns;
    struct buf text;
    struct err err;

    if (web->metrics != NULL && now_ns < web->metrics_until_ns)
        return MHD_queue_response(connection, MHD_HTTP_OK, web->metrics);
    buf_init(&text, METRICS_MAX_BYTES);
    if (put_metrics(web, &text, &err) != 0) {
        buf_free(&text);
        return say_unavailable(connection, err.msg);
    }
    if (web->metrics != NULL)
        MHD_destroy_response(web->metrics);
    web->metrics = make_response(exposition, text.data, text.len);
    took_ns = clock_mono_ns() - now_ns;
    web->metrics_until_ns = now_ns + took_ns * FRESH_TIMES;
    if (took_ns * FRESH_TIMES < fresh_ns)
        web->metrics_until_ns = now_ns + fresh_ns;
    buf_free(&text);
    if (web->metrics == NULL)
        return MHD_NO;
    return MHD_queue_response(connection, MHD_HTTP_OK, web->metrics);
}

enum MHD_Result /* NOLINTNEXTLINE(readability-function-size): their type */
web_answer(void *ctx, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **request)
{
    struct web *web = ctx;

    (void)version;
    (void)upload;
    (void)request;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        *upload_len = 0;
        return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
            "this is read only: GET or HEAD\n");
    }
    if (!is_meant(web, connection))
        return say(connection, MHD_HTTP_MISDIRECTED_REQUEST,
            "ask by address, or by the name localhost\n");
    if (strcmp(url, "/healthz") == 0)
        return answer_health(web, connection);
    if (!may_ask(web, connection))
        return say(connection, MHD_HTTP_UNAUTHORIZED,
            "this needs the header Authorization: Bearer TOKEN\n");
    if (strcmp(url, "/metrics") == 0)
        return answer_metrics(web, connection);
    return say(connection, MHD_HTTP_NOT_FOUND,
        "there is /metrics (Prometheus text) and /healthz\n");
}
