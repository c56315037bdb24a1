#include "store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cm.h"
#include "tmp_store.h"

static struct bytes
text(const char *s)
{
    return (struct bytes){.data = (const uint8_t *)s, .len = strlen(s)};
}

static void
put(struct store *store, const char *key, const char *value)
{
    struct err err;
    struct store_txn *txn = store_begin_write(store, &err);

    assert_made(txn, err);
    assert_ok(store_put(txn, STORE_RAW, text(key), text(value), &err), err);
    assert_ok(store_commit(txn, &err), err);
}

/* Where both found nothing, or the same. */
static void
expect(struct store_txn *txn, const char *key, const char *value)
{
    struct bytes got;
    struct err err;
    int rc = store_get(txn, STORE_RAW, text(key), &got, &err);

    assert_int_equal(rc, value != NULL);
    if (value != NULL) {
        assert_int_equal(got.len, strlen(value));
        assert_memory_equal(got.data, value, got.len);
    }
}

static void
what_is_committed_is_there_after_opening_again(void **state)
{
    struct tmp_store *tmp = *state;
    struct store_txn *txn;
    struct err err;

    put(tmp->store, "a", "1");
    store_close(tmp->store);
    tmp->store = store_open(&(struct store_spec){.dir = tmp->dir}, &err);
    assert_made(tmp->store, err);
    txn = store_begin_read(tmp->store, &err);
    assert_made(txn, err);
    expect(txn, "a", "1");
    expect(txn, "b", NULL);
    store_abort(txn);
}

static void
an_aborted_transaction_changes_nothing(void **state)
{
    struct tmp_store *tmp = *state;
    struct store_txn *txn;
    struct err err;

    txn = store_begin_write(tmp->store, &err);
    assert_made(txn, err);
    assert_ok(store_put(txn, STORE_RAW, text("a"), text("1"), &err), err);
    expect(txn, "a", "1");
    store_abort(txn);
    txn = store_begin_read(tmp->store, &err);
    expect(txn, "a", NULL);
    store_abort(txn);
}

static void
a_row_that_was_just_read_is_rewritten_in_any_length(void **state)
{
    struct tmp_store *tmp = *state;
    struct store_txn *txn;
    struct err err;
    struct bytes got;
    static const char *const values[] = {"1", "longer", "s", "same", "size"};

    put(tmp->store, "a", "x");
    put(tmp->store, "b", "y");
    txn = store_begin_write(tmp->store, &err);
    assert_made(txn, err);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(store_get(txn, STORE_RAW, text("a"), &got, &err), 1);
        assert_ok(
            store_put(txn, STORE_RAW, text("a"), text(values[i]), &err), err);
        expect(txn, "a", values[i]);
        expect(txn, "b", "y");
    }
    assert_ok(store_put(txn, STORE_RAW, text("aa"), text("new"), &err), err);
    assert_ok(store_commit(txn, &err), err);
    txn = store_begin_read(tmp->store, &err);
    expect(txn, "a", "size");
    expect(txn, "aa", "new");
    expect(txn, "b", "y");
    store_abort(txn);
}

static int
collect(void *ctx, struct bytes key, struct bytes value, struct err *err)
{
    char *out = ctx;

    (void)value;
    (void)err;
    (void)strncat(out, (const char *)key.data, key.len);
    return strlen(out) >= 3;
}

static void
a_walk_takes_its_first_key_and_not_its_last(void **state)
{
    struct tmp_store *tmp = *state;
    struct store_txn *txn;
    struct err err;
    char seen[8] = "";

    for (int i = 0; i < 6; i++)
        put(tmp->store, (char[]){(char)('a' + i), '\0'}, "v");
    txn = store_begin_read(tmp->store, &err);
    assert_ok(
        store_each(txn, STORE_RAW, text("b"), text("d"), collect, seen, &err),
        err);
    assert_string_equal(seen, "bc");
    seen[0] = '\0';
    assert_ok(
        store_each(txn, STORE_RAW, text(""), text(""), collect, seen, &err),
        err);
    assert_string_equal(seen, "abc"); /* ended by the callback */
    store_abort(txn);
}

