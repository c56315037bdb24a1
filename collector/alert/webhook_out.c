#include "webhook_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "mail_reports.h"
#include "webhook_conf.h"
#include "webhook_post.h"

#define WEBHOOK_AGENT "leadline/" LEADLINE_VERSION

enum { LOOK_AGAIN_MS = 60 * 1000, AFTER_TROUBLE_MS = 5000 };

/* One webhook's way out; the lane without a name takes what has none. */
struct lane {
    struct webhook_out *out; /* borrowed */
    char name[CONF_NAME_BYTES];
    struct timer timer;
    struct webhook_post *posting; /* owned; NULL */
    uint64_t posting_id;
    uint32_t posting_tries;
    struct mail_reports reports;
    struct log_limit trouble;
    struct lane *next;
};

struct webhook_out {
    struct mailer_spec spec;
    const struct config *config; /* borrowed; NULL before the first */
    struct lane *lanes;          /* owned; the one without a name is the last */
};

static bool
is_known(const struct webhook_out *out, const char *name)
{
    return out->config != NULL && webhook_conf_find(out->config, name) != NULL;
}

static bool
is_not_mine(void *ctx, const struct mailq_row *row)
{
    const struct lane *lane = ctx;
    const char *name = webhook_of_address(row->recipient);
    bool mine;

    if (name == NULL)
        return true;
    mine = lane->name[0] == '\0' ? !is_known(lane->out, name)
                                 : strcmp(name, lane->name) == 0;
    return !mine || mail_reports_has(&lane->reports, row);
}

static void
look_in_ms(struct lane *lane, int64_t wait_ms)
{
    int64_t longest_ms =
        lane->reports.count > 0 ? MAIL_REPORT_AGAIN_MS : LOOK_AGAIN_MS;

    if (wait_ms > longest_ms)
        wait_ms = longest_ms;
    if (wait_ms < 0)
        wait_ms = 0;
    loop_timer_start(lane->out->spec.loop, &lane->timer, wait_ms * NS_PER_MS);
}

static void
hand_over(struct lane *lane, enum mailq_outcome outcome, int64_t retry_after_s,
    const char *words)
{
    struct mailq_report report = {
        .id = lane->posting_id,
        .tries = lane->posting_tries,
        .outcome = outcome,
        .at_unix_ms = clock_unix_ms(),
    };

    if (retry_after_s > 0)
        report.retry_unix_ms = report.at_unix_ms + retry_after_s * MS_PER_SEC;
    (void)snprintf(report.text, sizeof(report.text), "%s", words);
    if (outcome == MAILQ_SENT)
        log_event(LOG_AT_INFO, "webhook.sent", "id=%llu webhook=%s",
            (unsigned long long)report.id, lane->name);
    else
        log_limited(&lane->trouble, LOG_AT_WARN,
            outcome == MAILQ_REFUSED ? "webhook.refused" : "webhook.later",
            "id=%llu webhook=%s tries=%u error=\"%s\"",
            (unsigned long long)report.id, lane->name,
            (unsigned)report.tries + 1, words);
    look_in_ms(lane, 0);
    mail_reports_hand_over(&lane->reports, &report);
}

static void
on_posted(void *ctx, const struct webhook_told *told)
{
    struct lane *lane = ctx;
    enum mailq_outcome outcome = MAILQ_LATER;

    lane->posting = NULL;
    switch (told->outcome) {
    case WEBHOOK_DONE:
        outcome = MAILQ_SENT;
        break;
    case WEBHOOK_LATER:
        break;
    case WEBHOOK_REFUSED:
        outcome = MAILQ_REFUSED;
        break;
    }
    hand_over(lane, outcome, told->retry_after_s, told->words);
}

static void
start(struct lane *lane, const struct mailq_row *row)
{
    const struct conf_webhook *webhook =
        lane->name[0] == '\0'
            ? NULL
            : webhook_conf_find(lane->out->config, lane->name);
    struct webhook_target target;
    struct err err;

    lane->posting_id = row->id;
    lane->posting_tries = row->tries;
    if (webhook == NULL) {
        hand_over(lane, MAILQ_REFUSED, 0, "there is no such webhook any more");
        return;
    }
    if (webhook_conf_target(webhook, &target, &err) == 0)
        lane->posting = webhook_post_start(
            &(struct webhook_post_spec){
                .curl = lane->out->spec.curl,
                .target = &target,
                .body = row->message,
                .now_unix_ms = clock_unix_ms(),
                .ca_file = webhook->ca_file,
                .agent = WEBHOOK_AGENT,
                .done = on_posted,
                .ctx = lane,
            },
            &err);
    explicit_bzero(&target, sizeof(target));
    if (lane->posting == NULL)
        hand_over(lane, MAILQ_LATER, 0, err.msg);
}

