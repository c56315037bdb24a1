#include "ossl.h" /* before all others */

#include "tls_probe.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "resolve.h"
#include "tls_seen.h"

/*
 * RESOLVING --> CONNECTING --> SHAKING_HANDS --> finished
 *      \         |  ^  \            /
 *       \        next   \          /
 *        \      address  \        /
 *         any failure, or the deadline
 */
enum state { RESOLVING, CONNECTING, SHAKING_HANDS };

struct tls_probe {
    struct probe_env env;      /* all borrowed */
    const struct check *check; /* borrowed */
    probe_done_fn *done;
    void *ctx;
    enum state state;
    struct resolve *resolve; /* owned; NULL unless RESOLVING */
    struct sockaddr_storage addrs[RESOLVE_ADDRS_MAX];
    socklen_t addr_lens[RESOLVE_ADDRS_MAX];
    size_t addr_count;
    size_t addr_at;
    enum measure_reason connect_reason; /* of the addresses tried so far */
    int fd;                             /* owned; -1 when closed */
    SSL *ssl;                           /* owned; NULL before SHAKING_HANDS */
    X509_STORE *trust;                  /* owned; a reference */
    int64_t started_ns;
    int64_t phase_started_ns;
    struct timer deadline;
    struct timer address_turn; /* when the next address has its turn */
    struct loop_watch socket;
    struct measure measure;
};

static void
close_socket(struct tls_probe *probe)
{
    loop_watch_stop(probe->env.loop, &probe->socket);
    loop_timer_stop(probe->env.loop, &probe->address_turn);
    if (probe->ssl != NULL && SSL_is_init_finished(probe->ssl))
        (void)SSL_shutdown(probe->ssl); /* a polite end; nobody waits for it */
    SSL_free(probe->ssl);
    ERR_clear_error();
    probe->ssl = NULL;
    if (probe->fd != -1)
        (void)close(probe->fd);
    probe->fd = -1;
}

static void
probe_free(struct tls_probe *probe)
{
    resolve_cancel(probe->resolve);
    close_socket(probe);
    loop_timer_stop(probe->env.loop, &probe->deadline);
    X509_STORE_free(probe->trust);
    measure_free_facts(&probe->measure);
    free(probe);
}

/* The only way out.  The probe is gone when this returns. */
static void
finish(struct tls_probe *probe, enum measure_reason reason, enum phase failed)
{
    probe_done_fn *done = probe->done;
    const struct check *check = probe->check;
    void *ctx = probe->ctx;
    struct measure measure = probe->measure;

    measure.status = MEASURE_UP;
    if (reason != REASON_NONE) {
        measure.status = dial_is_ours(reason) ? MEASURE_ERROR : MEASURE_DOWN;
        measure.failed_phase = (int8_t)failed;
    }
    measure.reason = reason;
    probe_set_total(&measure,
        (loop_now_ns(probe->env.loop) - probe->started_ns) / NS_PER_US);
    probe->measure.facts = NULL; /* handed on */
    probe_free(probe);
    probe_judge_slow(&measure, check);
    done(ctx, &measure);
    measure_free_facts(&measure);
}

static void
reach(struct tls_probe *probe, enum phase phase)
{
    int64_t now_ns = loop_now_ns(probe->env.loop);

    probe->measure.phase_us[phase] =
        (now_ns - probe->phase_started_ns) / NS_PER_US;
    probe->phase_started_ns = now_ns;
}

static void
say(struct tls_probe *probe, const char *words)
{
    text_put_harmless(words, strlen(words), probe->measure.facts->detail,
        sizeof(probe->measure.facts->detail));
}

static void
wait_for(struct tls_probe *probe, unsigned events)
{
    struct err err;

    if (loop_watch_start(
            probe->env.loop, &probe->socket, probe->fd, events, &err) == 0)
        return;
    say(probe, err.msg);
    finish(probe, REASON_AGENT_LIMIT, PHASE_CONNECT);
}

/* The certificate is looked at only now, so that it costs the phases nothing. */
static void
judge(struct tls_probe *probe)
{
    struct tls_facts *facts = calloc(1, sizeof(*facts));

    if (facts == NULL) {
        finish(probe, REASON_AGENT_LIMIT, PHASE_TLS);
        return;
    }
    probe->measure.facts->tls = facts;
    tls_seen_take(
        probe->ssl, probe->check->host, probe->trust, clock_unix_ms(), facts);
    if (facts->verify == CERT_OK || probe->check->insecure) {
        finish(probe, REASON_NONE, PHASE_TLS);
        return;
    }
    say(probe, facts->verify_detail);
    finish(probe, measure_reason_of_verify(facts->verify), PHASE_TLS);
}

