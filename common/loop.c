#include "loop.h"

#include <assert.h>
#include <stdlib.h>
#include <uv.h>

#include "clock.h"

/* A wait as short as this found something that was there already. */
static const int64_t no_wait_ns = NS_PER_MS / 10;

struct loop {
    uv_loop_t uv;
    uv_timer_t alarm;    /* for the soonest of our own timers */
    uv_prepare_t before; /* sets the alarm before each wait */
    struct timer_queue timers;
    int64_t lag_ns;    /* of the soonest timer, since the last wait */
    int64_t wait_ns;   /* when the last wait began */
    uint64_t idle_ns;  /* in all waits before it */
    int64_t worked_ns; /* when the one before it ended */
    int watch_count;
    int wake_count;
    bool stopping;
};

/* What a loop_watch owns; the handle first, so that it is freed as one. */
struct poll {
    uv_poll_t handle;
    int wanted;
};

struct loop_wake {
    uv_async_t async;
    struct loop *loop; /* borrowed */
    loop_wake_fn *fn;
    void *ctx; /* borrowed */
};

/* libuv's alarm counts in ms and from the start of the turn; ours do not. */
static void
set_alarm(struct loop *loop)
{
    int64_t due_ns;
    int64_t wait_ns;

    if (!timer_next_due(&loop->timers, &due_ns)) {
        (void)uv_timer_stop(&loop->alarm);
        return;
    }
    uv_update_time(&loop->uv);
    wait_ns = due_ns - clock_mono_ns();
    if (wait_ns < 0)
        wait_ns = 0;
    wait_ns = (wait_ns + NS_PER_MS - 1) / NS_PER_MS;
    (void)uv_timer_start(
        &loop->alarm, loop->alarm.timer_cb, (uint64_t)wait_ns, 0);
}

static void
fire(struct loop *loop)
{
    int64_t now_ns = clock_mono_ns();
    int64_t due_ns;

    loop->lag_ns = 0;
    if (timer_next_due(&loop->timers, &due_ns) && due_ns < now_ns)
        loop->lag_ns = now_ns - due_ns;
    timer_fire_due(&loop->timers, now_ns);
}

static void
on_alarm(uv_timer_t *alarm)
{
    fire(alarm->data);
}

/* When the last wait ended, as libuv's account of them tells. */
static int64_t
wait_ended_ns(const struct loop *loop)
{
    uint64_t idle_ns = uv_metrics_idle_time((uv_loop_t *)&loop->uv);

    return loop->wait_ns + (int64_t)(idle_ns - loop->idle_ns);
}

static void
on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;

    set_alarm(loop);
    loop->lag_ns = 0;
    loop->worked_ns = wait_ended_ns(loop);
    loop->idle_ns = uv_metrics_idle_time(&loop->uv);
    loop->wait_ns = clock_mono_ns();
}

struct loop *
loop_new(struct err *err)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    int rc;

    if (loop == NULL) {
        err_set(err, ERR_NOMEM, "event loop");
        return NULL;
    }
    rc = uv_loop_init(&loop->uv);
    if (rc != 0) {
        err_set(err, ERR_SYS, "event loop: %s", uv_strerror(rc));
        free(loop);
        return NULL;
    }
    (void)uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
    (void)uv_timer_init(&loop->uv, &loop->alarm);
    (void)uv_prepare_init(&loop->uv, &loop->before);
    loop->alarm.data = loop;
    loop->alarm.timer_cb = on_alarm;
    loop->before.data = loop;
    (void)uv_prepare_start(&loop->before, on_prepare);
    uv_unref((uv_handle_t *)&loop->before);
    loop->wait_ns = clock_mono_ns();
    loop->worked_ns = loop->wait_ns;
    return loop;
}

