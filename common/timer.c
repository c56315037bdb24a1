#include "timer.h"

#include <assert.h>
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

/* Which of the two heaps the timer is in, or goes to. */
static struct timer **
heap_of(struct timer_queue *queue, const struct timer *timer)
{
    return queue->firing && timer->order > queue->fired_up_to ? &queue->arriving
                                                              : &queue->root;
}

void
timer_init(struct timer *timer, timer_fn *fn, void *ctx)
{
    *timer = (struct timer){.fn = fn, .ctx = ctx};
}

void
timer_stop(struct timer_queue *queue, struct timer *timer)
{
    struct timer **heap;
    struct timer *rest;

    if (!timer->armed)
        return;
    heap = heap_of(queue, timer);
    rest = meld_siblings(timer->child);
    if (*heap == timer) {
        *heap = rest;
    } else {
        assert(timer->prev != NULL);
        if (timer->prev->child == timer)
            timer->prev->child = timer->next;
        else
            timer->prev->next = timer->next;
        if (timer->next != NULL)
            timer->next->prev = timer->prev;
        *heap = meld(*heap, rest);
    }
    timer->child = timer->next = timer->prev = NULL;
    timer->armed = false;
    queue->count--;
}

void
timer_start(struct timer_queue *queue, struct timer *timer, int64_t due_ns)
{
    struct timer **heap;

    timer_stop(queue, timer);
    timer->due_ns = due_ns;
    timer->order = ++queue->armed_ever;
    timer->armed = true;
    heap = heap_of(queue, timer);
    *heap = meld(*heap, timer);
    queue->count++;
}

bool
timer_next_due(const struct timer_queue *queue, int64_t *due_ns)
{
    const struct timer *first = queue->root;

    if (queue->arriving != NULL &&
        (first == NULL || is_before(queue->arriving, first)))
        first = queue->arriving;
    if (first == NULL)
        return false;
    *due_ns = first->due_ns;
    return true;
}

void
timer_fire_due(struct timer_queue *queue, int64_t now_ns)
{
    assert(!queue->firing);
    /* What is armed from here on waits aside, or it could starve the rest. */
    queue->firing = true;
    queue->fired_up_to = queue->armed_ever;
    while (queue->root != NULL && queue->root->due_ns <= now_ns) {
        struct timer *timer = queue->root;

        timer_stop(queue, timer);
        timer->fn(timer->ctx);
    }
    queue->firing = false;
    queue->root = meld(queue->root, queue->arriving);
    queue->arriving = NULL;
}
