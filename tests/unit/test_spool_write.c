/*
 * The spool while its thread writes: on a disk that is slow, that fails, that
 * is full, and when the process is killed.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cm.h"
#include "spool.h"

enum {
    PATH_BYTES = 128,
    PAGE_BYTES = 4096,
    META_BYTES = 2 * PAGE_BYTES,
    LARGE = 48 * 1024,
    LONG_BYTES = 1000,
    LARGE_CAP_BYTES = 32 << 20,
    FILE_GROWS_MAX_KB = 8 << 10
};

static const int64_t start_ns = 7000 * NS_PER_SEC;

/* What the disk does; read by the spool's thread. */
static atomic_bool disk_hangs;
static atomic_bool disk_fails;
static atomic_bool disk_is_full;
static atomic_bool front_fails;     /* of the tail, when it moves there */
static atomic_bool half_is_written; /* of that, and then it fails */

int fdatasync_or_hang(int fd) __asm__("fdatasync");

int
fdatasync_or_hang(int fd)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    while (atomic_load(&disk_hangs))
        (void)nanosleep(&pause, NULL);
    return (int)syscall(SYS_fdatasync, fd);
}

/* What becomes of writing LMDB's pages, which lie behind the first two. */
static int
trouble_at(off_t at)
{
    if (at < META_BYTES)
        return 0;
    if (atomic_load(&disk_fails))
        return EIO;
    return atomic_load(&disk_is_full) ? ENOSPC : 0;
}

ssize_t pwrite_or_fail(int fd, const void *data, size_t len, off_t at) __asm__(
    "pwrite");