void
loop_free(struct loop *loop)
{
    int rc;

    if (loop == NULL)
        return;
    assert(loop->timers.count == 0);
    assert(loop->watch_count == 0);
    assert(loop->wake_count == 0);
    uv_close((uv_handle_t *)&loop->alarm, NULL);
    uv_close((uv_handle_t *)&loop->before, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    rc = uv_loop_close(&loop->uv);
    assert(rc == 0);
    free(loop);
}

void
loop_run(struct loop *loop)
{
    int alive;

    loop->stopping = false;
    do {
        /* An alarm that went off is set anew before libuv asks what is left. */
        set_alarm(loop);
        alive = uv_run(&loop->uv, UV_RUN_ONCE);
    } while (!loop->stopping && (alive != 0 || loop->timers.count > 0));
}

void
loop_stop(struct loop *loop)
{
    loop->stopping = true;
    uv_stop(&loop->uv);
}

int64_t
loop_now_ns(const struct loop *loop)
{
    (void)loop;
    return clock_mono_ns();
}

int64_t
loop_lag_ns(const struct loop *loop)
{
    int64_t ended_ns = wait_ended_ns(loop);
    bool waited = ended_ns - loop->wait_ns > no_wait_ns;
    int64_t since_ns = waited ? ended_ns : loop->worked_ns;
    int64_t lag_ns = clock_mono_ns() - since_ns;

    return lag_ns > loop->lag_ns ? lag_ns : loop->lag_ns;
}

void
loop_timer_start(struct loop *loop, struct timer *timer, int64_t delay_ns)
{
    timer_start(&loop->timers, timer, clock_mono_ns() + delay_ns);
    set_alarm(loop);
}

void
loop_timer_start_at(struct loop *loop, struct timer *timer, int64_t due_ns)
{
    timer_start(&loop->timers, timer, due_ns);
    set_alarm(loop);
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

static void
on_poll(uv_poll_t *handle, int status, int events)
{
    struct loop_watch *watch = handle->data;
    const struct poll *poll = watch->handle;
    unsigned ready = 0;

    /*
     * libuv stops a handle whose descriptor has an error.  Ours is
     * level-triggered: an ICMP error on a UDP socket is read and gone, and the
     * answer may still come.
     */
    if (status < 0)
        (void)uv_poll_start(handle, poll->wanted, on_poll);

    if (events & UV_READABLE)
        ready |= LOOP_READ;
    if (events & UV_WRITABLE)
        ready |= LOOP_WRITE;
    if (status < 0 || (events & UV_DISCONNECT))
        ready |= LOOP_READ | LOOP_WRITE;
    watch->fn(watch->ctx, ready);
}

static void
free_handle(uv_handle_t *handle)
{
    free(handle);
}

static int
new_poll(struct loop *loop, struct loop_watch *watch, int fd, struct err *err)
{
    struct poll *poll = calloc(1, sizeof(*poll));
    int rc;

    if (poll == NULL)
        return err_set(err, ERR_NOMEM, "watch");
    rc = uv_poll_init(&loop->uv, &poll->handle, fd);
    if (rc != 0) {
        free(poll);
        return err_sys(err, -rc, "watch descriptor %d", fd);
    }
    poll->handle.data = watch;
    watch->handle = poll;
    watch->armed = true;
    loop->watch_count++;
    return 0;
}

int
loop_watch_start(struct loop *loop, struct loop_watch *watch, int fd,
    unsigned events, struct err *err)
{
    struct poll *poll;
    int wanted = 0;
    int rc;

    if (!watch->armed && new_poll(loop, watch, fd, err) != 0)
        return -1;
    if (events & LOOP_READ)
        wanted |= UV_READABLE;
    if (events & LOOP_WRITE)
        wanted |= UV_WRITABLE;
    poll = watch->handle;
    poll->wanted = wanted;
    rc = uv_poll_start(&poll->handle, wanted, on_poll);
    if (rc != 0) {
        loop_watch_stop(loop, watch);
        return err_sys(err, -rc, "watch descriptor %d", fd);
    }
    return 0;
}

void
loop_watch_stop(struct loop *loop, struct loop_watch *watch)
{
    if (!watch->armed)
        return;
    (void)uv_poll_stop(watch->handle);
    uv_close(watch->handle, free_handle);
    watch->handle = NULL;
    watch->armed = false;
    loop->watch_count--;
}

static void
on_signal(uv_signal_t *handle, int signum)
{
    struct loop_signal *sig = handle->data;

    (void)signum;
    sig->fn(sig->ctx);
}

int
loop_signal_start(struct loop *loop, struct loop_signal *sig, int signum,
    loop_signal_fn *fn, void *ctx, struct err *err)
{
    uv_signal_t *handle = calloc(1, sizeof(*handle));
    int rc;

    if (handle == NULL)
        return err_set(err, ERR_NOMEM, "signal");
    rc = uv_signal_init(&loop->uv, handle);
    assert(rc == 0);
    *sig = (struct loop_signal){
        .armed = true, .handle = handle, .fn = fn, .ctx = ctx};
    handle->data = sig;
    /* A signal alone does not keep the loop running. */
    uv_unref((uv_handle_t *)handle);
    rc = uv_signal_start(handle, on_signal, signum);
    if (rc != 0) {
        loop_signal_stop(sig);
        return err_sys(err, -rc, "signal %d", signum);
    }
    return 0;
}

void
loop_signal_stop(struct loop_signal *sig)
{
    if (!sig->armed)
        return;
    (void)uv_signal_stop(sig->handle);
    uv_close(sig->handle, free_handle);
    sig->handle = NULL;
    sig->armed = false;
}

static void
on_async(uv_async_t *async)
{
    struct loop_wake *wake = async->data;

    wake->fn(wake->ctx);
}

struct loop_wake *
loop_wake_new(struct loop *loop, loop_wake_fn *fn, void *ctx, struct err *err)
{
    struct loop_wake *wake = calloc(1, sizeof(*wake));
    int rc;

    if (wake == NULL) {
        err_set(err, ERR_NOMEM, "wake");
        return NULL;
    }
    rc = uv_async_init(&loop->uv, &wake->async, on_async);
    if (rc != 0) {
        err_sys(err, -rc, "wake");
        free(wake);
        return NULL;
    }
    wake->async.data = wake;
    wake->loop = loop;
    wake->fn = fn;
    wake->ctx = ctx;
    loop->wake_count++;
    return wake;
}

void
loop_wake_send(struct loop_wake *wake)
{
    (void)uv_async_send(&wake->async);
}

void
loop_wake_free(struct loop_wake *wake)
{
    if (wake == NULL)
        return;
    wake->loop->wake_count--;
    uv_close((uv_handle_t *)&wake->async, free_handle);
}
