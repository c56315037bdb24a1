#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"

enum {
    CAP_BYTES = 256 * 1024,
    PATH_BYTES = 256,
    TMPFS_BYTES = 2 * 1024 * 1024
};

/* Of the monotonic clock. */
static const int64_t start_ns = 7000 * NS_PER_SEC;
static const int64_t hour_ns = 3600 * NS_PER_SEC;
static const int64_t two_days_ms = INT64_C(48) * 3600 * 1000;

/* LMDB's first pages, whose writing can be made to fail. */
enum { META_BYTES = 8192 };
static int meta_writes_fail;
static int writes_cut_short;

/* Stands in for the C library's pwrite(), in LMDB as well. */
ssize_t pwrite_or_fail(int fd, const void *data, size_t len, off_t at) __asm__(
    "pwrite");

ssize_t
pwrite_or_fail(int fd, const void *data, size_t len, off_t at)
{
    if (meta_writes_fail > 0 && at < META_BYTES && len < META_BYTES / 4) {
        meta_writes_fail--;
        errno = ENOSPC;
        return -1;
    }
    if (writes_cut_short > 0 && at >= META_BYTES) {
        writes_cut_short--;
        len /= 2;
    }
    return (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
}

struct fixture {
    char root[PATH_BYTES / 2];
    char dir[PATH_BYTES];
    struct spool_spec spec;
    struct spool *spool;
};

static void
remove_tree(const char *path)
{
    char command[2 * PATH_BYTES];

    (void)snprintf(command, sizeof(command), "rm -rf '%s'", path);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of our own */
}

static struct spool *
open_again(struct fixture *f)
{
    struct err err;

    spool_close(f->spool);
    f->spool = spool_open(&f->spec, &err);
    assert_made(f->spool, err);
    return f->spool;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->root, sizeof(f->root), "/tmp/spool-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/spool", f->root);
    f->spec = (struct spool_spec){
        .dir = f->dir, .cap_bytes = CAP_BYTES, .retention_ms = two_days_ms};
    (void)open_again(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    spool_close(f->spool);
    (void)umount2(f->root, MNT_DETACH); /* where a test failed before it did */
    remove_tree(f->root);
    free(f);
    return 0;
}

/* A record that tells its own number. */
static uint64_t
append(struct spool *spool, unsigned number)
{
    char text[64];
    uint64_t seq = 0;
    struct err err;
    int len = snprintf(text, sizeof(text), "record %u", number);

    assert_ok(
        spool_append(spool, (struct bytes){(const uint8_t *)text, (size_t)len},
            &seq, &err),
        err);
    return seq;
}

static void
append_many(struct spool *spool, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++)
        (void)append(spool, i);
}

static struct spool_state
state_of(const struct spool *spool)
{
    struct spool_state state;

    spool_state(spool, &state);
    return state;
}

static void
assert_record(struct spool *spool, uint64_t seq, unsigned number)
{
    char text[64];
    struct buf out;
    struct err err = {0};
    int rc;

    (void)snprintf(text, sizeof(text), "record %u", number);
    buf_init(&out, 1024);
    rc = spool_read(spool, seq, &out, &err);
    if (rc != 1)
        fail_msg("record %" PRIu64 ": %d %s", seq, rc, err.msg);
    assert_string_equal(buf_text(&out, &err), text);
    buf_free(&out);
}

