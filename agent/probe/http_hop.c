#include "ossl.h" /* before all others */

#include "http_hop.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "curl_loop.h"
#include "dial.h"
#include "http_reason.h"
#include "http_request.h"
#include "http_watch.h"
#include "tls_seen.h"

enum { PORT_TEXT_BYTES = 8 };

/* One transfer of libcurl for each address that is tried. */
struct http_hop {
    struct http_hop_spec spec;
    http_hop_done_fn *done;
    void *ctx;
    CURL *easy;                    /* owned */
    struct curl_slist *headers;    /* owned */
    struct curl_slist *connect_to; /* owned */
    size_t address_at;
    struct timer address_turn; /* when the next one has its turn */
    struct {
        enum measure_reason reason;
        uint8_t family;
        char ip[MEASURE_IP_BYTES];
        char detail[FACTS_TEXT_BYTES];
    } unreached; /* the address that says most of those tried so far */
    struct http_watch watch;
    struct http_hop_seen seen;
};

void
http_hop_seen_free(struct http_hop_seen *seen)
{
    free(seen->location);
    free(seen->tls);
    seen->location = NULL;
    seen->tls = NULL;
}

static void
drop_transfer(struct http_hop *hop)
{
    if (hop->easy != NULL) {
        curl_loop_cancel(hop->spec.env->curl, hop->easy);
        curl_easy_cleanup(hop->easy);
    }
    curl_slist_free_all(hop->headers);
    curl_slist_free_all(hop->connect_to);
    hop->easy = NULL;
    hop->headers = NULL;
    hop->connect_to = NULL;
    loop_timer_stop(hop->spec.env->loop, &hop->address_turn);
}

void
http_hop_cancel(struct http_hop *hop)
{
    if (hop == NULL)
        return;
    drop_transfer(hop);
    http_hop_seen_free(&hop->seen);
    free(hop);
}

static const struct sockaddr_storage *
address(const struct http_hop *hop)
{
    return &hop->spec.addresses->addrs[hop->address_at];
}

/* libcurl's words, unless we have our own. */
static void
say_curl(struct http_hop *hop, CURLcode code)
{
    if (hop->seen.detail[0] == '\0')
        http_watch_say(&hop->watch, hop->watch.curl_words[0] != '\0'
                                        ? hop->watch.curl_words
                                        : curl_easy_strerror(code));
}

static enum measure_reason
connect_reason(struct http_hop *hop, CURLcode code)
{
    long sys_errno = hop->watch.connect_errno;

    if (code == CURLE_OUT_OF_MEMORY)
        return REASON_AGENT_LIMIT;
    if (sys_errno == 0)
        (void)curl_easy_getinfo(hop->easy, CURLINFO_OS_ERRNO, &sys_errno);
    if (sys_errno == 0)
        return REASON_CONNECT_UNREACHABLE;
    return dial_reason(address(hop)->ss_family, (int)sys_errno);
}

/* Where there is room for the largest head, it was not memory. */
static bool
is_memory_left(void)
{
    volatile char *room = malloc(2 * (size_t)CURL_MAX_HTTP_HEADER);
    bool left = room != NULL;

    if (left)
        room[0] = 1; /* or the compiler may leave it all out */
    free((char *)(uintptr_t)room);
    return left;
}

/*
 * libcurl has limits of its own for a head, below ours, and says of both that
 * memory is out: of a line (CURL_MAX_HTTP_HEADER) in so many words, of an
 * HTTP/2 head by a callback that fails, which nghttp2 then tells as -902.
 */
static const char *
limit_words(const struct http_hop *hop, CURLcode code, enum phase phase)
{
    const char *words = NULL;

    if (code == CURLE_OUT_OF_MEMORY)
        words = "the head has a line of more than 100 KiB";
    else if (code == CURLE_RECV_ERROR && phase == PHASE_WAIT &&
             strstr(hop->watch.curl_words, "returned -902") != NULL)
        words = "the head has more than 128 KiB, too much in HTTP/2";
    return words != NULL && is_memory_left() ? words : NULL;
}

static enum measure_reason
handshake_reason(struct http_hop *hop, CURLcode code)
{
    char words[FACTS_TEXT_BYTES];

    if (code == CURLE_OUT_OF_MEMORY)
        return REASON_AGENT_LIMIT;
    tls_seen_put_words(
        hop->watch.ssl_error, &hop->watch.hello, words, sizeof(words));
    http_watch_say(&hop->watch, words);
    return tls_seen_reason(hop->watch.ssl_error);
}

