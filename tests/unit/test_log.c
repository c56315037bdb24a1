#include "log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cm.h"

/* stderr goes into a pipe for the length of one test. */
struct fixture {
    int saved_stderr;
    int read_fd;
    char seen[8192];
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int fds[2];

    if (f == NULL || pipe(fds) != 0)
        return -1;
    (void)unsetenv("JOURNAL_STREAM");
    f->read_fd = fds[0];
    (void)fcntl(f->read_fd, F_SETFL, O_NONBLOCK);
    f->saved_stderr = dup(STDERR_FILENO);
    (void)dup2(fds[1], STDERR_FILENO);
    (void)close(fds[1]);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    (void)dup2(f->saved_stderr, STDERR_FILENO);
    (void)close(f->saved_stderr);
    (void)close(f->read_fd);
    log_set_level(LOG_AT_INFO);
    free(f);
    return 0;
}

static const char *
seen(struct fixture *f)
{
    ssize_t len = read(f->read_fd, f->seen, sizeof(f->seen) - 1);

    f->seen[len > 0 ? len : 0] = '\0';
    return f->seen;
}

static void
a_line_has_time_level_event_and_pairs(void **state)
{
    struct fixture *f = *state;
    const char *line;

    log_event(LOG_AT_WARN, "uplink.lost", "queued=%d", 7);
    line = seen(f);
    assert_int_equal(line[10], 'T');
    assert_string_equal(line + 24, " warn uplink.lost queued=7\n");
    log_event(LOG_AT_INFO, "start", "%s", "");
    assert_string_equal(seen(f) + 24, " info start\n");
}

static void
levels_below_the_set_one_are_silent(void **state)
{
    struct fixture *f = *state;

    log_event(LOG_AT_DEBUG, "x", "a=1");
    assert_string_equal(seen(f), "");
    log_set_level(LOG_AT_DEBUG);
    log_event(LOG_AT_DEBUG, "x", "a=1");
    assert_string_equal(seen(f) + 24, " debug x a=1\n");
    log_set_level(LOG_AT_ERROR);
    log_event(LOG_AT_WARN, "x", "a=1");
    assert_string_equal(seen(f), "");
}

static void
nobody_forges_a_line(void **state)
{
    struct fixture *f = *state;

    log_event(LOG_AT_INFO, "probe", "url=%s", "a\n<3>fake\x1b[0m");
    assert_string_equal(
        seen(f) + 24, " info probe url=a\\x0a<3>fake\\x1b[0m\n");
}

static void
a_long_line_is_cut_and_still_ends(void **state)
{
    struct fixture *f = *state;
    char text[4000];
    const char *line;

    memset(text, '\x01', sizeof(text) - 1); /* four bytes each when escaped */
    text[sizeof(text) - 1] = '\0';
    log_event(LOG_AT_INFO, "x", "%s", text);
    line = seen(f);
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_true(strlen(line) < 1200);
}

static void
under_systemd_a_line_begins_with_its_priority(void **state)
{
    struct fixture *f = *state;

    (void)setenv("JOURNAL_STREAM", "8:1", 1);
    log_event(LOG_AT_ERROR, "store.full", "used=%d", 85);
    assert_string_equal(seen(f), "<3>store.full used=85\n");
    (void)unsetenv("JOURNAL_STREAM");
}

static void
a_repeating_event_is_said_once_and_counted(void **state)
{
    struct fixture *f = *state;
    struct log_limit limit = {0};

    for (int i = 0; i < 5; i++)
        log_limited(&limit, LOG_AT_WARN, "dropped", "n=%d", i);
    assert_string_equal(seen(f) + 24, " warn dropped n=0\n");
    assert_int_equal(limit.held_back, 4);
    limit.next_ns = 1; /* the minute is over */
    log_limited(&limit, LOG_AT_WARN, "dropped", "n=9");
    assert_string_equal(seen(f) + 24, " warn dropped n=9 held_back=4\n");
}

#define log_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        log_test(a_line_has_time_level_event_and_pairs),
        log_test(levels_below_the_set_one_are_silent),
        log_test(nobody_forges_a_line),
        log_test(a_long_line_is_cut_and_still_ends),
        log_test(under_systemd_a_line_begins_with_its_priority),
        log_test(a_repeating_event_is_said_once_and_counted),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
