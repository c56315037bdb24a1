#include "match.h"

#include <stdlib.h>

#include <stdio.h>
#include <string.h>

/* Half open; an end of 0 is open. */
static bool
overlap(const struct found *found, const struct incident_row *row)
{
    int64_t row_end = row->end_unix_ms;

    /* A row that was withdrawn has no end of its own. */
    if (row->state == INCIDENT_WITHDRAWN && row_end == 0)
        row_end = row->detected_unix_ms;
    return strcmp(found->scope, row->scope) == 0 &&
           (found->end_unix_ms == 0 ||
               row->start_unix_ms < found->end_unix_ms) &&
           (row_end == 0 || found->start_unix_ms < row_end);
}

/* Those that are still true first, then those stored first. */
static bool
is_older(const struct incident_row *a, const struct incident_row *b)
{
    bool a_gone = a->state == INCIDENT_WITHDRAWN;
    bool b_gone = b->state == INCIDENT_WITHDRAWN;

    if (a_gone != b_gone)
        return b_gone;
    if (a->noticed_unix_ms != b->noticed_unix_ms)
        return a->noticed_unix_ms < b->noticed_unix_ms;
    if (a->start_unix_ms != b->start_unix_ms)
        return a->start_unix_ms < b->start_unix_ms;
    return strcmp(a->id, b->id) < 0;
}

static void
choose_keeper(const struct found *found, size_t at, struct match_row *rows,
    size_t row_count)
{
    struct match_row *keeper = NULL;

    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].fate == MATCH_NONE && overlap(found, &rows[i].row) &&
            (keeper == NULL || is_older(&rows[i].row, &keeper->row)))
            keeper = &rows[i];
    }
    if (keeper == NULL)
        return;
    keeper->fate = MATCH_KEEPER;
    keeper->found = at;
}

void
match_rows(const struct found *found, size_t count, struct match_row *rows,
    size_t row_count)
{
    for (size_t i = 0; i < count; i++)
        choose_keeper(&found[i], i, rows, row_count);
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].fate != MATCH_NONE ||
            rows[i].row.state == INCIDENT_WITHDRAWN)
            continue;
        for (size_t k = 0; k < count; k++) {
            if (!overlap(&found[k], &rows[i].row))
                continue;
            rows[i].fate = MATCH_ALIAS;
            rows[i].found = k;
            break;
        }
    }
}

struct match_row *
match_keeper(struct match_row *rows, size_t row_count, size_t found)
{
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].fate == MATCH_KEEPER && rows[i].found == found)
            return &rows[i];
    }
    return NULL;
}

void
match_add_alias(struct incident_row *row, const char *id)
{
    if (strcmp(row->id, id) == 0)
        return;
    for (uint8_t i = 0; i < row->alias_count; i++) {
        if (strcmp(row->aliases[i], id) == 0)
            return;
    }
    if (row->alias_count == INCIDENT_ALIASES_MAX) {
        memmove(row->aliases[0], row->aliases[1],
            sizeof(row->aliases) - sizeof(row->aliases[0]));
        row->alias_count--;
    }
    (void)snprintf(
        row->aliases[row->alias_count++], INCIDENT_ID_BYTES, "%s", id);
}

int
match_rows_add(struct match_row **rows, size_t *count,
    const struct incident_row *row, struct err *err)
{
    if ((*count & (*count - 1)) == 0) {
        size_t capacity = *count == 0 ? 1 : *count * 2;
        struct match_row *grown = realloc(*rows, capacity * sizeof(grown[0]));

        if (grown == NULL)
            return err_set(err, ERR_NOMEM, "%zu incidents", capacity);
        *rows = grown;
    }
    (*rows)[(*count)++] = (struct match_row){.row = *row, .fate = MATCH_NONE};
    return 0;
}
