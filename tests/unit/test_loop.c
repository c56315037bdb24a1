#include "loop.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"

struct fixture {
    struct loop *loop;
    struct timer timer;
    struct timer other;
    struct timer guard; /* ends a test that would hang */
    struct loop_watch watch;
    struct loop_wake *wake;
    int fd;
    int calls;
    int other_calls;
    unsigned ready;
    int64_t lag_ns;
};

static void
on_guard(void *ctx)
{
    struct fixture *f = ctx;

    loop_stop(f->loop);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL)
        return -1;
    f->loop = loop_new(&err);
    assert_made(f->loop, err);
    timer_init(&f->guard, on_guard, f);
    loop_timer_start(f->loop, &f->guard, 5 * NS_PER_SEC);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    loop_timer_stop(f->loop, &f->guard);
    loop_free(f->loop);
    free(f);
    return 0;
}

static void
on_timer(void *ctx)
{
    struct fixture *f = ctx;

    f->calls++;
    loop_stop(f->loop);
}

static void
on_other(void *ctx)
{
    struct fixture *f = ctx;

    f->other_calls++;
}

static void
a_timer_is_never_early(void **state)
{
    struct fixture *f = *state;
    int64_t due_ns = loop_now_ns(f->loop) + 3 * NS_PER_MS + 1;

    timer_init(&f->timer, on_timer, f);
    loop_timer_start_at(f->loop, &f->timer, due_ns);
    loop_run(f->loop);
    assert_int_equal(f->calls, 1);
    assert_true(loop_now_ns(f->loop) >= due_ns);
    assert_true(loop_lag_ns(f->loop) >= 0);
}

static void
timers_come_in_order_and_stopped_ones_do_not(void **state)
{
    struct fixture *f = *state;

    timer_init(&f->timer, on_timer, f);
    timer_init(&f->other, on_other, f);
    loop_timer_start(f->loop, &f->timer, 2 * NS_PER_MS);
    loop_timer_start(f->loop, &f->other, 0);
    loop_run(f->loop);
    assert_int_equal(f->other_calls, 1);
    loop_timer_start(f->loop, &f->timer, 2 * NS_PER_MS);
    loop_timer_start(f->loop, &f->other, NS_PER_MS);
    loop_timer_stop(f->loop, &f->other);
    loop_run(f->loop);
    assert_int_equal(f->calls, 2);
    assert_int_equal(f->other_calls, 1);
}

static void
a_timer_that_starts_nothing_does_not_end_the_loop(void **state)
{
    struct fixture *f = *state;

    timer_init(&f->timer, on_timer, f);
    timer_init(&f->other, on_other, f);
    loop_timer_start(f->loop, &f->other, 3 * NS_PER_MS);
    loop_timer_start(f->loop, &f->timer, 9 * NS_PER_MS);
    loop_run(f->loop);
    assert_int_equal(f->other_calls, 1);
    assert_int_equal(f->calls, 1);
}

static void
an_empty_loop_ends_by_itself(void **state)
{
    struct fixture *f = *state;

    timer_init(&f->other, on_other, f);
    loop_timer_stop(f->loop, &f->guard);
    loop_timer_start(f->loop, &f->other, 0);
    loop_run(f->loop);
    assert_int_equal(f->other_calls, 1);
}

static void
on_readable(void *ctx, unsigned ready)
{
    struct fixture *f = ctx;
    char byte;

    f->calls++;
    f->ready |= ready;
    if (f->calls < 3)
        return; /* level-triggered: it comes again */
    assert_int_equal(read(f->fd, &byte, 1), 1);
    loop_watch_stop(f->loop, &f->watch);
    loop_watch_stop(f->loop, &f->watch);
}

