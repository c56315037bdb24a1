#include "assignment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "fake_loop.h"
#include "fake_probe.h"
#include "fake_self_check.h"
#include "keeping_bench.h"

enum { SEC = 1000, MINUTE = 60 * SEC };

static const int64_t day = INT64_C(1795737600000);

static int
setup(void **state)
{
    struct keeping_bench *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    keeping_open(f, day);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    keeping_close(*state);
    free(*state);
    return 0;
}

static void
advance_ms(struct keeping_bench *f, int64_t ms)
{
    fake_loop_advance_ns(f->loop, ms * NS_PER_MS);
}

static uint64_t
next_seq(const struct keeping_bench *f)
{
    struct spool_state state;

    spool_state(f->spool, &state);
    return state.next_seq;
}

static uint64_t
synced_seq(const struct keeping_bench *f)
{
    struct spool_state state;

    spool_state(f->spool, &state);
    return state.synced_seq;
}

static void
what_was_assigned_is_in_force_and_outlives_a_restart(void **state)
{
    struct keeping_bench *f = *state;

    assert_int_equal(assignment_version(f->assignment), 0);
    keeping_assign(f, 7, 3);
    assert_int_equal(assignment_version(f->assignment), 7);
    assert_int_equal(runner_checks(f->runner), 3);
    assert_string_equal(fake_self_check_target(), "192.0.2.1:443");
    keeping_stop(f);
    keeping_start(f);
    assert_int_equal(runner_checks(f->runner), 0);
    assignment_resume(f->assignment);
    assert_int_equal(assignment_version(f->assignment), 7);
    assert_int_equal(runner_checks(f->runner), 3);
}

static void
a_fresh_agent_has_nothing_to_resume(void **state)
{
    struct keeping_bench *f = *state;

    assignment_resume(f->assignment);
    assert_int_equal(assignment_version(f->assignment), 0);
    assert_int_equal(runner_checks(f->runner), 0);
}

static void
what_cannot_be_done_is_refused_and_changes_nothing(void **state)
{
    struct keeping_bench *f = *state;
    struct wire_config config;
    struct err err;

    keeping_assign(f, 7, 3);
    keeping_make_config(&config, 8, 2);
    config.checks[1].id = config.checks[0].id;
    assert_int_equal(assignment_take(f->assignment, &config, &err), -1);
    wire_config_free(&config);
    keeping_make_config(&config, 9, 2);
    config.self_check.targets.items[0][0] = 'b';
    assert_int_equal(assignment_take(f->assignment, &config, &err), -1);
    assert_int_equal(config.check_count, 2);
    wire_config_free(&config);
    assert_int_equal(assignment_version(f->assignment), 7);
    assert_int_equal(runner_checks(f->runner), 3);
    assert_string_equal(fake_self_check_target(), "192.0.2.1:443");
    keeping_stop(f);
    keeping_start(f);
    assignment_resume(f->assignment);
    assert_int_equal(assignment_version(f->assignment), 7);
}

static void
the_agents_own_file_knows_its_network_better(void **state)
{
    struct keeping_bench *f = *state;
    struct agent_conf other = {0};
    struct err err;

    f->conf.self_check_given = true;
    assert_int_equal(
        strlist_add(&f->conf.self_check_targets, "127.0.0.1:7"), 0);
    keeping_assign(f, 7, 1);
    assert_string_equal(fake_self_check_target(), "127.0.0.1:7");
    /* Read again without, the collector's are back. */
    assert_ok(assignment_reload(f->assignment, &other, &err), err);
    assert_string_equal(fake_self_check_target(), "192.0.2.1:443");
    other.self_check_given = true;
    other.self_check_off = true;
    assert_ok(assignment_reload(f->assignment, &other, &err), err);
    assert_string_equal(fake_self_check_target(), "off");
}

