#include "store_look.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cm.h"
#include "tmp_store.h"

/* A folder without a store; tests make what stands in it. */
struct fixture {
    char dir[64];
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return -1;
    (void)strcpy(f->dir, "/tmp/leadline-look-XXXXXX");
    *state = f;
    return mkdtemp(f->dir) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    tmp_store_remove_dir(f->dir);
    free(f);
    return 0;
}

static struct bytes
text(const char *s)
{
    return (struct bytes){.data = (const uint8_t *)s, .len = strlen(s)};
}

/* ---- stores as other versions and programs write them ---- */

struct foreign {
    MDB_env *env;
    MDB_txn *txn;
};

static void
open_foreign(struct fixture *f, struct foreign *at)
{
    assert_int_equal(mdb_env_create(&at->env), 0);
    assert_int_equal(mdb_env_set_maxdbs(at->env, 64), 0);
    assert_int_equal(mdb_env_set_mapsize(at->env, 64 << 20), 0);
    assert_int_equal(mdb_env_open(at->env, f->dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(at->env, NULL, 0, &at->txn), 0);
}

static void
close_foreign(struct foreign *at)
{
    assert_int_equal(mdb_txn_commit(at->txn), 0);
    mdb_env_close(at->env);
}

static void
put_foreign(struct foreign *at, const char *table, const char *key,
    const void *value, size_t len)
{
    MDB_val k = {.mv_size = strlen(key), .mv_data = (void *)(uintptr_t)key};
    MDB_val v = {.mv_size = len, .mv_data = (void *)(uintptr_t)value};
    MDB_dbi dbi;

    assert_int_equal(mdb_dbi_open(at->txn, table, MDB_CREATE, &dbi), 0);
    assert_int_equal(mdb_put(at->txn, dbi, &k, &v, 0), 0);
}

static size_t
len_of_foreign(struct fixture *f, const char *table, const char *key)
{
    MDB_val k = {.mv_size = strlen(key), .mv_data = (void *)(uintptr_t)key};
    MDB_val v = {.mv_size = 0};
    struct foreign at;
    MDB_dbi dbi;

    open_foreign(f, &at);
    assert_int_equal(mdb_dbi_open(at.txn, table, 0, &dbi), 0);
    if (mdb_get(at.txn, dbi, &k, &v) != 0)
        v.mv_size = 0;
    close_foreign(&at);
    return v.mv_size;
}

enum { OLD_ROWS = 12000 };

static const char *
old_value(int i, char out[64])
{
    (void)snprintf(out, 64, "value %d%.*s", i, i % 40,
        "........................................");
    return out;
}

/* Schema 1: rows without checksums.  What is before `done` of table hour has
 * been migrated already, and noted so. */
static void
make_old_store(struct fixture *f, int done)
{
    static const uint8_t one = 1;
    struct foreign at;
    char key[16];
    char value[64];

    open_foreign(f, &at);
    put_foreign(&at, "meta", "schema", &one, 1);
    put_foreign(&at, "meta", "mailq.last", "12345678", 8);
    put_foreign(&at, "raw", "r", "", 0);
    for (int i = done; i < OLD_ROWS; i++) {
        (void)snprintf(key, sizeof(key), "k%06d", i);
        put_foreign(
            &at, "hour", key, old_value(i, value), strlen(old_value(i, value)));
    }
    close_foreign(&at);
}

static enum store_condition
look(struct fixture *f, struct err *err)
{
    enum store_condition condition = STORE_SOUND;

    *err = (struct err){0};
    assert_ok(store_look(f->dir, &condition, err), *err);
    return condition;
}

static struct store *
open_store(struct fixture *f)
{
    struct err err;
    struct store *store = store_open(
        &(struct store_spec){.dir = f->dir, .map_bytes = 64 << 20}, &err);

    assert_made(store, err);
    return store;
}

static void
expect(struct store *store, enum store_table table, const char *key,
    const char *value)
{
    struct err err;
    struct store_txn *txn = store_begin_read(store, &err);
    struct bytes got;

    assert_made(txn, err);
    assert_int_equal(store_get(txn, table, text(key), &got, &err), 1);
    assert_int_equal(got.len, strlen(value));
    assert_memory_equal(got.data, value, got.len);
    store_abort(txn);
}

static void
an_older_store_becomes_one_of_today(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    struct err err;
    char key[16];
    char value[64];

    make_old_store(f, 0);
    assert_int_equal(look(f, &err), STORE_OLDER);
    assert_null(store_open(
        &(struct store_spec){.dir = f->dir, .read_only = true}, &err));
    assert_int_equal(err.code, ERR_STATE);
    assert_non_null(strstr(err.msg, "older leadline"));
    store = open_store(f);
    expect(store, STORE_META, "mailq.last", "12345678");
    expect(store, STORE_RAW, "r", "");
    for (int i = 0; i < OLD_ROWS; i++) {
        (void)snprintf(key, sizeof(key), "k%06d", i);
        expect(store, STORE_HOUR, key, old_value(i, value));
    }
    store_close(store);
    assert_int_equal(look(f, &err), STORE_SOUND);
    assert_int_equal(len_of_foreign(f, "meta", "migrating"), 0);
    assert_int_equal(len_of_foreign(f, "meta", "schema"), 5);
    store_close(open_store(f)); /* once is enough */
}

/* The process that migrated ended between two slices. */
static void
a_migration_goes_on_where_it_was(void **state)
{
    struct fixture *f = *state;
    struct store *store;
    struct err err;
    struct store_txn *txn;
    uint8_t note[2 + 7] = {1, STORE_HOUR};
    static const uint8_t one = 1;
    struct foreign at;
    char value[64];

    /* Rows that are migrated: as today's program puts them. */
    store = open_store(f);
    txn = store_begin_write(store, &err);
    assert_ok(store_put(txn, STORE_RAW, text("r"), text("raw"), &err), err);
    for (int i = 0; i < 7000; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "k%06d", i);
        assert_ok(store_put(txn, STORE_HOUR, text(key),
                      text(old_value(i, value)), &err),
            err);
    }
    assert_ok(store_commit(txn, &err), err);
    store_close(store);
    /* And those behind, as the older one did. */
    memcpy(note + 2, "k006999", 7);
    open_foreign(f, &at);
    put_foreign(&at, "meta", "schema", &one, 1);
    put_foreign(&at, "meta", "migrating", note, sizeof(note));
    for (int i = 7000; i < OLD_ROWS; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "k%06d", i);
        put_foreign(
            &at, "hour", key, old_value(i, value), strlen(old_value(i, value)));
    }
    close_foreign(&at);
    store = open_store(f);
    expect(store, STORE_RAW, "r", "raw");
    for (int i = 0; i < OLD_ROWS; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "k%06d", i);
        expect(store, STORE_HOUR, key, old_value(i, value));
    }
    store_close(store);
}

