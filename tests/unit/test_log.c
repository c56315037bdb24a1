#include "log.h"

#include <fcntl.h>
#include <stdio.h>
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

static void
what_was_held_back_stands_even_on_a_full_line(void **state)
{
    struct fixture *f = *state;
    struct log_limit limit = {0};
    char text[4000];
    const char *line;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int as_is = 1; as_is >= 0; as_is--) {
        limit = (struct log_limit){.held_back = 12345};
        log_limited(&limit, LOG_AT_WARN, "dropped", "text=\"%s\"", text);
        line = seen(f);
        assert_string_equal(line + strlen(line) - 17, " held_back=12345\n");
        memset(text, '\x01', sizeof(text) - 1); /* grows when escaped */
    }
}

#define log_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* Takes until none is left at that moment; how many there were. */
static unsigned
drain(struct log_bucket *bucket, unsigned burst, int64_t now_ns)
{
    unsigned taken = 0;

    while (log_bucket_take(bucket, burst, now_ns))
        taken++;
    return taken;
}

static void
a_burst_comes_at_once_and_then_one_a_minute(void **state)
{
    const int64_t second = INT64_C(1000000000);
    struct log_bucket bucket = {0};
    int64_t at = 12345 * second;

    (void)state;
    assert_int_equal(drain(&bucket, 3, at), 3);
    assert_int_equal(bucket.held_back, 1);
    assert_int_equal(drain(&bucket, 3, at + 59 * second), 0);
    assert_int_equal(drain(&bucket, 3, at + 60 * second), 1);
    assert_int_equal(drain(&bucket, 3, at + 119 * second), 0);
    assert_int_equal(drain(&bucket, 3, at + 121 * second), 1);
    assert_int_equal(drain(&bucket, 3, at + 180 * second), 1); /* no drift */
    assert_int_equal(drain(&bucket, 3, at + 299 * second), 1);
    assert_int_equal(drain(&bucket, 3, at + 480 * second), 3); /* no more */
    assert_true(log_bucket_take(&bucket, 5, at + 480 * second));
}

static void
an_outage_of_a_year_leaves_one_line_a_minute(void **state)
{
    const int64_t second = INT64_C(1000000000);
    const int64_t year = INT64_C(365) * 86400;
    struct log_bucket bucket = {0};
    int64_t written = 0;

    (void)state;
    for (int64_t at = 0; at < year; at += 5)
        written += log_bucket_take(&bucket, 10, (at + 1) * second);
    assert_true(written >= year / 60);
    assert_true(written <= year / 60 + 10);
}

static size_t
lines_with(struct fixture *f, const char *word)
{
    size_t count = 0;

    for (const char *at = seen(f); (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

static void
each_event_has_a_burst_of_its_own(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 9; i++)
        log_event(LOG_AT_WARN, "free.event", "i=%d", i);
    assert_int_equal(lines_with(f, " free.event "), 9); /* no limit yet */
    log_set_burst(3);
    for (int i = 0; i < 9; i++) {
        log_event(LOG_AT_ERROR, "burst.one", "i=%d", i);
        log_event(i < 3 ? LOG_AT_WARN : LOG_AT_INFO, "burst.two", "%s", "");
    }
    assert_int_equal(lines_with(f, "burst."), 6);
    log_set_level(LOG_AT_DEBUG);
    for (int i = 0; i < 9; i++)
        log_event(LOG_AT_DEBUG, "burst.one", "i=%d", i);
    assert_int_equal(lines_with(f, "burst."), 9);
    log_set_burst(4); /* one more: it says what was held back */
    log_event(LOG_AT_ERROR, "burst.one", "i=9");
    assert_string_equal(seen(f) + 24, " error burst.one i=9 held_back=6\n");
    log_set_burst(0);
}

static void
events_without_a_place_share_one(void **state)
{
    static char names[100][16];
    struct fixture *f = *state;

    log_set_burst(2);
    for (size_t i = 0; i < 100; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "many.e%zu", i);
        log_event(LOG_AT_INFO, names[i], "%s", "");
    }
    log_set_burst(0);
    assert_in_range(lines_with(f, "many."), 50, 66);
}

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
        log_test(what_was_held_back_stands_even_on_a_full_line),
        log_test(a_burst_comes_at_once_and_then_one_a_minute),
        log_test(an_outage_of_a_year_leaves_one_line_a_minute),
        log_test(each_event_has_a_burst_of_its_own),
        log_test(events_without_a_place_share_one),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
