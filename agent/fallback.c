#include "fallback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "curl_loop.h"
#include "log.h"
#include "outcry.h"
#include "text.h"
#include "tls_ctx.h"
#include "webhook_body.h"
#include "webhook_post.h"

enum { LOOK_MS = 5000, ENDPOINT_BYTES = 300, LINE_BYTES = 800 };

static const char note_name[] = "outcry";

struct fallback {
    struct fallback_spec spec;
    struct curl_loop *curl; /* owned */
    struct timer timer;
    struct outcry outcry;
    bool has_target;
    struct webhook_target target;
    uint32_t rank;
    char endpoint[ENDPOINT_BYTES];
    struct webhook_post *posting; /* owned; NULL */
    bool posting_back;
    struct log_limit trouble;
};

/* ---- what is kept ---- */

static void
keep(struct fallback *fallback)
{
    uint8_t bytes[OUTCRY_BYTES];
    struct err err;

    outcry_encode(&fallback->outcry, bytes);
    if (spool_put_note(fallback->spec.spool, note_name,
            (struct bytes){.data = bytes, .len = sizeof(bytes)}, &err) != 0)
        log_limited(&fallback->trouble, LOG_AT_WARN, "fallback.not_kept",
            "error=\"%s\" effect=\"it may be said twice\"", err.msg);
}

static void
resume(struct fallback *fallback)
{
    struct buf bytes;
    struct err err;
    int found;

    buf_init(&bytes, OUTCRY_BYTES);
    found = spool_get_note(fallback->spec.spool, note_name, &bytes, &err);
    if (found == 1 &&
        outcry_decode(buf_bytes(&bytes), &fallback->outcry, &err) != 0)
        found = -1;
    if (found < 0)
        log_event(LOG_AT_WARN, "fallback.note_unread", "error=\"%s\"", err.msg);
    buf_free(&bytes);
}

/* ---- what is said ---- */

struct outcry_words {
    char id[ENDPOINT_BYTES + 32];
    char summary[LINE_BYTES];
    char details[LINE_BYTES];
};

static void
say_span(int64_t span_ms, char *out, size_t size)
{
    if (span_ms < 60000)
        span_ms = 60000;
    text_put_span(span_ms - span_ms % 60000, out, size);
}

static void
say(const struct fallback *fallback, bool back, int64_t now_unix_ms,
    struct outcry_words *words)
{
    struct spool_state spool;
    char since[TEXT_MOMENT_BYTES];
    char span[64];

    spool_state(fallback->spec.spool, &spool);
    text_put_moment(fallback->outcry.since_unix_ms, since);
    say_span(now_unix_ms - fallback->outcry.since_unix_ms, span, sizeof(span));
    (void)snprintf(words->id, sizeof(words->id), "leadline collector %s",
        fallback->endpoint);
    if (back) {
        (void)snprintf(words->summary, sizeof(words->summary),
            "RESOLVED after %s: the leadline collector at %s is back (agent "
            "%s)",
            span, fallback->endpoint, fallback->spec.agent);
        (void)snprintf(words->details, sizeof(words->details),
            "It was not reached since %s.  What was measured meanwhile is on "
            "its way to it.",
            since);
        return;
    }
    (void)snprintf(words->summary, sizeof(words->summary),
        "COLLECTOR GONE for %s: agent %s cannot reach the leadline collector "
        "at %s",
        span, fallback->spec.agent, fallback->endpoint);
    (void)snprintf(words->details, sizeof(words->details),
        "Not reached since %s.  Until it is back nobody is told of outages.\n"
        "Measuring goes on: %llu results wait on this agent.\n"
        "What to do: on the collector's machine\n"
        "  systemctl status leadline-collector\n"
        "  journalctl -u leadline-collector -n 50",
        since, (unsigned long long)spool.records);
}

static void
on_posted(void *ctx, const struct webhook_told *told)
{
    struct fallback *fallback = ctx;
    bool taken = told->outcome == WEBHOOK_DONE;

    fallback->posting = NULL;
    if (taken)
        log_event(LOG_AT_WARN, "fallback.posted", "webhook=%s what=%s",
            fallback->target.name, fallback->posting_back ? "back" : "gone");
    else
        log_limited(&fallback->trouble, LOG_AT_ERROR, "fallback.not_posted",
            "webhook=%s error=\"%s\" again=%s", fallback->target.name,
            told->words, told->outcome == WEBHOOK_LATER ? "yes" : "no");
    outcry_said(&fallback->outcry, taken, told->outcome == WEBHOOK_REFUSED,
        clock_unix_ms());
    keep(fallback);
}