static void
a_newer_store_is_refused_and_not_damaged(void **state)
{
    struct fixture *f = *state;
    struct foreign at;
    uint8_t row[5] = {200};
    struct err err;

    store_close(open_store(f));
    open_foreign(f, &at);
    put_foreign(&at, "meta", "schema", row, sizeof(row));
    close_foreign(&at);
    assert_int_equal(look(f, &err), STORE_DAMAGED); /* its sum is wrong */
    open_foreign(f, &at);
    /* crc32c of "schema" and that byte. */
    memcpy(row + 1, "\xab\x3f\x53\xb1", 4);
    put_foreign(&at, "meta", "schema", row, sizeof(row));
    close_foreign(&at);
    assert_int_equal(look(f, &err), STORE_NEWER);
    assert_null(store_open(&(struct store_spec){.dir = f->dir}, &err));
    assert_int_equal(err.code, ERR_STATE);
    assert_non_null(strstr(err.msg, "newer leadline"));
    assert_null(strstr(err.msg, "damaged"));
}

static void
the_database_of_another_program_is_foreign(void **state)
{
    struct fixture *f = *state;
    struct foreign at;
    struct err err;

    open_foreign(f, &at);
    put_foreign(&at, "theirs", "key", "value", 5);
    close_foreign(&at);
    assert_int_equal(look(f, &err), STORE_FOREIGN);
    assert_null(store_open(&(struct store_spec){.dir = f->dir}, &err));
    assert_non_null(strstr(err.msg, "another program"));
}