static void
a_note_that_is_no_assignment_is_said_and_left(void **state)
{
    static const uint8_t garbage[] = "not a configuration";
    struct keeping_bench *f = *state;
    struct err err;

    assert_ok(spool_put_note(f->spool, "config",
                  (struct bytes){garbage, sizeof(garbage)}, &err),
        err);
    assignment_resume(f->assignment);
    assert_int_equal(assignment_version(f->assignment), 0);
    keeping_assign(f, 3, 1);
    assert_int_equal(assignment_version(f->assignment), 3);
}

/* Ends all probes that run. */
static void
end_all(void)
{
    while (fake_probe_running() > 0)
        fake_probe_end(0, MEASURE_UP, REASON_NONE, NULL);
}

static void
results_are_on_disk_within_a_second(void **state)
{
    struct keeping_bench *f = *state;

    keeping_assign(f, 1, 1);
    while (fake_probe_running() == 0)
        advance_ms(f, 100);
    end_all();
    assert_int_equal(next_seq(f), 2);
    advance_ms(f, 1000);
    assert_int_equal(f->synced, 0); /* the loop does not wait for the disk */
    assert_int_equal(fake_loop_pump(f->loop), 1);
    assert_int_equal(synced_seq(f), 1);
    assert_int_equal(f->synced, 1);
    advance_ms(f, 1000);
    (void)fake_loop_poll(f->loop);
    assert_int_equal(f->synced, 1); /* nothing new, nothing to send */
}

static void
a_hundred_results_do_not_wait_for_the_second(void **state)
{
    struct keeping_bench *f = *state;
    struct measure measure;

    measure_init(&measure);
    measure.check_id = 5;
    measure.slot_unix_ms = day;
    for (int i = 0; i < 99; i++) {
        measure.ts_unix_ms = day + i;
        recorder_take(f->recorder, &measure, false);
    }
    assert_int_equal(f->synced, 0);
    recorder_take(f->recorder, &measure, false);
    assert_int_equal(fake_loop_pump(f->loop), 1);
    assert_int_equal(f->synced, 1);
    assert_int_equal(synced_seq(f), 100);
}

static void
results_that_come_while_the_disk_is_busy_are_synced_after_it(void **state)
{
    struct keeping_bench *f = *state;
    struct measure measure;

    measure_init(&measure);
    measure.check_id = 5;
    for (int i = 0; i < 250; i++) {
        measure.ts_unix_ms = measure.slot_unix_ms = day + i;
        recorder_take(f->recorder, &measure, false);
    }
    assert_int_equal(next_seq(f), 251);
    assert_int_equal(synced_seq(f), 0);
    assert_int_equal(fake_loop_pump(f->loop), 1);
    assert_int_equal(synced_seq(f), 100);
    assert_int_equal(fake_loop_pump(f->loop), 1);
    assert_int_equal(synced_seq(f), 250);
    recorder_take(f->recorder, &measure, false);
    recorder_sync(f->recorder);
    assert_int_equal(synced_seq(f), 251);
}

static void
what_another_note_took_along_is_told_and_not_counted_again(void **state)
{
    struct keeping_bench *f = *state;
    struct measure measure;
    struct err err;

    measure_init(&measure);
    measure.check_id = 5;
    measure.ts_unix_ms = measure.slot_unix_ms = day;
    for (int i = 0; i < 60; i++)
        recorder_take(f->recorder, &measure, false);
    assert_ok(
        spool_put_note(f->spool, "other", (struct bytes){NULL, 0}, &err), err);
    assert_int_equal(synced_seq(f), 60);
    for (int i = 0; i < 60; i++)
        recorder_take(f->recorder, &measure, false);
    (void)fake_loop_poll(f->loop);
    assert_int_equal(synced_seq(f), 60); /* 60 are less than a hundred */
    assert_ok(
        spool_put_note(f->spool, "other", (struct bytes){NULL, 0}, &err), err);
    assert_int_equal(f->synced, 0);
    advance_ms(f, RECORDER_SYNC_MS);
    assert_int_equal(f->synced, 1); /* without anything left to write */
}

