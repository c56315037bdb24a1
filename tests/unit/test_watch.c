/* What is told, and when: one check in three regions, minute by minute. */
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "judge_world.h"
#include "page_stored.h"
#include "registry.h"
#include "timeline.h"
#include "tmp_store.h"

/* 2026-02-01T00:00:00Z */
static const int64_t base_ms = INT64_C(1769904000000);

static const char yaml[] =
    "regions: [eu, us, ap]\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: \"https://acme.example/\", "
    "interval: 60s, timeout: 10s}\n"
    "alerts:\n"
    "  global: {open_after: 1, close_after: 2}\n"
    "  regional: {open_after: 3, close_after: 3}\n";

static const char *const regions[] = {"eu", "us", "ap"};

struct fixture {
    void *tmp;
    struct judge_world world;
    struct watch *watch;
    struct store_txn *txn;
    char news[1024]; /* "OPENED global 60 fresh; ..." since last looked at */
    struct incident_row last;
    int64_t next_unix_ms;
};

static int
on_news(void *ctx, struct store_txn *txn, enum incident_news news,
    const struct incident_row *row, bool fresh, struct err *err)
{
    static const char *const names[] = {
        "OPENED", "CHANGED", "CLOSED", "WITHDRAWN", "REMOVED"};
    struct fixture *f = ctx;
    size_t len = strlen(f->news);

    (void)txn;
    (void)err;
    f->last = *row;
    (void)snprintf(f->news + len, sizeof(f->news) - len, "%s%s %s %lld%s%s",
        len > 0 ? "; " : "", names[news], row->scope,
        (long long)(row->start_unix_ms - base_ms) / 1000, fresh ? " fresh" : "",
        row->late ? " late" : "");
    return 0;
}

static void
run_at(struct fixture *f, int64_t seconds)
{
    struct err err;
    bool again = true;

    f->news[0] = '\0';
    while (again)
        assert_ok(watch_run(f->watch, f->txn, base_ms + seconds * 1000, on_news,
                      f, &again, &f->next_unix_ms, &err),
            err);
}

/* All three agents are heard from. */
static void
hear(struct fixture *f, int64_t seconds)
{
    struct err err;

    for (size_t i = 0; i < 3; i++) {
        struct watch_agent agent = {
            .last_heard_unix_ms = base_ms + seconds * 1000};
        uint32_t region;

        assert_ok(registry_number(
                      f->txn, REGISTRY_AGENT, regions[i], &agent.agent, &err),
            err);
        assert_ok(
            registry_number(f->txn, REGISTRY_REGION, regions[i], &region, &err),
            err);
        agent.region = (uint16_t)region;
        assert_ok(watch_set_agent(f->watch, &agent, &err), err);
    }
}

/* A slot of one region: U, or D with its second attempt, or d without. */
static void
note_slot(struct fixture *f, size_t region, int64_t slot, char letter)
{
    struct world_result said = {.check = "acme/home",
        .region = regions[region],
        .agent = regions[region],
        .slot_unix_ms = base_ms + slot * 60000,
        .status = letter == 'U' ? MEASURE_UP : MEASURE_DOWN};

    said.ts_unix_ms = said.slot_unix_ms + 5000 + (int64_t)region * 1000;
    for (; said.attempt < (letter == 'D' ? 2 : 1); said.attempt++) {
        struct raw_result result = judge_world_result(&f->world, f->txn, &said);

        judge_world_add(&f->world, f->txn, &result, f->watch, false);
        said.ts_unix_ms += 5000;
    }
}

/* Letters of eu, us and ap; ' ' is nothing.  Judged 15 s into the slot. */
static void
live_slot(struct fixture *f, int64_t slot, const char *letters)
{
    hear(f, slot * 60 + 15);
    for (size_t i = 0; i < 3; i++) {
        if (letters[i] != ' ')
            note_slot(f, i, slot, letters[i]);
    }
    run_at(f, slot * 60 + 15);
}

static int
set_up_since(void **state, int64_t since_unix_ms)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL || tmp_store_setup(&f->tmp) != 0)
        return -1;
    judge_world_init(&f->world, ((struct tmp_store *)f->tmp)->store);
    judge_world_configure(&f->world, yaml, since_unix_ms);
    f->txn = store_begin_write(f->world.store, &err);
    if (f->txn == NULL)
        return -1;
    f->watch = watch_new(f->txn, f->world.conf, since_unix_ms, &err);
    *state = f;
    return f->watch != NULL ? 0 : -1;
}