ssize_t
pwrite_or_fail(int fd, const void *data, size_t len, off_t at)
{
    int trouble = len % PAGE_BYTES == 0 ? trouble_at(at) : 0;

    if (len % PAGE_BYTES != 0 && atomic_exchange(&half_is_written, false))
        trouble = ENOSPC;
    if (at == 0 && len % PAGE_BYTES != 0 && atomic_load(&front_fails)) {
        len /= 2;
        atomic_store(&half_is_written, true);
    }
    if (trouble == 0)
        return (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
    errno = trouble;
    return -1;
}

/* LMDB writes pages that lie side by side like this. */
ssize_t writev_or_fail(int fd, const struct iovec *iov, int count) __asm__(
    "writev");

ssize_t
writev_or_fail(int fd, const struct iovec *iov, int count)
{
    int trouble = iov[0].iov_len % PAGE_BYTES == 0 ? trouble_at(META_BYTES) : 0;

    if (trouble == 0)
        return (ssize_t)syscall(SYS_writev, fd, iov, count);
    errno = trouble;
    return -1;
}

struct fixture {
    char root[PATH_BYTES / 2];
    char dir[PATH_BYTES];
    struct spool_spec spec;
    struct spool *spool;
    atomic_int told;
};

static void
open_again(struct fixture *f)
{
    struct err err;

    spool_close(f->spool);
    f->spool = spool_open(&f->spec, &err);
    assert_made(f->spool, err);
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->root, sizeof(f->root), "/tmp/spool-write-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->dir, sizeof(f->dir), "%s/spool", f->root);
    f->spec = (struct spool_spec){.dir = f->dir,
        .cap_bytes = 8 << 20,
        .retention_ms = INT64_C(48) * 3600 * 1000};
    open_again(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;
    char command[2 * PATH_BYTES];

    atomic_store(&disk_hangs, false);
    atomic_store(&disk_fails, false);
    atomic_store(&disk_is_full, false);
    atomic_store(&front_fails, false);
    atomic_store(&half_is_written, false);
    spool_close(f->spool);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", f->root);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of our own */
    free(f);
    return 0;
}

static void
on_told(void *ctx)
{
    struct fixture *f = ctx;

    atomic_fetch_add(&f->told, 1);
}

static int
start(struct fixture *f)
{
    const struct spool_told told = {on_told, f};
    struct err err;
    int rc = spool_write_start(f->spool, NULL, &told, &err);

    if (rc == -1)
        fail_msg("%s", err.msg);
    return rc;
}

static void
append_range(struct spool *spool, unsigned first, unsigned last)
{
    char text[64];
    uint64_t seq = 0;
    struct err err;

    for (unsigned i = first; i <= last; i++) {
        int len = snprintf(text, sizeof(text), "record %u", i);

        assert_ok(
            spool_append(spool,
                (struct bytes){(const uint8_t *)text, (size_t)len}, &seq, &err),
            err);
        assert_int_equal(seq, i);
    }
}

static void
assert_records(struct spool *spool, unsigned first, unsigned last)
{
    struct buf out;
    char text[64];
    struct err err;

    buf_init(&out, 1024);
    for (unsigned i = first; i <= last; i++) {
        buf_clear(&out);
        (void)snprintf(text, sizeof(text), "record %u", i);
        if (spool_read(spool, i, &out, &err) != 1)
            fail_msg("record %u is gone", i);
        assert_string_equal(buf_text(&out, &err), text);
    }
    buf_free(&out);
}

static struct spool_state
state_of(const struct fixture *f)
{
    struct spool_state state;

    spool_state(f->spool, &state);
    return state;
}

static void
a_disk_that_hangs_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    struct err err;

    append_range(f->spool, 1, 50);
    assert_ok(spool_sync(f->spool, &err), err);
    append_range(f->spool, 51, 80);
    atomic_store(&disk_hangs, true);
    assert_int_equal(start(f), 1);
    assert_int_equal(start(f), 0); /* it is being done */
    append_range(f->spool, 81, 400);
    assert_int_equal(state_of(f).synced_seq, 50);
    assert_records(f->spool, 1, 400);
    assert_ok(spool_ack(f->spool, 20, start_ns, &err), err);
    assert_int_equal(spool_ack(f->spool, 60, start_ns, &err), -1);
    assert_int_equal(atomic_load(&f->told), 0);
    atomic_store(&disk_hangs, false);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    assert_int_equal(atomic_load(&f->told), 1);
    assert_int_equal(spool_write_end(f->spool, &err), 0);
    assert_int_equal(state_of(f).synced_seq, 80);
    assert_int_equal(state_of(f).acked_seq, 20);
    assert_int_equal(start(f), 1);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    assert_int_equal(state_of(f).synced_seq, 400);
    assert_int_equal(start(f), 0); /* nothing is left to do */
    open_again(f);
    assert_int_equal(state_of(f).acked_seq, 20);
    assert_records(f->spool, 1, 400);
}

static void
what_a_hanging_disk_does_not_take_is_counted_as_lost(void **state)
{
    struct fixture *f = *state;
    static const uint8_t large[LARGE];
    struct spool_state before;
    uint64_t seq;
    struct err err;
    int taken = 0;

    append_range(f->spool, 1, 1);
    atomic_store(&disk_hangs, true);
    assert_int_equal(start(f), 1);
    while (spool_append(
               f->spool, (struct bytes){large, sizeof(large)}, &seq, &err) == 0)
        taken++;
    assert_int_equal(err.code, ERR_FULL);
    assert_in_range(taken, 8, 11);
    assert_int_equal(state_of(f).lost, 1);
    atomic_store(&disk_hangs, false);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    assert_int_equal(start(f), 1);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    before = state_of(f);
    assert_int_equal(before.synced_seq, 1 + taken);
    append_range(f->spool, (unsigned)taken + 2, (unsigned)taken + 40);
    open_again(f);
    assert_int_equal(state_of(f).next_seq, taken + 41);
    assert_int_equal(state_of(f).lost, 1);
}

static void
who_must_write_at_once_waits_for_the_thread(void **state)
{
    struct fixture *f = *state;
    struct spool_state before;
    struct buf out;
    struct err err;

    buf_init(&out, 64);
    append_range(f->spool, 1, 60);
    before = state_of(f);
    assert_int_equal(start(f), 1);
    append_range(f->spool, 61, 90);
    assert_ok(spool_put_note(f->spool, "config",
                  (struct bytes){(const uint8_t *)"new", 3}, &err),
        err);
    assert_int_equal(state_of(f).synced_seq, 90);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    assert_int_equal(spool_get_note(f->spool, "config", &out, &err), 1);
    append_range(f->spool, 91, 95);
    assert_int_equal(start(f), 1);
    assert_ok(spool_renumber(f->spool, 40, &err), err);
    assert_memory_not_equal(before.id, state_of(f).id, SPOOL_ID_BYTES);
    assert_int_equal(state_of(f).next_seq, 56);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    append_range(f->spool, 56, 60);
    assert_int_equal(start(f), 1);
    open_again(f); /* closing waits too */
    assert_int_equal(state_of(f).next_seq, 61);
    buf_free(&out);
}

static void
a_note_goes_along_with_the_results(void **state)
{
    struct fixture *f = *state;
    const struct spool_told told = {on_told, f};
    struct spool_note note = {
        "last_runs", {(const uint8_t *)"now", sizeof("now") - 1}};
    struct buf out;
    struct err err;

    buf_init(&out, 64);
    append_range(f->spool, 1, 3);
    assert_int_equal(spool_write_start(f->spool, &note, &told, &err), 1);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    open_again(f);
    assert_int_equal(spool_get_note(f->spool, "last_runs", &out, &err), 1);
    assert_string_equal(buf_text(&out, &err), "now");
    assert_records(f->spool, 1, 3);
    note.name = "";
    assert_int_equal(spool_write_start(f->spool, &note, &told, &err), -1);
    buf_free(&out);
}

static void
a_disk_that_fails_is_told_and_tried_again(void **state)
{
    struct fixture *f = *state;
    struct err err;

    append_range(f->spool, 1, 30);
    assert_int_equal(start(f), 1);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    atomic_store(&disk_fails, true);
    append_range(f->spool, 31, 60);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(start(f), 1);
        append_range(f->spool, 61 + 10 * (unsigned)i, 70 + 10 * (unsigned)i);
        assert_int_equal(spool_write_end(f->spool, &err), -1);
        assert_int_equal(err.code, ERR_SYS);
        assert_int_equal(err.sys_errno, EIO);
        assert_non_null(strstr(err.msg, f->dir));
        assert_int_equal(state_of(f).synced_seq, 30);
        assert_records(f->spool, 1, 70 + 10 * (unsigned)i);
    }
    atomic_store(&disk_fails, false);
    assert_int_equal(start(f), 1);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    assert_int_equal(state_of(f).synced_seq, 90);
    assert_int_equal(state_of(f).lost, 0);
    open_again(f);
    assert_records(f->spool, 1, 90);
}

