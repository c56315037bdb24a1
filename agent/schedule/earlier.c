#include "earlier.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

struct earlier_run {
    uint32_t check_id;
    int64_t end_unix_ms;  /* as noted; 0: it was not */
    int64_t slot_unix_ms; /* start of the newest with a result; -1: none */
};

void
earlier_free(struct earlier *earlier)
{
    free(earlier->runs);
    *earlier = (struct earlier){0};
}

static int
compare(const void *a, const void *b)
{
    const struct earlier_run *left = a;
    const struct earlier_run *right = b;

    return left->check_id < right->check_id ? -1
                                            : left->check_id > right->check_id;
}

int
earlier_take_noted(struct earlier *earlier, struct bytes bytes, struct err *err)
{
    struct last_run *noted;
    int count = last_runs_decode(bytes.data, bytes.len, &noted, err);
    struct earlier_run *runs;

    if (count == -1)
        return -1;
    runs = calloc((size_t)count + 1, sizeof(*runs));
    if (runs == NULL) {
        free(noted);
        return err_set(err, ERR_NOMEM, "last runs");
    }
    for (int i = 0; i < count; i++) {
        runs[i] = (struct earlier_run){.check_id = noted[i].check_id,
            .end_unix_ms = noted[i].end_unix_ms,
            .slot_unix_ms = -1};
    }
    free(noted);
    qsort(runs, (size_t)count, sizeof(*runs), compare);
    earlier_free(earlier);
    earlier->runs = runs;
    earlier->count = (size_t)count;
    earlier->room = (size_t)count + 1;
    return 0;
}

/* Where the check is, or would have to be. */
static size_t
place_of(const struct earlier *earlier, uint32_t check_id)
{
    size_t low = 0;
    size_t high = earlier->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (earlier->runs[middle].check_id < check_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
insert(struct earlier *earlier, size_t at, uint32_t check_id, struct err *err)
{
    size_t room = earlier->room == 0 ? FIRST_ROOM : 2 * earlier->room;
    struct earlier_run *runs = earlier->runs;

    if (earlier->count >= EARLIER_MAX)
        return err_set(
            err, ERR_LIMIT, "results of more than %d checks", EARLIER_MAX);
    if (earlier->count == earlier->room) {
        runs = reallocarray(runs, room, sizeof(*runs));
        if (runs == NULL)
            return err_set(err, ERR_NOMEM, "earlier results");
        earlier->runs = runs;
        earlier->room = room;
    }
    memmove(runs + at + 1, runs + at, (earlier->count - at) * sizeof(*runs));
    runs[at] = (struct earlier_run){.check_id = check_id, .slot_unix_ms = -1};
    earlier->count++;
    return 0;
}

int
earlier_take_slot(struct earlier *earlier, uint32_t check_id,
    int64_t slot_unix_ms, struct err *err)
{
    size_t at = place_of(earlier, check_id);

    if ((at == earlier->count || earlier->runs[at].check_id != check_id) &&
        insert(earlier, at, check_id, err) != 0)
        return -1;
    if (slot_unix_ms > earlier->runs[at].slot_unix_ms)
        earlier->runs[at].slot_unix_ms = slot_unix_ms;
    return 0;
}

int64_t
earlier_until(
    const struct earlier *earlier, uint32_t check_id, int64_t interval_ms)
{
    size_t at = place_of(earlier, check_id);
    const struct earlier_run *run = earlier->runs + at;
    int64_t end = 0;

    if (at == earlier->count || run->check_id != check_id)
        return 0;
    if (run->slot_unix_ms >= 0)
        end = run->slot_unix_ms + interval_ms;
    return end > run->end_unix_ms ? end : run->end_unix_ms;
}