static void
assert_gone(struct spool *spool, uint64_t seq)
{
    struct buf out;
    struct err err;

    buf_init(&out, 1024);
    assert_int_equal(spool_read(spool, seq, &out, &err), 0);
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

static void
numbers_count_from_one_and_records_come_back(void **state)
{
    struct fixture *f = *state;
    struct spool_state s;
    struct err err;

    assert_int_equal(state_of(f->spool).oldest_seq, 1);
    assert_int_equal(state_of(f->spool).next_seq, 1);
    assert_int_equal(append(f->spool, 1), 1);
    assert_int_equal(append(f->spool, 2), 2);
    s = state_of(f->spool);
    assert_int_equal(s.next_seq, 3);
    assert_int_equal(s.synced_seq, 0);
    assert_int_equal(s.records, 2);
    assert_record(f->spool, 1, 1);
    assert_record(f->spool, 2, 2);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_int_equal(state_of(f->spool).synced_seq, 2);
    assert_record(f->spool, 2, 2);
    assert_gone(f->spool, 0);
    assert_gone(f->spool, 3);
}

static void
a_hundred_records_are_synced_without_being_asked(void **state)
{
    struct fixture *f = *state;

    append_many(f->spool, 1, 101);
    assert_int_equal(state_of(f->spool).synced_seq, 100);
}

static void
closing_and_opening_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct spool_state before;
    struct spool_state after;
    struct err err;

    append_many(f->spool, 1, 250);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_ok(spool_ack(f->spool, 120, start_ns, &err), err);
    assert_ok(spool_sync(f->spool, &err), err);
    before = state_of(f->spool);
    after = state_of(open_again(f));
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(after.acked_seq, 120);
    assert_int_equal(after.records, 130);
    assert_record(f->spool, 1, 1);
    assert_record(f->spool, 250, 250);
    assert_int_equal(append(f->spool, 251), 251);
}