static int
post(struct fallback *fallback, bool back, struct err *err)
{
    int64_t now_unix_ms = clock_unix_ms();
    struct outcry_words words;
    const struct webhook_item item = {
        .id = words.id,
        .class = "COLLECTOR_GONE",
        .subject = "collector",
        .scope = "",
        .severity = "page",
        .state = back ? "resolved" : "firing",
        .over = back,
        .start_unix_ms = fallback->outcry.since_unix_ms,
        .end_unix_ms = back ? now_unix_ms : 0,
        .summary = words.summary,
        .details = words.details,
    };
    const struct webhook_message message = {
        .receiver = fallback->target.name,
        .title = "[leadline] collector",
        .key = words.id,
        .items = &item,
        .count = 1,
    };
    struct buf body;
    int rc;

    say(fallback, back, now_unix_ms, &words);
    buf_init(&body, WEBHOOK_BODY_MAX_BYTES);
    rc = webhook_body_write(fallback->target.kind, &message, &body, err);
    if (rc == 0)
        fallback->posting = webhook_post_start(
            &(struct webhook_post_spec){
                .curl = fallback->curl,
                .target = &fallback->target,
                .body = buf_bytes(&body),
                .now_unix_ms = now_unix_ms,
                .ca_file = TLS_CTX_SYSTEM_CA,
                .agent = fallback->spec.build,
                .done = on_posted,
                .ctx = fallback,
            },
            err);
    buf_free(&body);
    fallback->posting_back = back;
    return fallback->posting != NULL ? 0 : -1;
}

/* ---- looking ---- */

static void
look(void *ctx)
{
    struct fallback *fallback = ctx;
    const struct outcry_view view = {
        .now_unix_ms = clock_unix_ms(),
        .heard = fallback->spec.is_heard(fallback->spec.ctx),
        .cut_off = fallback->spec.is_cut_off(fallback->spec.ctx),
        .rank = fallback->rank,
    };
    enum outcry_do what;
    struct err err;
    bool changed;

    loop_timer_start(
        fallback->spec.loop, &fallback->timer, LOOK_MS * NS_PER_MS);
    if (fallback->posting != NULL)
        return;
    what = outcry_step(&fallback->outcry, &view, &changed);
    if (changed) {
        keep(fallback);
        log_event(LOG_AT_INFO, view.heard ? "fallback.rests" : "fallback.waits",
            "rank=%u", (unsigned)fallback->rank);
    }
    if (what == OUTCRY_DO_NOTHING || !fallback->has_target)
        return;
    if (post(fallback, what == OUTCRY_DO_SAY_BACK, &err) == 0)
        return;
    log_limited(&fallback->trouble, LOG_AT_ERROR, "fallback.not_posted",
        "error=\"%s\"", err.msg);
    outcry_said(&fallback->outcry, false, false, view.now_unix_ms);
}

/* ---- lifecycle ---- */

struct fallback *
fallback_open(const struct fallback_spec *spec, struct err *err)
{
    struct fallback *fallback = calloc(1, sizeof(*fallback));

    if (fallback == NULL) {
        (void)err_set(err, ERR_NOMEM, "fallback");
        return NULL;
    }
    fallback->spec = *spec;
    timer_init(&fallback->timer, look, fallback);
    fallback->curl = curl_loop_new(spec->loop, err);
    if (fallback->curl == NULL) {
        fallback_close(fallback);
        return NULL;
    }
    resume(fallback);
    loop_timer_start(spec->loop, &fallback->timer, LOOK_MS * NS_PER_MS);
    return fallback;
}

void
fallback_close(struct fallback *fallback)
{
    if (fallback == NULL)
        return;
    loop_timer_stop(fallback->spec.loop, &fallback->timer);
    webhook_post_cancel(fallback->posting);
    curl_loop_free(fallback->curl);
    explicit_bzero(&fallback->target, sizeof(fallback->target));
    free(fallback);
}

void
fallback_assign(struct fallback *fallback, const char *webhook, uint32_t rank)
{
    struct err err;

    fallback->rank = rank;
    explicit_bzero(&fallback->target, sizeof(fallback->target));
    fallback->has_target = webhook != NULL && webhook_target_take(webhook,
                                                  &fallback->target, &err) == 0;
    if (webhook != NULL && !fallback->has_target)
        log_event(LOG_AT_WARN, "fallback.unreadable",
            "error=\"%s\" effect=\"this agent will not say that the collector "
            "is gone\"",
            err.msg);
}

void
fallback_set_endpoint(struct fallback *fallback, const char *endpoint)
{
    (void)snprintf(
        fallback->endpoint, sizeof(fallback->endpoint), "%s", endpoint);
}
