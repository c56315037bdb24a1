#include "enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cm.h"
#include "conf_text.h"
#include "tmp_store.h"

static const int64_t now_unix_ms = 1800000000000;

struct fixture {
    void *tmp;
    struct store_txn *txn;
    struct conf_history *history;
    struct writer_room room;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    assert_non_null(f);
    assert_int_equal(tmp_store_setup(&f->tmp), 0);
    f->txn = store_begin_write(((struct tmp_store *)f->tmp)->store, &err);
    assert_made(f->txn, err);
    f->history = conf_text_history(f->txn,
        "regions: [eu, us]\nsites:\n  - {name: s, derive: false, checks: "
        "[{name: c, kind: tcp, host: 192.0.2.1, port: 80, interval: 60s}]}\n",
        now_unix_ms - 1000);
    f->room.now_unix_ms = now_unix_ms;
    f->room.watch = watch_new(f->txn, f->history, now_unix_ms, &err);
    assert_made(f->room.watch, err);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;

    watch_free(f->room.watch);
    conf_history_free(f->history);
    store_abort(f->txn);
    (void)tmp_store_teardown(&f->tmp);
    free(f);
    return 0;
}

/* ---- the jobs, run at once ---- */

static void
run(struct fixture *f, writer_run_fn *fn, struct writer_job *job)
{
    struct err err;

    assert_ok(fn(job, &f->room, f->txn, &err), err);
}

/* Why not; "" when done. */
static const char *
add(struct fixture *f, const char *name, const char *region, uint8_t token)
{
    static struct agent_add_job job;

    job = (struct agent_add_job){
        .token = {.key = {token}, .expires_unix_ms = now_unix_ms + 1000}};
    (void)strcpy(job.name, name);
    (void)strcpy(job.region, region);
    (void)strcpy(job.token.agent, name);
    run(f, agent_add_run, &job.job);
    return job.refused;
}

static enum wire_refusal
enrol(struct fixture *f, const char *name, uint8_t token, uint8_t key)
{
    struct enrol_job job = {.token_key = {token}, .enrol.pubkey = {key}};

    (void)strcpy(job.enrol.name, name);
    run(f, enrol_run, &job.job);
    assert_int_equal(job.text[0] != '\0', job.refused != 0);
    return job.refused;
}

static const char *
change(struct fixture *f, const char *name, enum agent_change what)
{
    static struct agent_change_job job;

    job = (struct agent_change_job){.change = what};
    (void)strcpy(job.name, name);
    run(f, agent_change_run, &job.job);
    return job.refused;
}

static const char *
key_job(struct fixture *f, writer_run_fn *fn, const char *name, uint8_t key)
{
    static struct agent_key_job job;

    job = (struct agent_key_job){.key = {key}};
    (void)strcpy(job.name, name);
    run(f, fn, &job.job);
    return job.refused;
}

static struct agent_row
row_of(struct fixture *f, const char *name)
{
    struct agent_row row;
    struct err err;

    assert_int_equal(agent_get(f->txn, name, &row, &err), 1);
    return row;
}

static void
assert_keys(
    struct fixture *f, const char *name, int count, int first, int second)
{
    struct agent_row row = row_of(f, name);

    assert_int_equal(row.key_count, count);
    if (count > 0)
        assert_int_equal(row.keys[0][0], first);
    if (count > 1)
        assert_int_equal(row.keys[1][0], second);
}

/* ---- tokens ---- */

static void
a_token_makes_one_agent_once(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(add(f, "eu1", "eu", 1), "");
    assert_keys(f, "eu1", 0, 0, 0);
    assert_int_equal(enrol(f, "eu2", 1, 10), REFUSED_WRONG_NAME);
    assert_int_equal(enrol(f, "eu1", 1, 10), 0);
    assert_keys(f, "eu1", 1, 10, 0);
    assert_int_equal(enrol(f, "eu1", 1, 11), REFUSED_USED);
    assert_int_equal(enrol(f, "eu1", 9, 11), REFUSED_USED); /* no such token */
    assert_keys(f, "eu1", 1, 10, 0);
}

static void
a_token_ends(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(add(f, "eu1", "eu", 1), "");
    f->room.now_unix_ms = now_unix_ms + 1001;
    assert_int_equal(enrol(f, "eu1", 1, 10), REFUSED_EXPIRED);
    assert_keys(f, "eu1", 0, 0, 0);
}

static void
a_second_token_replaces_the_key(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(add(f, "eu1", "eu", 1), "");
    assert_int_equal(enrol(f, "eu1", 1, 10), 0);
    assert_non_null(strstr(add(f, "eu1", "us", 2), "region eu"));
    assert_string_equal(add(f, "eu1", "eu", 2), "");
    assert_string_equal(change(f, "eu1", AGENT_ROTATE), "");
    assert_int_equal(enrol(f, "eu1", 2, 20), 0);
    assert_keys(f, "eu1", 1, 20, 0);
    assert_false(row_of(f, "eu1").rotate); /* it has a new key already */
}

static void
a_revoked_agent_does_not_come_back(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(add(f, "eu1", "eu", 1), "");
    assert_string_equal(change(f, "eu1", AGENT_REVOKE), "");
    assert_int_equal(enrol(f, "eu1", 1, 10), REFUSED_WRONG_NAME);
    assert_non_null(strstr(add(f, "eu1", "eu", 2), "revoked"));
    for (int what = AGENT_SUSPEND; what <= AGENT_ROTATE; what++)
        assert_non_null(strstr(change(f, "eu1", what), "for good"));
    assert_string_equal(
        key_job(f, agent_newkey_run, "eu1", 30), "this agent has no key");
}

