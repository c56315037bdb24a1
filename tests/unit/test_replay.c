/*
 * A day of one check in three regions, told as it happens by the real judge
 * and the real decisions; then replayed from what is stored.
 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "cm.h"
#include "judge_world.h"
#include "registry.h"
#include "silence.h"
#include "tmp_store.h"

#define SLOT_MS INT64_C(60000)

enum { SLOTS = 400, REGIONS = 3, TOLD_BYTES = 8192 };

/* 2026-02-01T00:00:00Z */
static const int64_t base_ms = INT64_C(1769904000000);

#define FRONT                                                                  \
    "mail: {server: \"smtp://127.0.0.1:2525\", from: a@mail.example,\n"        \
    "  to: [one@mail.example]}\n"                                              \
    "regions: [eu, us, ap]\n"
#define SITE                                                                   \
    "sites:\n"                                                                 \
    "  - name: acme\n"                                                         \
    "    derive: false\n"                                                      \
    "    checks:\n"                                                            \
    "      - {name: home, kind: http, url: \"https://acme.example/\", "

static const char yaml[] = FRONT SITE "interval: 60s, timeout: 10s}\n";

static const char *const regions[REGIONS] = {"eu", "us", "ap"};

/* From slot to slot (not included) it is down in those regions. */
static const struct outage {
    int from;
    int to;
    bool in[REGIONS];
} outages[] = {
    {30, 32, {true, false, false}},   /* too short to be told */
    {60, 70, {false, true, false}},   /* REGIONAL */
    {120, 130, {true, true, true}},   /* SITE_DOWN over three REGIONAL */
    {180, 181, {true, true, true}},   /* one slot is enough */
    {240, 250, {false, false, true}}, /* silenced */
    {300, 304, {true, true, false}},  /* two of three */
};

struct fixture {
    void *tmp;
    struct judge_world world;
    struct watch *watch;
    struct alert *alert;
    struct store_txn *txn;
    char told[TOLD_BYTES];
};

/* ---- as it happened ---- */

static void
put(char *out, const char *id, enum mail_state state, int64_t at_unix_ms)
{
    size_t used = strlen(out);

    (void)snprintf(out + used, TOLD_BYTES - used, "%s %s %lld; ", id,
        mail_state_name((int)state),
        (long long)((at_unix_ms - base_ms) / 1000));
}

struct queue {
    struct mailq_row rows[16];
    size_t count;
};

static int
take(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct queue *queue = ctx;

    (void)err;
    if (row->cancelled)
        return 0;
    assert_true(queue->count < 16);
    queue->rows[queue->count++] = *row;
    return 0;
}

static void
deliver(struct fixture *f, int64_t now_unix_ms)
{
    struct queue queue = {.count = 0};
    struct err err;

    assert_ok(mailq_each(f->txn, take, &queue, &err), err);
    for (size_t i = 0; i < queue.count; i++) {
        const struct mailq_report report = {.id = queue.rows[i].id,
            .tries = queue.rows[i].tries,
            .outcome = MAILQ_SENT,
            .at_unix_ms = now_unix_ms};

        if (queue.rows[i].incident[0] != '\0') /* else a digest */
            put(f->told, queue.rows[i].incident,
                (enum mail_state)queue.rows[i].state_told, now_unix_ms);
        assert_ok(mailq_take_report(f->txn, &report, &err), err);
    }
}

static void
tell(struct fixture *f, int64_t now_unix_ms)
{
    int64_t next;
    bool queued = true;
    struct err err;

    while (queued) {
        assert_ok(
            alert_run(f->alert, f->txn, now_unix_ms, &queued, &next, &err),
            err);
        deliver(f, now_unix_ms);
        alert_forget(f->alert);
    }
}

static void
hear(struct fixture *f, int64_t now_unix_ms)
{
    struct err err;

    for (size_t i = 0; i < REGIONS; i++) {
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

static bool
is_down(int slot, int region)
{
    for (size_t i = 0; i < sizeof(outages) / sizeof(outages[0]); i++) {
        if (slot >= outages[i].from && slot < outages[i].to &&
            outages[i].in[region])
            return true;
    }
    return false;
}

static void
measure(struct fixture *f, int slot)
{
    int64_t start = base_ms + slot * SLOT_MS;

    for (int i = 0; i < REGIONS; i++) {
        struct world_result said = {
            .check = "acme/home",
            .region = regions[i],
            .agent = regions[i],
            .ts_unix_ms = start + i * SLOT_MS / REGIONS,
            .slot_unix_ms = start,
            .family = 4,
            .status = is_down(slot, i) ? MEASURE_DOWN : MEASURE_UP,
        };

        for (; said.attempt <= (said.status == MEASURE_DOWN); said.attempt++) {
            struct raw_result result =
                judge_world_result(&f->world, f->txn, &said);

            judge_world_add(&f->world, f->txn, &result, f->watch, false);
            said.ts_unix_ms += 5000;
        }
    }
}

/* Every second, as the writer does while something is active. */
static void
live(struct fixture *f)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        int64_t end = base_ms + (slot + 1) * SLOT_MS;

        measure(f, slot);
        hear(f, end);
        judge_world_run(f->watch, f->txn, end, alert_take_news, f->alert);
        for (int64_t now = end; now < end + SLOT_MS; now += 1000)
            tell(f, now);
    }
}