static void
seeking_finds_the_neighbours(void **state)
{
    struct tmp_store *tmp = *state;
    struct store_txn *txn;
    struct err err;
    struct bytes key;
    struct bytes value;

    txn = store_begin_read(tmp->store, &err);
    assert_int_equal(
        store_seek_before(txn, STORE_RAW, text(""), &key, &value, &err), 0);
    store_abort(txn);
    put(tmp->store, "b", "1");
    put(tmp->store, "d", "2");
    txn = store_begin_read(tmp->store, &err);
    assert_int_equal(
        store_seek(txn, STORE_RAW, text("c"), &key, &value, &err), 1);
    assert_memory_equal(key.data, "d", 1);
    assert_int_equal(
        store_seek(txn, STORE_RAW, text("e"), &key, &value, &err), 0);
    assert_int_equal(
        store_seek_before(txn, STORE_RAW, text("d"), &key, &value, &err), 1);
    assert_memory_equal(key.data, "b", 1);
    assert_int_equal(
        store_seek_before(txn, STORE_RAW, text("b"), &key, &value, &err), 0);
    assert_int_equal(
        store_seek_before(txn, STORE_RAW, text(""), &key, &value, &err), 1);
    assert_memory_equal(value.data, "2", 1);
    store_abort(txn);
}

static void
a_full_store_says_so_and_keeps_what_it_has(void **state)
{
    struct tmp_store *tmp = *state;
    static char big[100000];
    struct store_txn *txn;
    struct err err = {0};
    int rc = 0;

    store_close(tmp->store);
    tmp_store_remove_dir(tmp->dir);
    tmp->store = store_open(
        &(struct store_spec){.dir = tmp->dir, .map_bytes = 1 << 20}, &err);
    assert_made(tmp->store, err);
    put(tmp->store, "kept", "1");
    txn = store_begin_write(tmp->store, &err);
    memset(big, 'x', sizeof(big) - 1);
    for (int i = 0; i < 100 && rc == 0; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "%03d", i);
        rc = store_put(txn, STORE_RAW, text(key), text(big), &err);
    }
    assert_int_equal(rc, -1);
    assert_int_equal(err.code, ERR_FULL);
    assert_int_equal(store_commit(txn, &err), -1);
    assert_int_equal(err.code, ERR_FULL);
    put(tmp->store, "after", "2");
    txn = store_begin_read(tmp->store, &err);
    expect(txn, "kept", "1");
    expect(txn, "000", NULL);
    expect(txn, "after", "2");
    store_abort(txn);
}

static void
a_second_writer_is_refused_and_told_by_whom(void **state)
{
    struct tmp_store *tmp = *state;
    char pid[32];
    struct err err;

    assert_null(store_open(&(struct store_spec){.dir = tmp->dir}, &err));
    assert_int_equal(err.code, ERR_BUSY);
    (void)snprintf(pid, sizeof(pid), "(pid %ld)", (long)getpid());
    assert_non_null(strstr(err.msg, pid));
}

/* In another process: LMDB forbids opening a store twice in one. */
static void
a_reader_reads_while_the_writer_has_it(void **state)
{
    struct tmp_store *tmp = *state;
    int status;
    pid_t pid;

    put(tmp->store, "a", "1");
    pid = fork();
    if (pid == 0) {
        struct err err;
        struct store *store = store_open(
            &(struct store_spec){.dir = tmp->dir, .read_only = true}, &err);
        struct store_txn *txn =
            store == NULL ? NULL : store_begin_read(store, &err);
        struct bytes got;

        if (txn == NULL)
            _exit(1);
        _exit(store_get(txn, STORE_RAW, text("a"), &got, &err) == 1 ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    /* It left without closing. */
    {
        struct err err;

        assert_int_equal(store_clear_stale_readers(tmp->store, &err), 1);
    }
}

static void
reading_where_no_store_is_makes_none(void **state)
{
    struct tmp_store *tmp = *state;
    struct err err;

    store_close(tmp->store);
    tmp_store_remove_dir(tmp->dir);
    tmp->store = NULL;
    assert_null(store_open(
        &(struct store_spec){.dir = tmp->dir, .read_only = true}, &err));
    assert_non_null(strstr(err.msg, "there is no store here"));
    assert_int_equal(access(tmp->dir, F_OK), -1);
}

static void
write_file(const char *dir, const char *content, size_t len)
{
    char path[128];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, content, len), (ssize_t)len);
    (void)close(fd);
}

