#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "stale.h"
#include "text.h"
#include "verify_own.h"

/* Incidents of one check, as stored and as its verdicts make them. */
struct incidents {
    struct incident_row *rows; /* owned */
    size_t count;
};

static int
take(void *ctx, const struct incident_row *row, struct err *err)
{
    struct incidents *list = ctx;
    struct incident_row *rows;

    if (row->state == INCIDENT_WITHDRAWN)
        return 0;
    rows = realloc(list->rows, (list->count + 1) * sizeof(*rows));
    if (rows == NULL)
        return err_set(err, ERR_NOMEM, "%zu incidents", list->count + 1);
    list->rows = rows;
    rows[list->count++] = *row;
    return 0;
}

static bool
same(const struct incident_row *a, const struct incident_row *b)
{
    return strcmp(a->scope, b->scope) == 0 && a->state == b->state &&
           a->start_unix_ms == b->start_unix_ms &&
           a->detected_unix_ms == b->detected_unix_ms &&
           a->end_unix_ms == b->end_unix_ms;
}

static bool
holds(const struct incidents *list, const struct incident_row *row)
{
    for (size_t i = 0; i < list->count; i++) {
        if (same(&list->rows[i], row))
            return true;
    }
    return false;
}

static int
say(struct verify *verify, const struct incident_row *row, const char *what,
    struct err *err)
{
    char moment[TEXT_MOMENT_BYTES];

    text_put_moment(row->start_unix_ms, moment);
    return verify_say(verify, "incidents", err, "%s, %s, INC-%s from %s: %s",
        verify_check_name(verify, row->check), row->scope, row->id, moment,
        what);
}

static int
compare(struct verify *verify, const struct incidents *stored,
    const struct incidents *made, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < stored->count && rc == 0; i++) {
        if (!holds(made, &stored->rows[i]))
            rc = say(verify, &stored->rows[i],
                "is not what the verdicts come to", err);
    }
    for (size_t i = 0; i < made->count && rc == 0; i++) {
        verify->counts->incidents++;
        if (!holds(stored, &made->rows[i]))
            rc = say(verify, &made->rows[i],
                "follows from the verdicts and is not stored so", err);
    }
    return rc;
}

static int
see_stale(void *ctx, const struct stale_hour *hour, struct err *err)
{
    (void)hour;
    (void)err;
    *(bool *)ctx = true;
    return 1;
}

/* 1: there are late results, or verdicts that incidents do not know yet. */
static int
is_pending(struct verify *verify, uint32_t check, struct err *err)
{
    bool stale = false;
    int64_t from_unix_ms;

    if (stale_each(verify->txn, check, see_stale, &stale, err) != 0 ||
        unsettled_get(verify->txn, check, &from_unix_ms, err) != 0)
        return -1;
    return stale || from_unix_ms != INT64_MAX;
}

int
verify_incidents(struct verify *verify, uint32_t check, struct err *err)
{
    struct incidents stored = {.rows = NULL};
    struct incidents made = {.rows = NULL};
    struct history_query query = {.check = check, .to_unix_ms = INT64_MAX};
    uint64_t last_run = 0;
    int rc = is_pending(verify, check, err);

    verify->counts->pending += rc == 1;
    if (rc == 0)
        rc = stale_note_get(verify->txn, STALE_LAST_RUN, &last_run, err);
    if (rc != 0 || last_run == 0)
        return rc > 0 || rc == 0 ? 0
                                 : verify_say_state(verify, "incidents",
                                       verify_check_name(verify, check), err);
    query.now_unix_ms = (int64_t)last_run;
    rc = history_incidents_of_rows(
        verify->txn, verify->history, &query, take, &made, err);
    if (rc == 0)
        rc =
            incident_each(verify->txn, check, 0, INT64_MAX, take, &stored, err);
    rc = rc == 0 ? compare(verify, &stored, &made, err)
                 : verify_say_state(verify, "incidents",
                       verify_check_name(verify, check), err);
    free(stored.rows);
    free(made.rows);
    return rc == 0 ? verify_turn(verify, 2000, err) : -1;
}
