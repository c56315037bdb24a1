#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cm.h"
#include "judge_world.h"
#include "ladder.h"
#include "past.h"
#include "registry.h"
#include "retention.h"
#include "row.h"
#include "tmp_store.h"
#include "verdict.h"

/* 2026-02-01T00:00:00Z */
static const int64_t base_unix_ms = INT64_C(1769904000000);

enum { SLOT_MS = 1800000, SLOTS = 3 * 48, LATE_SLOT = 70 };

static const char yaml[] =
    "regions: [eu, us]\n"
    "sites:\n"
    "  - name: acme\n"
    "    derive: false\n"
    "    checks:\n"
    "      - {name: home, kind: http, url: \"https://acme.example/\", "
    "interval: 30m, timeout: 10s}\n"
    "alerts:\n"
    "  global: {open_after: 1, close_after: 2}\n"
    "  regional: {open_after: 2, close_after: 2}\n";

struct fixture {
    struct tmp_store *tmp;
    struct judge_world world;
    struct ladder *ladder;
    struct watch *watch;
    struct store_txn *txn; /* NULL between turns */
    int64_t now_unix_ms;
    uint64_t seq[2];
    struct verify_counts counts;
    char tables[256]; /* of what was found, each once */
    char last[512];
    char all[8192];
};

static const uint8_t spool_ids[2][REGISTRY_SPOOL_ID_BYTES] = {"eu", "us"};
static const char *const regions[2] = {"eu", "us"};

static void
begin(struct fixture *f)
{
    struct err err;

    f->txn = store_begin_write(f->tmp->store, &err);
    assert_made(f->txn, err);
}

static void
commit(struct fixture *f)
{
    struct err err;

    assert_ok(store_commit(f->txn, &err), err);
    f->txn = NULL;
}

/* As intake does: the mark in the same transaction. */
static void
add(struct fixture *f, int r, int slot, enum measure_status status)
{
    struct mark_row mark;
    char hex[2 * REGISTRY_SPOOL_ID_BYTES + 1];
    struct world_result said = {.check = "acme/home",
        .region = regions[r],
        .agent = regions[r],
        .slot_unix_ms = base_unix_ms + (int64_t)slot * SLOT_MS,
        .status = status};
    struct err err;

    said.ts_unix_ms = said.slot_unix_ms + 7000;
    for (int i = 0; i < REGISTRY_SPOOL_ID_BYTES; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", spool_ids[r][i]);
    for (; said.attempt < 2; said.attempt++) {
        struct raw_result result = judge_world_result(&f->world, f->txn, &said);

        if (status != MEASURE_DOWN)
            result.measure.phase_us[PHASE_TOTAL] = 20000 + random() % 90000;
        result.seq = ++f->seq[r];
        assert_ok(
            registry_number(f->txn, REGISTRY_SPOOL, hex, &result.spool, &err),
            err);
        judge_world_add(&f->world, f->txn, &result, f->watch, false);
        assert_ok(ladder_mark(f->ladder, f->txn, result.measure.check_id,
                      result.measure.slot_unix_ms, &err),
            err);
        assert_true(
            mark_get(f->txn, result.agent, spool_ids[r], &mark, &err) >= 0);
        mark.acked_seq = result.seq;
        mark.taken++;
        assert_ok(
            mark_put(f->txn, result.agent, spool_ids[r], &mark, &err), err);
        said.ts_unix_ms += 5000;
        if (status != MEASURE_DOWN)
            break;
    }
}

static void
pass(struct fixture *f, int64_t now_unix_ms)
{
    f->now_unix_ms = now_unix_ms;
    judge_world_pass(&f->world, f->watch, f->ladder, f->txn, now_unix_ms);
}

static void
live_on(struct fixture *f, int from, int to)
{
    int bad = 0;

    begin(f);
    for (int slot = from; slot < to; slot++) {
        if (slot % 30 == 20)
            bad = 1 + slot % 4;
        for (int r = 0; r < 2; r++) {
            if (random() % 20 != 0 && (slot != LATE_SLOT || r == 0))
                add(f, r, slot, bad > 0 ? MEASURE_DOWN : MEASURE_UP);
        }
        bad -= bad > 0;
        pass(f, base_unix_ms + (int64_t)(slot + 1) * SLOT_MS + 20000);
    }
    commit(f);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL || tmp_store_setup((void **)&f->tmp) != 0)
        return -1;
    srandom(3);
    judge_world_init(&f->world, f->tmp->store);
    judge_world_configure(&f->world, yaml, base_unix_ms);
    f->ladder = ladder_new(&err);
    f->now_unix_ms = base_unix_ms;
    begin(f);
    f->watch = watch_new(f->txn, f->world.conf, f->now_unix_ms, &err);
    assert_made(f->watch, err);
    commit(f);
    live_on(f, 0, SLOTS);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    watch_free(f->watch);
    ladder_free(f->ladder);
    judge_world_free(&f->world);
    (void)tmp_store_teardown((void **)&f->tmp);
    free(f);
    return 0;
}