static void
a_file_of_something_else_is_no_store(void **state)
{
    struct tmp_store *tmp = *state;
    static char junk[20000];
    struct err err;

    store_close(tmp->store);
    tmp->store = NULL;
    memset(junk, 'j', sizeof(junk));
    write_file(tmp->dir, junk, sizeof(junk));
    for (int ro = 0; ro < 2; ro++) {
        assert_null(store_open(
            &(struct store_spec){.dir = tmp->dir, .read_only = ro != 0}, &err));
        assert_int_equal(err.code, ERR_STATE);
        assert_non_null(strstr(err.msg, "not a leadline store"));
    }
}

static void
a_torn_file_is_said_to_be_damaged_and_kills_nobody(void **state)
{
    struct tmp_store *tmp = *state;
    char path[128];
    struct err err;
    struct stat st;

    for (int i = 0; i < 100; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "%03d", i);
        put(tmp->store, key, "some value that takes its place");
    }
    store_close(tmp->store);
    tmp->store = NULL;
    (void)snprintf(path, sizeof(path), "%s/data.mdb", tmp->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, 3 * 4096), 0);
    assert_null(store_open(&(struct store_spec){.dir = tmp->dir}, &err));
    assert_int_equal(err.code, ERR_STATE);
    assert_non_null(strstr(err.msg, "damaged"));
}

static const double map_bytes = 64.0 * 1024 * 1024; /* tmp_store's */

static void
how_full_it_is_counts_what_is_in_it(void **state)
{
    struct tmp_store *tmp = *state;
    double used;
    struct err err;
    static char big[1 << 20];

    memset(big, 'x', sizeof(big) - 1);
    put(tmp->store, "big", big);
    assert_ok(store_used_ratio(tmp->store, &used, &err), err);
    /* Not more exact than that: others write to the same disk meanwhile. */
    assert_true(used >= (double)sizeof(big) / map_bytes && used <= 1.0);
}

static void
what_is_left_is_told_in_bytes(void **state)
{
    struct tmp_store *tmp = *state;
    static char big[1 << 20];
    struct store_used before;
    struct store_used used;
    struct err err;

    memset(big, 'x', sizeof(big) - 1);
    assert_ok(store_used(tmp->store, &before, &err), err);
    assert_true((double)before.left_bytes <= map_bytes);
    for (int i = 0; i < 64; i++) {
        struct store_txn *txn = store_begin_write(tmp->store, &err);
        char key[] = {(char)('A' + i), '\0'};

        assert_made(txn, err);
        if (store_put(txn, STORE_META, text(key), text(big), &err) != 0) {
            store_abort(txn);
            break;
        }
        if (store_commit(txn, &err) != 0)
            break;
    }
    assert_int_equal(err.code, ERR_FULL);
    assert_ok(store_used(tmp->store, &used, &err), err);
    /* The next row does not fit, and whatever was freed is little. */
    assert_true(used.left_bytes < before.left_bytes);
    assert_true(used.left_bytes < 2 * sizeof(big));
    assert_true(used.map > 0.9);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, tmp_store_setup, tmp_store_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_committed_is_there_after_opening_again),
        TEST(an_aborted_transaction_changes_nothing),
        TEST(what_is_left_is_told_in_bytes),
        TEST(a_row_that_was_just_read_is_rewritten_in_any_length),
        TEST(a_walk_takes_its_first_key_and_not_its_last),
        TEST(seeking_finds_the_neighbours),
        TEST(a_full_store_says_so_and_keeps_what_it_has),
        TEST(a_second_writer_is_refused_and_told_by_whom),
        TEST(a_reader_reads_while_the_writer_has_it),
        TEST(reading_where_no_store_is_makes_none),
        TEST(a_file_of_something_else_is_no_store),
        TEST(a_torn_file_is_said_to_be_damaged_and_kills_nobody),
        TEST(how_full_it_is_counts_what_is_in_it),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
