#include "escalate.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "mail_text.h"
#include "notice_log.h"
#include "tmp_store.h"

#define SECOND INT64_C(1000)

static const int64_t start_unix_ms = INT64_C(1795486200000);
static const char id[] = "7K3QX2MA";

struct world {
    struct store_txn *txn;
    struct escalate escalate;
    struct config config;
    struct conf_webhook webhooks[2];
};

static void
begin(struct world *world, void **state)
{
    static char url[] = "http://127.0.0.1:1/";

    *world = (struct world){.txn = tmp_store_begin(state)};
    for (int i = 0; i < 2; i++) {
        (void)snprintf(world->webhooks[i].name, sizeof(world->webhooks[i].name),
            "hook%d", i);
        (void)strcpy(world->webhooks[i].kind, "pagerduty");
        world->webhooks[i].url = url;
    }
    world->config.webhooks = world->webhooks;
    world->config.webhook_count = 2;
}

static void
put_notice(struct world *world, enum incident_state incident,
    const char *const *addresses, enum notice_told told)
{
    struct notice notice = {
        .subject = "acme/home",
        .scope = "global",
        .class = ALERT_SITE_DOWN,
        .severity = SEVERITY_PAGE,
        .state = incident,
        .start_unix_ms = start_unix_ms,
        .end_unix_ms = incident == INCIDENT_OPEN ? 0 : start_unix_ms + 1,
    };
    struct err err;

    memcpy(notice.id, id, sizeof(id));
    for (uint64_t i = 0; addresses[i] != NULL; i++) {
        struct notice_target *target =
            notice_target(&notice, addresses[i], &err);

        target->told = told;
        target->mail = told == NOTICE_UNTOLD ? i + 1 : 0;
        target->last_unix_ms = start_unix_ms;
    }
    assert_ok(notice_put_active(world->txn, &notice, &err), err);
    notice_free(&notice);
}

static void
put_mail(struct world *world, uint64_t number, const char *to)
{
    struct mailq_row row = {
        .id = number,
        .state_told = MAIL_FIRING,
        .severity = SEVERITY_PAGE,
        .queued_unix_ms = start_unix_ms,
        .next_try_unix_ms = start_unix_ms,
        .message = {.data = (const uint8_t *)"x", .len = 1},
    };
    struct err err;

    memcpy(row.incident, id, sizeof(id));
    (void)snprintf(row.recipient, sizeof(row.recipient), "%s", to);
    assert_ok(mailq_put(world->txn, &row, &err), err);
}

static void
report(struct world *world, uint64_t number, enum mailq_outcome outcome)
{
    const struct mailq_report report = {.id = number,
        .outcome = outcome,
        .text = "5xx no",
        .at_unix_ms = start_unix_ms + SECOND};
    struct err err;

    assert_ok(mailq_take_report(world->txn, &report, &err), err);
}

static bool
run(struct world *world, int64_t after_ms, int64_t *next_unix_ms)
{
    struct err err;

    *next_unix_ms = INT64_MAX;
    assert_ok(escalate_run(&world->escalate, world->txn, &world->config,
                  start_unix_ms + after_ms, next_unix_ms, &err),
        err);
    return world->escalate.queued;
}

struct posts {
    char to[8][80];
    char bodies[8][4096];
    int count;
};

static int
take_post(void *ctx, const struct mailq_row *row, struct err *err)
{
    struct posts *posts = ctx;

    (void)err;
    if (strncmp(row->recipient, "webhook:", 8) != 0)
        return 0;
    (void)snprintf(posts->to[posts->count], 80, "%.79s", row->recipient);
    (void)snprintf(posts->bodies[posts->count++], 4096, "%.*s",
        (int)row->message.len, (const char *)row->message.data);
    return 0;
}

static void
list_posts(struct world *world, struct posts *posts)
{
    struct err err;

    memset(posts, 0, sizeof(*posts));
    assert_ok(mailq_each(world->txn, take_post, posts, &err), err);
}

static const char *const two[] = {"a@mail.example", "b@mail.example", NULL};

static void
a_page_not_accepted_for_a_minute_goes_to_webhooks_once(void **state)
{
    struct world world;
    struct posts posts;
    int64_t next;

    begin(&world, state);
    put_notice(&world, INCIDENT_OPEN, two, NOTICE_UNTOLD);
    put_mail(&world, 1, two[0]);
    put_mail(&world, 2, two[1]);
    assert_false(run(&world, 59 * SECOND, &next));
    assert_int_equal(next, start_unix_ms + 60 * SECOND);
    assert_true(run(&world, 60 * SECOND, &next));
    list_posts(&world, &posts);
    assert_int_equal(posts.count, 2);
    assert_string_equal(posts.to[0], "webhook:hook0");
    assert_non_null(strstr(posts.bodies[0], "\"event_action\":\"trigger\""));
    assert_non_null(strstr(posts.bodies[0], "INC-7K3QX2MA"));
    assert_non_null(strstr(posts.bodies[0], "a@mail.example"));
    assert_false(run(&world, 70 * SECOND, &next));
    assert_int_equal(next, INT64_MAX);

    /* What was told there is told as over there, whatever mail does. */
    put_notice(&world, INCIDENT_CLOSED, two, NOTICE_UNTOLD);
    assert_true(run(&world, 90 * SECOND, &next));
    list_posts(&world, &posts);
    assert_int_equal(posts.count, 4);
    assert_non_null(strstr(posts.bodies[3], "\"event_action\":\"resolve\""));
    assert_false(run(&world, 99 * SECOND, &next));
    store_abort(world.txn);
}

