#include "incident_row.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "incident_codec.h"
#include "tmp_store.h"

static struct incident_row
row(const char *id, int64_t start_ms, int64_t end_ms)
{
    struct incident_row r = {.check = 7,
        .check_name = "acme/home",
        .scope = "eu",
        .state = end_ms != 0 ? INCIDENT_CLOSED : INCIDENT_OPEN,
        .start_unix_ms = start_ms,
        .detected_unix_ms = start_ms + 60,
        .end_unix_ms = end_ms,
        .noticed_unix_ms = start_ms + 61,
        .reason = 5};

    (void)snprintf(r.id, sizeof(r.id), "%s", id);
    return r;
}

static void
put(struct store_txn *txn, const struct incident_row *r)
{
    struct err err;

    assert_ok(incident_put(txn, r, &err), err);
}

static int
list(void *ctx, const struct incident_row *r, struct err *err)
{
    (void)err;
    (void)strcat(ctx, r->id);
    (void)strcat(ctx, " ");
    return 0;
}

static const char *
listed(struct store_txn *txn, uint32_t check, int64_t from_ms, int64_t to_ms)
{
    static char names[256];
    struct err err;

    names[0] = '\0';
    assert_ok(
        incident_each(txn, check, from_ms, to_ms, list, names, &err), err);
    return names;
}

static void
an_incident_is_found_by_any_unique_front_of_its_id(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct incident_row a = row("7K3QX2MA", 1000, 0);
    struct incident_row b = row("7K9QX2MA", 2000, 0);
    struct incident_row got;
    struct err err;

    put(txn, &a);
    put(txn, &b);
    assert_int_equal(incident_get(txn, "INC-7K3QX2MA", &got, &err), 1);
    assert_string_equal(got.check_name, "acme/home");
    assert_int_equal(got.reason, 5);
    assert_int_equal(incident_get(txn, "inc-7k9", &got, &err), 1);
    assert_string_equal(got.id, "7K9QX2MA");
    assert_int_equal(incident_get(txn, "8", &got, &err), 0);
    assert_int_equal(incident_get(txn, "7k", &got, &err), -1);
    assert_int_equal(err.code, ERR_PARSE);
    assert_non_null(strstr(err.msg, "INC-7K3QX2MA and INC-7K9QX2MA"));
    assert_int_equal(incident_get(txn, "INC-", &got, &err), -1);
    assert_int_equal(incident_get(txn, "7K3QX2MAA", &got, &err), -1);
    assert_int_equal(incident_get(txn, "u", &got, &err), -1);
    store_abort(txn);
}

static void
a_merged_incident_is_found_under_its_old_names(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct incident_row a = row("AAAAAAAA", 1000, 0);
    struct incident_row b = row("BBBBBBBB", 2000, 3000);
    struct incident_row c = row("CCCCCCCC", 2500, 3000);
    struct incident_row got;
    struct err err;

    put(txn, &a);
    put(txn, &b);
    put(txn, &c);
    (void)strcpy(b.aliases[b.alias_count++], "CCCCCCCC");
    put(txn, &b);
    (void)strcpy(a.aliases[a.alias_count++], "BBBBBBBB");
    put(txn, &a);
    assert_string_equal(listed(txn, 0, 0, 5000), "AAAAAAAA ");
    assert_int_equal(incident_get(txn, "BB", &got, &err), 1);
    assert_string_equal(got.id, "AAAAAAAA");
    assert_int_equal(incident_get(txn, "CC", &got, &err), 1);
    assert_string_equal(got.id, "AAAAAAAA");
    store_abort(txn);
}

static void
a_walk_gives_what_overlaps_by_start(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct incident_row rows[4] = {row("DDDDDDDD", 1000, 2000),
        row("CCCCCCCC", 1500, 0), row("BBBBBBBB", 2000, 2500),
        row("AAAAAAAA", 3000, 0)};

    rows[2].check = 9;
    for (int i = 0; i < 4; i++)
        put(txn, &rows[i]);
    assert_string_equal(
        listed(txn, 0, 0, 9000), "DDDDDDDD CCCCCCCC AAAAAAAA BBBBBBBB ");
    assert_string_equal(listed(txn, 0, 2000, 3000), "CCCCCCCC BBBBBBBB ");
    assert_string_equal(listed(txn, 9, 0, 9000), "BBBBBBBB ");
    assert_string_equal(listed(txn, 0, 0, 1000), "");
    store_abort(txn);
}

static void
an_incident_whose_start_moves_stands_once(void **state)
{
    struct store_txn *txn = tmp_store_begin(state);
    struct incident_row r = row("AAAAAAAA", 2000, 0);
    struct incident_row got;
    struct err err;

    put(txn, &r);
    r.start_unix_ms = 1000;
    r.end_unix_ms = 4000;
    put(txn, &r);
    assert_string_equal(listed(txn, 0, 0, 9000), "AAAAAAAA ");
    assert_int_equal(incident_get(txn, "AAAAAAAA", &got, &err), 1);
    assert_int_equal(got.start_unix_ms, 1000);
    assert_int_equal(got.end_unix_ms, 4000);
    store_abort(txn);
}

static void
ids_depend_on_check_scope_and_start(void **state)
{
    char id[5][INCIDENT_ID_BYTES];

    (void)state;
    incident_make_id(1, "global", 1000, id[0]);
    incident_make_id(1, "global", 1000, id[1]);
    incident_make_id(2, "global", 1000, id[2]);
    incident_make_id(1, "eu", 1000, id[3]);
    incident_make_id(1, "global", 2000, id[4]);
    assert_string_equal(id[0], id[1]);
    for (int i = 0; i < 5; i++)
        assert_true(incident_is_id(id[i]));
    for (int i = 2; i < 5; i++)
        assert_string_not_equal(id[0], id[i]);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_incident_is_found_by_any_unique_front_of_its_id),
        TEST(a_merged_incident_is_found_under_its_old_names),
        TEST(a_walk_gives_what_overlaps_by_start),
        TEST(an_incident_whose_start_moves_stands_once),
        cmocka_unit_test(ids_depend_on_check_scope_and_start),
    };

    return cmocka_run_group_tests_name("incident_row", tests, NULL, NULL);
}
