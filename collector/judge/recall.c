#include "recall.h"

#include <string.h>

/* What a machine forgets after: incident.c. */
enum { UNKNOWN_IN_A_ROW = 3 };

int64_t
recall_closing_ms(const struct timeline *timeline)
{
    int64_t slots = 1;

    for (size_t i = 0; i < timeline->count; i++) {
        const struct config *config = timeline->segments[i].config;

        if (conf_global_close_after(config) > slots)
            slots = conf_global_close_after(config);
        if (conf_regional_close_after(config) > slots)
            slots = conf_regional_close_after(config);
    }
    /* Before each good slot there may be some that say nothing. */
    return slots * UNKNOWN_IN_A_ROW * timeline->longest_ms;
}

/* What is stored of the scope around a slot. */
struct around {
    const struct incident_row *over; /* holds its start; NULL */
    bool ended_before;               /* one that may not be closed yet then */
};

static struct around
look_around(const struct recall *recall, const char *scope, int64_t unix_ms)
{
    struct around around = {.over = NULL};

    for (size_t i = 0; i < recall->count; i++) {
        const struct incident_row *row = &recall->rows[i].row;

        if (row->state == INCIDENT_WITHDRAWN || row->start_unix_ms > unix_ms ||
            strcmp(row->scope, scope) != 0)
            continue;
        if (row->end_unix_ms == 0 || row->end_unix_ms > unix_ms)
            around.over = row;
        else if (row->end_unix_ms + recall->closing_ms >= unix_ms)
            around.ended_before = true;
    }
    return around;
}

static struct incident_machine
open_machine(const struct incident_row *row, int32_t unknown)
{
    return (struct incident_machine){
        .open = true,
        .unknown = unknown,
        .bad = 1,
        .start_unix_ms = row->start_unix_ms,
        .detected_unix_ms = row->detected_unix_ms,
    };
}

/*
 * Whether the machine's state after the slot follows.  An open one's count of
 * good slots is 0 after a bad slot, and after enough that say nothing; one
 * that is not open has no bad ones behind a good slot, or enough of these.
 */
static bool
recall_machine(const struct recall *recall, const struct run_scope *scope,
    const struct incident_slot *slot, struct incident_machine *machine)
{
    struct around around =
        look_around(recall, scope->name, slot->start_unix_ms);
    bool silent = scope->silent >= UNKNOWN_IN_A_ROW;
    bool was_open = around.over != NULL &&
                    around.over->detected_unix_ms <= slot->end_unix_ms;

    *machine = (struct incident_machine){0};
    switch (slot->verdict) {
    case VERDICT_PENDING:
        return false;
    case VERDICT_UNKNOWN:
    case VERDICT_MAINT:
        if (!silent || (around.over != NULL && !was_open))
            return false;
        machine->unknown = UNKNOWN_IN_A_ROW;
        if (was_open)
            *machine = open_machine(around.over, UNKNOWN_IN_A_ROW);
        return true;
    case VERDICT_DOWN:
        if (was_open)
            *machine = open_machine(around.over, 0);
        return was_open;
    case VERDICT_UP:
    case VERDICT_PARTIAL:
        return around.over == NULL && !around.ended_before;
    }
    return false;
}

int
recall_slot(const struct recall *recall, struct run *run,
    const struct page *page, size_t slot, struct found_list *list,
    struct err *err)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct incident_slot at = {
            .start_unix_ms = page_slot_start(page, slot),
            .end_unix_ms = page_slot_end(page, slot),
            .verdict = (enum verdict)page_mark_of(page, i, slot)->verdict,
        };
        struct incident_machine machine;

        if (run->scopes[i].known ||
            !recall_machine(recall, &run->scopes[i], &at, &machine))
            continue;
        if (run_make_known(run, i, &machine, at.start_unix_ms, list, err) != 0)
            return -1;
    }
    return 0;
}
