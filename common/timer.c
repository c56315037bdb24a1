#include "timer.h"

#include <stddef.h>

static bool
is_before(const struct timer *a, const struct timer *b)
{
    if (a->due_ns != b->due_ns)
        return a->due_ns < b->due_ns;
    return a->order < b->order;
}

/* Both are roots; either may be NULL. */
static struct timer *
meld(struct timer *a, struct timer *b)
{
    struct timer *winner;
    struct timer *loser;

    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    winner = is_before(a, b) ? a : b;
    loser = winner == a ? b : a;
    loser->next = winner->child;
    if (loser->next != NULL)
        loser->next->prev = loser;
    loser->prev = winner;
    winner->child = loser;
    return winner;
}

/* Melds a list of siblings in pairs, then the pairs from the last back. */
static struct timer *
meld_siblings(struct timer *first)
{
    struct timer *pairs = NULL; /* a stack through next */
    struct timer *root = NULL;

    while (first != NULL) {
        struct timer *a = first;
        struct timer *b = a->next;
        struct timer *pair;

        first = b != NULL ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b != NULL)
            b->next = b->prev = NULL;
        pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs != NULL) {
        struct timer *pair = pairs;

        pairs = pair->next;
        pair->next = NULL;
        root = meld(root, pair);
    }
    return root;
}

void
timer_init(struct timer *timer, timer_fn *fn, void *ctx)
{
    *timer = (struct timer){.fn = fn, .ctx = ctx};
}

void
timer_stop(struct timer_queue *queue, struct timer *timer)
{
    struct timer *rest;

    if (!timer->armed)
        return;
    rest = meld_siblings(timer->child);
    if (queue->root == timer) {
        queue->root = rest;
    } else {
        if (timer->prev->child == timer)
            timer->prev->child = timer->next;
        else
            timer->prev->next = timer->next;
        if (timer->next != NULL)
            timer->next->prev = timer->prev;
        queue->root = meld(queue->root, rest);
    }
    timer->child = timer->next = timer->prev = NULL;
    timer->armed = false;
    queue->count--;
}

void
timer_start(struct timer_queue *queue, struct timer *timer, int64_t due_ns)
{
    timer_stop(queue, timer);
    timer->due_ns = due_ns;
    timer->order = ++queue->armed_ever;
    timer->armed = true;
    queue->root = meld(queue->root, timer);
    queue->count++;
}

bool
timer_next_due(const struct timer_queue *queue, int64_t *due_ns)
{
    if (queue->root == NULL)
        return false;
    *due_ns = queue->root->due_ns;
    return true;
}

void
timer_fire_due(struct timer_queue *queue, int64_t now_ns)
{
    uint64_t armed_before = queue->armed_ever;

    while (queue->root != NULL && queue->root->due_ns <= now_ns &&
           queue->root->order <= armed_before) {
        struct timer *timer = queue->root;

        timer_stop(queue, timer);
        timer->fn(timer->ctx);
    }
}
