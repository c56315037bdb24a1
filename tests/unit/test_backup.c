#include "backup.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cm.h"
#include "restore.h"
#include "store_look.h"
#include "tmp_store.h"

/* 2026-11-24T14:00:00Z */
static const int64_t base_unix_ms = INT64_C(1795528800000);

enum { ROWS = 3000, PAGE = 4096, HOUR_MS = 3600000 };

struct fixture {
    struct tmp_store *tmp;
    char dir[64]; /* of backups */
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL || tmp_store_setup((void **)&f->tmp) != 0)
        return -1;
    (void)strcpy(f->dir, "/tmp/leadline-backup-XXXXXX");
    *state = f;
    return mkdtemp(f->dir) != NULL ? 0 : -1;
}

static void
remove_deep(const char *dir)
{
    DIR *open = opendir(dir);
    const struct dirent *entry;

    while (open != NULL && (entry = readdir(open)) != NULL) {
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            tmp_store_remove_dir(path);
    }
    if (open != NULL)
        (void)closedir(open);
    tmp_store_remove_dir(dir);
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->tmp->store);
    remove_deep(f->tmp->dir);
    remove_deep(f->dir);
    free(f->tmp);
    free(f);
    return 0;
}

static struct bytes
text(const char *s)
{
    return (struct bytes){.data = (const uint8_t *)s, .len = strlen(s)};
}

/* Rows of one table, each with what was written when. */
static void
fill(struct fixture *f, const char *value)
{
    struct err err;
    struct store_txn *txn = store_begin_write(f->tmp->store, &err);

    assert_made(txn, err);
    for (int i = 0; i < ROWS; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "%06d", i);
        assert_ok(store_put(txn, STORE_RAW, text(key), text(value), &err), err);
    }
    assert_ok(store_commit(txn, &err), err);
}

static void
assert_holds(const char *dir, const char *value)
{
    struct err err;
    struct store *store =
        store_open(&(struct store_spec){.dir = dir, .read_only = true}, &err);
    struct store_txn *txn;
    struct store_size size;

    assert_made(store, err);
    txn = store_begin_read(store, &err);
    assert_ok(store_table_size(txn, STORE_RAW, &size, &err), err);
    assert_int_equal(size.rows, ROWS);
    for (int i = 0; i < ROWS; i++) {
        char key[16];
        struct bytes got;

        (void)snprintf(key, sizeof(key), "%06d", i);
        assert_int_equal(store_get(txn, STORE_RAW, text(key), &got, &err), 1);
        assert_int_equal(got.len, strlen(value));
        assert_memory_equal(got.data, value, got.len);
    }
    store_abort(txn);
    store_close(store);
}

static void
back_up(struct fixture *f, int64_t now_unix_ms, int64_t keep,
    struct backup_made *made)
{
    struct err err;

    assert_ok(backup_make(&(struct backup_spec){.store = f->tmp->store,
                              .dir = f->dir,
                              .now_unix_ms = now_unix_ms,
                              .keep = keep},
                  made, &err),
        err);
}

static int
count_entries(const char *dir)
{
    DIR *open = opendir(dir);
    int count = 0;

    assert_non_null(open);
    while (readdir(open) != NULL)
        count++;
    (void)closedir(open);
    return count - 2; /* . and .. */
}

static void
a_backup_holds_what_was_committed_before_it(void **state)
{
    struct fixture *f = *state;
    struct backup_made made;
    struct store_txn *txn;
    struct err err;
    char expect[BACKUP_PATH_BYTES + 16];
    struct stat st;

    fill(f, "before");
    txn = store_begin_write(f->tmp->store, &err); /* the writer goes on */
    assert_ok(store_put(txn, STORE_RAW, text("000000"), text("x"), &err), err);
    back_up(f, base_unix_ms + 7, 0, &made);
    store_abort(txn);
    (void)snprintf(
        expect, sizeof(expect), "%s/leadline-20261124T140000.007Z", f->dir);
    assert_string_equal(made.path, expect);
    fill(f, "after");
    assert_int_equal(count_entries(made.path), 1);
    assert_holds(made.path, "before");
    (void)snprintf(expect, sizeof(expect), "%s/data.mdb", made.path);
    assert_int_equal(stat(expect, &st), 0);
    assert_int_equal(made.bytes, st.st_size);
}

