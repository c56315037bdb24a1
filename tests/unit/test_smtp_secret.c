#include "smtp_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cm.h"

struct secret {
    char dir[64];
    char path[128];
};

static int
setup(void **state)
{
    struct secret *secret = calloc(1, sizeof(*secret));

    if (secret == NULL)
        return -1;
    (void)strcpy(secret->dir, "/tmp/leadline-secret-XXXXXX");
    if (mkdtemp(secret->dir) == NULL)
        return -1;
    (void)snprintf(
        secret->path, sizeof(secret->path), "%s/password", secret->dir);
    *state = secret;
    return 0;
}

static int
teardown(void **state)
{
    struct secret *secret = *state;

    (void)unlink(secret->path);
    (void)rmdir(secret->dir);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    free(secret);
    return 0;
}

static void
write_secret(const struct secret *secret, const char *text, mode_t mode)
{
    FILE *file = fopen(secret->path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(secret->path, mode), 0);
}

static void
the_first_line_is_the_password(void **state)
{
    const struct secret *secret = *state;
    char out[SMTP_SECRET_BYTES];
    struct err err;

    write_secret(secret, "correct horse\r\nanother line\n", 0600);
    assert_ok(smtp_secret_read(secret->path, out, &err), err);
    assert_string_equal(out, "correct horse");
}

static void
a_file_that_others_can_read_is_refused(void **state)
{
    const struct secret *secret = *state;
    char out[SMTP_SECRET_BYTES];
    struct err err;

    write_secret(secret, "secret\n", 0640);
    assert_int_equal(smtp_secret_read(secret->path, out, &err), -1);
    assert_non_null(strstr(err.msg, "mode 0640"));
    assert_non_null(strstr(err.msg, "chmod 600"));
    assert_string_equal(out, "");
}

static void
systemd_s_credentials_may_be_read_by_the_group(void **state)
{
    const struct secret *secret = *state;
    char out[SMTP_SECRET_BYTES];
    struct err err;

    write_secret(secret, "secret\n", 0440);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", secret->dir, 1), 0);
    assert_ok(smtp_secret_read(secret->path, out, &err), err);
    assert_string_equal(out, "secret");
}

static void
what_is_no_password_is_refused(void **state)
{
    const struct secret *secret = *state;
    char out[SMTP_SECRET_BYTES];
    char text[SMTP_SECRET_BYTES + 2];
    struct err err;

    assert_int_equal(smtp_secret_read(secret->path, out, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
    write_secret(secret, "\n", 0600);
    assert_int_equal(smtp_secret_read(secret->path, out, &err), -1);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    write_secret(secret, text, 0600);
    assert_int_equal(smtp_secret_read(secret->path, out, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(smtp_secret_read(secret->dir, out, &err), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_first_line_is_the_password, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_file_that_others_can_read_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(
            systemd_s_credentials_may_be_read_by_the_group, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_is_no_password_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests_name("smtp_secret", tests, NULL, NULL);
}
