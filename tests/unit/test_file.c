#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cm.h"

struct fixture {
    char dir[32];
    char path[64];
};

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return -1;
    strcpy(f->dir, "/tmp/leadline-file-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/x", f->dir);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    (void)unlink(f->path);
    assert_int_equal(rmdir(f->dir), 0); /* nothing temporary was left */
    free(f);
    return 0;
}

static struct bytes
bytes_of(const char *text)
{
    return (struct bytes){.data = (const uint8_t *)text, .len = strlen(text)};
}

static void
what_was_written_is_read(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct err err;
    struct stat st;

    assert_false(file_exists(f->path));
    assert_ok(file_write(f->path, bytes_of("old"), 0600, &err), err);
    assert_ok(file_write(f->path, bytes_of("new text"), 0600, &err), err);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    buf_init(&text, 8);
    assert_ok(file_read_secret(f->path, &text, &err), err);
    assert_string_equal(buf_text(&text, &err), "new text");
    buf_free(&text);
}

static void
a_file_larger_than_the_buf_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct err err;

    assert_ok(file_write(f->path, bytes_of("123456789"), 0644, &err), err);
    buf_init(&text, 8);
    assert_int_equal(file_read(f->path, &text, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(text.len, 0);
    buf_free(&text);
}

static void
a_secret_open_to_others_is_refused(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct err err;

    assert_ok(file_write(f->path, bytes_of("s"), 0600, &err), err);
    buf_init(&text, 8);
    for (int bit = 0; bit < 6; bit++) {
        assert_int_equal(chmod(f->path, (mode_t)(0600 | 1 << bit)), 0);
        assert_int_equal(file_read_secret(f->path, &text, &err), -1);
        assert_int_equal(err.code, ERR_STATE);
        assert_non_null(strstr(err.msg, "chmod 600"));
    }
    buf_free(&text);
}

static void
what_is_no_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct buf text;
    struct err err;

    buf_init(&text, 8);
    assert_int_equal(file_read(f->path, &text, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
    assert_int_equal(file_read(f->dir, &text, &err), -1);
    assert_int_equal(err.sys_errno, EISDIR);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_int_equal(file_read(f->path, &text, &err), -1);
    assert_int_equal(err.code, ERR_STATE);
    assert_int_equal(
        file_write("/nonexistent/x", bytes_of("a"), 0600, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
    buf_free(&text);
}

#define file_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        file_test(what_was_written_is_read),
        file_test(a_file_larger_than_the_buf_changes_nothing),
        file_test(a_secret_open_to_others_is_refused),
        file_test(what_is_no_file_is_refused),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