static void
path_of(const struct fixture *f, char path[128])
{
    (void)snprintf(path, 128, "%s/data.mdb", f->dir);
}

static void
nothing_and_an_empty_file_are_told_apart(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct err err;
    int fd;

    assert_int_equal(look(f, &err), STORE_ABSENT);
    path_of(f, path);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_not_equal(fd, -1);
    (void)close(fd);
    assert_int_equal(look(f, &err), STORE_EMPTY);
    store_close(open_store(f));
    assert_int_equal(look(f, &err), STORE_SOUND);
}

/* Many rows in each of two tables; gives the file's length. */
static off_t
fill(struct fixture *f)
{
    struct store *store = open_store(f);
    char path[128];
    struct stat st;
    struct err err;

    for (int turn = 0; turn < 20; turn++) {
        struct store_txn *txn = store_begin_write(store, &err);

        for (int i = 0; i < 200; i++) {
            char key[16];

            (void)snprintf(key, sizeof(key), "%05d", i * 20 + turn);
            assert_ok(store_put(txn, STORE_RAW, text(key),
                          text("some value that takes its place"), &err),
                err);
            assert_ok(store_put(txn, STORE_HOUR, text(key),
                          text("another value that takes its place"), &err),
                err);
        }
        assert_ok(store_commit(txn, &err), err);
    }
    store_close(store);
    path_of(f, path);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void
a_file_that_was_cut_anywhere_is_damaged(void **state)
{
    struct fixture *f = *state;
    off_t size = fill(f);
    char path[128];
    struct err err;

    assert_int_equal(look(f, &err), STORE_SOUND);
    path_of(f, path);
    for (off_t cut = size - 2 * 4096; cut > 0; cut -= 16 * 4096) {
        assert_int_equal(truncate(path, cut), 0);
        if (look(f, &err) != STORE_DAMAGED)
            fail_msg("cut to %ld of %ld: not seen", (long)cut, (long)size);
    }
    assert_null(store_open(&(struct store_spec){.dir = f->dir}, &err));
    assert_int_equal(err.code, ERR_STATE);
    assert_non_null(strstr(err.msg, "damaged"));
}

static void
pages_of_garbage_are_damage_and_kill_nobody(void **state)
{
    struct fixture *f = *state;
    static uint8_t junk[4096];
    off_t size = fill(f);
    char path[128];
    struct err err;
    int fd;

    path_of(f, path);
    fd = open(path, O_WRONLY);
    assert_int_not_equal(fd, -1);
    for (int fills = 0; fills < 2; fills++) {
        memset(junk, fills == 0 ? 0xa5 : 0, sizeof(junk));
        for (off_t at = 2 * 4096; at + 4096 <= size; at += 4096)
            assert_int_equal(pwrite(fd, junk, sizeof(junk), at), 4096);
        assert_int_equal(look(f, &err), STORE_DAMAGED);
        assert_int_equal(err.code, ERR_STATE);
    }
    (void)close(fd);
}

static void
what_may_not_be_read_is_not_called_damaged(void **state)
{
    struct fixture *f = *state;
    enum store_condition condition;
    struct err err;
    char path[128];

    if (geteuid() == 0)
        skip(); /* root may read anything */
    store_close(open_store(f));
    path_of(f, path);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(store_look(f->dir, &condition, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_older_store_becomes_one_of_today),
        TEST(a_migration_goes_on_where_it_was),
        TEST(a_newer_store_is_refused_and_not_damaged),
        TEST(the_database_of_another_program_is_foreign),
        TEST(nothing_and_an_empty_file_are_told_apart),
        TEST(a_file_that_was_cut_anywhere_is_damaged),
        TEST(pages_of_garbage_are_damage_and_kill_nobody),
        TEST(what_may_not_be_read_is_not_called_damaged),
    };

    return cmocka_run_group_tests_name("store_look", tests, NULL, NULL);
}
