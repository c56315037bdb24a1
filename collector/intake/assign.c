#include "assign.h"

#include <stdlib.h>
#include <string.h>

struct assign {
    const struct conf_history *history; /* borrowed */
    const struct conf_check **by_id;    /* owned; newest version, sorted */
    size_t count;
    int64_t newest_since_unix_ms;
};

static int
by_id(const void *a, const void *b)
{
    uint32_t x = (*(const struct conf_check *const *)a)->check.id;
    uint32_t y = (*(const struct conf_check *const *)b)->check.id;

    return x < y ? -1 : x > y;
}

struct assign *
assign_new(const struct conf_history *history, struct err *err)
{
    struct assign *assign = calloc(1, sizeof(*assign));
    const struct conf_version *newest;

    if (assign == NULL) {
        err_set(err, ERR_NOMEM, "index of checks");
        return NULL;
    }
    assign->history = history;
    if (history->count == 0)
        return assign;
    newest = &history->versions[history->count - 1];
    assign->count = newest->config->check_count;
    assign->newest_since_unix_ms = newest->since_unix_ms;
    assign->by_id = calloc(assign->count + 1, sizeof(*assign->by_id));
    if (assign->by_id == NULL) {
        err_set(err, ERR_NOMEM, "index of checks");
        assign_free(assign);
        return NULL;
    }
    for (size_t i = 0; i < assign->count; i++)
        assign->by_id[i] = &newest->config->checks[i];
    qsort(assign->by_id, assign->count, sizeof(*assign->by_id), by_id);
    return assign;
}

void
assign_free(struct assign *assign)
{
    if (assign == NULL)
        return;
    free(assign->by_id);
    free(assign);
}

static bool
has_region(const struct conf_check *check, const char *region)
{
    for (size_t i = 0; i < check->regions.count; i++) {
        if (strcmp(check->regions.names[i], region) == 0)
            return true;
    }
    return false;
}

static const struct conf_check *
find_newest(const struct assign *assign, uint32_t id)
{
    size_t low = 0;
    size_t high = assign->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (assign->by_id[middle]->check.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < assign->count && assign->by_id[low]->check.id == id)
        return assign->by_id[low];
    return NULL;
}

const struct conf_check *
assign_find(const struct assign *assign, uint32_t check, const char *region,
    int64_t at_unix_ms)
{
    const struct conf_check *found;

    if (assign->history->count <= 1 ||
        at_unix_ms >= assign->newest_since_unix_ms) {
        found = find_newest(assign, check);
    } else {
        const struct conf_version *version =
            conf_history_at(assign->history, at_unix_ms);

        found = collector_conf_check_by_id(version->config, check);
    }
    return found != NULL && has_region(found, region) ? found : NULL;
}
