#include "replay_play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "alert_ack.h"
#include "replay_write.h"

/* How often to look whether a window of maintenance has begun or ended. */
enum { LOOK_WINDOWS_MS = 60 * 1000, LOOK_MS = 3600 * 1000 };

struct playing {
    const struct replay_play *play;
    struct replay *replay;
    struct alert *alert;
    struct conf_history in_force; /* the front of play->conf */
    size_t next;                  /* event */
};

/* ---- events ---- */

/* The versions that had come into force by then; the first always. */
static void
set_settings(struct playing *at, int64_t now_unix_ms)
{
    const struct conf_history *all = at->play->conf;
    size_t count = 1;

    while (
        count < all->count && all->versions[count].since_unix_ms <= now_unix_ms)
        count++;
    at->in_force =
        (struct conf_history){.versions = all->versions, .count = count};
    alert_set_history(at->alert, &at->in_force);
}

static int
tell_incident(struct playing *at, const struct incident_row *row,
    enum incident_news news, struct err *err)
{
    struct store_txn *txn = at->play->txn;

    if (incident_put(txn, row, err) != 0)
        return -1;
    return alert_take_news(
        at->alert, txn, news, row, news == INCIDENT_NEWS_OPENED, err);
}

static int
open_incident(
    struct playing *at, const struct replay_incident *one, struct err *err)
{
    struct incident_row row = one->row;

    row.state = INCIDENT_OPEN;
    row.end_unix_ms = 0;
    row.acked_by[0] = '\0';
    row.acked_unix_ms = 0;
    row.alias_count = 0; /* they were merged into it later */
    return tell_incident(at, &row, INCIDENT_NEWS_OPENED, err);
}

static int
end_incident(
    struct playing *at, const struct replay_incident *one, struct err *err)
{
    struct incident_row row = one->row;

    row.alias_count = 0;
    if (replay_write_incident(at->replay, at->play->txn, one, err) != 0)
        return -1;
    return tell_incident(at, &row,
        row.state == INCIDENT_REMOVED ? INCIDENT_NEWS_REMOVED
                                      : INCIDENT_NEWS_CLOSED,
        err);
}

static int
tell_condition(struct playing *at, const struct condition *condition,
    enum condition_news news, struct err *err)
{
    struct store_txn *txn = at->play->txn;

    if (condition_put(txn, condition, err) != 0)
        return -1;
    return alert_take_condition(at->alert, txn, news, condition, err);
}

static int
open_condition(
    struct playing *at, const struct condition *condition, struct err *err)
{
    struct condition opened = *condition;

    opened.state = INCIDENT_OPEN;
    opened.end_unix_ms = 0;
    opened.acked_by[0] = '\0';
    opened.acked_unix_ms = 0;
    return tell_condition(at, &opened, CONDITION_NEWS_OPENED, err);
}

static int
end_condition(
    struct playing *at, const struct condition *condition, struct err *err)
{
    if (replay_write_condition(at->replay, at->play->txn, condition, err) != 0)
        return -1;
    return tell_condition(at, condition, CONDITION_NEWS_CLOSED, err);
}

static int
acknowledge(struct playing *at, const char *id, const char *by,
    int64_t at_unix_ms, struct err *err)
{
    char done[INCIDENT_ID_BYTES];

    /* ERR_PARSE: by these settings it was over by then. */
    return alert_ack(at->play->txn, id, by, at_unix_ms, done, err) < 0 &&
                   err->code != ERR_PARSE
               ? -1
               : 0;
}

static int
do_event(struct playing *at, const struct replay_event *event, struct err *err)
{
    const struct replay_events *events = at->play->events;
    const struct replay_incident *incident =
        events->incidents.items + event->place;
    const struct condition *condition = events->conditions + event->place;

    switch (event->kind) {
    case REPLAY_SETTINGS:
        set_settings(at, event->at_unix_ms);
        return 0;
    case REPLAY_LOOK:
        alert_forget(at->alert);
        return 0;
    case REPLAY_INCIDENT_OPENS:
        return open_incident(at, incident, err);
    case REPLAY_INCIDENT_ACKED:
        return acknowledge(at, incident->row.id, incident->row.acked_by,
            event->at_unix_ms, err);
    case REPLAY_INCIDENT_ENDS:
        return end_incident(at, incident, err);
    case REPLAY_CONDITION_OPENS:
        return open_condition(at, condition, err);
    case REPLAY_CONDITION_ACKED:
        return acknowledge(
            at, condition->id, condition->acked_by, event->at_unix_ms, err);
    case REPLAY_CONDITION_ENDS:
        return end_condition(at, condition, err);
    }
    return 0;
}