static int
setup(void **state)
{
    return set_up_since(state, base_ms);
}

/* Configured in the middle of an hour of which there are results. */
static int
set_up_late(void **state)
{
    return set_up_since(state, base_ms + 600000);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    watch_free(f->watch);
    store_abort(f->txn);
    judge_world_free(&f->world);
    assert_int_equal(tmp_store_teardown(&f->tmp), 0);
    free(f);
    return 0;
}

static void
an_outage_is_told_before_its_slot_is_over_and_so_is_its_end(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    assert_string_equal(f->news, "");
    live_slot(f, 1, "DDD");
    assert_string_equal(f->news, "OPENED global 60 fresh");
    assert_int_equal(f->last.detected_unix_ms, base_ms + 120000);
    assert_int_equal(f->last.noticed_unix_ms, base_ms + 75000);
    assert_int_equal(f->last.reason, REASON_HTTP_STATUS);
    live_slot(f, 2, "UUU");
    assert_string_equal(f->news, "");
    live_slot(f, 3, "UUU");
    assert_string_equal(f->news, "CLOSED global 60");
    assert_int_equal(f->last.end_unix_ms, base_ms + 120000);
}

static void
two_of_three_regions_are_enough(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    live_slot(f, 1, "DD ");
    assert_string_equal(f->news, "OPENED global 60 fresh");
}

static void
one_region_is_told_after_three_slots(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    live_slot(f, 1, "DUU");
    live_slot(f, 2, "DUU");
    assert_string_equal(f->news, "");
    live_slot(f, 3, "DUU");
    assert_string_equal(f->news, "OPENED eu 60 fresh");
}

static void
a_down_without_its_second_attempt_waits(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    live_slot(f, 1, "ddd");
    assert_string_equal(f->news, "");
    /* At the deadline it counts, but opens nothing by itself. */
    run_at(f, 120 + 28);
    assert_string_equal(f->news, "");
    live_slot(f, 2, "DDD");
    assert_string_equal(f->news, "OPENED global 60 fresh");
}

static void
a_second_attempt_that_comes_late_confirms(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    live_slot(f, 1, "ddd");
    run_at(f, 120 + 28);
    for (size_t i = 0; i < 3; i++)
        note_slot(f, i, 1, 'D'); /* its first attempt is there already */
    run_at(f, 160);
    assert_string_equal(f->news, "OPENED global 60 fresh");
}

static void
agents_that_are_silent_are_not_waited_for(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    note_slot(f, 0, 1, 'D');
    note_slot(f, 1, 1, 'U');
    hear(f, 75);
    run_at(f, 75);
    assert_string_equal(f->news, ""); /* ap could still decide */
    assert_true(f->next_unix_ms <= base_ms + 148000);
    run_at(f, 148);
    assert_string_equal(f->news, ""); /* one of two: PARTIAL */
}

static void
what_was_over_before_it_was_seen_is_late(void **state)
{
    struct fixture *f = *state;

    for (int64_t slot = 0; slot < 6; slot++)
        live_slot(f, slot, "U  ");
    run_at(f, 1800);
    for (int64_t slot = 0; slot < 6; slot++) {
        note_slot(f, 1, slot, slot == 2 ? 'D' : 'U');
        note_slot(f, 2, slot, slot == 2 ? 'D' : 'U');
    }
    run_at(f, 1801);
    assert_string_equal(f->news, "OPENED global 120 late");
    assert_int_equal(f->last.state, INCIDENT_CLOSED);
}

static void
an_outage_that_still_lasts_is_told_at_once_however_it_was_seen(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    run_at(f, 1830);
    for (int64_t slot = 1; slot < 30; slot++) {
        for (size_t i = 0; i < 3; i++)
            note_slot(f, i, slot, 'D');
    }
    run_at(f, 1860);
    assert_non_null(strstr(f->news, "OPENED global 60 fresh"));
    assert_null(strstr(f->news, "late"));
}

static void
late_results_that_close_it_say_so(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    live_slot(f, 1, "DDD");
    run_at(f, 1200);
    for (int64_t slot = 2; slot < 6; slot++) {
        for (size_t i = 0; i < 3; i++)
            note_slot(f, i, slot, 'U');
    }
    run_at(f, 1202);
    assert_string_equal(f->news, "CLOSED global 60");
}

