#include "care.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup.h"
#include "clock.h"
#include "cm.h"
#include "fake_errand.h"
#include "fake_loop.h"
#include "tmp_store.h"

enum { MAP_BYTES = 8 << 20, MINUTE_S = 60, HOUR_S = 3600 };

struct fixture {
    void *tmp;
    struct store *store;
    struct loop *loop;
    struct care *care;
    struct config config;
    char dir[64]; /* of backups */
    struct care_news last[CARE_MATTERS];
    char details[CARE_MATTERS][256];
    int told[CARE_MATTERS];
};

static void
take_news(void *ctx, const struct care_news *news)
{
    struct fixture *f = ctx;

    f->told[news->matter]++;
    f->last[news->matter] = *news;
    (void)snprintf(f->details[news->matter], 256, "%s", news->detail);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err err;

    if (f == NULL || tmp_store_setup_sized(&f->tmp, MAP_BYTES) != 0)
        return -1;
    f->store = ((struct tmp_store *)f->tmp)->store;
    (void)strcpy(f->dir, "/tmp/leadline-care-XXXXXX");
    if (mkdtemp(f->dir) == NULL)
        return -1;
    f->config.backup_every_ms = HOUR_S * MS_PER_SEC;
    f->config.backup_keep = 3;
    f->loop = loop_new(&err);
    *state = f;
    return 0;
}

static void
start(struct fixture *f)
{
    struct err err;

    f->care = care_open(&(struct care_spec){.loop = f->loop,
                            .store = f->store,
                            .store_dir = "/store",
                            .config = &f->config,
                            .tell = take_news,
                            .ctx = f},
        &err);
    assert_made(f->care, err);
}

static void
pass_s(struct fixture *f, int64_t seconds)
{
    fake_loop_advance_ns(f->loop, seconds * NS_PER_SEC);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    care_close(f->care);
    loop_free(f->loop);
    tmp_store_remove_dir(f->dir);
    assert_int_equal(tmp_store_teardown(&f->tmp), 0);
    free(f);
    return 0;
}

/* ---- how full it is ---- */

static void
put_big(struct fixture *f, int number, size_t len)
{
    static char big[1 << 20];
    struct err err;
    struct store_txn *txn = store_begin_write(f->store, &err);
    char key[16];

    (void)snprintf(key, sizeof(key), "%d", number);
    memset(big, 'x', len);
    assert_ok(store_put(txn, STORE_RAW,
                  (struct bytes){(const uint8_t *)key, strlen(key)},
                  (struct bytes){(const uint8_t *)big, len}, &err),
        err);
    assert_ok(store_commit(txn, &err), err);
}

static void
delete_big(struct fixture *f, int number)
{
    struct err err;
    struct store_txn *txn = store_begin_write(f->store, &err);
    char key[16];

    (void)snprintf(key, sizeof(key), "%d", number);
    assert_ok(store_delete(txn, STORE_RAW,
                  (struct bytes){(const uint8_t *)key, strlen(key)}, &err),
        err);
    assert_ok(store_commit(txn, &err), err);
}

static void
people_hear_when_the_map_fills_and_when_there_is_room(void **state)
{
    struct fixture *f = *state;
    struct store_used used;
    struct err err;

    assert_ok(store_used(f->store, &used, &err), err);
    if (used.disk >= CARE_WARN_RATIO - CARE_RELIEF)
        skip(); /* this machine's own disk is filling: another test's matter */
    start(f);
    pass_s(f, 0);
    assert_int_equal(f->told[CARE_STORE_FULL], 1); /* whatever was before */
    assert_false(f->last[CARE_STORE_FULL].bad);
    for (int i = 0; i < 6; i++)
        put_big(f, i, 1 << 20);
    pass_s(f, MINUTE_S); /* 75 %: only in the log */
    assert_false(f->last[CARE_STORE_FULL].bad);
    put_big(f, 6, 1 << 20);
    pass_s(f, MINUTE_S);
    assert_true(f->last[CARE_STORE_FULL].bad);
    /* 82 %: below the line, and not yet well. */
    delete_big(f, 6);
    put_big(f, 6, 600 << 10);
    pass_s(f, MINUTE_S);
    assert_true(f->last[CARE_STORE_FULL].bad);
    delete_big(f, 6);
    delete_big(f, 5);
    pass_s(f, MINUTE_S);
    assert_false(f->last[CARE_STORE_FULL].bad);
}

/* ---- readers that died ---- */