static int
do_events(struct playing *at, int64_t now_unix_ms, struct err *err)
{
    const struct replay_events *events = at->play->events;

    if (at->next < events->count &&
        events->items[at->next].at_unix_ms <= now_unix_ms &&
        replay_write_hushed(at->replay, at->play->txn, err) != 0)
        return -1;
    while (at->next < events->count &&
           events->items[at->next].at_unix_ms <= now_unix_ms) {
        if (do_event(at, &events->items[at->next++], err) != 0)
            return -1;
    }
    return 0;
}

/* ---- time ---- */

/* All that is due now, each mail accepted as soon as it is queued. */
static int
run(struct playing *at, int64_t now_unix_ms, int64_t *next_unix_ms,
    struct err *err)
{
    const struct replay_moment moment = {
        .txn = at->play->txn,
        .now_unix_ms = now_unix_ms,
        .counts = now_unix_ms >= at->play->from_unix_ms,
    };
    bool queued = true;

    while (queued) {
        if (alert_run(at->alert, at->play->txn, now_unix_ms, &queued,
                next_unix_ms, err) != 0)
            return -1;
        if (!queued)
            break;
        if (replay_write_messages(at->replay, &moment, err) != 0)
            return -1;
        alert_forget(at->alert);
    }
    return 0;
}

static int
play_events(struct playing *at, struct err *err)
{
    const struct replay_events *events = at->play->events;
    int64_t now = events->count > 0 ? events->items[0].at_unix_ms : INT64_MAX;

    set_settings(at, now);
    while (now < at->play->to_unix_ms) {
        int64_t next;

        if (do_events(at, now, err) != 0 || run(at, now, &next, err) != 0)
            return -1;
        if (at->next < events->count &&
            events->items[at->next].at_unix_ms < next)
            next = events->items[at->next].at_unix_ms;
        now = next > now ? next : now + 1;
    }
    return 0;
}

/* ---- what is open at the end, and what was never told ---- */

static int
write_rest(struct playing *at, struct err *err)
{
    const struct replay_play *play = at->play;
    const struct replay_events *events = play->events;

    for (size_t i = 0; i < events->incidents.count; i++) {
        const struct replay_incident *one = &events->incidents.items[i];
        bool ended = one->closed_unix_ms != 0 &&
                     one->closed_unix_ms < play->to_unix_ms && !one->row.late &&
                     one->row.state != INCIDENT_WITHDRAWN;

        if (!ended &&
            replay_write_incident(at->replay, play->txn, one, err) != 0)
            return -1;
    }
    for (size_t i = 0; i < events->condition_count; i++) {
        const struct condition *one = &events->conditions[i];

        if ((one->end_unix_ms == 0 || one->end_unix_ms >= play->to_unix_ms) &&
            replay_write_condition(at->replay, play->txn, one, err) != 0)
            return -1;
    }
    return replay_write_flapping(at->replay, play->txn, err);
}

static bool
has_windows(const struct conf_history *conf)
{
    for (size_t i = 0; i < conf->count; i++) {
        if (conf->versions[i].config->window_count > 0)
            return true;
    }
    return false;
}

int
replay_play_run(
    const struct replay_play *play, struct replay *replay, struct err *err)
{
    struct playing at = {.play = play, .replay = replay};
    int rc = -1;

    at.alert = alert_new(play->conf, err);
    if (at.alert == NULL)
        return -1;
    alert_set_draft(
        at.alert, has_windows(play->conf) ? LOOK_WINDOWS_MS : LOOK_MS);
    if (play_events(&at, err) == 0)
        rc = write_rest(&at, err);
    alert_free(at.alert);
    return rc;
}
