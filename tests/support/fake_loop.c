#include "fake_loop.h"

#include <assert.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    WATCH_MAX = 256,
    SIGNAL_MAX = 8,
    WAKE_MAX = 8,
    PUMP_WAIT_MS = 2000,
    WAKE_LOOK_MS = 10
};

struct loop {
    struct timer_queue timers;
    int64_t now_ns;
    int64_t lag_ns;
    struct loop_watch *watches[WATCH_MAX];
    int fds[WATCH_MAX];
    unsigned events[WATCH_MAX];
    struct loop_signal *signals[SIGNAL_MAX];
    int signums[SIGNAL_MAX];
    struct loop_wake *wakes[WAKE_MAX];
};

struct loop_wake {
    struct loop *loop;
    loop_wake_fn *fn;
    void *ctx;
    _Atomic int sent;
};

struct loop *
loop_new(struct err *err)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (loop == NULL)
        err_set(err, ERR_NOMEM, "fake loop");
    else
        loop->now_ns = 1000000000; /* never 0: nothing may take 0 for "unset" */
    return loop;
}

void
loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    assert(loop->timers.count == 0);
    for (int i = 0; i < WATCH_MAX; i++)
        assert(loop->watches[i] == NULL);
    for (int i = 0; i < WAKE_MAX; i++)
        assert(loop->wakes[i] == NULL);
    free(loop);
}

void
loop_run(struct loop *loop)
{
    (void)loop;
    assert(0 && "a fake loop is pumped, not run");
}

void
loop_stop(struct loop *loop)
{
    (void)loop;
}

int64_t
loop_now_ns(const struct loop *loop)
{
    return loop->now_ns;
}

int64_t
loop_lag_ns(const struct loop *loop)
{
    return loop->lag_ns;
}

void
fake_loop_set_lag_ns(struct loop *loop, int64_t lag_ns)
{
    loop->lag_ns = lag_ns;
}

void
loop_timer_start(struct loop *loop, struct timer *timer, int64_t delay_ns)
{
    timer_start(&loop->timers, timer, loop->now_ns + delay_ns);
}

void
loop_timer_start_at(struct loop *loop, struct timer *timer, int64_t due_ns)
{
    timer_start(&loop->timers, timer, due_ns);
}

void
loop_timer_stop(struct loop *loop, struct timer *timer)
{
    timer_stop(&loop->timers, timer);
}

void
loop_watch_init(struct loop_watch *watch, loop_watch_fn *fn, void *ctx)
{
    *watch = (struct loop_watch){.fn = fn, .ctx = ctx};
}

static int
find_watch(const struct loop *loop, const struct loop_watch *watch)
{
    for (int i = 0; i < WATCH_MAX; i++) {
        if (loop->watches[i] == watch)
            return i;
    }
    return -1;
}

int
loop_watch_start(struct loop *loop, struct loop_watch *watch, int fd,
    unsigned events, struct err *err)
{
    int slot = find_watch(loop, watch->armed ? watch : NULL);

    if (slot == -1)
        return err_set(err, ERR_LIMIT, "fake loop: too many watches");
    loop->watches[slot] = watch;
    loop->fds[slot] = fd;
    loop->events[slot] = events;
    watch->armed = true;
    return 0;
}

void
loop_watch_stop(struct loop *loop, struct loop_watch *watch)
{
    if (!watch->armed)
        return;
    loop->watches[find_watch(loop, watch)] = NULL;
    watch->armed = false;
}

int
loop_signal_start(struct loop *loop, struct loop_signal *sig, int signum,
    loop_signal_fn *fn, void *ctx, struct err *err)
{
    for (int i = 0; i < SIGNAL_MAX; i++) {
        if (loop->signals[i] != NULL && loop->signals[i]->armed)
            continue;
        *sig = (struct loop_signal){.armed = true, .fn = fn, .ctx = ctx};
        loop->signals[i] = sig;
        loop->signums[i] = signum;
        return 0;
    }
    return err_set(err, ERR_LIMIT, "fake loop: too many signals");
}

void
loop_signal_stop(struct loop_signal *sig)
{
    sig->armed = false;
}

