#include "notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "fake_loop.h"

struct fixture {
    struct loop *loop;
    char dir[32];
    char path[64];
    int fd; /* where systemd would listen */
    char message[512];
};

static int
listen_at(const struct sockaddr_un *addr, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)addr, len), 0);
    return fd;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct err err;

    assert_non_null(f);
    f->loop = loop_new(&err);
    assert_made(f->loop, err);
    strcpy(f->dir, "/tmp/leadline-notify-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/notify", f->dir);
    (void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", f->path);
    f->fd = listen_at(&addr, sizeof(addr));
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    (void)close(f->fd);
    (void)unlink(f->path);
    (void)rmdir(f->dir);
    loop_free(f->loop);
    free(f);
    return 0;
}

static struct notify *
open_notify(struct fixture *f)
{
    struct err err;
    struct notify *notify = notify_open(f->loop, &err);

    assert_made(notify, err);
    return notify;
}

/* "" when there is none. */
static const char *
next_message(struct fixture *f)
{
    ssize_t len = recv(f->fd, f->message, sizeof(f->message) - 1, 0);

    f->message[len > 0 ? len : 0] = '\0';
    return f->message;
}

static void
each_change_is_told(void **state)
{
    struct fixture *f = *state;
    struct notify *notify;

    (void)setenv("NOTIFY_SOCKET", f->path, 1);
    notify = open_notify(f);
    assert_false(notify_is_abstract(notify));
    assert_string_equal(next_message(f), "");
    notify_ready(notify, "measures");
    assert_string_equal(next_message(f), "READY=1\nSTATUS=measures");
    notify_reloading(notify);
    assert_int_equal(
        strncmp(next_message(f), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
    assert_true(strtoll(f->message + 27, NULL, 10) > 0);
    notify_stopping(notify);
    assert_string_equal(next_message(f), "STOPPING=1\nSTATUS=stopping");
    assert_int_equal(fake_loop_timer_count(f->loop), 0);
    notify_close(notify);
}

static void
an_abstract_socket_is_reached_too(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct notify *notify;
    char name[64];
    int len =
        snprintf(name, sizeof(name), "@leadline-test-%ld", (long)getpid());

    memcpy(addr.sun_path + 1, name + 1, (size_t)len - 1);
    (void)close(f->fd);
    f->fd = listen_at(&addr,
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len));
    (void)setenv("NOTIFY_SOCKET", name, 1);
    notify = open_notify(f);
    assert_true(notify_is_abstract(notify));
    notify_ready(notify, "x");
    assert_string_equal(next_message(f), "READY=1\nSTATUS=x");
    notify_close(notify);
}

static void
pings_come_at_half_of_the_watchdogs_time(void **state)
{
    struct fixture *f = *state;
    struct notify *notify;

    (void)setenv("NOTIFY_SOCKET", f->path, 1);
    (void)setenv("WATCHDOG_USEC", "20000000", 1);
    notify = open_notify(f);
    assert_int_equal(notify_ping_every_ns(notify), 10 * NS_PER_SEC);
    fake_loop_advance_ns(f->loop, 60 * NS_PER_SEC);
    assert_string_equal(next_message(f), ""); /* not before it is ready */
    notify_ready(notify, "x");
    assert_string_equal(next_message(f), "READY=1\nSTATUS=x");
    assert_string_equal(next_message(f), "WATCHDOG=1");
    fake_loop_advance_ns(f->loop, 10 * NS_PER_SEC - 1);
    assert_string_equal(next_message(f), "");
    fake_loop_advance_ns(f->loop, 1);
    assert_string_equal(next_message(f), "WATCHDOG=1");
    notify_ready(notify, "x"); /* after a reload: no second row of pings */
    assert_string_equal(next_message(f), "READY=1\nSTATUS=x");
    fake_loop_advance_ns(f->loop, 30 * NS_PER_SEC);
    for (int i = 0; i < 3; i++)
        assert_string_equal(next_message(f), "WATCHDOG=1");
    assert_string_equal(next_message(f), "");
    notify_close(notify);
}

static void
a_watchdog_of_another_process_is_not_ours(void **state)
{
    struct fixture *f = *state;
    struct notify *notify;
    char pid[16];

    (void)setenv("NOTIFY_SOCKET", f->path, 1);
    (void)setenv("WATCHDOG_USEC", "20000000", 1);
    (void)setenv("WATCHDOG_PID", "1", 1);
    notify = open_notify(f);
    assert_int_equal(notify_ping_every_ns(notify), 0);
    notify_close(notify);
    (void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    (void)setenv("WATCHDOG_PID", pid, 1);
    notify = open_notify(f);
    assert_int_equal(notify_ping_every_ns(notify), 10 * NS_PER_SEC);
    notify_close(notify);
}

static void
what_cannot_be_used_is_as_good_as_nothing(void **state)
{
    struct fixture *f = *state;
    static const char *const bad_times[] = {
        "", "x", "-1", "0", "1", "99999999999999999999", "20s"};
    static const char *const bad_sockets[] = {
        "", "/", "@", "notify", "vsock:2:1", "tcp:127.0.0.1:1"};
    char long_name[200];
    struct notify *notify;

    (void)setenv("NOTIFY_SOCKET", f->path, 1);
    for (size_t i = 0; i < sizeof(bad_times) / sizeof(*bad_times); i++) {
        (void)setenv("WATCHDOG_USEC", bad_times[i], 1);
        notify = open_notify(f);
        assert_int_equal(notify_ping_every_ns(notify), 0);
        notify_close(notify);
    }
    (void)setenv("WATCHDOG_USEC", "20000000", 1);
    memset(long_name, 'a', sizeof(long_name));
    long_name[0] = '/';
    long_name[sizeof(long_name) - 1] = '\0';
    for (size_t i = 0; i <= sizeof(bad_sockets) / sizeof(*bad_sockets); i++) {
        (void)setenv(
            "NOTIFY_SOCKET", i == 0 ? long_name : bad_sockets[i - 1], 1);
        notify = open_notify(f);
        notify_ready(notify, "x");
        assert_int_equal(fake_loop_timer_count(f->loop), 0);
        notify_close(notify);
    }
    assert_string_equal(next_message(f), "");
}

static void
nobody_there_stops_nothing(void **state)
{
    struct fixture *f = *state;
    struct notify *notify;

    (void)setenv("NOTIFY_SOCKET", f->path, 1);
    (void)setenv("WATCHDOG_USEC", "20000000", 1);
    notify = open_notify(f);
    (void)unlink(f->path);
    notify_ready(notify, "x");
    fake_loop_advance_ns(f->loop, 60 * NS_PER_SEC);
    notify_stopping(notify);
    notify_close(notify);
    notify_close(NULL);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(each_change_is_told),
        CASE(an_abstract_socket_is_reached_too),
        CASE(pings_come_at_half_of_the_watchdogs_time),
        CASE(a_watchdog_of_another_process_is_not_ours),
        CASE(what_cannot_be_used_is_as_good_as_nothing),
        CASE(nobody_there_stops_nothing),
    };
#undef CASE

    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
