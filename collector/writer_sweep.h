/*
 * writer_sweep.h - which of the jobs that wait make the next turn.
 *
 * A commit writes whole pages, and a page holds what neighbours sent: rows of
 * one check stand in the order of region and agent.  Where more waits than a
 * turn may take, it takes neighbours, from where the turn before ended on and
 * round again, like a lift: then a page is written once a round, not once a
 * turn, and nobody waits for longer than a round.
 */
#ifndef COLLECTOR_WRITER_SWEEP_H
#define COLLECTOR_WRITER_SWEEP_H

#include "writer.h"

/* In the order in which they came. */
struct job_list {
    struct writer_job *first;
    struct writer_job **end;
    size_t count;
    size_t bytes;
};

void job_list_init(struct job_list *list);
void job_list_add(struct job_list *list, struct writer_job *job);
/* The first; there must be one. */
struct writer_job *job_list_take(struct job_list *list);
void job_list_move(struct job_list *to, struct job_list *from);

/*
 * Moves a turn's jobs (WRITER_TURN_*) from `waiting` to `turn`, which is empty.
 * Jobs of one place keep their order; those without one (0) come first.
 * *place is where the last turn ended, and then where this one does.
 */
void writer_sweep(
    struct job_list *waiting, struct job_list *turn, uint64_t *place);

#endif