static void
a_watch_is_level_triggered_and_can_stop_itself(void **state)
{
    struct fixture *f = *state;
    struct err err;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    f->fd = fds[0];
    assert_int_equal(write(fds[1], "x", 1), 1);
    loop_watch_init(&f->watch, on_readable, f);
    loop_timer_stop(f->loop, &f->guard);
    assert_ok(
        loop_watch_start(f->loop, &f->watch, f->fd, LOOP_READ, &err), err);
    loop_run(f->loop);
    assert_int_equal(f->calls, 3);
    assert_int_equal(f->ready, LOOP_READ);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void
be_busy(void *ctx)
{
    struct fixture *f = ctx;
    struct timespec pause = {.tv_nsec = 20 * NS_PER_MS};

    assert_int_equal(write(f->fd, "x", 1), 1);
    (void)nanosleep(&pause, NULL);
}

static void
on_readable_late(void *ctx, unsigned ready)
{
    struct fixture *f = ctx;

    (void)ready;
    f->lag_ns = loop_lag_ns(f->loop);
    loop_stop(f->loop);
}

static void
what_was_there_while_the_loop_was_busy_is_told_late(void **state)
{
    struct fixture *f = *state;
    struct err err;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    f->fd = fds[1];
    loop_watch_init(&f->watch, on_readable_late, f);
    assert_ok(
        loop_watch_start(f->loop, &f->watch, fds[0], LOOP_READ, &err), err);
    timer_init(&f->timer, be_busy, f);
    loop_timer_start(f->loop, &f->timer, NS_PER_MS);
    loop_run(f->loop);
    assert_true(f->lag_ns >= 20 * NS_PER_MS);
    loop_watch_stop(f->loop, &f->watch);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void
on_error(void *ctx, unsigned ready)
{
    struct fixture *f = ctx;
    char bytes[16];
    ssize_t len;

    f->ready |= ready;
    len = recv(f->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (len < 0) {
        /* the ICMP error has been read; an answer may come all the same */
        struct sockaddr_in to;
        socklen_t to_len = sizeof(to);

        f->calls++;
        assert_int_equal(
            getsockname(f->fd, (struct sockaddr *)&to, &to_len), 0);
        assert_int_equal(connect(f->fd, (struct sockaddr *)&to, to_len), 0);
        assert_int_equal(send(f->fd, "x", 1, 0), 1);
        return;
    }
    f->other_calls++;
    loop_watch_stop(f->loop, &f->watch);
    loop_stop(f->loop);
}

static void
a_watch_goes_on_after_an_error_was_read(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in to = {.sin_family = AF_INET};
    socklen_t len = sizeof(to);
    struct err err;
    int closed = socket(AF_INET, SOCK_DGRAM, 0);

    /* a port where surely nobody listens: bound, then closed */
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(closed, (struct sockaddr *)&to, len), 0);
    assert_int_equal(getsockname(closed, (struct sockaddr *)&to, &len), 0);
    (void)close(closed);
    f->fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(connect(f->fd, (struct sockaddr *)&to, len), 0);
    loop_watch_init(&f->watch, on_error, f);
    assert_ok(
        loop_watch_start(f->loop, &f->watch, f->fd, LOOP_READ, &err), err);
    assert_int_equal(send(f->fd, "x", 1, 0), 1);
    loop_run(f->loop);
    assert_int_equal(f->calls, 1);
    assert_int_equal(f->other_calls, 1);
    loop_watch_stop(f->loop, &f->watch);
    (void)close(f->fd);
}

static void
what_cannot_be_watched_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct err err;

    loop_watch_init(&f->watch, on_readable, f);
    assert_int_equal(
        loop_watch_start(f->loop, &f->watch, 9999, LOOP_READ, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
    assert_false(f->watch.armed);
}

static void
a_signal_is_told_on_the_loop(void **state)
{
    struct fixture *f = *state;
    struct loop_signal sig = {0};
    struct err err;

    assert_ok(
        loop_signal_start(f->loop, &sig, SIGUSR1, on_timer, f, &err), err);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(f->calls, 0);
    loop_run(f->loop);
    assert_int_equal(f->calls, 1);
    loop_signal_stop(&sig);
    loop_signal_stop(&sig);
    assert_int_equal(
        loop_signal_start(f->loop, &sig, SIGKILL, on_timer, f, &err), -1);
}

static void *
send_wakes(void *ctx)
{
    struct loop_wake *wake = ctx;

    for (int i = 0; i < 10; i++)
        loop_wake_send(wake);
    return NULL;
}

static void
another_thread_wakes_the_loop(void **state)
{
    struct fixture *f = *state;
    struct err err;
    pthread_t thread;

    f->wake = loop_wake_new(f->loop, on_timer, f, &err);
    assert_made(f->wake, err);
    assert_int_equal(pthread_create(&thread, NULL, send_wakes, f->wake), 0);
    loop_run(f->loop);
    assert_in_range(f->calls, 1, 10);
    assert_int_equal(pthread_join(thread, NULL), 0);
    loop_wake_free(f->wake);
    loop_wake_free(NULL);
}

#define loop_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        loop_test(a_timer_is_never_early),
        loop_test(timers_come_in_order_and_stopped_ones_do_not),
        loop_test(a_timer_that_starts_nothing_does_not_end_the_loop),
        loop_test(an_empty_loop_ends_by_itself),
        loop_test(a_watch_is_level_triggered_and_can_stop_itself),
        loop_test(what_was_there_while_the_loop_was_busy_is_told_late),
        loop_test(a_watch_goes_on_after_an_error_was_read),
        loop_test(what_cannot_be_watched_is_an_error),
        loop_test(a_signal_is_told_on_the_loop),
        loop_test(another_thread_wakes_the_loop),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
