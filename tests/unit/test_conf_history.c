#include "conf_history.h"

#include <string.h>

#include "cm.h"
#include "collector_conf_command.h"
#include "conf_text.h"
#include "tmp_store.h"

static const char one[] =
    "regions: [eu]\n"
    "sites: [{name: a, url: https://a.example/, derive: false, checks: "
    "[{name: home, kind: http, url: https://a.example/, interval: 60s}]}]\n";
static const char two[] =
    "regions: [eu, us]\n"
    "sites: [{name: a, url: https://a.example/, derive: false, checks: "
    "[{name: tls, kind: tls, host: a.example, port: 443}]}]\n";

static uint64_t
record(struct store_txn *txn, const char *text, int64_t now_ms)
{
    struct config *config = conf_text_parse(text);
    uint64_t version = 0;
    struct err err;

    assert_ok(conf_history_record(txn, config, now_ms, &version, &err), err);
    collector_conf_free(config);
    return version;
}

static void
the_same_text_makes_no_new_version(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);

    assert_int_equal(record(txn, one, 1000), 1);
    assert_int_equal(record(txn, one, 2000), 1);
    assert_int_equal(record(txn, two, 3000), 2);
    assert_int_equal(record(txn, one, 4000), 3); /* the newest decides */
    store_abort(txn);
}

/* A file is read again, and what a command changed stands. */
static void
what_a_command_changed_outlives_a_new_file(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct conf_command pause = {.kind = CONF_PAUSE, .check = "a/home"};
    struct config *config = conf_text_parse(one);
    struct config *paused;
    struct conf_history *history;
    uint64_t version;
    struct buf text;
    struct err err;

    buf_init(&text, 1 << 16);
    assert_int_equal(record(txn, one, 1000), 1);
    assert_ok(conf_command_apply(config, &pause, 2000, &text, &err), err);
    paused = collector_conf_parse(
        (const char *)text.data, text.len, "t", NULL, NULL, &err);
    assert_made(paused, err);
    assert_ok(conf_history_record(txn, paused, 2000, &version, &err), err);
    assert_int_equal(version, 2);
    assert_int_equal(record(txn, one, 3000), 2); /* as at a restart */
    assert_int_equal(record(txn, two, 4000), 3);
    assert_int_equal(record(txn, one, 5000), 4);
    history = conf_history_load(txn, &err);
    assert_made(history, err);
    assert_false(history->versions[0].config->checks[0].check.paused);
    assert_true(history->versions[1].config->checks[0].check.paused);
    assert_false(history->versions[2].config->checks[0].check.paused);
    assert_true(history->versions[3].config->checks[0].check.paused);
    conf_history_free(history);
    collector_conf_free(paused);
    collector_conf_free(config);
    buf_free(&text);
    store_abort(txn);
}

static void
each_moment_has_the_version_then_in_force(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct conf_history *history;
    struct err err;

    (void)record(txn, one, 1000);
    (void)record(txn, two, 3000);
    history = conf_history_load(txn, &err);
    assert_made(history, err);
    assert_int_equal(history->count, 2);
    assert_int_equal(conf_history_at(history, 0)->version, 1);
    assert_int_equal(conf_history_at(history, 2999)->version, 1);
    assert_int_equal(conf_history_at(history, 3000)->version, 2);
    assert_int_equal(conf_history_at(history, INT64_MAX)->version, 2);
    assert_int_equal(conf_history_at(history, 3000)->config->regions.count, 2);
    conf_history_free(history);
    store_abort(txn);
}

static void
a_check_that_is_gone_or_to_come_is_found_where_it_was(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct conf_history *history;
    const struct conf_check *check;
    struct err err;

    (void)record(txn, one, 1000);
    (void)record(txn, two, 3000);
    history = conf_history_load(txn, &err);
    assert_made(history, err);
    check = conf_history_check(history, check_id_of("a/home"), 5000);
    assert_non_null(check);
    assert_int_equal(check->check.kind, CHECK_HTTP);
    check = conf_history_check(history, check_id_of("a/tls"), 0);
    assert_non_null(check);
    assert_int_equal(check->check.kind, CHECK_TLS);
    assert_null(conf_history_check(history, check_id_of("a/other"), 0));
    conf_history_free(history);
    store_abort(txn);
}

static void
a_clock_set_back_does_not_turn_versions_round(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct conf_history *history;
    struct err err;

    (void)record(txn, one, 5000);
    (void)record(txn, two, 3000);
    history = conf_history_load(txn, &err);
    assert_made(history, err);
    assert_int_equal(history->versions[1].since_unix_ms, 5000);
    assert_int_equal(conf_history_at(history, 5000)->version, 2);
    conf_history_free(history);
    store_abort(txn);
}

static void
a_store_without_configuration_has_an_empty_history(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct err err;
    struct conf_history *history = conf_history_load(txn, &err);

    assert_made(history, err);
    assert_int_equal(history->count, 0);
    assert_null(conf_history_at(history, 0));
    assert_null(conf_history_check(history, 1, 0));
    conf_history_free(history);
    store_abort(txn);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_text_makes_no_new_version),
        TEST(what_a_command_changed_outlives_a_new_file),
        TEST(each_moment_has_the_version_then_in_force),
        TEST(a_check_that_is_gone_or_to_come_is_found_where_it_was),
        TEST(a_clock_set_back_does_not_turn_versions_round),
        TEST(a_store_without_configuration_has_an_empty_history),
    };

    return cmocka_run_group_tests_name("conf_history", tests, NULL, NULL);
}
