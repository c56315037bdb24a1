#include "writer_sweep.h"

#include <stdlib.h>

void
job_list_init(struct job_list *list)
{
    *list = (struct job_list){.end = &list->first};
}

void
job_list_add(struct job_list *list, struct writer_job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
    list->count++;
    list->bytes += job->cost_bytes;
}

struct writer_job *
job_list_take(struct job_list *list)
{
    struct writer_job *job = list->first;

    list->first = job->next;
    if (list->first == NULL)
        list->end = &list->first;
    list->count--;
    list->bytes -= job->cost_bytes;
    return job;
}

void
job_list_move(struct job_list *to, struct job_list *from)
{
    while (from->count > 0)
        job_list_add(to, job_list_take(from));
}

static bool
has_room(const struct job_list *turn)
{
    return turn->count < WRITER_TURN_JOBS_MAX &&
           (turn->count == 0 || turn->bytes < WRITER_TURN_BYTES_MAX);
}

struct entry {
    struct writer_job *job;
    uint64_t order; /* its place, seen from where the last turn ended */
    size_t came;
};

static int
compare(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return (a->came > b->came) - (a->came < b->came);
}

/* Places behind `last` first; the distance wraps round, at 2^63. */
static uint64_t
order_of(const struct writer_job *job, uint64_t last)
{
    return job->place == 0 ? 0 : ((job->place - last - 1) & INT64_MAX) + 1;
}

/* All of them, in the order of the sweep. */
static void
sort(struct job_list *waiting, struct entry *entries, uint64_t last)
{
    size_t count = waiting->count;

    for (size_t i = 0; i < count; i++) {
        entries[i].job = job_list_take(waiting);
        entries[i].order = order_of(entries[i].job, last);
        entries[i].came = i;
    }
    qsort(entries, count, sizeof(*entries), compare);
}

void
writer_sweep(struct job_list *waiting, struct job_list *turn, uint64_t *place)
{
    size_t count = waiting->count;
    bool all = count <= WRITER_TURN_JOBS_MAX &&
               waiting->bytes <= WRITER_TURN_BYTES_MAX;
    struct entry *entries = all ? NULL : calloc(count, sizeof(*entries));

    if (entries != NULL)
        sort(waiting, entries, *place);
    for (size_t i = 0; entries != NULL && i < count; i++) {
        struct writer_job *job = entries[i].job;

        job_list_add(has_room(turn) ? turn : waiting, job);
        if (waiting->count == 0 && job->place != 0)
            *place = job->place;
    }
    /* All, or without memory for the sweep: as they came. */
    while (entries == NULL && waiting->count > 0 && has_room(turn))
        job_list_add(turn, job_list_take(waiting));
    free(entries);
}