static int
take(void *ctx, const struct verify_finding *finding, struct err *err)
{
    struct fixture *f = ctx;

    (void)err;
    (void)snprintf(
        f->last, sizeof(f->last), "%s: %s", finding->table, finding->what);
    (void)snprintf(f->all + strlen(f->all), sizeof(f->all) - strlen(f->all),
        "%s\n", f->last);
    if (strstr(f->tables, finding->table) == NULL)
        (void)snprintf(f->tables + strlen(f->tables),
            sizeof(f->tables) - strlen(f->tables), "%s ", finding->table);
    return 0;
}

static void
verify(struct fixture *f)
{
    const struct verify_spec spec = {.store = f->tmp->store,
        .now_unix_ms = f->now_unix_ms,
        .found = take,
        .ctx = f};
    struct err err;

    f->tables[0] = '\0';
    f->last[0] = '\0';
    f->all[0] = '\0';
    assert_ok(verify_run(&spec, &f->counts, &err), err);
    assert_int_equal(f->counts.differences == 0, f->tables[0] == '\0');
}

static void
assert_clean(struct fixture *f)
{
    verify(f);
    if (f->counts.differences != 0)
        fail_msg("%s", f->last);
}

static void
a_store_that_was_written_well_is_clean(void **state)
{
    struct fixture *f = *state;

    assert_clean(f);
    assert_true(f->counts.rows > 400);
    assert_true(f->counts.results > 250);
    assert_int_equal(f->counts.hours, 71); /* the last is not over */
    assert_int_equal(f->counts.days, 2);
    assert_in_range(f->counts.slots, SLOTS - 1, SLOTS);
    assert_true(f->counts.incidents >= 8);
    assert_int_equal(f->counts.marks, 2);
}

static void
late_results_are_pending_and_then_clean(void **state)
{
    struct fixture *f = *state;

    begin(f);
    add(f, 1, LATE_SLOT, MEASURE_DOWN);
    commit(f);
    assert_clean(f);
    /* Its hour's cells, the day's, its verdicts, and incidents. */
    assert_true(f->counts.pending >= 4);
    begin(f);
    pass(f, f->now_unix_ms + 120000);
    commit(f);
    assert_clean(f);
}

static void
a_store_with_old_rows_deleted_is_clean(void **state)
{
    struct fixture *f = *state;
    struct retention retention = {0};
    size_t deleted;
    bool again = true;
    struct err err;

    live_on(f, 45 * 48, 46 * 48);
    begin(f);
    while (again)
        assert_ok(retention_run(&retention,
                      &(struct retention_room){.txn = f->txn,
                          .conf = f->world.conf,
                          .now = {.unix_ms = f->now_unix_ms}},
                      &deleted, &again, &err),
            err);
    commit(f);
    assert_clean(f);
    assert_in_range(f->counts.results, 40, 120);
}

/* ---- what is left of a day ---- */

static struct past_place
past_place(int day)
{
    return (struct past_place){.day_unix_ms = base_unix_ms + day * PAST_DAY_MS,
        .check = check_id_of("acme/home")};
}

static void
keep_days(struct fixture *f)
{
    struct err err;

    begin(f);
    for (int day = 0; day < 2; day++) {
        const struct past_place place = past_place(day);

        assert_ok(
            past_keep(f->txn, f->world.conf, &place, f->now_unix_ms, &err),
            err);
    }
    commit(f);
}

