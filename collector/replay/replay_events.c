#include "replay_events.h"

#include <stdlib.h>
#include <string.h>

#include "silence.h"

struct gathering {
    const struct replay_gather *gather;
    struct replay_events *events;
    size_t capacity;
};

static int
add(struct gathering *at, int64_t at_unix_ms, enum replay_event_kind kind,
    size_t place, struct err *err)
{
    struct replay_events *events = at->events;

    if (at_unix_ms >= at->gather->to_unix_ms)
        return 0;
    if (events->count == at->capacity) {
        size_t capacity = at->capacity * 2 + 64;
        struct replay_event *items =
            realloc(events->items, capacity * sizeof(*items));

        if (items == NULL)
            return err_set(err, ERR_NOMEM, "%zu events", capacity);
        events->items = items;
        at->capacity = capacity;
    }
    events->items[events->count++] = (struct replay_event){
        .at_unix_ms = at_unix_ms, .kind = kind, .place = place};
    return 0;
}

static int
add_settings(struct gathering *at, struct err *err)
{
    const struct conf_history *conf = at->gather->conf;

    for (size_t i = 0; i < conf->count; i++) {
        if (conf->versions[i].since_unix_ms >= at->gather->from_unix_ms &&
            add(at, conf->versions[i].since_unix_ms, REPLAY_SETTINGS, i, err) !=
                0)
            return -1;
    }
    return 0;
}

static int
add_silences(struct gathering *at, struct err *err)
{
    struct silence_list list;
    int rc = 0;

    if (silence_list(at->gather->stored, &list, err) != 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < list.count; i++) {
        const struct silence *silence = &list.items[i];

        if (silence->until_unix_ms < at->gather->from_unix_ms)
            continue;
        rc = add(at, silence->from_unix_ms, REPLAY_LOOK, 0, err);
        if (rc == 0)
            rc = add(at, silence->until_unix_ms, REPLAY_LOOK, 0, err);
    }
    silence_list_free(&list);
    return rc;
}

/* An end or an acknowledgement counts only for what has opened. */
static int
add_incidents(struct gathering *at, struct err *err)
{
    for (size_t i = 0; i < at->events->incidents.count; i++) {
        const struct replay_incident *one = &at->events->incidents.items[i];
        const struct incident_row *row = &one->row;

        if (row->late || row->state == INCIDENT_WITHDRAWN)
            continue;
        if (add(at, one->opened_unix_ms, REPLAY_INCIDENT_OPENS, i, err) != 0)
            return -1;
        if (one->closed_unix_ms != 0 &&
            add(at, one->closed_unix_ms, REPLAY_INCIDENT_ENDS, i, err) != 0)
            return -1;
        if (row->acked_by[0] != '\0' &&
            row->acked_unix_ms >= one->opened_unix_ms &&
            add(at, row->acked_unix_ms, REPLAY_INCIDENT_ACKED, i, err) != 0)
            return -1;
    }
    return 0;
}

static int
add_condition(void *ctx, const struct condition *condition, struct err *err)
{
    struct gathering *at = ctx;
    struct replay_events *events = at->events;
    size_t place = events->condition_count;

    if (condition->claim.class == ALERT_FLAPPING)
        return 0;
    if ((place & (place - 1)) == 0) {
        size_t capacity = place == 0 ? 1 : place * 2;
        struct condition *items =
            realloc(events->conditions, capacity * sizeof(*items));

        if (items == NULL)
            return err_set(err, ERR_NOMEM, "%zu conditions", capacity);
        events->conditions = items;
    }
    events->conditions[events->condition_count++] = *condition;
    if (add(at, condition->noticed_unix_ms, REPLAY_CONDITION_OPENS, place,
            err) != 0)
        return -1;
    if (condition->acked_by[0] != '\0' &&
        add(at, condition->acked_unix_ms, REPLAY_CONDITION_ACKED, place, err) !=
            0)
        return -1;
    return condition->end_unix_ms == 0 ? 0
                                       : add(at, condition->end_unix_ms,
                                             REPLAY_CONDITION_ENDS, place, err);
}

static int
compare(const void *a, const void *b)
{
    const struct replay_event *one = a;
    const struct replay_event *other = b;

    if (one->at_unix_ms != other->at_unix_ms)
        return one->at_unix_ms < other->at_unix_ms ? -1 : 1;
    if (one->kind != other->kind)
        return one->kind < other->kind ? -1 : 1;
    return (one->place > other->place) - (one->place < other->place);
}

int
replay_events_gather(const struct replay_gather *gather,
    struct replay_incidents *incidents, struct replay_events *events,
    struct err *err)
{
    struct gathering at = {.gather = gather, .events = events};

    *events = (struct replay_events){.incidents = *incidents};
    *incidents = (struct replay_incidents){0};
    if (add_settings(&at, err) != 0 || add_silences(&at, err) != 0 ||
        add_incidents(&at, err) != 0 ||
        condition_each(gather->stored, gather->from_unix_ms, gather->to_unix_ms,
            add_condition, &at, err) != 0) {
        replay_events_free(events);
        return -1;
    }
    if (events->count > 0)
        qsort(events->items, events->count, sizeof(events->items[0]), compare);
    return 0;
}

void
replay_events_free(struct replay_events *events)
{
    free(events->items);
    free(events->conditions);
    replay_incidents_free(&events->incidents);
    *events = (struct replay_events){0};
}