void
fake_loop_raise(struct loop *loop, int signum)
{
    for (int i = 0; i < SIGNAL_MAX; i++) {
        struct loop_signal *sig = loop->signals[i];

        if (sig != NULL && sig->armed && loop->signums[i] == signum)
            sig->fn(sig->ctx);
    }
}

struct loop_wake *
loop_wake_new(struct loop *loop, loop_wake_fn *fn, void *ctx, struct err *err)
{
    struct loop_wake *wake = calloc(1, sizeof(*wake));

    if (wake == NULL) {
        err_set(err, ERR_NOMEM, "wake");
        return NULL;
    }
    wake->loop = loop;
    wake->fn = fn;
    wake->ctx = ctx;
    for (int i = 0; i < WAKE_MAX; i++) {
        if (loop->wakes[i] != NULL)
            continue;
        loop->wakes[i] = wake;
        return wake;
    }
    free(wake);
    err_set(err, ERR_LIMIT, "fake loop: too many wakes");
    return NULL;
}

void
loop_wake_send(struct loop_wake *wake)
{
    atomic_store(&wake->sent, 1);
}

void
loop_wake_free(struct loop_wake *wake)
{
    if (wake == NULL)
        return;
    for (int i = 0; i < WAKE_MAX; i++) {
        if (wake->loop->wakes[i] == wake)
            wake->loop->wakes[i] = NULL;
    }
    free(wake);
}

static int
run_wakes(struct loop *loop)
{
    int calls = 0;

    for (int i = 0; i < WAKE_MAX; i++) {
        struct loop_wake *wake = loop->wakes[i];

        if (wake == NULL || atomic_exchange(&wake->sent, 0) == 0)
            continue;
        wake->fn(wake->ctx);
        calls++;
    }
    return calls;
}

static int
poll_once(struct loop *loop, int wait_ms)
{
    struct pollfd polls[WATCH_MAX];
    struct loop_watch *watches[WATCH_MAX];
    int count = 0;
    int calls = 0;

    for (int i = 0; i < WATCH_MAX; i++) {
        if (loop->watches[i] == NULL)
            continue;
        polls[count] = (struct pollfd){.fd = loop->fds[i]};
        if (loop->events[i] & LOOP_READ)
            polls[count].events |= POLLIN;
        if (loop->events[i] & LOOP_WRITE)
            polls[count].events |= POLLOUT;
        watches[count++] = loop->watches[i];
    }
    if (poll(polls, (nfds_t)count, wait_ms) <= 0)
        return 0;
    for (int i = 0; i < count; i++) {
        unsigned ready = 0;

        if (polls[i].revents & POLLIN)
            ready |= LOOP_READ;
        if (polls[i].revents & POLLOUT)
            ready |= LOOP_WRITE;
        if (polls[i].revents & (POLLERR | POLLHUP | POLLNVAL))
            ready |= LOOP_READ | LOOP_WRITE;
        /* It may have been stopped by a callback before it. */
        if (ready == 0 || find_watch(loop, watches[i]) == -1)
            continue;
        watches[i]->fn(watches[i]->ctx, ready);
        calls++;
    }
    return calls;
}

int
fake_loop_poll(struct loop *loop)
{
    return run_wakes(loop) + poll_once(loop, 0);
}

int
fake_loop_pump(struct loop *loop)
{
    for (int waited_ms = 0; waited_ms < PUMP_WAIT_MS;
         waited_ms += WAKE_LOOK_MS) {
        int calls = run_wakes(loop) + poll_once(loop, WAKE_LOOK_MS);

        if (calls > 0)
            return calls;
    }
    return 0;
}

void
fake_loop_stand_still_ns(struct loop *loop, int64_t step_ns)
{
    loop->now_ns += step_ns;
}

void
fake_loop_fire_due(struct loop *loop)
{
    timer_fire_due(&loop->timers, loop->now_ns);
}

void
fake_loop_advance_ns(struct loop *loop, int64_t step_ns)
{
    int64_t until_ns = loop->now_ns + step_ns;
    int64_t due_ns;

    while (timer_next_due(&loop->timers, &due_ns) && due_ns <= until_ns) {
        if (due_ns > loop->now_ns)
            loop->now_ns = due_ns;
        timer_fire_due(&loop->timers, loop->now_ns);
    }
    loop->now_ns = until_ns;
}

int
fake_loop_timer_count(const struct loop *loop)
{
    return loop->timers.count;
}