/* The verdict of each whole hour of the rows changes from this hour on. */
static void
spoil_past(struct fixture *f, int day, int hour, uint8_t verdict)
{
    const struct past_place place = past_place(day);
    struct past_day kept;
    struct past_day spoilt = {.runs = NULL};
    struct err err;
    int64_t from = place.day_unix_ms + (int64_t)hour * 3600000;

    begin(f);
    assert_int_equal(past_get(f->txn, &place, 0, &kept, &err), 1);
    for (size_t i = 0; i < kept.count; i++) {
        struct past_run run = kept.runs[i];

        if (run.start_unix_ms <= from &&
            run.start_unix_ms + run.length_ms > from) {
            assert_true(run.verdict != verdict);
            run.verdict = verdict;
        }
        assert_ok(past_day_add(&spoilt, &run, &err), err);
    }
    assert_ok(past_put(f->txn, &place, 0, &spoilt, &err), err);
    commit(f);
    past_day_free(&kept);
    past_day_free(&spoilt);
}

/* As retention does, from the first on. */
static void
delete_verdicts(struct fixture *f, int hours)
{
    int64_t to_s = base_unix_ms / 1000 + (int64_t)hours * 3600;
    struct bytes key;
    struct err err;

    begin(f);
    while (store_seek(f->txn, STORE_VERDICTS, (struct bytes){.len = 0}, &key,
               NULL, &err) == 1 &&
           key_take_u32(key.data) < to_s) {
        uint8_t copy[STORE_KEY_MAX_BYTES];

        memcpy(copy, key.data, key.len);
        assert_ok(store_delete(f->txn, STORE_VERDICTS,
                      (struct bytes){copy, key.len}, &err),
            err);
    }
    commit(f);
}

static void
a_day_is_what_its_verdicts_come_to(void **state)
{
    struct fixture *f = *state;

    keep_days(f);
    assert_clean(f);
    /* Of the first hour, whose row is the first, some might be gone. */
    assert_int_equal(f->counts.past, 2);
    spoil_past(f, 1, 12, VERDICT_PARTIAL);
    verify(f);
    assert_string_equal(f->tables, "past ");
    assert_int_equal(f->counts.differences, 1);
    assert_non_null(strstr(f->last, "not what its verdicts come to"));
}

static void
a_day_is_compared_as_far_as_its_verdicts_are_kept(void **state)
{
    struct fixture *f = *state;

    keep_days(f);
    delete_verdicts(f, 30);
    verify(f); /* of raw that is still there, verdicts are missed */
    assert_null(strstr(f->tables, "past"));
    assert_int_equal(f->counts.past, 1);
    spoil_past(f, 1, 3, VERDICT_MAINT); /* cannot be known any more */
    verify(f);
    assert_null(strstr(f->tables, "past"));
    spoil_past(f, 1, 12, VERDICT_PARTIAL);
    verify(f);
    assert_non_null(strstr(f->tables, "past"));
    delete_verdicts(f, 48);
    verify(f);
    assert_null(strstr(f->tables, "past"));
    assert_int_equal(f->counts.past, 0);
}

static void
a_scope_of_a_day_that_is_missed_is_reported(void **state)
{
    struct fixture *f = *state;
    uint8_t key[10];
    struct err err;
    const struct past_place place = past_place(1);

    keep_days(f);
    key_put_u32(key, (uint32_t)(place.day_unix_ms / 1000));
    key_put_u32(key + 4, place.check);
    key_put_u16(key + 8, 1);
    begin(f);
    assert_ok(
        store_delete(f->txn, STORE_PAST, (struct bytes){key, 10}, &err), err);
    commit(f);
    verify(f);
    assert_string_equal(f->tables, "past ");
    assert_non_null(strstr(f->last, "is not there"));
}

/* ---- rows that are not what they were ---- */

struct picked {
    uint8_t key[STORE_KEY_MAX_BYTES];
    uint8_t value[4096];
    size_t key_len;
    size_t len;
    char first; /* of the key; 0: any */
    int skip;
};

static int
pick(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    struct picked *picked = ctx;

    (void)err;
    if ((picked->first != 0 && key.data[0] != (uint8_t)picked->first) ||
        picked->skip-- > 0)
        return 0;
    memcpy(picked->key, key.data, key.len);
    memcpy(picked->value, value.data, value.len);
    picked->key_len = key.len;
    picked->len = value.len;
    return 1;
}

static void
put(struct fixture *f, enum store_table table, const struct picked *row)
{
    struct err err;

    begin(f);
    assert_ok(store_put(f->txn, table, (struct bytes){row->key, row->key_len},
                  (struct bytes){row->value, row->len}, &err),
        err);
    commit(f);
}

