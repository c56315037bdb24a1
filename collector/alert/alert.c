#include "alert.h"

#include <stdlib.h>
#include <string.h>

#include "alert_ack.h"
#include "alert_digest.h"
#include "alert_flap.h"
#include "alert_flush.h"
#include "class.h"
#include "notice_log.h"
#include "silence.h"

enum {
    LOOK_FLAPPING_MS = 5000, /* of a draft */
    LOOK_MS = 1000, /* while something is active: windows end, reports come */
    SWEEP_MS = 60 * 1000,
    SWEEP_OLD_MS = 3600 * 1000,
    NOTICE_KEPT_DAYS = 90, /* longer than results that could make it untrue */
    CONDITION_KEPT_DAYS = 400
};

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

struct alert {
    const struct conf_history *conf; /* borrowed */
    bool changed;                    /* since the last run */
    int64_t ran_unix_ms;
    int64_t next_unix_ms;
    int64_t swept_unix_ms;
    int64_t swept_old_unix_ms;
    int64_t digest_unix_ms; /* the next is due; 0: not known */
    struct alert_flap flap;
    bool draft;
    int64_t look_ms;
    size_t flapping; /* of a draft */
};

struct alert *
alert_new(const struct conf_history *conf, struct err *err)
{
    struct alert *alert = calloc(1, sizeof(*alert));

    if (alert == NULL) {
        (void)err_set(err, ERR_NOMEM, "alerts");
        return NULL;
    }
    alert->conf = conf;
    alert->changed = true;
    alert->look_ms = LOOK_MS;
    return alert;
}

void
alert_set_draft(struct alert *alert, int64_t look_ms)
{
    alert->draft = true;
    alert->look_ms = look_ms;
}

void
alert_free(struct alert *alert)
{
    free(alert);
}

void
alert_set_history(struct alert *alert, const struct conf_history *conf)
{
    alert->conf = conf;
    alert->changed = true;
    alert->digest_unix_ms = 0;
}

/* All that must not be lost is in the store. */
void
alert_forget(struct alert *alert)
{
    alert->changed = true;
    alert->digest_unix_ms = 0;
}

/* ---- news ---- */

static enum alert_class
class_of(const struct alert *alert, const struct incident_row *row)
{
    const struct conf_check *check =
        conf_history_check(alert->conf, row->check, row->start_unix_ms);

    return alert_class_of(
        check == NULL ? CHECK_HTTP : check->check.kind, row->scope);
}

static void
take_row(struct notice *notice, const struct incident_row *row)
{
    notice->state = row->state;
    notice->start_unix_ms = row->start_unix_ms;
    notice->detected_unix_ms = row->detected_unix_ms;
    notice->noticed_unix_ms = row->noticed_unix_ms;
    notice->end_unix_ms = row->end_unix_ms;
    notice->reason = row->reason;
}

static void
init_notice(const struct alert *alert, const struct incident_row *row,
    struct notice *notice)
{
    *notice = (struct notice){
        .check = row->check,
        .class = class_of(alert, row),
        .state = row->state,
    };
    notice->severity = alert_severity_of(notice->class);
    memcpy(notice->id, row->id, sizeof(notice->id));
    memcpy(notice->subject, row->check_name, sizeof(notice->subject));
    memcpy(notice->scope, row->scope, sizeof(notice->scope));
}

/* It goes on after it was over: as if it were new. */
static void
open_again(struct notice *notice)
{
    notice->fresh = false;
    notice->due_unix_ms = 0;
    for (size_t i = 0; i < notice->target_count; i++)
        notice->targets[i].refused = false;
}

