/*
 * What a pool of attempts may keep in memory, however much is down at once.
 */
#include "attempt.h"

#include <stdlib.h>

#include "clock.h"
#include "cm.h"
#include "fake_loop.h"
#include "fake_probe.h"
#include "fake_self_check.h"

static const int64_t day = INT64_C(1795737600000);

struct fixture {
    struct loop *loop;
    struct probe_env env;
    struct grid_clock clock;
    struct attempt_pool *pool;
    struct check check;
    size_t told;
    size_t isolated;
    size_t with_facts;
};

static void
on_told(void *ctx, const struct measure *measure, bool last)
{
    struct fixture *f = ctx;

    (void)last;
    f->told++;
    f->isolated += measure->isolated;
    f->with_facts += measure->facts != NULL;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct grid_reading reading = {
        .mono_ns = NS_PER_SEC, .boot_ns = NS_PER_SEC, .wall_unix_ms = day};
    struct attempt_pool_spec spec = {0};
    struct err err;

    assert_non_null(f);
    f->loop = loop_new(&err);
    assert_made(f->loop, err);
    f->env.loop = f->loop;
    grid_clock_init(&f->clock, &reading);
    spec = (struct attempt_pool_spec){
        .loop = f->loop, .env = &f->env, .clock = &f->clock};
    f->pool = attempt_pool_new(&spec, &err);
    assert_made(f->pool, err);
    check_init(&f->check);
    f->check.kind = CHECK_TLS;
    f->check.interval_ms = 60000;
    f->check.timeout_ms = 10000;
    fake_self_check_set(SELF_CHECK_GOOD);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    attempt_pool_free(f->pool);
    loop_free(f->loop);
    fake_probe_reset();
    fake_self_check_set(SELF_CHECK_UNKNOWN);
    check_free(&f->check);
    free(f);
    return 0;
}

static int
start(struct fixture *f, struct err *err)
{
    const struct attempt_job job = {.check = &f->check,
        .slot_unix_ms = day,
        .ts_unix_ms = day,
        .told = on_told,
        .ctx = f};

    return attempt_start(f->pool, &job, err);
}

/* Each of them, one after the other, before the self-check has answered. */
static void
find_down(struct fixture *f, size_t count)
{
    struct err err;

    for (size_t i = 0; i < count; i++) {
        assert_ok(start(f, &err), err);
        fake_loop_fire_due(f->loop);
        assert_int_equal(fake_probe_running(), 1);
        fake_probe_end(0, MEASURE_DOWN, REASON_TLS_CERT_EXPIRED,
            calloc(1, sizeof(struct facts)));
    }
}

static void
what_waits_for_the_self_check_is_bounded(void **state)
{
    struct fixture *f = *state;

    find_down(f, ATTEMPT_HELD_MAX);
    assert_int_equal(f->told, 0);
    find_down(f, 3);
    assert_int_equal(f->told, 3); /* the oldest, as the last round said */
    assert_int_equal(f->isolated, 0);
    assert_int_equal(f->with_facts, 3);
    assert_int_equal(fake_self_check_asked(), ATTEMPT_HELD_MAX);
    fake_self_check_say(SELF_CHECK_FAILING);
    assert_int_equal(f->told, ATTEMPT_HELD_MAX + 3);
    assert_int_equal(f->isolated, ATTEMPT_HELD_MAX);
    /* There is room again, and all are confirmed. */
    find_down(f, 1);
    assert_int_equal(f->told, ATTEMPT_HELD_MAX + 3);
    fake_loop_advance_ns(f->loop, ATTEMPT_CONFIRM_AFTER_MS * NS_PER_MS);
    while (fake_probe_running() > 0) {
        fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
        fake_loop_fire_due(f->loop);
    }
    assert_int_equal(f->told, 2 * (ATTEMPT_HELD_MAX + 4));
}

static void
so_are_attempts_in_all(void **state)
{
    struct fixture *f = *state;
    struct err err;

    find_down(f, ATTEMPT_MAX);
    assert_int_equal(start(f, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    attempt_cancel(f->pool, &f->check);
    assert_ok(start(f, &err), err);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_waits_for_the_self_check_is_bounded),
        CASE(so_are_attempts_in_all),
    };
#undef CASE

    return cmocka_run_group_tests_name("attempt", tests, NULL, NULL);
}