/* ---- suspended, rotating ---- */

static void
changes_do_not_undo_each_other(void **state)
{
    struct fixture *f = *state;

    assert_non_null(strstr(change(f, "eu1", AGENT_SUSPEND), "no agent eu1"));
    assert_string_equal(add(f, "eu1", "eu", 1), "");
    assert_non_null(strstr(change(f, "eu1", AGENT_ROTATE), "not enrolled"));
    assert_int_equal(enrol(f, "eu1", 1, 10), 0);
    assert_string_equal(change(f, "eu1", AGENT_SUSPEND), "");
    assert_string_equal(change(f, "eu1", AGENT_ROTATE), "");
    assert_true(row_of(f, "eu1").suspended);
    assert_true(row_of(f, "eu1").rotate);
    assert_string_equal(change(f, "eu1", AGENT_RESUME), "");
    assert_false(row_of(f, "eu1").suspended);
    assert_true(row_of(f, "eu1").rotate);
}

static void
a_new_key_gets_in_beside_the_old_until_it_is_used(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(add(f, "eu1", "eu", 1), "");
    assert_int_equal(enrol(f, "eu1", 1, 10), 0);
    assert_string_equal(change(f, "eu1", AGENT_ROTATE), "");
    assert_string_equal(key_job(f, agent_newkey_run, "eu1", 11), "");
    assert_keys(f, "eu1", 2, 10, 11);
    /* Again, as after a lost answer; and another, as from a wiped spool. */
    assert_string_equal(key_job(f, agent_newkey_run, "eu1", 11), "");
    assert_keys(f, "eu1", 2, 10, 11);
    assert_string_equal(key_job(f, agent_newkey_run, "eu1", 12), "");
    assert_keys(f, "eu1", 2, 10, 12);
    /* What is forgotten ends nothing. */
    assert_string_equal(key_job(f, agent_key_end_run, "eu1", 11), "");
    assert_keys(f, "eu1", 2, 10, 12);
    assert_true(row_of(f, "eu1").rotate);
    assert_string_equal(key_job(f, agent_key_end_run, "eu1", 12), "");
    assert_keys(f, "eu1", 1, 12, 0);
    assert_false(row_of(f, "eu1").rotate);
    /* The key in force, announced again, is fine. */
    assert_string_equal(key_job(f, agent_newkey_run, "eu1", 12), "");
    assert_keys(f, "eu1", 1, 12, 0);
}

static void
a_key_of_somebody_else_is_not_let_in(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(add(f, "eu1", "eu", 1), "");
    assert_int_equal(enrol(f, "eu1", 1, 10), 0);
    assert_string_equal(add(f, "us1", "us", 2), "");
    assert_int_equal(enrol(f, "us1", 2, 20), 0);
    assert_string_equal(key_job(f, agent_newkey_run, "us1", 21), "");
    for (size_t i = 0; i < 3; i++) {
        /* In force, announced, a token's. */
        static const uint8_t taken[] = {20, 21, 2};

        assert_non_null(strstr(
            key_job(f, agent_newkey_run, "eu1", taken[i]), "somebody else"));
    }
    assert_keys(f, "eu1", 1, 10, 0);
}

static void
an_enrolment_meanwhile_wins_over_a_rotation(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(add(f, "eu1", "eu", 1), "");
    assert_int_equal(enrol(f, "eu1", 1, 10), 0);
    assert_string_equal(key_job(f, agent_newkey_run, "eu1", 11), "");
    assert_string_equal(add(f, "eu1", "eu", 2), "");
    assert_int_equal(enrol(f, "eu1", 2, 30), 0);
    assert_string_equal(key_job(f, agent_key_end_run, "eu1", 11), "");
    assert_keys(f, "eu1", 1, 30, 0);
}

/* ---- news ---- */

static void
news_are_kept_and_change_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct agent_news_job job = {.news = {.name = "eu1",
                                     .region = "forged",
                                     .suspended = true,
                                     .spool_records = 5,
                                     .cfg_sent = 8,
                                     .clone_unix_ms = 3}};
    struct agent_row row;

    run(f, agent_news_run, &job.job); /* of nobody: nothing */
    assert_string_equal(add(f, "eu1", "eu", 1), "");
    run(f, agent_news_run, &job.job);
    row = row_of(f, "eu1");
    assert_string_equal(row.region, "eu");
    assert_false(row.suspended);
    assert_int_equal(row.spool_records, 5);
    assert_int_equal(row.cfg_sent, 8);
    assert_int_equal(row.clone_unix_ms, 3);
    assert_int_equal(row.last_seen_unix_ms, 0);
    job.heard = true;
    run(f, agent_news_run, &job.job);
    assert_int_equal(row_of(f, "eu1").last_seen_unix_ms, now_unix_ms);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_makes_one_agent_once),
        TEST(a_token_ends),
        TEST(a_second_token_replaces_the_key),
        TEST(a_revoked_agent_does_not_come_back),
        TEST(changes_do_not_undo_each_other),
        TEST(a_new_key_gets_in_beside_the_old_until_it_is_used),
        TEST(a_key_of_somebody_else_is_not_let_in),
        TEST(an_enrolment_meanwhile_wins_over_a_rotation),
        TEST(news_are_kept_and_change_nothing_else),
    };

    return cmocka_run_group_tests_name("enrolment", tests, NULL, NULL);
}