static void
pick_row(struct fixture *f, enum store_table table, struct picked *row)
{
    const struct bytes all = {.len = 0};
    struct err err;

    begin(f);
    assert_ok(store_each(f->txn, table, all, all, pick, row, &err), err);
    store_abort(f->txn);
    assert_true(row->key_len > 0);
}

static void
each_kind_of_row_with_a_changed_byte_is_reported(void **state)
{
    static const struct {
        enum store_table table;
        const char *name;
        char first;
        int skip;
        bool any; /* byte; else only the first ones */
    } cases[] = {
        {STORE_RAW, "raw", 0, 5, true},
        {STORE_VERDICTS, "verdicts", 0, 3, true},
        {STORE_HOUR, "hour", 0, 9, true},
        {STORE_DAY, "day", 0, 1, true},
        {STORE_MARKS, "marks", 0, 0, false},
        {STORE_INCIDENTS, "incidents", 's', 2, false},
        {STORE_INCIDENTS, "incidents", 'i', 2, true},
        {STORE_NAMES, "names", 'n', 1, true},
        {STORE_NAMES, "names", 'r', 1, true},
        {STORE_CHECKS, "checks", 0, 0, false},
        {STORE_CONFIGS, "configs", 0, 0, false},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct picked row = {.first = cases[i].first, .skip = cases[i].skip};
        size_t step;

        pick_row(f, cases[i].table, &row);
        step = row.len / 12 + 1;
        for (size_t at = 0; at < (cases[i].any ? row.len : 2); at += step) {
            row.value[at] ^= 0x10;
            put(f, cases[i].table, &row);
            verify(f);
            if (strstr(f->tables, cases[i].name) == NULL)
                fail_msg("%s, case %zu, byte %zu of %zu: found in: %s",
                    cases[i].name, i, at, row.len, f->tables);
            row.value[at] ^= 0x10;
            put(f, cases[i].table, &row);
        }
    }
    assert_clean(f);
}

static void
a_row_that_is_gone_is_reported(void **state)
{
    static const struct {
        enum store_table table;
        const char *where; /* it is seen in */
        char first;
        int skip;
    } cases[] = {
        {STORE_RAW, "hour", 0, 5},
        {STORE_RAW, "marks", 0, 100},
        {STORE_VERDICTS, "verdicts", 0, 4},
        {STORE_HOUR, "hour", 0, 9},
        {STORE_DAY, "day", 0, 0},
        {STORE_INCIDENTS, "incidents", 's', 1},
        {STORE_INCIDENTS, "incidents", 'i', 1},
        {STORE_NAMES, "names", 'r', 1},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct picked row = {.first = cases[i].first, .skip = cases[i].skip};
        struct err err;

        pick_row(f, cases[i].table, &row);
        begin(f);
        assert_ok(store_delete(f->txn, cases[i].table,
                      (struct bytes){row.key, row.key_len}, &err),
            err);
        commit(f);
        verify(f);
        if (strstr(f->tables, cases[i].where) == NULL)
            fail_msg(
                "%s, case %zu: found in: %s", cases[i].where, i, f->tables);
        put(f, cases[i].table, &row);
    }
    assert_clean(f);
}

/* ---- bytes that change on disk ---- */

static void
put_text(struct fixture *f, enum store_table table, const char *key,
    size_t key_len, const char *value)
{
    struct err err;

    begin(f);
    assert_ok(
        store_put(f->txn, table, (struct bytes){(const uint8_t *)key, key_len},
            (struct bytes){(const uint8_t *)value, strlen(value)}, &err),
        err);
    commit(f);
}

/* Each table has a row at least: what it says is of no matter here. */
static void
fill_tables(struct fixture *f)
{
    static const char key[] = "0123456789abcdefghijklmnopqrs";

    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        struct store_size size;
        struct err err;

        begin(f);
        assert_ok(
            store_table_size(f->txn, (enum store_table)i, &size, &err), err);
        store_abort(f->txn);
        if (size.rows == 0)
            put_text(f, (enum store_table)i, key, sizeof(key) - 1,
                "a value that is found on disk");
    }
}

/* Changes one byte of the row wherever the file has it, also where it is only
 * what was there before.  `at` counts from its key on. */