/* In a process of its own that ends as SIGKILL would end it. */
static void
append_and_be_killed(struct fixture *f, unsigned first, unsigned last)
{
    int status = 0;
    pid_t child;

    spool_close(f->spool);
    f->spool = NULL;
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        struct err err;
        struct spool *spool = spool_open(&f->spec, &err);

        if (spool == NULL)
            _exit(1);
        append_many(spool, first, last);
        (void)kill(getpid(), SIGKILL);
        _exit(2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void
a_killed_process_loses_nothing_it_appended(void **state)
{
    struct fixture *f = *state;
    struct spool_state s;

    append_and_be_killed(f, 1, 30);
    s = state_of(open_again(f));
    assert_int_equal(s.next_seq, 31);
    assert_int_equal(s.synced_seq, 30);
    append_and_be_killed(f, 31, 342);
    assert_int_equal(state_of(open_again(f)).next_seq, 343);
    for (unsigned i = 1; i <= 342; i++)
        assert_record(f->spool, i, i);
}

static void
write_file(const struct fixture *f, const char *name, int flags, off_t at,
    const void *data, size_t len)
{
    char path[2 * PATH_BYTES];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    fd = open(path, O_WRONLY | flags, 0600);
    assert_int_not_equal(fd, -1);
    assert_int_equal(pwrite(fd, data, len, at), (ssize_t)len);
    (void)close(fd);
}

static off_t
size_of(const struct fixture *f, const char *name)
{
    char path[2 * PATH_BYTES];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void
a_torn_tail_is_cut_where_it_is_torn(void **state)
{
    struct fixture *f = *state;
    off_t size;

    append_and_be_killed(f, 1, 10);
    size = size_of(f, "tail");
    write_file(f, "tail", 0, size - 3, "?", 1);
    assert_int_equal(state_of(open_again(f)).next_seq, 10);
    assert_record(f->spool, 9, 9);
    assert_int_equal(append(f->spool, 100), 10);
}

static void
a_tail_that_was_synced_already_is_not_taken_twice(void **state)
{
    struct fixture *f = *state;
    uint8_t tail[4096];
    char path[2 * PATH_BYTES];
    ssize_t len;
    int fd;

    append_and_be_killed(f, 1, 10);
    (void)snprintf(path, sizeof(path), "%s/tail", f->dir);
    fd = open(path, O_RDONLY);
    len = read(fd, tail, sizeof(tail));
    (void)close(fd);
    assert_true(len > 0);
    assert_int_equal(state_of(open_again(f)).next_seq, 11);
    spool_close(f->spool);
    f->spool = NULL;
    write_file(f, "tail", O_TRUNC, 0, tail, (size_t)len);
    assert_int_equal(state_of(open_again(f)).next_seq, 11);
}

static void
at_the_cap_the_oldest_go_first_and_are_counted(void **state)
{
    struct fixture *f = *state;
    struct spool_state s;
    struct err err;
    off_t size;

    append_many(f->spool, 1, 12000);
    assert_ok(spool_sync(f->spool, &err), err);
    s = state_of(f->spool);
    assert_true(s.bytes <= CAP_BYTES);
    assert_true(s.bytes > CAP_BYTES * 3 / 4);
    assert_true(s.oldest_seq > 1);
    assert_int_equal(s.lost, s.oldest_seq - 1);
    assert_int_equal(s.records, s.next_seq - s.oldest_seq);
    assert_gone(f->spool, s.oldest_seq - 1);
    assert_record(f->spool, s.oldest_seq, (unsigned)s.oldest_seq);
    assert_record(f->spool, 12000, 12000);
    size = size_of(f, "data.mdb");
    append_many(f->spool, 12001, 24000);
    /* The file does not grow with what passes through it. */
    assert_true(size_of(f, "data.mdb") < size + size / 4);
    assert_ok(spool_sync(f->spool, &err), err);
    s = state_of(f->spool);
    assert_int_equal(state_of(open_again(f)).lost, s.lost);
}

static void
acknowledged_records_that_go_at_the_cap_are_not_lost(void **state)
{
    struct fixture *f = *state;
    struct spool_state s;
    struct err err;

    for (unsigned i = 1; i <= 12000; i++) {
        (void)append(f->spool, i);
        if (i % 500 != 0)
            continue;
        assert_ok(spool_sync(f->spool, &err), err);
        assert_ok(spool_ack(f->spool, i, start_ns + i, &err), err);
    }
    s = state_of(f->spool);
    assert_true(s.oldest_seq > 1);
    assert_int_equal(s.lost, 0);
    assert_int_equal(s.records, 0);
}

static void
acknowledged_records_stay_for_the_retention(void **state)
{
    struct fixture *f = *state;
    struct err err;

    append_many(f->spool, 1, 20);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_ok(spool_ack(f->spool, 10, start_ns, &err), err);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_ok(spool_ack(f->spool, 12, start_ns + 10 * hour_ns, &err), err);
    assert_ok(spool_sync(f->spool, &err), err);
    /* Ten hours are over; the next process may find a clock at its start. */
    (void)open_again(f);
    assert_ok(spool_ack(f->spool, 15, 1, &err), err);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_ok(spool_ack(f->spool, 16, 38 * hour_ns, &err), err);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_record(f->spool, 1, 1);
    assert_ok(
        spool_ack(f->spool, 17, 38 * hour_ns + 61 * NS_PER_SEC, &err), err);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_gone(f->spool, 10);
    assert_record(f->spool, 11, 11);
    assert_int_equal(state_of(f->spool).oldest_seq, 11);
    assert_int_equal(state_of(f->spool).lost, 0);
}

static void
an_acknowledgement_of_what_is_not_on_disk_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err err;

    (void)append(f->spool, 1);
    assert_int_equal(spool_ack(f->spool, 1, start_ns, &err), -1);
    assert_int_equal(err.code, ERR_PEER);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_ok(spool_ack(f->spool, 1, start_ns, &err), err);
    assert_ok(spool_ack(f->spool, 0, start_ns, &err), err);
    assert_int_equal(state_of(f->spool).acked_seq, 1);
}

static void
renumbering_keeps_what_was_not_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct spool_state before;
    struct spool_state after;
    struct err err;

    append_many(f->spool, 1, 150);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_ok(spool_ack(f->spool, 100, start_ns, &err), err);
    before = state_of(f->spool);
    assert_ok(spool_renumber(f->spool, 100, &err), err);
    for (int i = 0; i < 2; i++) {
        after = state_of(f->spool);
        assert_memory_not_equal(before.id, after.id, SPOOL_ID_BYTES);
        assert_int_equal(after.oldest_seq, 1);
        assert_int_equal(after.next_seq, 51);
        assert_int_equal(after.acked_seq, 0);
        assert_int_equal(after.records, 50);
        assert_record(f->spool, 1, 101);
        assert_record(f->spool, 50, 150);
        assert_gone(f->spool, 51);
        (void)open_again(f);
    }
    assert_int_equal(append(f->spool, 151), 51);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_int_equal(state_of(f->spool).lost, 0);
    assert_ok(spool_renumber(f->spool, UINT64_MAX, &err), err);
    assert_int_equal(state_of(f->spool).next_seq, 1);
    assert_int_equal(append(f->spool, 152), 1);
    assert_record(f->spool, 1, 152);
}

static void
a_second_process_is_told_who_has_the_spool(void **state)
{
    struct fixture *f = *state;
    char pid[32];
    struct err err;

    assert_null(spool_open(&f->spec, &err));
    assert_int_equal(err.code, ERR_BUSY);
    (void)snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_non_null(strstr(err.msg, pid));
    assert_null(spool_open_fresh(&f->spec, &err));
    assert_int_equal(err.code, ERR_BUSY);
}

static void
a_folder_that_cannot_be_made_is_named(void **state)
{
    struct fixture *f = *state;
    struct spool_spec spec = f->spec;
    struct err err;

    spec.dir = "/nonexistent/spool";
    assert_null(spool_open(&spec, &err));
    assert_int_equal(err.code, ERR_SYS);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_non_null(strstr(err.msg, "/nonexistent/spool"));
}

static void
assert_damaged_then_fresh(struct fixture *f)
{
    struct err err;
    char command[2 * PATH_BYTES];

    f->spool = spool_open(&f->spec, &err);
    assert_null(f->spool);
    if (err.code != ERR_STATE)
        fail_msg("%d: %s", err.code, err.msg);
    f->spool = spool_open_fresh(&f->spec, &err);
    assert_made(f->spool, err);
    assert_int_equal(state_of(f->spool).next_seq, 1);
    (void)snprintf(command, sizeof(command),
        "test $(ls -d '%s'.broken.* | wc -l) = 1", f->dir);
    assert_int_equal(system(command), 0); /* NOLINT */
}

static void
a_torn_file_is_found_and_moved_aside(void **state)
{
    struct fixture *f = *state;
    char path[2 * PATH_BYTES];
    off_t size;

    append_many(f->spool, 1, 3000);
    spool_close(f->spool);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
    size = size_of(f, "data.mdb");
    for (int part = 1; part < 8; part++) {
        assert_int_equal(truncate(path, size * part / 8), 0);
        assert_damaged_then_fresh(f);
        append_many(f->spool, 1, 3000);
        spool_close(f->spool);
        size = size_of(f, "data.mdb");
    }
    assert_int_equal(truncate(path, 5), 0);
    assert_damaged_then_fresh(f);
}

/* Changes every copy of a text in the file, old pages and new. */
static void
garble(const struct fixture *f, const char *text)
{
    static uint8_t file[1 << 20];
    char path[2 * PATH_BYTES];
    ssize_t len;
    int found = 0;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/data.mdb", f->dir);
    fd = open(path, O_RDWR);
    len = read(fd, file, sizeof(file));
    assert_true(len > 0);
    for (uint8_t *at = file;;) {
        at = memmem(at, (size_t)(file + len - at), text, strlen(text));
        if (at == NULL)
            break;
        *at++ ^= 1;
        found++;
    }
    assert_true(found > 0);
    assert_int_equal(pwrite(fd, file, (size_t)len, 0), len);
    (void)close(fd);
}

static void
a_garbled_file_is_found(void **state)
{
    struct fixture *f = *state;
    uint8_t garbage[4096];
    off_t size;
    int pages = 0;

    memset(garbage, 0xa5, sizeof(garbage));
    append_many(f->spool, 1, 300);
    spool_close(f->spool);
    f->spool = NULL;
    size = size_of(f, "data.mdb");
    /* Both meta pages and every page after them, at once. */
    for (off_t at = 0; at < size; at += (off_t)sizeof(garbage)) {
        write_file(f, "data.mdb", 0, at, garbage, sizeof(garbage));
        pages++;
    }
    assert_true(pages > 4);
    assert_damaged_then_fresh(f);
    /* One byte of one record. */
    append_many(f->spool, 1, 300);
    spool_close(f->spool);
    f->spool = NULL;
    garble(f, "record 150");
    assert_damaged_then_fresh(f);
}

static void
notes_are_kept_and_replaced(void **state)
{
    struct fixture *f = *state;
    static uint8_t large[1 << 20];
    struct buf out;
    struct err err;

    buf_init(&out, 2 << 20);
    assert_int_equal(spool_get_note(f->spool, "config", &out, &err), 0);
    memset(large, 'c', sizeof(large));
    assert_ok(spool_put_note(f->spool, "config",
                  (struct bytes){large, sizeof(large)}, &err),
        err);
    assert_int_equal(spool_get_note(f->spool, "config", &out, &err), 1);
    assert_int_equal(out.len, sizeof(large));
    assert_ok(spool_put_note(f->spool, "config",
                  (struct bytes){(const uint8_t *)"new", 3}, &err),
        err);
    (void)open_again(f);
    buf_clear(&out);
    assert_int_equal(spool_get_note(f->spool, "config", &out, &err), 1);
    assert_string_equal(buf_text(&out, &err), "new");
    assert_int_equal(spool_get_note(f->spool, "", &out, &err), -1);
    buf_free(&out);
}

static void
records_of_no_length_or_too_much_are_refused(void **state)
{
    struct fixture *f = *state;
    static uint8_t large[66560];
    uint64_t seq;
    struct err err;

    assert_int_equal(
        spool_append(f->spool, (struct bytes){large, 0}, &seq, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(spool_append(f->spool,
                         (struct bytes){large, sizeof(large)}, &seq, &err),
        -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(state_of(f->spool).lost, 0);
    for (int i = 0; i < 40; i++) {
        assert_ok(
            spool_append(f->spool, (struct bytes){large, 49152}, &seq, &err),
            err);
    }
    assert_true(state_of(f->spool).oldest_seq > 30);
}

/* Fills what is left of a file system. */
static void
fill_disk(const char *root)
{
    static const uint8_t block[4096];
    char path[PATH_BYTES];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/ballast", root);
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_int_not_equal(fd, -1);
    while (write(fd, block, sizeof(block)) > 0) {
    }
    (void)close(fd);
}

static bool
mount_small(const char *root)
{
    char options[64];

    (void)snprintf(options, sizeof(options), "size=%d", TMPFS_BYTES);
    return mount("tmpfs", root, "tmpfs", 0, options) == 0;
}

static void
a_full_disk_costs_the_oldest_and_no_more(void **state)
{
    struct fixture *f = *state;
    struct spool_state s;
    struct err err;

    spool_close(f->spool);
    f->spool = NULL;
    if (!mount_small(f->root))
        skip();
    (void)open_again(f);
    append_many(f->spool, 1, 5000);
    fill_disk(f->root);
    for (unsigned i = 5001; i <= 60000; i++) {
        (void)append(f->spool, i);
        if (i % 10000 == 0) {
            fill_disk(f->root);
            writes_cut_short = 2;
        }
    }
    writes_cut_short = 0;
    assert_ok(spool_sync(f->spool, &err), err);
    s = state_of(f->spool);
    assert_int_equal(s.next_seq, 60001);
    assert_int_equal(s.lost, s.oldest_seq - 1);
    assert_true(s.next_seq - s.oldest_seq > 1000);
    assert_record(f->spool, s.oldest_seq, (unsigned)s.oldest_seq);
    assert_record(f->spool, 60000, 60000);
    s = state_of(open_again(f));
    assert_int_equal(s.next_seq, 60001);
    spool_close(f->spool);
    f->spool = NULL;
    assert_int_equal(umount(f->root), 0);
}

static void
a_disk_full_from_the_start_says_so(void **state)
{
    struct fixture *f = *state;
    struct err err;

    spool_close(f->spool);
    f->spool = NULL;
    remove_tree(f->dir);
    if (!mount_small(f->root))
        skip();
    fill_disk(f->root);
    f->spool = spool_open(&f->spec, &err);
    assert_null(f->spool);
    assert_true(err.code == ERR_FULL || err.sys_errno == ENOSPC);
    assert_int_equal(umount(f->root), 0);
}

static void
a_read_only_disk_says_so(void **state)
{
    struct fixture *f = *state;
    struct err err;

    spool_close(f->spool);
    f->spool = NULL;
    if (!mount_small(f->root))
        skip();
    (void)open_again(f);
    spool_close(f->spool);
    assert_int_equal(
        mount("tmpfs", f->root, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
    f->spool = spool_open(&f->spec, &err);
    assert_null(f->spool);
    assert_int_equal(err.sys_errno, EROFS);
    assert_non_null(strstr(err.msg, "read-only"));
    assert_int_equal(umount(f->root), 0);
}

static void
a_spool_survives_that_its_first_pages_could_not_be_written(void **state)
{
    struct fixture *f = *state;
    struct err err;

    append_many(f->spool, 1, 50);
    assert_ok(spool_sync(f->spool, &err), err);
    append_many(f->spool, 51, 80);
    meta_writes_fail = 2; /* and that it takes it back */
    (void)spool_sync(f->spool, &err);
    assert_int_equal(meta_writes_fail, 0);
    append_many(f->spool, 81, 90);
    assert_ok(spool_sync(f->spool, &err), err);
    assert_int_equal(state_of(f->spool).synced_seq, 90);
    for (unsigned i = 1; i <= 90; i++)
        assert_record(f->spool, i, i);
    assert_int_equal(state_of(open_again(f)).next_seq, 91);
    assert_record(f->spool, 80, 80);
}

/* Of the heap; a sanitizer's says nothing. */
static size_t
in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void
a_large_note_is_not_kept_in_memory(void **state)
{
    struct fixture *f = *state;
    struct buf note;
    size_t before;
    struct err err;

    assert_ok(
        spool_put_note(f->spool, "config", (struct bytes){NULL, 0}, &err), err);
    buf_init(&note, 1 << 20);
    assert_non_null(buf_extend(&note, 100 * 1024, &err));
    memset(note.data, 'x', note.len);
    before = in_use();
    assert_ok(spool_put_note(f->spool, "config", buf_bytes(&note), &err), err);
    /* LMDB keeps a list of pages or two. */
    assert_in_range(in_use(), 0, before + 80 * 1024);
    buf_free(&note);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define SPOOL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        SPOOL_TEST(numbers_count_from_one_and_records_come_back),
        SPOOL_TEST(a_hundred_records_are_synced_without_being_asked),
        SPOOL_TEST(closing_and_opening_changes_nothing),
        SPOOL_TEST(a_killed_process_loses_nothing_it_appended),
        SPOOL_TEST(a_torn_tail_is_cut_where_it_is_torn),
        SPOOL_TEST(a_tail_that_was_synced_already_is_not_taken_twice),
        SPOOL_TEST(at_the_cap_the_oldest_go_first_and_are_counted),
        SPOOL_TEST(acknowledged_records_that_go_at_the_cap_are_not_lost),
        SPOOL_TEST(acknowledged_records_stay_for_the_retention),
        SPOOL_TEST(an_acknowledgement_of_what_is_not_on_disk_is_refused),
        SPOOL_TEST(a_large_note_is_not_kept_in_memory),
        SPOOL_TEST(renumbering_keeps_what_was_not_acknowledged),
        SPOOL_TEST(a_second_process_is_told_who_has_the_spool),
        SPOOL_TEST(a_folder_that_cannot_be_made_is_named),
        SPOOL_TEST(a_torn_file_is_found_and_moved_aside),
        SPOOL_TEST(a_garbled_file_is_found),
        SPOOL_TEST(notes_are_kept_and_replaced),
        SPOOL_TEST(records_of_no_length_or_too_much_are_refused),
        SPOOL_TEST(a_spool_survives_that_its_first_pages_could_not_be_written),
        SPOOL_TEST(a_full_disk_costs_the_oldest_and_no_more),
        SPOOL_TEST(a_disk_full_from_the_start_says_so),
        SPOOL_TEST(a_read_only_disk_says_so),
    };

    return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