/* What was over before it was first seen has no notice, and gets none. */
static int
take_incident(struct alert *alert, struct store_txn *txn,
    const struct incident_row *row, bool fresh, struct err *err)
{
    struct notice notice;
    int found = notice_get(txn, row->id, &notice, err);
    int rc;

    if (found < 0)
        return -1;
    if (found == 0) {
        if (row->state != INCIDENT_OPEN)
            return 0;
        init_notice(alert, row, &notice);
    }
    if (row->state == INCIDENT_OPEN && notice.state != INCIDENT_OPEN)
        open_again(&notice);
    take_row(&notice, row);
    notice.acked_until_unix_ms =
        alert_ack_until(row->acked_by, row->acked_unix_ms);
    notice.fresh = notice.fresh || (fresh && row->state == INCIDENT_OPEN);
    rc = notice_put_active(txn, &notice, err);
    notice_free(&notice);
    return rc;
}

/*
 * An incident that was merged into this one goes on in its own thread, so that
 * whoever was told of it hears of its end; new things are told of the one it
 * has become.
 */
static int
take_alias(struct store_txn *txn, const struct incident_row *row,
    const char *alias, struct err *err)
{
    struct notice notice;
    int found = notice_get(txn, alias, &notice, err);
    int rc;

    if (found != 1)
        return found;
    if (notice.state == INCIDENT_OPEN) {
        take_row(&notice, row);
        notice.acked_until_unix_ms = INT64_MAX;
        notice.fresh = false;
        rc = notice_put_active(txn, &notice, err);
    } else {
        rc = 0;
    }
    notice_free(&notice);
    return rc;
}

int
alert_take_news(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    struct alert *alert = ctx;

    (void)news; /* the row's state says it, and what was told is known */
    if (row->imported)
        return 0;
    alert->changed = true;
    if (take_incident(alert, txn, row, fresh, err) != 0 ||
        alert_flap_note(&alert->flap, txn, alert->conf, row, err) != 0)
        return -1;
    for (uint8_t i = 0; i < row->alias_count; i++) {
        if (take_alias(txn, row, row->aliases[i], err) != 0)
            return -1;
    }
    return 0;
}

static void
take_claim(struct notice *notice, const struct condition *condition)
{
    const struct condition_claim *claim = &condition->claim;

    notice->is_condition = true;
    notice->on = claim->on;
    notice->check = claim->check;
    memcpy(notice->subject, claim->subject, sizeof(notice->subject));
    memcpy(notice->scope, claim->scope, sizeof(notice->scope));
    notice->class = claim->class;
    notice->severity = claim->severity;
    notice->event = claim->event;
    notice->tell_unix_ms = claim->tell_unix_ms;
    notice->state = condition->state;
    notice->start_unix_ms = claim->since_unix_ms;
    notice->detected_unix_ms = condition->noticed_unix_ms;
    notice->noticed_unix_ms = condition->noticed_unix_ms;
    notice->end_unix_ms = condition->end_unix_ms;
    notice->acked_until_unix_ms =
        alert_ack_until(condition->acked_by, condition->acked_unix_ms);
    notice->fresh = condition->state == INCIDENT_OPEN || notice->fresh;
}

static void
note_flapping(struct alert *alert, enum condition_news news,
    const struct condition *condition)
{
    if (condition->claim.class != ALERT_FLAPPING)
        return;
    if (news == CONDITION_NEWS_OPENED)
        alert->flapping++;
    else if (news == CONDITION_NEWS_CLOSED && alert->flapping > 0)
        alert->flapping--;
}

int
alert_take_condition(void *ctx, struct store_txn *txn, enum condition_news news,
    const struct condition *condition, struct err *err)
{
    struct alert *alert = ctx;
    enum conf_severity severity;
    struct notice notice;
    int found = notice_get(txn, condition->id, &notice, err);
    int rc;

    if (found < 0)
        return -1;
    alert->changed = true;
    note_flapping(alert, news, condition);
    if (found == 0) {
        if (condition->state != INCIDENT_OPEN)
            return 0;
        notice = (struct notice){0};
        memcpy(notice.id, condition->id, sizeof(notice.id));
    }
    if (condition->state == INCIDENT_OPEN && notice.state != INCIDENT_OPEN)
        open_again(&notice);
    severity = notice.severity;
    take_claim(&notice, condition);
    if (found == 1 && severity < notice.severity)
        notice.due_unix_ms = 0; /* worse than it was: its own wait */
    rc = notice_put_active(txn, &notice, err);
    notice_free(&notice);
    return rc;
}