static void
flip_on_disk(struct fixture *f, const struct picked *row, size_t at)
{
    uint8_t pattern[STORE_KEY_MAX_BYTES + 4096];
    size_t len = row->key_len + row->len;
    char path[128];
    size_t size;
    size_t found = 0;
    uint8_t *file;
    FILE *open;

    memcpy(pattern, row->key, row->key_len);
    memcpy(pattern + row->key_len, row->value, row->len);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", f->tmp->dir);
    open = fopen(path, "r+b");
    assert_non_null(open);
    assert_int_equal(fseek(open, 0, SEEK_END), 0);
    size = (size_t)ftell(open);
    rewind(open);
    file = malloc(size);
    assert_non_null(file);
    assert_int_equal(fread(file, 1, size, open), size);
    for (uint8_t *hit = file;
         (hit = memmem(hit, size - (size_t)(hit - file), pattern, len)) != NULL;
         hit++, found++) {
        assert_int_equal(fseek(open, hit - file + (long)at, SEEK_SET), 0);
        assert_int_equal(fputc(hit[at] ^ 0x04, open), hit[at] ^ 0x04);
    }
    assert_int_equal(fclose(open), 0);
    free(file);
    assert_true(found > 0);
}

static void
open_again(struct fixture *f)
{
    struct err err;

    f->tmp->store = store_open(
        &(struct store_spec){.dir = f->tmp->dir, .map_bytes = 64 << 20}, &err);
    assert_made(f->tmp->store, err);
    f->world.store = f->tmp->store;
}

static bool
is_said(const struct fixture *f, enum store_table table)
{
    char word[32];

    (void)snprintf(word, sizeof(word), "%s ", store_table_name(table));
    return strstr(f->tables, word) != NULL;
}

static void
a_byte_that_changed_on_disk_is_found_in_every_table(void **state)
{
    struct fixture *f = *state;

    fill_tables(f);
    for (int i = 0; i < STORE_TABLE_COUNT; i++) {
        struct picked row = {.skip = 0};
        size_t places[3];

        pick_row(f, (enum store_table)i, &row);
        places[0] = row.key_len - 1; /* the key's end */
        places[1] = row.key_len;
        places[2] = row.key_len + row.len + 2; /* in its checksum */
        for (size_t k = 0; k < 3; k++) {
            store_close(f->tmp->store);
            flip_on_disk(f, &row, places[k]);
            open_again(f);
            verify(f);
            if (!is_said(f, (enum store_table)i))
                fail_msg("%s, byte %zu: found in: %s",
                    store_table_name((enum store_table)i), places[k],
                    f->tables);
            if (strstr(f->all, "checksum does not fit") == NULL)
                fail_msg("said: %s", f->all);
            store_close(f->tmp->store);
            if (k == 0)
                row.key[row.key_len - 1] ^= 0x04;
            else if (k == 1)
                row.value[0] ^= 0x04;
            flip_on_disk(f, &row, places[k]);
            if (k == 0)
                row.key[row.key_len - 1] ^= 0x04;
            else if (k == 1)
                row.value[0] ^= 0x04;
            open_again(f);
        }
    }
}

static bool
is_ended(void *ctx)
{
    (void)ctx;
    return true;
}

static void
it_ends_when_asked_to(void **state)
{
    struct fixture *f = *state;
    const struct verify_spec spec = {.store = f->tmp->store,
        .now_unix_ms = f->now_unix_ms + INT64_C(30) * RETENTION_DAY_MS,
        .found = take,
        .is_ended = is_ended,
        .ctx = f};
    struct err err;

    /* Many empty hours: more than one turn. */
    assert_int_equal(verify_run(&spec, &f->counts, &err), -1);
    assert_int_equal(err.code, ERR_TIMEOUT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_store_that_was_written_well_is_clean, setup, teardown),
        cmocka_unit_test_setup_teardown(
            late_results_are_pending_and_then_clean, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_store_with_old_rows_deleted_is_clean, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_day_is_what_its_verdicts_come_to, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_day_is_compared_as_far_as_its_verdicts_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_scope_of_a_day_that_is_missed_is_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(
            each_kind_of_row_with_a_changed_byte_is_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_row_that_is_gone_is_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_byte_that_changed_on_disk_is_found_in_every_table, setup,
            teardown),
        cmocka_unit_test_setup_teardown(it_ends_when_asked_to, setup, teardown),
    };

    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