static void
handshake_failed(struct tls_probe *probe, int ssl_error)
{
    unsigned long error = ERR_peek_error();
    const char *words = ERR_reason_error_string(error);
    enum measure_reason reason = REASON_TLS_RESET;

    if (ssl_error == SSL_ERROR_SSL)
        reason = tls_seen_reason(error);
    say(probe, words != NULL ? words : "the connection was closed");
    finish(probe, reason, PHASE_TLS);
}

static void
shake_hands(struct tls_probe *probe)
{
    int ssl_error;
    int rc;

    ERR_clear_error();
    rc = SSL_connect(probe->ssl);
    if (rc == 1) {
        reach(probe, PHASE_TLS);
        judge(probe);
        return;
    }
    ssl_error = SSL_get_error(probe->ssl, rc);
    if (ssl_error == SSL_ERROR_WANT_READ)
        wait_for(probe, LOOP_READ);
    else if (ssl_error == SSL_ERROR_WANT_WRITE)
        wait_for(probe, LOOP_WRITE);
    else
        handshake_failed(probe, ssl_error);
}

/* No server name for an address (RFC 6066 3). */
static int
set_server_name(SSL *ssl, const char *host)
{
    unsigned char ip[sizeof(struct in6_addr)];
    char name[256];
    size_t len = strlen(host);

    if (host[0] == '[' || inet_pton(AF_INET, host, ip) == 1 ||
        inet_pton(AF_INET6, host, ip) == 1)
        return 0;
    if (len > 1 && host[len - 1] == '.')
        len--;
    (void)snprintf(name, sizeof(name), "%.*s", (int)len, host);
    return SSL_set_tlsext_host_name(ssl, name) == 1 ? 0 : -1;
}

static void
begin_handshake(struct tls_probe *probe)
{
    probe->state = SHAKING_HANDS;
    probe->ssl = tls_ctx_begin(probe->env.tls, probe->fd);
    if (probe->ssl == NULL ||
        set_server_name(probe->ssl, probe->check->host) != 0) {
        finish(probe, REASON_AGENT_LIMIT, PHASE_TLS);
        return;
    }
    shake_hands(probe);
}

/* What it means that this address, and those before it, did not work. */
static void
note_connect_failure(struct tls_probe *probe, enum measure_reason reason)
{
    if (probe->connect_reason == REASON_NONE || !dial_is_ours(reason))
        probe->connect_reason = reason;
}

/* Tries the addresses in turn; each has its share of the time that is left. */
static void
connect_next(struct tls_probe *probe)
{
    for (; probe->addr_at < probe->addr_count; probe->addr_at++) {
        const struct sockaddr_storage *addr = &probe->addrs[probe->addr_at];
        struct dial dial = {
            .socktype = SOCK_STREAM,
            .addr = addr,
            .addr_len = probe->addr_lens[probe->addr_at],
            .bind_ip4 = probe->env.bind_ip4,
            .bind_ip6 = probe->env.bind_ip6,
        };
        int64_t left_ns = probe->deadline.due_ns - loop_now_ns(probe->env.loop);
        int64_t turns = (int64_t)(probe->addr_count - probe->addr_at);
        int sys_errno;

        dial_put_address(addr, probe->measure.facts->ip);
        probe->measure.family = dial_family(addr);
        probe->fd = dial_start(&dial, &sys_errno);
        if (probe->fd == -1) {
            say(probe, strerror(sys_errno));
            note_connect_failure(
                probe, dial_reason(addr->ss_family, sys_errno));
            continue;
        }
        if (turns > 1)
            loop_timer_start(
                probe->env.loop, &probe->address_turn, left_ns / turns);
        wait_for(probe, LOOP_WRITE);
        return;
    }
    finish(probe, probe->connect_reason, PHASE_CONNECT);
}

static void
try_next_address(struct tls_probe *probe, enum measure_reason reason)
{
    note_connect_failure(probe, reason);
    close_socket(probe);
    probe->addr_at++;
    connect_next(probe);
}

static void
connected(struct tls_probe *probe)
{
    int sys_errno = dial_socket_error(probe->fd);

    loop_timer_stop(probe->env.loop, &probe->address_turn);
    if (sys_errno != 0) {
        say(probe, strerror(sys_errno));
        try_next_address(probe,
            dial_reason(probe->addrs[probe->addr_at].ss_family, sys_errno));
        return;
    }
    probe->measure.facts->detail[0] = '\0'; /* an earlier address's */
    reach(probe, PHASE_CONNECT);
    begin_handshake(probe);
}

