/*
 * timer.h - timers embedded in their owners, and the queue that orders them.
 *
 * Arming cannot fail, stopping twice is harmless, a stopped timer is never
 * called.  This code knows no clock, so that the product's loop and the tests'
 * fake loop share it.  The queue is a pairing heap (Fredman et al., 1986):
 * intrusive, so no memory is ever asked for.
 */
#ifndef COMMON_TIMER_H
#define COMMON_TIMER_H

#include <stdbool.h>
#include <stdint.h>

typedef void timer_fn(void *ctx);

struct timer {
    timer_fn *fn;
    void *ctx; /* borrowed */
    int64_t due_ns;
    uint64_t
        order; /* of arming: equal due times fire first come, first served */
    bool armed;
    struct timer *child;
    struct timer *next;
    struct timer *prev; /* the sibling before, or the parent of a first child */
};

struct timer_queue {
    struct timer *root;
    struct timer *arriving; /* a heap apart: armed while timers are fired */
    uint64_t armed_ever;
    uint64_t fired_up_to; /* order of the last that may fire; while firing */
    bool firing;
    int count;
};

void timer_init(struct timer *timer, timer_fn *fn, void *ctx);

/* Moves the timer if it is armed already. */
void timer_start(
    struct timer_queue *queue, struct timer *timer, int64_t due_ns);
void timer_stop(struct timer_queue *queue, struct timer *timer);

/* When the soonest is due; false if none is armed. */
bool timer_next_due(const struct timer_queue *queue, int64_t *due_ns);

/*
 * Calls what was due by `now_ns` when this began, each stopped first, soonest
 * first.  What a callback arms anew waits for the next call.
 */
void timer_fire_due(struct timer_queue *queue, int64_t now_ns);

#endif