static enum measure_reason
reason_of(struct http_hop *hop, CURLcode code, enum phase phase)
{
    const char *limit;

    if (hop->watch.verdict != REASON_NONE)
        return hop->watch.verdict;
    if (code == CURLE_OK && phase == PHASE_WAIT) {
        /* libcurl takes a head that is cut off for one without a body */
        http_watch_say(&hop->watch, "closed within the head of its answer");
        return REASON_HTTP_RESET;
    }
    if (code == CURLE_OK)
        return REASON_NONE;
    if (phase == PHASE_CONNECT)
        return connect_reason(hop, code);
    if (phase == PHASE_TLS)
        return handshake_reason(hop, code);
    limit = limit_words(hop, code, phase);
    if (limit != NULL) {
        http_watch_say(&hop->watch, limit);
        return REASON_HTTP_TOO_LARGE;
    }
    return http_reason(code, hop->watch.curl_words);
}

/* The only way out but cancelling.  The hop is gone when this returns. */
static void
finish(struct http_hop *hop)
{
    http_hop_done_fn *done = hop->done;
    void *ctx = hop->ctx;
    struct http_hop_seen seen = hop->seen;

    hop->seen.location = NULL; /* handed on */
    hop->seen.tls = NULL;
    http_hop_cancel(hop);
    done(ctx, &seen);
    http_hop_seen_free(&seen);
}

static int begin_address(struct http_hop *hop, struct err *err);

/* What this address failed with, unless an earlier one says more. */
static void
note_unreached(struct http_hop *hop, enum measure_reason reason)
{
    if (hop->unreached.reason != REASON_NONE && dial_is_ours(reason))
        return;
    hop->unreached.reason = reason;
    hop->unreached.family = hop->seen.family;
    memcpy(hop->unreached.ip, hop->seen.ip, sizeof(hop->unreached.ip));
    memcpy(
        hop->unreached.detail, hop->seen.detail, sizeof(hop->unreached.detail));
}

static void
tell_unreached(struct http_hop *hop)
{
    hop->seen.reason = hop->unreached.reason;
    hop->seen.failed_phase = PHASE_CONNECT;
    hop->seen.family = hop->unreached.family;
    memcpy(hop->seen.ip, hop->unreached.ip, sizeof(hop->seen.ip));
    memcpy(hop->seen.detail, hop->unreached.detail, sizeof(hop->seen.detail));
}

/* This address did not work: the next one, or the end. */
static void
address_failed(struct http_hop *hop, enum measure_reason reason)
{
    struct err err;

    note_unreached(hop, reason);
    drop_transfer(hop);
    hop->address_at++;
    if (hop->address_at < hop->spec.addresses->addr_count) {
        hop->seen.detail[0] = '\0';
        if (begin_address(hop, &err) == 0)
            return;
        http_watch_say(&hop->watch, err.msg);
        hop->unreached.reason = REASON_NONE; /* not the address's fault */
        note_unreached(hop, REASON_AGENT_LIMIT);
    }
    tell_unreached(hop);
    finish(hop);
}

static void
on_done(void *ctx, CURL *easy, CURLcode code)
{
    struct http_hop *hop = ctx;
    enum phase phase = http_watch_phases(&hop->watch);
    enum measure_reason reason = reason_of(hop, code, phase);

    (void)easy;
    if (reason != REASON_NONE)
        say_curl(hop, code);
    if (phase == PHASE_CONNECT && reason != REASON_NONE) {
        address_failed(hop, reason);
        return;
    }
    http_watch_answer(&hop->watch);
    hop->seen.reason = reason;
    hop->seen.failed_phase = phase;
    if (reason != REASON_NONE) /* not to its end */
        hop->seen.phase_us[PHASE_TRANSFER] = PHASE_NOT_REACHED;
    finish(hop);
}

static void
on_address_turn(void *ctx)
{
    struct http_hop *hop = ctx;

    if (http_watch_connected(&hop->watch))
        return; /* connected; the deadline does the rest */
    http_watch_say(&hop->watch, "no answer");
    address_failed(hop, REASON_CONNECT_TIMEOUT);
}