static void
a_disk_without_room_is_told_and_recovers(void **state)
{
    struct fixture *f = *state;
    struct err err;

    append_range(f->spool, 1, 30);
    assert_int_equal(start(f), 1);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    atomic_store(&disk_is_full, true);
    append_range(f->spool, 31, 200);
    assert_int_equal(start(f), 1);
    append_range(f->spool, 201, 220);
    assert_int_equal(spool_write_end(f->spool, &err), -1);
    assert_int_equal(err.code, ERR_FULL);
    assert_records(f->spool, 1, 220);
    atomic_store(&disk_is_full, false);
    assert_int_equal(start(f), 1);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    assert_int_equal(state_of(f).synced_seq, 220);
    open_again(f);
    assert_records(f->spool, 1, 220);
}

/* In a process of its own that ends as SIGKILL would end it. */
static void
write_and_be_killed(struct fixture *f, unsigned first, bool in_the_middle)
{
    struct err err;

    f->spool = spool_open(&f->spec, &err);
    if (f->spool == NULL)
        _exit(1);
    append_range(f->spool, first, first + 29);
    if (start(f) != 1 || spool_write_end(f->spool, &err) != 1)
        _exit(2);
    append_range(f->spool, first + 30, first + 49);
    atomic_store(&disk_hangs, in_the_middle);
    if (start(f) != 1)
        _exit(3);
    append_range(f->spool, first + 50, first + 69);
    if (!in_the_middle && spool_write_end(f->spool, &err) != 1)
        _exit(4);
    append_range(f->spool, first + 70, first + 74);
    (void)kill(getpid(), SIGKILL);
    _exit(5);
}

static void
a_process_killed_while_it_writes_loses_nothing(void **state)
{
    struct fixture *f = *state;
    int status = 0;

    for (unsigned life = 0; life < 6; life++) {
        pid_t child;

        spool_close(f->spool);
        f->spool = NULL;
        child = fork();
        assert_int_not_equal(child, -1);
        if (child == 0)
            write_and_be_killed(f, 1 + 75 * life, life % 2 == 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        open_again(f);
        assert_int_equal(state_of(f).next_seq, 75 * (life + 1) + 1);
        assert_records(f->spool, 1, 75 * (life + 1));
    }
}

static void
append_long(struct spool *spool, size_t len)
{
    uint8_t bytes[LONG_BYTES];
    uint64_t seq;
    struct err err;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)i; /* differs from byte to byte */
    assert_ok(spool_append(spool, (struct bytes){bytes, len}, &seq, &err), err);
}

/*
 * While a record of `done` bytes is written, two more are appended, the first
 * of `left` bytes.  Their way to the file's front fails half-way: on a file
 * system that copies what it writes, that may be.
 */