static void
only_the_newest_are_kept_and_nothing_else_is_touched(void **state)
{
    struct fixture *f = *state;
    struct backup_made made;
    struct backup_list list;
    struct err err;
    char mine[128];

    (void)snprintf(mine, sizeof(mine), "%s/leadline-2026", f->dir);
    assert_int_equal(mkdir(mine, 0700), 0);
    for (int i = 0; i < 5; i++) {
        back_up(f, base_unix_ms + i * HOUR_MS, 3, &made);
        assert_int_equal(made.removed, i >= 3 ? 1 : 0);
    }
    assert_ok(backup_list_read(f->dir, &list, &err), err);
    assert_int_equal(list.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            list.items[i].made_unix_ms, base_unix_ms + (4 - i) * HOUR_MS);
    backup_list_free(&list);
    assert_int_equal(access(mine, F_OK), 0);
}

static void
what_a_killed_backup_left_is_no_backup_and_goes(void **state)
{
    struct fixture *f = *state;
    struct backup_made made;
    struct backup_list list;
    struct err err;
    char left[128];
    char file[160];
    int fd;

    (void)snprintf(
        left, sizeof(left), "%s/.leadline-20261124T130000.000Z.tmp", f->dir);
    assert_int_equal(mkdir(left, 0700), 0);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", left);
    fd = open(file, O_WRONLY | O_CREAT, 0600);
    assert_int_not_equal(fd, -1);
    (void)close(fd);
    assert_ok(backup_list_read(f->dir, &list, &err), err);
    assert_int_equal(list.count, 0);
    back_up(f, base_unix_ms, 0, &made);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(count_entries(f->dir), 1);
}

static void
two_into_one_folder_are_one_too_many(void **state)
{
    struct fixture *f = *state;
    int fd = open(f->dir, O_RDONLY | O_DIRECTORY);
    struct backup_made made;
    struct err err;

    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(backup_make(&(struct backup_spec){.store = f->tmp->store,
                                     .dir = f->dir,
                                     .now_unix_ms = base_unix_ms},
                         &made, &err),
        -1);
    assert_int_equal(err.code, ERR_BUSY);
    assert_int_equal(count_entries(f->dir), 0);
    (void)close(fd);
}

static void
a_failed_backup_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct backup_made made;
    struct err err;

    back_up(f, base_unix_ms, 0, &made);
    /* Its name is taken. */
    assert_int_equal(backup_make(&(struct backup_spec){.store = f->tmp->store,
                                     .dir = f->dir,
                                     .now_unix_ms = base_unix_ms},
                         &made, &err),
        -1);
    assert_int_equal(count_entries(f->dir), 1);
    assert_int_equal(backup_make(&(struct backup_spec){.store = f->tmp->store,
                                     .dir = "/proc/leadline",
                                     .now_unix_ms = base_unix_ms},
                         &made, &err),
        -1);
    assert_non_null(strstr(err.msg, "/proc/leadline"));
}

/* ---- restoring ---- */

static void
close_store(struct fixture *f)
{
    store_close(f->tmp->store);
    f->tmp->store = NULL;
}

/* All but the two meta pages becomes garbage. */
static void
damage(const char *dir)
{
    static uint8_t junk[PAGE];
    char path[160];
    struct stat st;
    int fd;

    memset(junk, 0xa5, sizeof(junk));
    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    fd = open(path, O_WRONLY);
    assert_int_not_equal(fd, -1);
    assert_int_equal(fstat(fd, &st), 0);
    for (off_t at = 2 * PAGE; at < st.st_size; at += PAGE)
        assert_int_equal(pwrite(fd, junk, PAGE, at), PAGE);
    (void)close(fd);
}

static int
restore(struct fixture *f, bool with_backups, struct restored *restored,
    struct err *err)
{
    return restore_if_damaged(&(struct restore_spec){.store_dir = f->tmp->dir,
                                  .backup_dir = with_backups ? f->dir : NULL,
                                  .now_unix_ms = base_unix_ms + 9 * HOUR_MS},
        restored, err);
}

static void
a_damaged_store_is_moved_aside_and_replaced(void **state)
{
    struct fixture *f = *state;
    struct backup_made made;
    struct restored restored;
    enum store_condition condition;
    struct err err;

    fill(f, "kept");
    back_up(f, base_unix_ms, 0, &made);
    fill(f, "lost");
    close_store(f);
    assert_int_equal(restore(f, true, &restored, &err), 0); /* it is whole */
    damage(f->tmp->dir);
    assert_int_equal(restore(f, true, &restored, &err), 1);
    assert_string_equal(restored.backup, made.path);
    assert_int_equal(restored.made_unix_ms, base_unix_ms);
    assert_int_equal(restored.passed, 0);
    assert_true(restored.why[0] != '\0');
    assert_ok(store_look(restored.aside, &condition, &err), err);
    assert_int_equal(condition, STORE_DAMAGED);
    assert_holds(f->tmp->dir, "kept");
    assert_holds(made.path, "kept"); /* it is a backup still */
    assert_int_equal(restore(f, true, &restored, &err), 0);
}