/* 1: one is being sent, 0: none now, -1: the store could not be read. */
static int
send_next(struct lane *lane, int64_t *next_unix_ms, struct err *err)
{
    struct store_txn *txn = store_begin_read(lane->out->spec.store, err);
    struct mailq_pick pick = {
        .now_unix_ms = clock_unix_ms(),
        .skip = is_not_mine,
        .ctx = lane,
        .next_unix_ms = INT64_MAX,
    };
    int found = -1;

    if (txn == NULL)
        return -1;
    if (mail_reports_forget_written(&lane->reports, txn, err) == 0)
        found = mail_reports_is_full(&lane->reports)
                    ? 0
                    : mailq_next(txn, &pick, err);
    *next_unix_ms = pick.next_unix_ms;
    if (found == 1)
        start(lane, &pick.row);
    store_abort(txn);
    if (found == 0)
        mail_reports_say_again(&lane->reports);
    return found;
}

static void
look(void *ctx)
{
    struct lane *lane = ctx;
    int64_t next_unix_ms = INT64_MAX;
    struct err err;

    if (lane->posting != NULL || lane->out->config == NULL)
        return;
    switch (send_next(lane, &next_unix_ms, &err)) {
    case 1:
        return;
    case 0:
        look_in_ms(lane, next_unix_ms == INT64_MAX
                             ? LOOK_AGAIN_MS
                             : next_unix_ms - clock_unix_ms());
        return;
    default:
        log_limited(&lane->trouble, LOG_AT_ERROR, "webhook.queue",
            "error=\"%s\"", err.msg);
        look_in_ms(lane, AFTER_TROUBLE_MS);
    }
}

/* ---- lifecycle ---- */

static int
add_lane(struct webhook_out *out, const char *name, struct err *err)
{
    struct lane *lane = calloc(1, sizeof(*lane));

    if (lane == NULL)
        return err_set(err, ERR_NOMEM, "webhooks");
    lane->out = out;
    (void)snprintf(lane->name, sizeof(lane->name), "%s", name);
    timer_init(&lane->timer, look, lane);
    mail_reports_init(
        &lane->reports, out->spec.loop, out->spec.report, out->spec.ctx);
    lane->next = out->lanes;
    out->lanes = lane;
    return 0;
}

static void
free_lane(struct lane *lane)
{
    loop_timer_stop(lane->out->spec.loop, &lane->timer);
    webhook_post_cancel(lane->posting);
    free(lane);
}

struct webhook_out *
webhook_out_new(const struct mailer_spec *spec, struct err *err)
{
    struct webhook_out *out = calloc(1, sizeof(*out));

    if (out == NULL) {
        (void)err_set(err, ERR_NOMEM, "webhooks");
        return NULL;
    }
    out->spec = *spec;
    if (add_lane(out, "", err) != 0) {
        free(out);
        return NULL;
    }
    return out;
}

void
webhook_out_free(struct webhook_out *out)
{
    if (out == NULL)
        return;
    while (out->lanes != NULL) {
        struct lane *lane = out->lanes;

        out->lanes = lane->next;
        free_lane(lane);
    }
    free(out);
}

static void
drop_unknown(struct webhook_out *out)
{
    struct lane **at = &out->lanes;

    while (*at != NULL) {
        struct lane *lane = *at;

        if (lane->name[0] == '\0' || is_known(out, lane->name)) {
            at = &lane->next;
            continue;
        }
        *at = lane->next;
        free_lane(lane);
    }
}

static bool
has_lane(const struct webhook_out *out, const char *name)
{
    for (const struct lane *lane = out->lanes; lane != NULL;
         lane = lane->next) {
        if (strcmp(lane->name, name) == 0)
            return true;
    }
    return false;
}

int
webhook_out_set_config(
    struct webhook_out *out, const struct config *config, struct err *err)
{
    out->config = config;
    drop_unknown(out);
    for (size_t i = 0; i < config->webhook_count; i++) {
        const char *name = config->webhooks[i].name;

        if (!has_lane(out, name) && add_lane(out, name, err) != 0)
            return -1;
    }
    webhook_out_nudge(out);
    return 0;
}

void
webhook_out_nudge(struct webhook_out *out)
{
    for (struct lane *lane = out->lanes; lane != NULL; lane = lane->next) {
        if (lane->posting == NULL)
            look_in_ms(lane, 0);
    }
}
