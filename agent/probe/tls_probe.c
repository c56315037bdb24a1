#include "ossl.h" /* before all others */

#include "tls_probe.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "reach.h"
#include "starttls.h"
#include "tls_seen.h"
#include "tls_talk.h"

/*
 * REACHING --> (TALKING, with STARTTLS) --> SHAKING_HANDS --> finished
 *      \________________\______________________/
 *       any failure, or the deadline
 */
enum state { REACHING, TALKING, SHAKING_HANDS };

struct tls_probe {
    struct probe_env env;      /* all borrowed */
    const struct check *check; /* borrowed */
    probe_done_fn *done;
    void *ctx;
    enum state state;
    struct reach *reach;   /* owned; NULL unless REACHING */
    struct tls_talk *talk; /* owned; NULL without STARTTLS */
    int fd;                /* owned; -1 when closed */
    SSL *ssl;              /* owned; NULL before SHAKING_HANDS */
    struct tls_hello hello;
    X509_STORE *trust; /* owned; a reference */
    int64_t started_ns;
    int64_t deadline_ns;
    int64_t phase_started_ns;
    struct timer deadline;
    struct loop_watch socket;
    struct measure measure;
};

/* A polite end; nobody waits for it. */
static void
take_leave(struct tls_probe *probe)
{
    const char *words = starttls_farewell(check_starttls_of(probe->check));

    if (probe->ssl == NULL || !SSL_is_init_finished(probe->ssl))
        return;
    if (*words != '\0')
        (void)SSL_write(probe->ssl, words, (int)strlen(words));
    (void)SSL_shutdown(probe->ssl);
}

static void
probe_free(struct tls_probe *probe)
{
    reach_cancel(probe->reach);
    loop_watch_stop(probe->env.loop, &probe->socket);
    loop_timer_stop(probe->env.loop, &probe->deadline);
    take_leave(probe);
    SSL_free(probe->ssl);
    ERR_clear_error();
    if (probe->fd != -1)
        (void)close(probe->fd);
    X509_STORE_free(probe->trust);
    measure_free_facts(&probe->measure);
    free(probe->talk);
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
reach_phase(struct tls_probe *probe, enum phase phase)
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
    finish(probe, REASON_AGENT_LIMIT,
        probe->state == TALKING ? PHASE_WAIT : PHASE_TLS);
}

/* ---- the handshake ---- */