static void
silence_one(struct fixture *f)
{
    struct silence silence = {.from_unix_ms = base_ms + 235 * SLOT_MS,
        .until_unix_ms = base_ms + 260 * SLOT_MS};
    struct err err;

    (void)snprintf(silence.region, sizeof(silence.region), "ap");
    (void)snprintf(silence.author, sizeof(silence.author), "ann");
    assert_ok(silence_put(f->txn, &silence, &err), err);
}

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
    if (f->watch == NULL || f->alert == NULL)
        return -1;
    silence_one(f);
    live(f);
    return 0;
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

/* ---- as it is replayed ---- */

static void
replay(const struct fixture *f, const char *other, struct replay *played)
{
    const int64_t end = base_ms + (SLOTS + 1) * SLOT_MS;
    struct err err;

    assert_ok(replay_run(
                  &(const struct replay_spec){
                      .txn = f->txn,
                      .conf = f->world.conf,
                      .yaml = other,
                      .from_unix_ms = base_ms,
                      .to_unix_ms = end,
                      .now_unix_ms = end,
                  },
                  played, &err),
        err);
}

static size_t
count(
    const struct replay *played, enum alert_class class, enum mail_state state)
{
    size_t found = 0;

    for (size_t i = 0; i < played->message_count; i++) {
        const struct replay_message *message = &played->messages[i];
        const struct replay_alert *alert =
            replay_alert(played, message->items[0].id);

        assert_non_null(alert);
        found += alert->class == class && message->state == state;
    }
    return found;
}

static size_t
count_why(const struct replay *played, enum replay_why why)
{
    size_t found = 0;

    for (size_t i = 0; i < played->alert_count; i++)
        found += played->alerts[i].why == why;
    return found;
}

/* The same messages at the same moments: judged at slots' ends, both times. */
static void
same_settings_tell_what_was_told(void **state)
{
    struct fixture *f = *state;
    struct replay played;
    char told[TOLD_BYTES] = "";

    replay(f, NULL, &played);
    for (size_t i = 0; i < played.message_count; i++)
        put(told, played.messages[i].items[0].id, played.messages[i].state,
            played.messages[i].at_unix_ms);
    assert_string_equal(told, f->told);
    assert_true(played.message_count >= 6);
    assert_string_equal(played.messages[0].to, "one@mail.example");
    assert_int_equal(count_why(&played, REPLAY_SILENCE), 1);
    assert_true(count_why(&played, REPLAY_ALERT) >= 3);
    replay_free(&played);
}

/* Nothing of it is left behind, and the store is as it was. */
static void
the_text_of_the_same_settings_tells_the_same(void **state)
{
    struct fixture *f = *state;
    struct replay stored;
    struct replay given;

    replay(f, NULL, &stored);
    replay(f, yaml, &given);
    assert_int_equal(stored.message_count, given.message_count);
    for (size_t i = 0; i < stored.message_count; i++) {
        assert_int_equal(
            stored.messages[i].at_unix_ms, given.messages[i].at_unix_ms);
        assert_string_equal(stored.messages[i].title, given.messages[i].title);
    }
    assert_int_equal(given.notes.count, 0);
    replay_free(&stored);
    replay_free(&given);
}

static void
a_longer_count_leaves_short_outages_out(void **state)
{
    static const char patient[] =
        FRONT "alerts: {global: {open_after: 3}}\n" SITE
              "interval: 60s, timeout: 10s}\n";
    struct fixture *f = *state;
    struct replay stored;
    struct replay given;

    replay(f, NULL, &stored);
    replay(f, patient, &given);
    assert_int_equal(count(&stored, ALERT_SITE_DOWN, MAIL_FIRING), 3);
    assert_int_equal(count(&given, ALERT_SITE_DOWN, MAIL_FIRING), 2);
    assert_int_equal(count(&given, ALERT_SITE_DOWN, MAIL_RESOLVED), 2);
    /* Two slots later than before: the third bad one opens it. */
    for (size_t i = 0; i < given.message_count; i++) {
        const struct replay_alert *alert =
            replay_alert(&given, given.messages[i].items[0].id);

        if (alert->class == ALERT_SITE_DOWN &&
            given.messages[i].state == MAIL_FIRING)
            assert_true(given.messages[i].at_unix_ms >=
                        alert->start_unix_ms + 3 * SLOT_MS);
    }
    replay_free(&stored);
    replay_free(&given);
}

static void
a_quorum_of_one_makes_a_page_of_a_region(void **state)
{
    static const char nervous[] =
        FRONT SITE "quorum: 1, interval: 60s, timeout: 10s}\n";
    struct fixture *f = *state;
    struct replay given;

    replay(f, nervous, &given);
    /* The silence is one of the region's. */
    assert_int_equal(count(&given, ALERT_SITE_DOWN, MAIL_FIRING), 6);
    replay_free(&given);
}

static void
what_was_not_measured_is_said(void **state)
{
    static const char stranger[] =
        FRONT SITE "interval: 30s, timeout: 10s}\n"
                   "      - {name: shop, kind: http, url: "
                   "\"https://shop.example/\"}\n";
    struct fixture *f = *state;
    struct replay given;

    replay(f, stranger, &given);
    assert_int_equal(given.notes.count, 2);
    assert_int_equal(count(&given, ALERT_SITE_DOWN, MAIL_FIRING), 3);
    replay_free(&given);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_settings_tell_what_was_told),
        cmocka_unit_test(the_text_of_the_same_settings_tells_the_same),
        cmocka_unit_test(a_longer_count_leaves_short_outages_out),
        cmocka_unit_test(a_quorum_of_one_makes_a_page_of_a_region),
        cmocka_unit_test(what_was_not_measured_is_said),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
