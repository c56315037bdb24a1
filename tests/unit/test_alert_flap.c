/*
 * What is told of something that goes up and down: one check in three regions,
 * a minute a slot, by the real judge and in fake time.
 */
#include "alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "judge_world.h"
#include "mailq.h"
#include "notice_log.h"
#include "registry.h"
#include "tmp_store.h"

#define SLOT_MS INT64_C(60000)

/* 2026-02-01T00:00:00Z */
static const int64_t base_ms = INT64_C(1769904000000);

static const char yaml[] =
    "mail: {server: \"smtp://127.0.0.1:2525\", from: a@mail.example,\n"
    "  to: [one@mail.example]}\n"
    "regions: [eu, us, ap]\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: \"https://acme.example/\", "
    "interval: 60s, timeout: 10s}\n";

static const char *const regions[] = {"eu", "us", "ap"};

struct fixture {
    void *tmp;
    struct judge_world world;
    struct watch *watch;
    struct alert *alert;
    struct store_txn *txn;
    int64_t slot;    /* the next */
    char told[4096]; /* "12 firing SITE_DOWN; ..." */
    size_t told_count;
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL || tmp_store_setup(&f->tmp) != 0)
        return -1;
    judge_world_init(&f->world, ((struct tmp_store *)f->tmp)->store);
    judge_world_configure(&f->world, yaml, base_ms);
    f->txn = store_begin_write(f->world.store, &err);
    if (f->txn == NULL)
        return -1;
    f->watch = watch_new(f->txn, f->world.conf, base_ms, &err);
    f->alert = alert_new(f->world.conf, &err);
    *state = f;
    return f->watch == NULL || f->alert == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    void *tmp = f->tmp;

    alert_free(f->alert);
    watch_free(f->watch);
    store_abort(f->txn);
    judge_world_free(&f->world);
    free(f);
    return tmp_store_teardown(&tmp);
}

static void
hear(struct fixture *f, int64_t now_unix_ms)
{
    struct err err;

    for (size_t i = 0; i < 3; i++) {
        struct watch_agent agent = {.last_heard_unix_ms = now_unix_ms};
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

struct queue {
    uint64_t ids[16];
    size_t count;
    struct fixture *f;
};

static int
take(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct queue *queue = ctx;
    struct fixture *f = queue->f;
    size_t used = strlen(f->told);
    struct notice notice;

    if (row->cancelled || queue->count == 16)
        return 0;
    assert_int_equal(notice_get(f->txn, row->incident, &notice, err), 1);
    (void)snprintf(f->told + used, sizeof(f->told) - used, "%s%lld %s %s",
        used > 0 ? "; " : "", (long long)f->slot,
        mail_state_name(row->state_told), alert_class_name((int)notice.class));
    notice_free(&notice);
    f->told_count++;
    queue->ids[queue->count++] = row->id;
    return 0;
}

/* All that is queued is accepted at once. */
static void
deliver(struct fixture *f, int64_t now_unix_ms)
{
    struct queue queue = {.f = f};
    struct err err;

    assert_ok(mailq_each(f->txn, take, &queue, &err), err);
    for (size_t i = 0; i < queue.count; i++)
        assert_ok(mailq_take_report(f->txn,
                      &(struct mailq_report){.id = queue.ids[i],
                          .outcome = MAILQ_SENT,
                          .at_unix_ms = now_unix_ms},
                      &err),
            err);
}

static void
run_at(struct fixture *f, int64_t now_unix_ms)
{
    int64_t next_unix_ms;
    bool again = true;
    bool queued;
    struct err err;

    while (again)
        assert_ok(watch_run(f->watch, f->txn, now_unix_ms, alert_take_news,
                      f->alert, &again, &next_unix_ms, &err),
            err);
    assert_ok(
        alert_run(f->alert, f->txn, now_unix_ms, &queued, &next_unix_ms, &err),
        err);
    deliver(f, now_unix_ms);
}

static void
add(struct fixture *f, const char *region, bool up)
{
    struct world_result said = {.check = "acme/home",
        .region = region,
        .agent = region,
        .slot_unix_ms = base_ms + f->slot * SLOT_MS,
        .status = up ? MEASURE_UP : MEASURE_DOWN};

    said.ts_unix_ms = said.slot_unix_ms + 1000;
    for (; said.attempt < (up ? 1 : 2); said.attempt++) {
        struct raw_result result = judge_world_result(&f->world, f->txn, &said);

        judge_world_add(&f->world, f->txn, &result, f->watch, false);
        said.ts_unix_ms += 5000;
    }
}

/* "UDD": a slot each, of all regions, judged 10 s into it. */
static void
live(struct fixture *f, const char *slots)
{
    for (; *slots != '\0'; slots++) {
        int64_t slot_unix_ms = base_ms + f->slot * SLOT_MS;

        hear(f, slot_unix_ms + 10000);
        for (size_t i = 0; i < 3; i++)
            add(f, regions[i], *slots == 'U');
        for (int64_t at = 10000; at < SLOT_MS; at += 5000)
            run_at(f, slot_unix_ms + at);
        f->slot++;
    }
}

static void
what_flaps_is_told_once_and_when_it_has_settled(void **state)
{
    struct fixture *f = *state;
    const char *flapping;
    size_t before;

    live(f, "UUUUUDUUDUUDUUDUU");
    flapping = strstr(f->told, "firing FLAPPING");
    assert_non_null(flapping);
    before = f->told_count;
    live(f, "DUUDUUDUUDUUDUUDUU");
    /* Whatever was told before may be resolved; no outage is told. */
    assert_null(strstr(flapping, "firing SITE_DOWN"));
    assert_in_range(f->told_count - before, 0, 1);
    live(f, "UUUUUUUUUUUUUUUUUUUUUU");
    assert_non_null(strstr(flapping, "resolved FLAPPING"));
}

static void
what_flaps_six_times_and_then_dies_is_told_within_five_slots(void **state)
{
    struct fixture *f = *state;
    const char *flapping;
    const char *dead;

    live(f, "UUUUUDUUDUUDUUDUUDUUDUU");
    flapping = strstr(f->told, "firing FLAPPING");
    assert_non_null(flapping);
    assert_null(strstr(flapping, "firing SITE_DOWN"));
    f->told[0] = '\0';
    live(f, "DDDDD");
    dead = strstr(f->told, "firing SITE_DOWN");
    assert_non_null(dead);
}

static void
a_single_outage_is_told_at_once(void **state)
{
    struct fixture *f = *state;

    live(f, "UUUUUDDDUUUUU");
    assert_string_equal(f->told, "5 firing SITE_DOWN; 9 resolved SITE_DOWN");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_flaps_is_told_once_and_when_it_has_settled, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_flaps_six_times_and_then_dies_is_told_within_five_slots, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            a_single_outage_is_told_at_once, setup, teardown),
    };

    return cmocka_run_group_tests_name("alert_flap", tests, NULL, NULL);
}