static void
on_ready(void *ctx, unsigned ready)
{
    struct tls_probe *probe = ctx;

    (void)ready;
    switch (probe->state) {
    case RESOLVING: /* there is no socket yet */
        return;
    case CONNECTING:
        connected(probe);
        return;
    case SHAKING_HANDS:
        shake_hands(probe);
        return;
    }
}

static void
on_address_turn(void *ctx)
{
    struct tls_probe *probe = ctx;

    say(probe, "no answer");
    try_next_address(probe, REASON_CONNECT_TIMEOUT);
}

static void
on_deadline(void *ctx)
{
    struct tls_probe *probe = ctx;

    switch (probe->state) {
    case RESOLVING:
        finish(probe, REASON_DNS_TIMEOUT, PHASE_DNS);
        return;
    case CONNECTING:
        finish(probe, REASON_CONNECT_TIMEOUT, PHASE_CONNECT);
        return;
    case SHAKING_HANDS:
        finish(probe, REASON_TLS_TIMEOUT, PHASE_TLS);
        return;
    }
}

static void
on_resolved(void *ctx, const struct resolve_answer *answer)
{
    struct tls_probe *probe = ctx;

    probe->resolve = NULL;
    if (answer->asked && answer->reason == REASON_NONE)
        probe->measure.phase_us[PHASE_DNS] = answer->elapsed_us;
    if (answer->reason != REASON_NONE) {
        say(probe, answer->detail);
        finish(probe, answer->reason, PHASE_DNS);
        return;
    }
    probe->addr_count = answer->addr_count;
    memcpy(probe->addrs, answer->addrs, sizeof(probe->addrs));
    memcpy(probe->addr_lens, answer->addr_lens, sizeof(probe->addr_lens));
    probe->phase_started_ns = loop_now_ns(probe->env.loop);
    probe->state = CONNECTING;
    connect_next(probe);
}

/* A ca_file that cannot be used is our own trouble, told from the loop. */
static void
on_bad_trust(void *ctx)
{
    finish(ctx, REASON_AGENT_SKIPPED, PHASE_TLS);
}

static int
begin(struct tls_probe *probe, const struct probe_run *run, struct err *err)
{
    const struct check *check = probe->check;
    int64_t timeout_ns = check->timeout_ms * NS_PER_MS;
    struct resolve_query query = {
        .host = check->host,
        .port = (uint16_t)check->port,
        .family = run->family,
        .server = check->server,
        .overrides = &check->resolve,
        .timeout_ns = timeout_ns,
    };

    probe->measure.facts = facts_new();
    if (probe->measure.facts == NULL)
        return err_set(err, ERR_NOMEM, "facts");
    probe->trust = tls_ctx_trust(probe->env.tls, check->ca_pem, err);
    if (probe->trust == NULL) {
        say(probe, err->msg);
        timer_init(&probe->deadline, on_bad_trust, probe);
        loop_timer_start(probe->env.loop, &probe->deadline, 0);
        return 0;
    }
    probe->resolve =
        resolve_start(probe->env.resolver, &query, on_resolved, probe, err);
    if (probe->resolve == NULL)
        return -1;
    loop_timer_start(probe->env.loop, &probe->deadline, timeout_ns);
    return 0;
}

static void *
tls_probe_start(const struct probe_env *env, const struct check *check,
    const struct probe_run *run, probe_done_fn *done, void *ctx,
    struct err *err)
{
    struct tls_probe *probe = calloc(1, sizeof(*probe));

    if (probe == NULL) {
        err_set(err, ERR_NOMEM, "tls probe");
        return NULL;
    }
    probe->env = *env;
    probe->check = check;
    probe->done = done;
    probe->ctx = ctx;
    probe->state = RESOLVING;
    probe->fd = -1;
    probe->started_ns = loop_now_ns(env->loop);
    timer_init(&probe->deadline, on_deadline, probe);
    timer_init(&probe->address_turn, on_address_turn, probe);
    loop_watch_init(&probe->socket, on_ready, probe);
    probe_begin_measure(&probe->measure, check, run);
    if (begin(probe, run, err) != 0) {
        probe_free(probe);
        return NULL;
    }
    return probe;
}

static void
tls_probe_cancel(void *self)
{
    if (self != NULL)
        probe_free(self);
}

const struct probe_kind tls_probe_kind = {
    .start = tls_probe_start,
    .cancel = tls_probe_cancel,
};