/* ---- deciding ---- */

static int64_t
look_ms(const struct alert *alert)
{
    return alert->flapping > 0 && alert->look_ms > LOOK_FLAPPING_MS
               ? LOOK_FLAPPING_MS
               : alert->look_ms;
}

static int
sweep_old(struct alert *alert, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    if (now_unix_ms >= alert->swept_old_unix_ms &&
        now_unix_ms - alert->swept_old_unix_ms < SWEEP_OLD_MS)
        return 0;
    alert->swept_old_unix_ms = now_unix_ms;
    if (notice_sweep(txn, now_unix_ms - NOTICE_KEPT_DAYS * day_ms, err) != 0 ||
        condition_sweep(txn, now_unix_ms - CONDITION_KEPT_DAYS * day_ms, err) !=
            0)
        return -1;
    return silence_sweep(txn, now_unix_ms, err);
}

static int
sweep(struct alert *alert, struct store_txn *txn, int64_t now_unix_ms,
    struct err *err)
{
    /* A damaged row of old ones must not keep new ones back. */
    if (sweep_old(alert, txn, now_unix_ms, err) != 0 && err->code != ERR_STATE)
        return -1;
    if (now_unix_ms >= alert->swept_unix_ms &&
        now_unix_ms - alert->swept_unix_ms < SWEEP_MS)
        return 0;
    alert->swept_unix_ms = now_unix_ms;
    return mailq_sweep(txn, now_unix_ms, err);
}

static int
tell_what_is_due(struct alert *alert, struct store_txn *txn,
    int64_t now_unix_ms, bool *queued, int64_t *next_unix_ms, struct err *err)
{
    struct alert_flush flush = {
        .txn = txn,
        .conf = alert->conf,
        .now_unix_ms = now_unix_ms,
        .draft = alert->draft,
        .next_unix_ms = INT64_MAX,
    };
    const struct alert_flap_now now = {
        .txn = txn, .conf = alert->conf, .unix_ms = now_unix_ms};

    *queued = false;
    *next_unix_ms = alert->next_unix_ms;
    /* A clock that was set back must not make us wait for what it showed. */
    if (!alert->changed && now_unix_ms < alert->next_unix_ms &&
        now_unix_ms >= alert->ran_unix_ms)
        return 0;
    if (sweep(alert, txn, now_unix_ms, err) != 0 ||
        alert_flap_run(&alert->flap, &now, alert_take_condition, alert, err) !=
            0 ||
        alert_flush_run(&flush, err) != 0) {
        alert->changed = true;
        return -1;
    }
    alert->changed = false;
    alert->ran_unix_ms = now_unix_ms;
    alert->next_unix_ms = now_unix_ms + look_ms(alert);
    if (flush.next_unix_ms < alert->next_unix_ms)
        alert->next_unix_ms = flush.next_unix_ms;
    *queued = flush.queued;
    *next_unix_ms = flush.active > 0 ? alert->next_unix_ms : INT64_MAX;
    return 0;
}

int
alert_run(struct alert *alert, struct store_txn *txn, int64_t now_unix_ms,
    bool *queued, int64_t *next_unix_ms, struct err *err)
{
    if (now_unix_ms < alert->ran_unix_ms)
        alert->digest_unix_ms = 0;
    if (tell_what_is_due(alert, txn, now_unix_ms, queued, next_unix_ms, err) !=
        0)
        return -1;
    if (alert->draft)
        return 0;
    if (now_unix_ms >= alert->digest_unix_ms &&
        alert_digest_run(txn, alert->conf, now_unix_ms, queued,
            &alert->digest_unix_ms, err) != 0) {
        alert->digest_unix_ms = 0;
        return -1;
    }
    if (alert->digest_unix_ms < *next_unix_ms)
        *next_unix_ms = alert->digest_unix_ms;
    return 0;
}