static void
a_killed_reader_s_slot_is_cleared_within_a_minute(void **state)
{
    struct fixture *f = *state;
    const char *dir = ((struct tmp_store *)f->tmp)->dir;
    struct err err;
    int ready[2];
    char byte;
    pid_t pid;

    start(f);
    pass_s(f, 0);
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct store *store = store_open(
            &(struct store_spec){.dir = dir, .read_only = true}, &err);

        if (store == NULL || store_begin_read(store, &err) == NULL)
            _exit(1);
        (void)!write(ready[1], "", 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    pass_s(f, MINUTE_S);
    /* Nothing is left to clear. */
    assert_int_equal(store_clear_stale_readers(f->store, &err), 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* ---- backups ---- */

static void
backups_go_on_at_their_interval(void **state)
{
    struct fixture *f = *state;
    char words[128];

    f->config.backup_dir = f->dir;
    start(f);
    pass_s(f, 6); /* there is none yet */
    (void)snprintf(words, sizeof(words), "backup /store %s 3", f->dir);
    assert_string_equal(fake_errand_words(), words);
    assert_int_equal(fake_errand_count(), 1);
    pass_s(f, 3 * HOUR_S); /* it takes long: no second one */
    assert_int_equal(fake_errand_count(), 0);
    fake_errand_end(0, "{\"path\": \"/b/1\", \"bytes\": 1, \"removed\": 0}\n");
    assert_int_equal(f->told[CARE_BACKUP], 1);
    assert_false(f->last[CARE_BACKUP].bad);
    pass_s(f, HOUR_S - 1);
    assert_int_equal(fake_errand_count(), 0);
    pass_s(f, 1);
    assert_int_equal(fake_errand_count(), 1);
}

static void
one_that_is_there_is_not_made_again_at_a_start(void **state)
{
    struct fixture *f = *state;
    char name[BACKUP_NAME_BYTES];
    char path[160];

    backup_put_moment(clock_unix_ms() - 1800 * MS_PER_SEC, name);
    (void)snprintf(path, sizeof(path), "%s/leadline-%s", f->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
    f->config.backup_dir = f->dir;
    start(f);
    pass_s(f, 1700);
    assert_int_equal(fake_errand_count(), 0);
    pass_s(f, 200);
    assert_int_equal(fake_errand_count(), 1);
    assert_int_equal(rmdir(path), 0);
}

static void
a_failure_is_told_with_its_reason_and_tried_again_soon(void **state)
{
    static const struct {
        int exit_code;
        const char *answer;
        const char *told;
    } cases[] = {{3, "{\"error\": \"backup: the disk is full\"}\n",
                     "backup: the disk is full"},
        {3, "", "without a word"}, {0, "nonsense", "without a word"}};
    struct fixture *f = *state;

    f->config.backup_dir = f->dir;
    start(f);
    pass_s(f, 6);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(fake_errand_count(), 1);
        fake_errand_end(cases[i].exit_code, cases[i].answer);
        assert_true(f->last[CARE_BACKUP].bad);
        assert_non_null(strstr(f->details[CARE_BACKUP], cases[i].told));
        pass_s(f, 599);
        assert_int_equal(fake_errand_count(), 0);
        pass_s(f, 1);
    }
    assert_int_equal(fake_errand_count(), 1);
    fake_errand_refuse(true);
    fake_errand_end(3, "");
    f->told[CARE_BACKUP] = 0;
    pass_s(f, 600);
    fake_errand_refuse(false);
    assert_int_equal(f->told[CARE_BACKUP], 1);
    assert_non_null(strstr(f->details[CARE_BACKUP], "no process"));
}

static void
a_reload_may_end_them_or_begin_them(void **state)
{
    struct fixture *f = *state;
    struct config with = f->config;

    start(f);
    pass_s(f, 10 * HOUR_S);
    assert_int_equal(fake_errand_count(), 0);
    with.backup_dir = f->dir;
    care_set_config(f->care, &with);
    pass_s(f, 6);
    assert_int_equal(fake_errand_count(), 1);
    care_set_config(f->care, &f->config);
    fake_errand_end(3, ""); /* nobody wants it any more */
    assert_false(f->last[CARE_BACKUP].bad);
    pass_s(f, 10 * HOUR_S);
    assert_int_equal(fake_errand_count(), 0);
}

static void
the_end_ends_what_is_under_way(void **state)
{
    struct fixture *f = *state;

    f->config.backup_dir = f->dir;
    start(f);
    pass_s(f, 6);
    assert_true(fake_errand_is_under_way());
    care_close(f->care);
    f->care = NULL;
    assert_false(fake_errand_is_under_way());
    assert_int_equal(fake_errand_count(), 1);
}

/* ---- what is told ---- */

static void
what_is_told_is_a_claim_of_the_collector(void **state)
{
    struct care_news news = {.matter = CARE_BACKUP,
        .bad = true,
        .now_unix_ms = INT64_C(1795528800000),
        .title = "the backup of the store failed",
        .detail = "no room",
        .advice = "do this"};
    struct condition_claim claim;

    (void)state;
    care_news_claim(&news, &claim);
    assert_int_equal(claim.class, ALERT_BACKUP_FAILED);
    assert_int_equal(claim.on, CONDITION_ON_COLLECTOR);
    assert_int_equal(claim.since_unix_ms, news.now_unix_ms);
    assert_false(claim.event);
    assert_string_equal(
        claim.words, "the backup of the store failed: no room. do this");
    /* Each time a store was replaced is one of its own. */
    news.matter = CARE_DAMAGED;
    news.detail = news.advice = "";
    care_news_claim(&news, &claim);
    assert_true(claim.event);
    assert_string_equal(claim.key, "2026-11-24T14:00:00.000Z");
    assert_string_equal(claim.words, "the backup of the store failed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(people_hear_when_the_map_fills_and_when_there_is_room),
        TEST(a_killed_reader_s_slot_is_cleared_within_a_minute),
        TEST(backups_go_on_at_their_interval),
        TEST(one_that_is_there_is_not_made_again_at_a_start),
        TEST(a_failure_is_told_with_its_reason_and_tried_again_soon),
        TEST(a_reload_may_end_them_or_begin_them),
        TEST(the_end_ends_what_is_under_way),
        TEST(what_is_told_is_a_claim_of_the_collector),
    };

    return cmocka_run_group_tests_name("care", tests, NULL, NULL);
}
