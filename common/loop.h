/*
 * loop.h - the event loop: timers, descriptors, signals, waking from another
 * thread.  libuv stands behind it, and nobody else sees libuv.
 *
 * Timers and watches are embedded in their owner.  After a stop the callback
 * does not come, even if its event had happened already.  Everything here is
 * called on the loop's own thread, loop_wake_send() excepted.
 * tests/support/fake_loop.c stands in for this file in unit tests.
 */
#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "timer.h"

struct loop;

struct loop *loop_new(struct err *err);

/* Asserts that no timer, watch, wake or signal is left.  NULL is allowed. */
void loop_free(struct loop *loop);

/* Runs until loop_stop(), or until nothing is left that could happen. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* The monotonic clock, read now; under the fake loop, the fake time. */
int64_t loop_now_ns(const struct loop *loop);

/*
 * How late a callback may be that is being called now: how late the soonest
 * timer of this turn was, or since when the loop has been at work without
 * looking, whichever is more.  What a caller needs to say that a measurement
 * was taken while the loop lagged.
 */
int64_t loop_lag_ns(const struct loop *loop);

/* One shot, `delay_ns` from now (0: in the next turn).  Moves an armed one. */
void loop_timer_start(struct loop *loop, struct timer *timer, int64_t delay_ns);
/* One shot, at a moment of loop_now_ns(). */
void loop_timer_start_at(
    struct loop *loop, struct timer *timer, int64_t due_ns);
void loop_timer_stop(struct loop *loop, struct timer *timer);

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* `ready` holds LOOP_READ, LOOP_WRITE; both when the descriptor has failed. */
typedef void loop_watch_fn(void *ctx, unsigned ready);

struct loop_watch {
    loop_watch_fn *fn;
    void *ctx; /* borrowed */
    bool armed;
    void *handle; /* owned by the loop */
};

void loop_watch_init(struct loop_watch *watch, loop_watch_fn *fn, void *ctx);

/* Level-triggered.  Changes what an armed watch waits for. */
int loop_watch_start(struct loop *loop, struct loop_watch *watch, int fd,
    unsigned events, struct err *err);
/* Before the descriptor is closed, never after. */
void loop_watch_stop(struct loop *loop, struct loop_watch *watch);

typedef void loop_signal_fn(void *ctx);

struct loop_signal {
    bool armed;
    void *handle; /* owned by the loop */
    loop_signal_fn *fn;
    void *ctx; /* borrowed */
};

/* `fn` is called from the loop, never from the signal handler. */
int loop_signal_start(struct loop *loop, struct loop_signal *sig, int signum,
    loop_signal_fn *fn, void *ctx, struct err *err);
void loop_signal_stop(struct loop_signal *sig);

/* Another thread's way to have `fn` called on the loop's thread. */
struct loop_wake;
typedef void loop_wake_fn(void *ctx);

struct loop_wake *loop_wake_new(
    struct loop *loop, loop_wake_fn *fn, void *ctx, struct err *err);
/* From any thread; several sends before the loop turns are one call. */
void loop_wake_send(struct loop_wake *wake);
/* No thread may send any more.  NULL is allowed. */
void loop_wake_free(struct loop_wake *wake);

#endif