static void
late_results_that_make_it_untrue_withdraw_it(void **state)
{
    struct fixture *f = *state;
    char id[INCIDENT_ID_BYTES];

    live_slot(f, 0, "U  ");
    live_slot(f, 1, "DD ");
    assert_string_equal(f->news, "OPENED global 60 fresh");
    memcpy(id, f->last.id, sizeof(id));
    run_at(f, 1200);
    /* More agents of two regions had seen it up. */
    for (size_t i = 0; i < 2; i++) {
        struct world_result said = {.check = "acme/home",
            .region = regions[i],
            .agent = i == 0 ? "eu2" : "us2",
            .slot_unix_ms = base_ms + 60000,
            .ts_unix_ms = base_ms + 61000,
            .status = MEASURE_UP};
        struct raw_result result = judge_world_result(&f->world, f->txn, &said);

        judge_world_add(&f->world, f->txn, &result, f->watch, false);
    }
    run_at(f, 1202);
    assert_string_equal(f->news, "WITHDRAWN global 60");
    assert_string_equal(f->last.id, id);
    assert_int_equal(f->last.state, INCIDENT_WITHDRAWN);
}

static void
two_that_turn_out_to_be_one_keep_the_older_name(void **state)
{
    struct fixture *f = *state;
    char first[INCIDENT_ID_BYTES];
    char second[INCIDENT_ID_BYTES];
    struct incident_row row;
    struct err err;

    live_slot(f, 0, "UUU");
    live_slot(f, 1, "DDD");
    memcpy(first, f->last.id, sizeof(first));
    live_slot(f, 2, "UU ");
    live_slot(f, 3, "UU ");
    live_slot(f, 4, "DDD");
    memcpy(second, f->last.id, sizeof(second));
    run_at(f, 1200);
    /* Slots 2 and 3 were bad in truth: other agents saw it. */
    for (int64_t slot = 2; slot < 4; slot++) {
        for (int agent = 0; agent < 4; agent++) {
            char name[16];
            struct world_result said = {.check = "acme/home",
                .region = regions[agent % 2],
                .agent = name,
                .slot_unix_ms = base_ms + slot * 60000,
                .ts_unix_ms = base_ms + slot * 60000 + 1000,
                .status = MEASURE_DOWN};

            (void)snprintf(name, sizeof(name), "more%d", agent);
            for (; said.attempt < 2; said.attempt++) {
                struct raw_result result =
                    judge_world_result(&f->world, f->txn, &said);

                judge_world_add(&f->world, f->txn, &result, f->watch, false);
                said.ts_unix_ms += 5000;
            }
        }
    }
    run_at(f, 1202);
    assert_int_equal(incident_get(f->txn, second, &row, &err), 1);
    assert_string_equal(row.id, first);
    assert_int_equal(row.start_unix_ms, base_ms + 60000);
    assert_int_equal(row.alias_count, 1);
    assert_int_equal(row.state, INCIDENT_OPEN);
}

static void
a_restart_tells_nothing_twice_and_forgets_nothing(void **state)
{
    struct fixture *f = *state;
    struct err err;

    live_slot(f, 0, "UUU");
    live_slot(f, 1, "D  ");
    assert_string_equal(f->news, "");
    watch_free(f->watch);
    f->watch = watch_new(f->txn, f->world.conf, base_ms + 80000, &err);
    assert_made(f->watch, err);
    hear(f, 80);
    note_slot(f, 1, 1, 'D'); /* with eu's vote of before it is enough */
    run_at(f, 80);
    assert_string_equal(f->news, "OPENED global 60 fresh");
    watch_free(f->watch);
    f->watch = watch_new(f->txn, f->world.conf, base_ms + 85000, &err);
    assert_made(f->watch, err);
    hear(f, 85);
    run_at(f, 85);
    assert_null(strstr(f->news, "OPENED"));
}

static void
results_ahead_of_their_time_wait_for_it(void **state)
{
    struct fixture *f = *state;

    live_slot(f, 0, "UUU");
    hear(f, 30);
    for (size_t i = 0; i < 3; i++)
        note_slot(f, i, 1, 'D'); /* of 65 s and later */
    run_at(f, 30);
    assert_string_equal(f->news, "");
    assert_true(f->next_unix_ms <= base_ms + 62000);
    hear(f, 75);
    run_at(f, 75);
    assert_string_equal(f->news, "OPENED global 60 fresh");
}