/* Where to connect, whatever the URL says: so libcurl resolves nothing. */
static int
set_address(struct http_hop *hop)
{
    const struct sockaddr_storage *addr = address(hop);
    char text[sizeof("::[]:") + MEASURE_IP_BYTES + PORT_TEXT_BYTES];

    dial_put_address(addr, hop->seen.ip);
    hop->seen.family = dial_family(addr);
    (void)snprintf(text, sizeof(text),
        addr->ss_family == AF_INET6 ? "::[%s]:%u" : "::%s:%u", hop->seen.ip,
        (unsigned)dial_port(addr));
    hop->connect_to = curl_slist_append(NULL, text);
    if (hop->connect_to == NULL)
        return -1;
    (void)curl_easy_setopt(hop->easy, CURLOPT_CONNECT_TO, hop->connect_to);
    return 0;
}

/* An address has its share of the time that is left. */
static void
set_turn(struct http_hop *hop)
{
    size_t turns = hop->spec.addresses->addr_count - hop->address_at;
    int64_t left_ns = hop->spec.deadline_ns - loop_now_ns(hop->spec.env->loop);

    if (turns > 1)
        loop_timer_start(
            hop->spec.env->loop, &hop->address_turn, left_ns / (int64_t)turns);
}

static int
begin_address(struct http_hop *hop, struct err *err)
{
    hop->easy = curl_easy_init();
    if (hop->easy == NULL || set_address(hop) != 0)
        return err_set(err, ERR_NOMEM, "libcurl's handle");
    http_watch_begin(&hop->watch, hop->easy);
    hop->headers = http_request_set(hop->easy, &hop->spec);
    if (hop->headers == NULL)
        return err_set(err, ERR_NOMEM, "request");
    if (curl_loop_start(hop->spec.env->curl, hop->easy, on_done, hop, err) != 0)
        return -1;
    set_turn(hop);
    return 0;
}

struct http_hop *
http_hop_start(const struct http_hop_spec *spec, http_hop_done_fn *done,
    void *ctx, struct err *err)
{
    struct http_hop *hop = calloc(1, sizeof(*hop));

    if (hop == NULL) {
        err_set(err, ERR_NOMEM, "request");
        return NULL;
    }
    hop->spec = *spec;
    hop->done = done;
    hop->ctx = ctx;
    hop->watch.spec = &hop->spec;
    hop->watch.seen = &hop->seen;
    hop->watch.began_ns = clock_mono_ns();
    timer_init(&hop->address_turn, on_address_turn, hop);
    for (int i = 0; i < PHASE_COUNT; i++)
        hop->seen.phase_us[i] = PHASE_NOT_REACHED;
    http_evidence_begin(&hop->watch.evidence, &hop->seen.http);
    if (begin_address(hop, err) != 0) {
        http_hop_cancel(hop);
        return NULL;
    }
    return hop;
}

static const char *
awaited(const struct http_watch *watch, enum phase phase)
{
    if (phase == PHASE_CONNECT)
        return "no connection";
    if (phase == PHASE_WAIT && watch->first_byte_ns != 0)
        return "no end of the head of its answer";
    return phase == PHASE_REQUEST ? "the request is not taken" : "no answer";
}

static void
say_what_was_awaited(struct http_hop *hop, enum phase phase)
{
    unsigned port = dial_port(address(hop));
    char words[FACTS_TEXT_BYTES];

    if (phase == PHASE_TRANSFER)
        (void)snprintf(words, sizeof(words),
            "%s port %u: %lld bytes of the body and not its end in time",
            hop->seen.ip, port, (long long)hop->watch.body_bytes);
    else if (phase == PHASE_TLS)
        (void)snprintf(words, sizeof(words), "%s port %u: %s", hop->seen.ip,
            port, tls_seen_waited(&hop->watch.hello));
    else
        (void)snprintf(words, sizeof(words), "%s port %u: %s in time",
            hop->seen.ip, port, awaited(&hop->watch, phase));
    http_watch_say(&hop->watch, words);
}

void
http_hop_give_up(struct http_hop *hop, struct http_hop_seen *seen)
{
    enum phase phase = http_watch_phases(&hop->watch);

    http_watch_answer(&hop->watch);
    say_what_was_awaited(hop, phase);
    *seen = hop->seen;
    seen->phase_us[PHASE_TRANSFER] = PHASE_NOT_REACHED; /* not its end */
    seen->failed_phase = phase;
    seen->reason = http_reason_of_deadline(phase);
    hop->seen.location = NULL; /* handed on */
    hop->seen.tls = NULL;
    http_hop_cancel(hop);
}