static void
a_slot_whose_result_is_on_disk_is_not_measured_again(void **state)
{
    struct keeping_bench *f = *state;

    keeping_assign(f, 1, 1);
    while (fake_probe_running() == 0)
        advance_ms(f, 100);
    end_all();
    advance_ms(f, 1000);
    keeping_stop(f);
    keeping_start(f);
    assignment_resume(f->assignment);
    while (fake_probe_running() == 0)
        advance_ms(f, 100);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day + MINUTE);
}

static void
nor_is_one_whose_result_was_not_synced_yet(void **state)
{
    struct keeping_bench *f = *state;

    keeping_assign(f, 1, 1);
    while (fake_probe_running() == 0)
        advance_ms(f, 100);
    end_all();
    keeping_stop(f); /* before the second is over */
    keeping_start(f);
    assignment_resume(f->assignment);
    while (fake_probe_running() == 0)
        advance_ms(f, 100);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day + MINUTE);
}

static void
one_that_was_started_without_a_result_is(void **state)
{
    struct keeping_bench *f = *state;
    struct err err;

    keeping_assign(f, 1, 1);
    while (fake_probe_running() == 0)
        advance_ms(f, 100);
    assert_ok(spool_sync(f->spool, &err), err); /* no note yet */
    keeping_stop(f);
    keeping_start(f);
    assignment_resume(f->assignment);
    while (fake_probe_running() == 0)
        advance_ms(f, 100);
    assert_int_equal(fake_probe_run(0)->slot_unix_ms, day);
}

static void
a_record_holds_what_was_measured(void **state)
{
    struct keeping_bench *f = *state;
    struct measure measure;
    struct measure back;
    struct buf bytes;
    struct err err;

    measure_init(&measure);
    measure.check_id = 5;
    measure.slot_unix_ms = day;
    measure.ts_unix_ms = day + 1;
    measure.facts = facts_new();
    (void)strcpy(measure.facts->ip, "192.0.2.1");
    recorder_take(f->recorder, &measure, true);
    recorder_take(f->recorder, &measure, false);
    buf_init(&bytes, WIRE_RECORD_MAX_BYTES);
    assert_int_equal(spool_read(f->spool, 1, &bytes, &err), 1);
    assert_ok(wire_record_decode(bytes.data, bytes.len, &back, &err), err);
    assert_true(measure_same(&measure, &back));
    assert_string_equal(back.facts->ip, "192.0.2.1");
    measure_free_facts(&back);
    buf_clear(&bytes);
    assert_int_equal(spool_read(f->spool, 2, &bytes, &err), 1);
    assert_ok(wire_record_decode(bytes.data, bytes.len, &back, &err), err);
    assert_null(back.facts);
    buf_free(&bytes);
    measure_free_facts(&measure);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_was_assigned_is_in_force_and_outlives_a_restart),
        CASE(a_fresh_agent_has_nothing_to_resume),
        CASE(what_cannot_be_done_is_refused_and_changes_nothing),
        CASE(the_agents_own_file_knows_its_network_better),
        CASE(a_note_that_is_no_assignment_is_said_and_left),
        CASE(results_are_on_disk_within_a_second),
        CASE(a_hundred_results_do_not_wait_for_the_second),
        CASE(results_that_come_while_the_disk_is_busy_are_synced_after_it),
        CASE(what_another_note_took_along_is_told_and_not_counted_again),
        CASE(a_slot_whose_result_is_on_disk_is_not_measured_again),
        CASE(nor_is_one_whose_result_was_not_synced_yet),
        CASE(one_that_was_started_without_a_result_is),
        CASE(a_record_holds_what_was_measured),
    };
#undef CASE

    return cmocka_run_group_tests_name("assignment", tests, NULL, NULL);
}