static void
a_backup_that_is_not_good_is_passed(void **state)
{
    struct fixture *f = *state;
    struct backup_made made[2];
    struct restored restored;
    struct err err;

    fill(f, "older");
    back_up(f, base_unix_ms, 0, &made[0]);
    fill(f, "newer");
    back_up(f, base_unix_ms + HOUR_MS, 0, &made[1]);
    close_store(f);
    damage(f->tmp->dir);
    damage(made[1].path);
    assert_int_equal(restore(f, true, &restored, &err), 1);
    assert_string_equal(restored.backup, made[0].path);
    assert_int_equal(restored.passed, 1);
    assert_holds(f->tmp->dir, "older");
}

static void
without_a_good_backup_nothing_is_moved(void **state)
{
    struct fixture *f = *state;
    struct backup_made made;
    struct restored restored;
    struct err err;
    int entries;

    fill(f, "value");
    back_up(f, base_unix_ms, 0, &made);
    close_store(f);
    damage(f->tmp->dir);
    damage(made.path);
    entries = count_entries(f->tmp->dir);
    for (int with = 0; with < 2; with++) {
        assert_int_equal(restore(f, with == 1, &restored, &err), -1);
        assert_int_equal(err.code, ERR_STATE);
        assert_non_null(strstr(err.msg, "no good backup"));
    }
    assert_int_equal(count_entries(f->tmp->dir), entries);
}

static void
a_store_in_use_is_not_touched(void **state)
{
    struct fixture *f = *state;
    struct restored restored;
    struct err err;

    assert_int_equal(restore(f, true, &restored, &err), -1);
    assert_int_equal(err.code, ERR_BUSY);
}

static void
an_empty_file_is_replaced_where_there_is_a_backup(void **state)
{
    struct fixture *f = *state;
    struct backup_made made;
    struct restored restored;
    char path[128];
    struct err err;

    fill(f, "kept");
    back_up(f, base_unix_ms, 0, &made);
    close_store(f);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", f->tmp->dir);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(restore(f, false, &restored, &err), 0);
    assert_int_equal(restore(f, true, &restored, &err), 1);
    assert_string_equal(restored.aside, "");
    assert_holds(f->tmp->dir, "kept");
}

static void
a_store_that_is_gone_is_not_made_up_for_but_noticed(void **state)
{
    struct fixture *f = *state;
    const struct restore_spec spec = {.store_dir = f->tmp->dir,
        .backup_dir = f->dir,
        .now_unix_ms = base_unix_ms};
    struct backup_made made[2];
    struct restored restored;
    char newest[BACKUP_PATH_BYTES];
    char path[128];
    struct err err;

    close_store(f);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", f->tmp->dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(restore_is_forgotten(&spec, newest, &err), 0);
    f->tmp->store = store_open(
        &(struct store_spec){.dir = f->tmp->dir, .map_bytes = 64 << 20}, &err);
    assert_made(f->tmp->store, err);
    back_up(f, base_unix_ms, 0, &made[0]);
    back_up(f, base_unix_ms + 1, 0, &made[1]);
    assert_int_equal(restore_is_forgotten(&spec, newest, &err), 0);
    close_store(f);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(restore_if_damaged(&spec, &restored, &err), 0);
    assert_int_equal(restore_is_forgotten(&spec, newest, &err), 1);
    assert_string_equal(newest, made[1].path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_backup_holds_what_was_committed_before_it),
        TEST(only_the_newest_are_kept_and_nothing_else_is_touched),
        TEST(what_a_killed_backup_left_is_no_backup_and_goes),
        TEST(two_into_one_folder_are_one_too_many),
        TEST(a_failed_backup_leaves_nothing),
        TEST(a_damaged_store_is_moved_aside_and_replaced),
        TEST(a_backup_that_is_not_good_is_passed),
        TEST(without_a_good_backup_nothing_is_moved),
        TEST(a_store_in_use_is_not_touched),
        TEST(an_empty_file_is_replaced_where_there_is_a_backup),
        TEST(a_store_that_is_gone_is_not_made_up_for_but_noticed),
    };

    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