static _Noreturn void
fail_at_the_front_and_be_killed(struct fixture *f, size_t done, size_t left)
{
    struct err err;

    open_again(f);
    append_long(f->spool, done);
    atomic_store(&disk_hangs, true);
    assert_int_equal(start(f), 1);
    append_long(f->spool, left);
    append_range(f->spool, 3, 3);
    atomic_store(&front_fails, true);
    atomic_store(&disk_hangs, false);
    assert_int_equal(spool_write_end(f->spool, &err), 1);
    append_range(f->spool, 4, 5);
    (void)raise(SIGKILL);
    _exit(1);
}

static void
assert_nothing_is_lost(struct fixture *f, size_t done, size_t left)
{
    int status = 0;
    pid_t child;

    spool_close(f->spool);
    f->spool = NULL;
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0)
        fail_at_the_front_and_be_killed(f, done, left);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    open_again(f);
    assert_int_equal(state_of(f).next_seq, 6);
    assert_records(f->spool, 3, 5);
}

static void
a_tail_that_moves_by_half_is_not_cut(void **state)
{
    assert_nothing_is_lost(*state, LONG_BYTES, 10);
}

static void
nor_one_that_would_move_over_itself(void **state)
{
    assert_nothing_is_lost(*state, 10, LONG_BYTES);
}

static void
reading_goes_on_through_thousands_of_commits(void **state)
{
    struct fixture *f = *state;
    struct err err;
    unsigned next = 1;

    for (unsigned round = 0; round < 400; round++) {
        struct spool_state now;

        append_range(f->spool, next, next + 19);
        next += 20;
        (void)start(f);
        now = state_of(f);
        if (now.synced_seq > 60)
            assert_records(f->spool, (unsigned)now.synced_seq - 60, next - 1);
        if (round % 8 == 0 && now.synced_seq > now.acked_seq)
            assert_ok(spool_ack(f->spool, now.synced_seq,
                          start_ns + round * 60 * NS_PER_SEC, &err),
                err);
        if (atomic_exchange(&f->told, 0) > 0)
            assert_int_equal(spool_write_end(f->spool, &err), 1);
    }
    open_again(f);
    assert_int_equal(state_of(f).next_seq, next);
    assert_records(f->spool, (unsigned)state_of(f).oldest_seq, next - 1);
}

static long
file_memory_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *status = fopen("/proc/self/status", "r");

    assert_non_null(status);
    while (kb == -1 && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "RssFile:", 8) == 0)
            kb = strtol(line + 8, NULL, 10);
    }
    (void)fclose(status);
    return kb;
}

static void
filling_and_draining_keeps_the_file_out_of_our_memory(void **state)
{
    struct fixture *f = *state;
    static const uint8_t record[4000];
    const struct spool_told told = {on_told, f};
    struct buf out;
    uint64_t seq = 0;
    long before_kb;
    struct err err;

    f->spec.cap_bytes = LARGE_CAP_BYTES;
    open_again(f);
    before_kb = file_memory_kb();
    while (state_of(f).bytes < LARGE_CAP_BYTES * 3 / 4) {
        for (int i = 0; i < 90; i++) {
            assert_ok(spool_append(f->spool,
                          (struct bytes){record, sizeof(record)}, &seq, &err),
                err);
        }
        (void)spool_write_start(f->spool, NULL, &told, &err);
        assert_int_equal(spool_write_end(f->spool, &err), 1);
    }
    assert_true(file_memory_kb() - before_kb < FILE_GROWS_MAX_KB);
    buf_init(&out, sizeof(record));
    for (uint64_t at = 1; at <= seq; at++) {
        buf_clear(&out);
        assert_int_equal(spool_read(f->spool, at, &out, &err), 1);
    }
    buf_free(&out);
    assert_true(file_memory_kb() - before_kb < FILE_GROWS_MAX_KB);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_disk_that_hangs_is_not_waited_for),
        CASE(what_a_hanging_disk_does_not_take_is_counted_as_lost),
        CASE(who_must_write_at_once_waits_for_the_thread),
        CASE(a_note_goes_along_with_the_results),
        CASE(a_disk_that_fails_is_told_and_tried_again),
        CASE(a_disk_without_room_is_told_and_recovers),
        CASE(a_process_killed_while_it_writes_loses_nothing),
        CASE(a_tail_that_moves_by_half_is_not_cut),
        CASE(nor_one_that_would_move_over_itself),
        CASE(reading_goes_on_through_thousands_of_commits),
        CASE(filling_and_draining_keeps_the_file_out_of_our_memory),
    };
#undef CASE

    return cmocka_run_group_tests_name("spool_write", tests, NULL, NULL);
}