static void
a_refused_recipient_matters_when_he_was_the_last(void **state)
{
    struct world world;
    struct posts posts;
    int64_t next;

    begin(&world, state);
    world.webhooks[1].fallback = true;
    put_notice(&world, INCIDENT_OPEN, two, NOTICE_UNTOLD);
    put_mail(&world, 1, two[0]);
    put_mail(&world, 2, two[1]);
    report(&world, 1, MAILQ_REFUSED);
    assert_false(run(&world, 2 * SECOND, &next));
    report(&world, 2, MAILQ_REFUSED);
    assert_true(run(&world, 3 * SECOND, &next));
    list_posts(&world, &posts);
    assert_int_equal(posts.count, 1);
    assert_string_equal(posts.to[0], "webhook:hook1");
    store_abort(world.txn);
}

/* One mail about two incidents: each is told there, and as over. */
static void
a_mail_that_tells_several_goes_with_all_of_them(void **state)
{
    static const struct notice_member members[] = {
        {.id = "7K3QX2MA", .state = MAIL_FIRING},
        {.id = "8K3QX2MB", .state = MAIL_FIRING},
    };
    struct world world;
    struct posts posts;
    struct notice notice;
    struct err err;
    int64_t next;

    begin(&world, state);
    put_notice(&world, INCIDENT_OPEN, two, NOTICE_UNTOLD);
    assert_int_equal(notice_get(world.txn, id, &notice, &err), 1);
    memcpy(notice.id, members[1].id, sizeof(notice.id));
    assert_ok(notice_put_active(world.txn, &notice, &err), err);
    notice_free(&notice);
    put_mail(&world, 1, two[0]);
    assert_ok(notice_put_members(world.txn, 1, members, 2, &err), err);
    assert_false(run(&world, 59 * SECOND, &next));
    assert_true(run(&world, 60 * SECOND, &next));
    list_posts(&world, &posts);
    assert_int_equal(posts.count, 4);
    assert_non_null(strstr(posts.bodies[0], "INC-7K3QX2MA"));
    assert_non_null(strstr(posts.bodies[2], "INC-8K3QX2MB"));
    assert_false(run(&world, 70 * SECOND, &next));
    store_abort(world.txn);
}

static void
a_refused_password_is_not_waited_for(void **state)
{
    struct world world;
    struct posts posts;
    int64_t next;

    begin(&world, state);
    put_notice(&world, INCIDENT_OPEN, two, NOTICE_UNTOLD);
    put_mail(&world, 1, two[0]);
    report(&world, 1, MAILQ_BLOCKED);
    assert_true(run(&world, 2 * SECOND, &next));
    list_posts(&world, &posts);
    assert_int_equal(posts.count, 2);
    store_abort(world.txn);
}

static void
whoever_is_told_anyway_is_not_told_twice(void **state)
{
    static const char *const all[] = {
        "a@mail.example", "webhook:hook0", "webhook:hook1", NULL};
    struct world world;
    struct posts posts;
    int64_t next;

    begin(&world, state);
    put_notice(&world, INCIDENT_OPEN, all, NOTICE_UNTOLD);
    put_mail(&world, 1, all[0]);
    (void)run(&world, 61 * SECOND, &next);
    list_posts(&world, &posts);
    assert_int_equal(posts.count, 0);
    store_abort(world.txn);
}

static void
a_page_that_somebody_has_got_stays_where_it_is(void **state)
{
    static const char *const one[] = {"a@mail.example", NULL};
    struct world world;
    int64_t next;

    begin(&world, state);
    put_notice(&world, INCIDENT_OPEN, one, NOTICE_TOLD_FIRING);
    put_mail(&world, 2, "b@mail.example");
    report(&world, 2, MAILQ_REFUSED);
    assert_false(run(&world, 2 * SECOND, &next));
    world.config.webhook_count = 0;
    assert_false(run(&world, 90 * SECOND, &next));
    store_abort(world.txn);
}

#define with_store(test)                                                       \
    cmocka_unit_test_setup_teardown(test, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(a_page_not_accepted_for_a_minute_goes_to_webhooks_once),
        with_store(a_refused_recipient_matters_when_he_was_the_last),
        with_store(a_mail_that_tells_several_goes_with_all_of_them),
        with_store(a_refused_password_is_not_waited_for),
        with_store(whoever_is_told_anyway_is_not_told_twice),
        with_store(a_page_that_somebody_has_got_stays_where_it_is),
    };

    return cmocka_run_group_tests_name("escalate", tests, NULL, NULL);
}