/* The certificate is looked at only now, so that it costs the phases nothing. */
static void
judge(struct tls_probe *probe)
{
    struct tls_facts *facts = calloc(1, sizeof(*facts));
    struct cert_question by = {
        .trust = probe->trust,
        .host = probe->check->host,
        .now_unix_ms = clock_unix_ms(),
        .memo = tls_ctx_memo(probe->env.tls),
    };

    if (facts == NULL) {
        finish(probe, REASON_AGENT_LIMIT, PHASE_TLS);
        return;
    }
    probe->measure.facts->tls = facts;
    tls_seen_take(probe->ssl, &by, facts);
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
    enum measure_reason reason = REASON_TLS_RESET;
    char words[FACTS_TEXT_BYTES];

    if (ssl_error == SSL_ERROR_SSL)
        reason = tls_seen_reason(error);
    tls_seen_put_words(error, &probe->hello, words, sizeof(words));
    say(probe, words);
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
        /* What we made ready before our hello is none of the server's time. */
        probe->phase_started_ns = probe->hello.sent_ns;
        reach_phase(probe, PHASE_TLS);
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

static void
begin_handshake(struct tls_probe *probe)
{
    probe->state = SHAKING_HANDS;
    probe->ssl = tls_ctx_begin(probe->env.tls, probe->fd, probe->check->host);
    if (probe->ssl == NULL) {
        finish(probe, REASON_AGENT_LIMIT, PHASE_TLS);
        return;
    }
    tls_seen_watch_one(probe->ssl, &probe->hello);
    shake_hands(probe);
}

/* ---- the talk before it ---- */

static void
go_on_talking(struct tls_probe *probe)
{
    enum measure_reason reason;

    switch (tls_talk_go_on(probe->talk, probe->fd, &reason)) {
    case TLS_TALK_READ:
        wait_for(probe, LOOP_READ);
        return;
    case TLS_TALK_WRITE:
        wait_for(probe, LOOP_WRITE);
        return;
    case TLS_TALK_OVER:
        reach_phase(probe, PHASE_WAIT);
        begin_handshake(probe);
        return;
    case TLS_TALK_FAILED:
        say(probe, probe->talk->dialogue.detail);
        finish(probe, reason, PHASE_WAIT);
        return;
    }
}

static void
begin_talk(struct tls_probe *probe, enum check_starttls protocol)
{
    probe->state = TALKING;
    probe->talk = calloc(1, sizeof(*probe->talk));
    if (probe->talk == NULL) {
        finish(probe, REASON_AGENT_LIMIT, PHASE_WAIT);
        return;
    }
    tls_talk_init(probe->talk, protocol, probe->fd);
    wait_for(probe, LOOP_READ);
}

/* ---- events ---- */

static void
on_ready(void *ctx, unsigned ready)
{
    struct tls_probe *probe = ctx;

    (void)ready;
    switch (probe->state) {
    case REACHING: /* the socket is not ours yet */
        return;
    case TALKING:
        go_on_talking(probe);
        return;
    case SHAKING_HANDS:
        shake_hands(probe);
        return;
    }
}

static void
on_deadline(void *ctx)
{
    struct tls_probe *probe = ctx;

    if (probe->state == TALKING) {
        enum measure_reason reason = starttls_timed_out(&probe->talk->dialogue);

        say(probe, probe->talk->dialogue.detail);
        finish(probe, reason, PHASE_WAIT);
        return;
    }
    say(probe, tls_seen_waited(&probe->hello));
    finish(probe, REASON_TLS_TIMEOUT, PHASE_TLS);
}

static void
on_reached(void *ctx, const struct reach_answer *answer)
{
    struct tls_probe *probe = ctx;
    enum check_starttls starttls = check_starttls_of(probe->check);
    struct measure *measure = &probe->measure;

    probe->reach = NULL;
    probe->fd = answer->fd;
    if (answer->family != FAMILY_NONE)
        measure->family = answer->family;
    measure->phase_us[PHASE_DNS] = answer->dns_us;
    measure->phase_us[PHASE_CONNECT] = answer->connect_us;
    memcpy(measure->facts->ip, answer->ip, sizeof(measure->facts->ip));
    if (answer->reason != REASON_NONE) {
        say(probe, answer->detail);
        finish(probe, answer->reason, answer->failed);
        return;
    }
    probe->phase_started_ns = answer->connected_ns;
    loop_timer_start_at(probe->env.loop, &probe->deadline, probe->deadline_ns);
    if (starttls == CHECK_STARTTLS_NONE)
        begin_handshake(probe);
    else
        begin_talk(probe, starttls);
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
    struct reach_query query = {
        .check = probe->check,
        .family = run->family,
        .deadline_ns = probe->deadline_ns,
    };

    probe->measure.facts = facts_new();
    if (probe->measure.facts == NULL)
        return err_set(err, ERR_NOMEM, "facts");
    probe->trust = tls_ctx_trust(probe->env.tls, probe->check->ca_pem, err);
    if (probe->trust == NULL) {
        say(probe, err->msg);
        timer_init(&probe->deadline, on_bad_trust, probe);
        loop_timer_start(probe->env.loop, &probe->deadline, 0);
        return 0;
    }
    probe->reach = reach_start(&probe->env, &query, on_reached, probe, err);
    return probe->reach == NULL ? -1 : 0;
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
    probe->state = REACHING;
    probe->fd = -1;
    probe->started_ns = loop_now_ns(env->loop);
    probe->deadline_ns = probe->started_ns + check->timeout_ms * NS_PER_MS;
    timer_init(&probe->deadline, on_deadline, probe);
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