/* How the whole is judged in a slot, by what is stored. */
static uint8_t
stored_verdict(struct fixture *f, int64_t slot)
{
    int64_t start_unix_ms = base_ms + slot * 60000;
    uint32_t id = f->world.conf->versions[0].config->checks[0].check.id;
    struct timeline timeline;
    struct page page = {0};
    uint8_t cell;
    struct err err;

    assert_ok(timeline_make(f->world.conf, id, base_ms, &timeline, &err), err);
    assert_ok(
        page_turn(&page, timeline_at(&timeline, start_unix_ms), base_ms, &err),
        err);
    assert_int_equal(page_load(&page, id, f->txn, NULL, &err), 1);
    cell = *page_cell(&page, 0, page_slot_at(&page, start_unix_ms));
    page_free(&page);
    timeline_free(&timeline);
    return cell;
}

static void
older_results_stay_judged_while_a_newer_slot_is_open(void **state)
{
    struct fixture *f = *state;

    hear(f, 615);
    note_slot(f, 0, 10, 'U');
    run_at(f, 615);
    for (int64_t slot = 0; slot < 10; slot++) {
        for (size_t i = 0; i < 3; i++)
            note_slot(f, i, slot, 'U');
    }
    run_at(f, 630);
    assert_int_equal(stored_verdict(f, 5), CELL_JUDGED | VERDICT_UP);
    note_slot(f, 1, 10, 'U');
    note_slot(f, 2, 10, 'U');
    run_at(f, 640);
    assert_int_equal(stored_verdict(f, 10), CELL_JUDGED | VERDICT_UP);
    assert_int_equal(stored_verdict(f, 5), CELL_JUDGED | VERDICT_UP);
    assert_int_equal(stored_verdict(f, 0), CELL_JUDGED | VERDICT_UP);
}

static void
a_check_that_is_removed_takes_its_incident_along(void **state)
{
    static const char without[] =
        "regions: [eu, us, ap]\n"
        "sites:\n"
        "  - name: acme\n"
        "    derive: false\n"
        "    checks:\n"
        "      - {name: other, kind: http, url: \"https://acme.example/\"}\n";
    struct fixture *f = *state;
    struct err err;

    live_slot(f, 0, "UUU");
    live_slot(f, 1, "DDD");
    live_slot(f, 2, "DDD");
    assert_ok(store_commit(f->txn, &err), err);
    /* Asks the old configuration for nothing any more. */
    watch_free(f->watch);
    judge_world_configure(&f->world, without, base_ms + 190000);
    f->txn = store_begin_write(f->world.store, &err);
    assert_made(f->txn, err);
    f->watch = watch_new(f->txn, f->world.conf, base_ms + 190000, &err);
    assert_made(f->watch, err);
    run_at(f, 190);
    assert_null(strstr(f->news, "REMOVED"));
    run_at(f, 240 + 28);
    assert_string_equal(f->news, "REMOVED global 60");
    assert_int_equal(f->last.end_unix_ms, base_ms + 240000);
    run_at(f, 300);
    assert_string_equal(f->news, "");
}

int
main(void)
{
#define with_watch(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        with_watch(an_outage_is_told_before_its_slot_is_over_and_so_is_its_end),
        with_watch(two_of_three_regions_are_enough),
        with_watch(one_region_is_told_after_three_slots),
        with_watch(a_down_without_its_second_attempt_waits),
        with_watch(a_second_attempt_that_comes_late_confirms),
        with_watch(agents_that_are_silent_are_not_waited_for),
        with_watch(what_was_over_before_it_was_seen_is_late),
        with_watch(
            an_outage_that_still_lasts_is_told_at_once_however_it_was_seen),
        with_watch(late_results_that_close_it_say_so),
        with_watch(late_results_that_make_it_untrue_withdraw_it),
        with_watch(two_that_turn_out_to_be_one_keep_the_older_name),
        with_watch(a_restart_tells_nothing_twice_and_forgets_nothing),
        with_watch(results_ahead_of_their_time_wait_for_it),
        cmocka_unit_test_setup_teardown(
            older_results_stay_judged_while_a_newer_slot_is_open, set_up_late,
            teardown),
        with_watch(a_check_that_is_removed_takes_its_incident_along),
    };

    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
