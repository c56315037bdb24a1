#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "replay_conf.h"
#include "replay_events.h"
#include "replay_find.h"
#include "replay_play.h"
#include "replay_store.h"
#include "timeline.h"

enum { BACK_SLOTS = 8 };

static const int64_t back_ms = INT64_C(6) * TIMELINE_HOUR_MS;
static const int64_t back_max_ms = INT64_C(30) * 24 * TIMELINE_HOUR_MS;

void
replay_free(struct replay *replay)
{
    for (size_t i = 0; i < replay->message_count; i++)
        free(replay->messages[i].items);
    free(replay->messages);
    free(replay->alerts);
    free(replay->hushed);
    strlist_free(&replay->notes);
    *replay = (struct replay){0};
}

/* ---- from where ---- */

static int
take_start(void *ctx, const struct incident_row *row, struct err *err)
{
    int64_t *from = ctx;

    (void)err;
    if (row->start_unix_ms < *from)
        *from = row->start_unix_ms;
    return 0;
}

/*
 * What is open at the begin of the span was told before: so far back that its
 * machines are known to be OK, within reason.
 */
static int
find_lead(
    const struct replay_spec *spec, int64_t *from_unix_ms, struct err *err)
{
    const struct config *newest =
        spec->conf->versions[spec->conf->count - 1].config;
    int64_t from = spec->from_unix_ms;
    int64_t step_ms = back_ms;

    if (incident_each(spec->txn, 0, from, from + 1, take_start, &from, err) !=
        0)
        return -1;
    for (size_t i = 0; i < newest->check_count; i++) {
        int64_t slots_ms = BACK_SLOTS * newest->checks[i].check.interval_ms;

        if (slots_ms > step_ms)
            step_ms = slots_ms;
    }
    if (from < spec->from_unix_ms - back_max_ms)
        from = spec->from_unix_ms - back_max_ms;
    *from_unix_ms = timeline_floor(from - step_ms, TIMELINE_HOUR_MS);
    if (*from_unix_ms < 0)
        *from_unix_ms = 0;
    return 0;
}

/* ---- in order ---- */

static int
compare_alerts(const void *a, const void *b)
{
    return strcmp(((const struct replay_alert *)a)->id,
        ((const struct replay_alert *)b)->id);
}

struct replay_alert *
replay_alert(const struct replay *replay, const char *id)
{
    struct replay_alert key = {.start_unix_ms = 0};

    if (replay->alert_count == 0)
        return NULL;
    strncpy(key.id, id, sizeof(key.id) - 1);
    return bsearch(&key, replay->alerts, replay->alert_count,
        sizeof(*replay->alerts), compare_alerts);
}

static void
count_messages(struct replay *replay)
{
    for (size_t i = 0; i < replay->message_count; i++) {
        const struct replay_message *message = &replay->messages[i];

        for (size_t k = 0; k < message->count; k++) {
            struct replay_alert *alert =
                replay_alert(replay, message->items[k].id);

            if (alert == NULL)
                continue;
            alert->messages++;
            alert->why = REPLAY_TOLD;
            alert->by[0] = '\0';
        }
    }
}

/* Those that were over before the span are only there for what came of it. */
static void
keep_in_span(struct replay *replay, const struct replay_spec *spec)
{
    size_t kept = 0;

    for (size_t i = 0; i < replay->alert_count; i++) {
        const struct replay_alert *alert = &replay->alerts[i];

        if (alert->messages == 0 && alert->end_unix_ms != 0 &&
            alert->end_unix_ms <= spec->from_unix_ms)
            continue;
        replay->alerts[kept++] = *alert;
    }
    replay->alert_count = kept;
}

static void
put_in_order(struct replay *replay, const struct replay_spec *spec)
{
    if (replay->alert_count > 0)
        qsort(replay->alerts, replay->alert_count, sizeof(*replay->alerts),
            compare_alerts);
    count_messages(replay);
    keep_in_span(replay, spec);
}

/* ---- the whole ---- */

static int
play(const struct replay_spec *spec, const struct replay_copy *copy,
    struct replay *replay, struct err *err)
{
    const struct replay_find find = {
        .stored = copy->from,
        .played = copy->to,
        .conf = copy->played,
        .from_unix_ms = copy->from_unix_ms,
        .to_unix_ms = copy->to_unix_ms,
        .imported = spec->imported,
    };
    const struct replay_gather gather = {
        .stored = copy->from,
        .conf = copy->played,
        .from_unix_ms = copy->from_unix_ms,
        .to_unix_ms = copy->to_unix_ms,
    };
    struct replay_incidents incidents;
    struct replay_events events;
    int rc;

    if (replay_store_fill(copy, err) != 0 ||
        replay_find_incidents(&find, &incidents, err) != 0 ||
        replay_events_gather(&gather, &incidents, &events, err) != 0)
        return -1;
    rc = replay_play_run(
        &(const struct replay_play){
            .txn = copy->to,
            .conf = copy->played,
            .events = &events,
            .from_unix_ms = spec->from_unix_ms,
            .to_unix_ms = copy->to_unix_ms,
        },
        replay, err);
    replay_events_free(&events);
    return rc;
}

static int
run(const struct replay_spec *spec, const struct conf_history *conf,
    int64_t lead_unix_ms, struct replay *replay, struct err *err)
{
    struct replay_store scratch;
    struct replay_copy copy = {
        .from = spec->txn,
        .stored = spec->conf,
        .played = conf,
        .from_unix_ms = lead_unix_ms,
        .to_unix_ms = spec->to_unix_ms,
        .now_unix_ms = spec->now_unix_ms,
    };
    int rc;

    if (replay_store_open(&scratch, err) != 0)
        return -1;
    copy.to = scratch.txn;
    rc = play(spec, &copy, replay, err);
    replay_store_close(&scratch);
    return rc;
}

int
replay_run(
    const struct replay_spec *spec, struct replay *replay, struct err *err)
{
    const struct conf_history *conf = spec->conf;
    struct conf_history *other = NULL;
    int64_t lead_unix_ms;
    int rc = -1;

    *replay = (struct replay){0};
    if (find_lead(spec, &lead_unix_ms, err) != 0)
        return -1;
    if (spec->yaml != NULL) {
        other = replay_conf_make(
            spec->conf, spec->yaml, lead_unix_ms, &replay->notes, err);
        conf = other;
    }
    if (conf != NULL)
        rc = run(spec, conf, lead_unix_ms, replay, err);
    if (rc == 0)
        put_in_order(replay, spec);
    else
        replay_free(replay);
    conf_history_free(other);
    return rc;
}
